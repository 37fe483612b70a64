import json

import numpy as np
import pytest

from heartfeat.errors import StoreError
from heartfeat.stores.schema import (
    canonical_json,
    check_feature_attrs,
    check_format,
    feature_key,
    plain_json,
    unknown,
)

CORE = {"backbone": "logmel", "bands": 64}
ATTRS = {
    "name": "logmel",
    "core": CORE,
    "core_key": feature_key(CORE),
    "views": ["clean"],
    "dim": 64,
    "token_rate": 50.0,
    "statistics": ["mean"],
}


def test_canonical_json_does_not_depend_on_the_order_of_keys():
    assert canonical_json({"b": [1, 2.5], "a": {"d": None, "c": "é"}}) == canonical_json(
        {"a": {"c": "é", "d": None}, "b": [1, 2.5]}
    )


def test_canonical_json_takes_tuples_for_lists():
    assert canonical_json((1, "x")) == '[1,"x"]'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.zeros(2), {1, 2}, object()])
def test_canonical_json_refuses_what_json_cannot_hold(value):
    with pytest.raises(StoreError, match="plain JSON"):
        canonical_json({"x": value})


def test_feature_key_is_the_sha256_that_it_was_in_the_first_release():
    assert feature_key({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


def test_plain_json_is_what_will_be_read_back():
    attrs = {"z": (1, 2), "a": {"b": ("x",)}}
    assert plain_json(attrs) == json.loads(json.dumps(attrs)) == {"z": [1, 2], "a": {"b": ["x"]}}


def test_attributes_of_another_thing_are_no_store():
    with pytest.raises(StoreError, match="is not a heartfeat store"):
        check_format({"format": "anndata"}, "x.zarr")


def test_a_later_format_version_is_refused_with_a_remedy():
    with pytest.raises(
        StoreError, match=r"format version 2.*Heartfeat 9\.0 wrote it.*read it with that release"
    ):
        check_format({"format": "heartfeat", "format_version": 2, "heartfeat_version": "9.0"}, "x.zarr")


def test_good_feature_attributes_pass():
    check_feature_attrs(ATTRS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "a/b"}, "letters, digits"),
        ({"name": ".hidden"}, "letters, digits"),
        ({"views": []}, "views must be a list of distinct names"),
        ({"views": ["clean", "clean"]}, "views must be a list of distinct names"),
        ({"statistics": "mean"}, "statistics must be a list"),
        ({"dim": 0}, "dim must be a positive whole number"),
        ({"dim": True}, "dim must be a positive whole number"),
        ({"token_rate": -1.0}, "token_rate must be a positive number"),
        ({"core": {"backbone": "other"}}, "core_key is not the key of core"),
    ],
)
def test_bad_feature_attributes_are_named(change, message):
    with pytest.raises(StoreError, match=message):
        check_feature_attrs(ATTRS | change)


@pytest.mark.parametrize("key", ATTRS)
def test_a_missing_feature_attribute_is_named(key):
    with pytest.raises(StoreError, match=f"lacks the attribute '{key}'"):
        check_feature_attrs({name: value for name, value in ATTRS.items() if name != key})


def test_an_unknown_name_is_answered_with_the_nearest_and_the_rest():
    error = unknown("view", "gian-6", ("clean", "gain-6"), "x.zarr")
    assert str(error) == "x.zarr has no view 'gian-6'; did you mean 'gain-6'? It holds: clean, gain-6"


def test_a_long_list_of_known_names_is_cut():
    text = str(unknown("recording", "zzz", [f"{n:04}" for n in range(2000)], "x.zarr"))
    assert text.endswith("0007 and 1,992 more")
    assert len(text) < 200
