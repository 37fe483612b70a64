from heartfeat.messages import command, nearest, shorten


def test_short_values_are_whole_and_on_one_line():
    assert shorten("a\nb") == "'a\\nb'"
    assert shorten({"a": 1}) == "{'a': 1}"


def test_the_middle_of_long_values_is_left_out():
    assert len(shorten("x" * 10_000)) < 100
    assert shorten("ab" * 100, 40) == "'ababababababab...bababababababababab'"


def test_the_nearest_name_is_offered_where_one_is_near():
    assert nearest("murmur-lgmb", ["murmur-mlp", "murmur-lgbm"]) == "did you mean 'murmur-lgbm'? "
    assert nearest("x", ["murmur-mlp"]) == ""


def test_a_command_can_be_copied_into_a_shell():
    assert command("store repair", "my store.zarr") == "`heartfeat store repair 'my store.zarr'`"
