"""What people write in Python for the arguments of commands, which are those of a command line."""

import functools
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ParamSpec, TypeVar, get_args, get_origin

P = ParamSpec("P")
Result = TypeVar("Result")


def pythonic(command: Callable[P, Result]) -> Callable[P, Result]:
    """The command, which takes ordinary Python values as well.

    Where it wants several texts, one will do, or a dict for ``key=value``; where it wants a text, such as ``"0,1"``, a
    number or a list; where it wants a path, a text.
    """
    signature = inspect.signature(command)
    kinds = {name: _kinds(one.annotation) for name, one in signature.parameters.items()}

    @functools.wraps(command)
    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        bound = signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            bound.arguments[name] = _fitting(value, kinds[name])
        return command(*bound.args, **bound.kwargs)

    return call


def _kinds(annotation: Any) -> tuple[Any, ...]:  # noqa: ANN401 - annotations have no common type
    """The types that an annotation allows."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)


def _fitting(value: Any, kinds: tuple[Any, ...]) -> Any:  # noqa: ANN401
    if value is None or any(isinstance(value, kind) for kind in kinds if type(kind) is type):
        return value
    if isinstance(value, Mapping):
        texts = {
            key: one if isinstance(one, str) else json.dumps(one, default=str) for key, one in value.items()
        }
        value = [f"{key}={text}" for key, text in texts.items()]
    if any(get_origin(kind) is list for kind in kinds):
        return [value] if isinstance(value, str | Path) else list(value)
    if Path in kinds and isinstance(value, str):
        return Path(value)
    if str in kinds:
        return ",".join(map(str, value)) if isinstance(value, Iterable) else str(value)
    return value
