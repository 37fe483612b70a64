from hypothesis import given
from hypothesis import strategies as st

from heartfeat.cohorts.persons import group_persons

IDS = st.integers(1, 30).map(str)


def test_chains_join_and_strangers_stay_apart():
    related = {"30": "4", "4": None, "9": "30", "100": None, "x": None}
    assert group_persons(related) == {"30": "4", "4": "4", "9": "4", "100": "100", "x": "x"}


def test_an_id_outside_the_table_joins_and_names():
    assert group_persons({"30": "4", "9": "4"}) == {"30": "4", "9": "4"}


@given(st.dictionaries(IDS, st.none() | IDS))
def test_persons_are_the_connected_components(related):
    persons = group_persons(related)
    assert persons.keys() == related.keys()
    reached = {patient: {patient} for patient in {*related, *filter(None, related.values())}}
    for _ in range(len(reached)):
        for patient, other in related.items():
            if other is not None:
                together = reached[patient] | reached[other]
                for member in together:
                    reached[member] = reached[member] | together
    assert persons == {patient: min(reached[patient], key=int) for patient in related}
