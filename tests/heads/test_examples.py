import dataclasses

import numpy as np

from heartfeat.heads.examples import UNLABELLED, ExtraLabels

SETS = {"logmel": (3, 10.0)}


def with_grades(examples):
    grades = ExtraLabels(("none", "some", "loud"), examples.labels, examples.recording_labels)
    return dataclasses.replace(examples, extra_labels={"grade": grades})


def rows(arrays, span):
    """What a recording's tokens are; of a set without tokens, how many there were."""
    first, last = span
    return last - first if arrays.tokens is None else arrays.tokens[:, first:last]


def equal(one, other):
    assert one.patients.equals(other.patients)
    assert one.recordings.equals(other.recordings)
    for name in ("patient_of", "labels", "recording_labels"):
        np.testing.assert_array_equal(getattr(other, name), getattr(one, name))
    assert set(other.features) == set(one.features)
    for name, arrays in one.features.items():
        np.testing.assert_array_equal(other.features[name].pooled, arrays.pooled, err_msg=name)
        for mine, others in zip(arrays.spans, other.features[name].spans, strict=True):
            np.testing.assert_array_equal(
                rows(other.features[name], others), rows(arrays, mine), err_msg=name
            )
    for name, extra in one.extra_labels.items():
        np.testing.assert_array_equal(other.extra_labels[name].patients, extra.patients)
        np.testing.assert_array_equal(other.extra_labels[name].recordings, extra.recordings)


def test_others_stand_behind_as_if_all_had_been_taken_at_once(beats_examples):
    whole = with_grades(beats_examples(9, SETS, views=("clean", "gain-6")))
    ids = whole.patients["patient"].to_list()
    assert whole.features["beats"].tokens is None
    equal(whole, whole.take(ids[:4]).with_others(whole.take(ids[4:])))


def test_taking_patients_copies_no_tokens(token_examples):
    whole = token_examples(9, SETS)
    first, second = whole.take(["p0", "p4"]), whole.take(["p2"])
    for part in (first, second, first.with_others(second)):
        assert part.features["logmel"].tokens is whole.features["logmel"].tokens


def test_tokens_of_another_array_stand_behind_too(token_examples):
    one, other = token_examples(4, SETS), token_examples(5, SETS, seed=1)
    both = one.with_others(other)
    arrays, count = both.features["logmel"], len(one.recordings)
    for span, row in ((arrays.spans[0], (one, 0)), (arrays.spans[count + 1], (other, 1))):
        examples, number = row
        own = examples.features["logmel"]
        np.testing.assert_array_equal(rows(arrays, span), rows(own, own.spans[number]))


def test_nobody_behind_changes_nothing(token_examples):
    examples = token_examples(4)
    assert examples.with_others(examples.take([])) is examples


def test_patients_without_a_label_are_left_out_with_their_recordings(token_examples):
    examples = token_examples(6)
    labels = np.where(np.isin(np.arange(6), [1, 4]), UNLABELLED, examples.labels)
    known = dataclasses.replace(examples, labels=labels).labelled()
    equal(known, examples.take(["p0", "p2", "p3", "p5"]))


def test_where_everybody_has_a_label_nothing_is_copied(token_examples):
    examples = token_examples(4)
    assert examples.labelled() is examples
