from heartfeat.commands.warn import say_loudly


def test_warnings_are_framed_and_notes_are_not(capsys):
    say_loudly(["note: a"])
    assert capsys.readouterr().err == "note: a\n"
    say_loudly(["WARNING: b", "note: a"])
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == lines[-1] == "=" * 78
    assert lines[1:-1] == ["WARNING: b", "note: a"]


def test_nothing_to_say_is_not_said(capsys):
    say_loudly([])
    assert capsys.readouterr().err == ""
