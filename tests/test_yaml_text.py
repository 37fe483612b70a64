import datetime

import pytest

from heartfeat.errors import ConfigError
from heartfeat.yaml_text import LONGEST, parse_yaml

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "\n".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)
)


def test_plain_values_come_as_python_has_them():
    text = "a: 1\nb: [x, 2.5, true, null]\nc: 2001-02-03\nd: &d {e: f}\ng: *d\nh: {<<: *d, i: j}\n"
    assert parse_yaml(text) == {
        "a": 1,
        "b": ["x", 2.5, True, None],
        "c": datetime.date(2001, 2, 3),
        "d": {"e": "f"},
        "g": {"e": "f"},
        "h": {"e": "f", "i": "j"},
    }
    assert parse_yaml("") is None
    assert parse_yaml("# nothing") is None


def test_a_merged_key_may_be_overridden():
    assert parse_yaml("a: &a {b: 1}\nc: {<<: *a, b: 2}")["c"] == {"b": 2}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2", "the key 'a' is there twice"),
        ("b: {a: 1, c: 2, a: 2}", "the key 'a' is there twice"),
        (LAUGHS, "aliases stand for more than"),
        ("a: &a [*a]", "or holds itself"),
        ("a: &a {b: *a}", "or holds itself"),
        ("[" * 60 + "]" * 60, "nested more than 50 deep"),
        ("[" * 5000, "nested more than 50 deep"),
        ("# " + "x" * LONGEST, "characters, more than"),
        ("!!python/object/apply:os.system [echo]", "could not determine a constructor"),
        ("2001-99-99", "is not what its form or tag says"),
        ("!!int ''", "is not what its form or tag says"),
        ("!!bool maybe", "is not what its form or tag says"),
        ("!!timestamp never", "is not what its form or tag says"),
        ("9" * 5000, "is not what its form or tag says"),
        ("a: 1\n---\na: 2", "expected a single document"),
        ("? [1, {2: 3}]\n: 4", "unhashable"),
        ("\0", "special characters are not allowed"),
    ],
)
def test_what_is_refused_is_told_on_one_short_line(text, message):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
