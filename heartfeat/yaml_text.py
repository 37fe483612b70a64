"""Yaml that people write by hand: read without surprises, and within bounds."""

from typing import Any

import yaml

from heartfeat.errors import ConfigError
from heartfeat.messages import shorten

LONGEST = 1_000_000
"""Characters of the longest yaml that is read."""

# Aliases let a few lines stand for billions of values, or for themselves.
_MOST_VALUES = 100_000
_DEEPEST = 50


class _Loader(yaml.SafeLoader):
    """Plain values only, and no key twice: yaml forbids it, the library keeps the last and says nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {shorten(name)} is there twice", node.start_mark
                )
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> object:
    """The value that a yaml text stands for: dicts, lists, strings, numbers, booleans, dates and None.

    Raises
    ------
    ConfigError
        When the text is not yaml, holds a key twice or a value of another type, or is too long or too deep.
    """
    if len(text) > LONGEST:
        raise ConfigError(f"it has {len(text):,} characters, more than {LONGEST:,}")
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_extent(node)
        return loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError(" ".join(str(error).split())) from error
    except RecursionError:
        raise ConfigError(f"it is nested more than {_DEEPEST} deep") from None
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        # What the library's own constructors raise for a day such as 2001-99-99.
        raise ConfigError(f"a value is not what its form or tag says: {error}") from error
    finally:
        if loader is not None:
            loader.dispose()


def _check_extent(node: yaml.Node) -> None:
    """Count values as often as aliases repeat them, without following any too deep."""
    waiting, values = [(node, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        values += 1
        if depth > _DEEPEST:
            raise ConfigError(f"it is nested more than {_DEEPEST} deep, or holds itself")
        if values > _MOST_VALUES:
            raise ConfigError(f"its aliases stand for more than {_MOST_VALUES:,} values")
        if isinstance(node, yaml.MappingNode):
            waiting += [(part, depth + 1) for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += [(part, depth + 1) for part in node.value]
