import pytest

from heartfeat.messages import command, differences, first_of, nearest, shorten


def test_short_values_are_whole_and_on_one_line():
    assert shorten("a\nb") == "'a\\nb'"
    assert shorten({"a": 1}) == "{'a': 1}"


def test_the_middle_of_long_values_is_left_out():
    assert len(shorten("x" * 10_000)) < 100
    assert shorten("ab" * 100, 40) == "'ababababababab...bababababababababab'"


def test_a_command_can_be_copied_into_a_shell():
    assert command("store repair", "my store.zarr") == "`heartfeat store repair 'my store.zarr'`"


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a was 1 and is 2"]),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": 1, "d": 3}}}, ["a.b.d was 2 and is 3"]),
        ({"a": 1}, {"b": 1}, ["a was 1 and is None", "b was None and is 1"]),
        ({"a": None}, {}, []),
        ({"a": {"b": 1}}, {"a": 1}, ["a was {'b': 1} and is 1"]),
        ({"a": "0" * 64}, {"a": "f" * 64}, ["a was digest 000000000000 and is digest ffffffffffff"]),
    ],
)
def test_differences_are_named_by_their_path(was, now, said):
    assert differences(was, now) == said


def test_differences_are_told_in_other_words():
    assert differences({"a": {"b": 1}}, {"a": {"b": 2}}, "{}: {} and {}") == ["a.b: 1 and 2"]


def test_the_nearest_name_is_asked_for_where_one_is_near():
    assert nearest("logmal", ["beats", "logmel"]) == "did you mean 'logmel'? "
    assert nearest("xyz", ["beats", "logmel"]) == nearest("beats", []) == ""


def test_the_first_names_stand_for_many():
    assert first_of(["a", "b"], 2) == "a, b"
    assert first_of([str(number) for number in range(1003)], 2, "; ") == "0; 1 and 1,001 more"
    assert first_of([]) == ""
