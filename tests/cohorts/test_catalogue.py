from typing import get_args

import pytest

from heartfeat.cohorts.catalogue import DATASETS
from heartfeat.config import DataConfig
from heartfeat.pretraining.card import LICENCES
from heartfeat.tasks import get_task


def test_the_config_knows_every_dataset():
    assert set(get_args(DataConfig.model_fields["cohort"].annotation)) == set(DATASETS)


@pytest.mark.parametrize("name", DATASETS)
def test_every_dataset_has_a_task(name):
    assert get_task(DATASETS[name].task)


def test_the_card_of_a_checkpoint_has_the_terms_of_every_dataset():
    assert set(LICENCES) == set(DATASETS)
