from heartfeat.training.met_before import counts, joined, warnings

LABELLED = {"features": "ft", "kind": "finetune", "labels": "murmur", "patients": ["1", "2"], "tested": 5}
HEARD = {"features": "ft", "kind": "pretrain", "labels": None, "patients": ["2", "3"], "tested": 5}


def test_one_line_says_how_many_in_which_folds_labels_first():
    lines = warnings([[HEARD], [], [LABELLED, HEARD]])
    assert len(lines) == 2
    assert lines[0].startswith("WARNING: 2 of 5 test patients of fold 2 were seen WITH LABELS (murmur)")
    assert lines[1].startswith("note: 4 of 10 test patients of folds 0, 2 were heard, without labels")


def test_nobody_met_is_nothing_said():
    assert warnings([]) == warnings([[], []]) == []
    assert counts([]) == (0, 0)


def test_a_patient_counts_once_and_as_seen_with_labels_where_any_training_read_them():
    assert counts([[LABELLED, HEARD], [HEARD]]) == (2, 3)


def test_runs_together_have_met_whom_any_of_them_met():
    other = {**LABELLED, "patients": ["2", "4"]}
    assert joined([[[LABELLED], []], [[other], [HEARD]], []], 2) == [
        [{**LABELLED, "patients": ["1", "2", "4"]}],
        [HEARD],
    ]
    assert joined([[], []], 2) == []
