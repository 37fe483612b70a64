from heartfeat.messages import shorten


def test_short_values_are_whole_and_on_one_line():
    assert shorten("a\nb") == "'a\\nb'"
    assert shorten({"a": 1}) == "{'a': 1}"


def test_the_middle_of_long_values_is_left_out():
    assert len(shorten("x" * 10_000)) < 100
    assert shorten("ab" * 100, 40) == "'ababababababab...bababababababababab'"
