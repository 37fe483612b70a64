import importlib

import pytest

import heartfeat


@pytest.mark.parametrize("name", heartfeat.__all__)
def test_every_public_name_can_be_reached(name):
    assert getattr(heartfeat, name) is not None
    assert name in dir(heartfeat)


def test_every_public_name_has_a_docstring():
    for name in set(heartfeat.__all__) - {"__version__"}:
        assert getattr(heartfeat, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="absent"):
        _ = heartfeat.absent


def test_public_names_come_from_where_the_package_says():
    for name, home in heartfeat._HOME.items():
        assert getattr(importlib.import_module(home), name) is getattr(heartfeat, name)
