import lightgbm
import numpy as np
import pytest

from heartfeat.heads.lgbm import Lgbm, TreeModel
from heartfeat.heads.settings import LgbmSettings


@pytest.fixture
def table():
    generator = np.random.default_rng(0)
    labels = np.arange(120) % 3
    return (generator.normal(size=(120, 5)) + labels[:, None]).astype(np.float32), labels


def test_trees_keep_to_their_settings(table):
    model = TreeModel.fit(*table, 3, LgbmSettings(trees=7, leaves=3, column_share=1.0))
    booster = lightgbm.Booster(model_str=model.text())
    assert booster.num_trees() == 7 * 3
    assert max(tree["num_leaves"] for tree in booster.dump_model()["tree_info"]) <= 3


def test_another_seed_samples_other_columns_and_rows(table):
    one, same, other = (
        TreeModel.fit(*table, 3, LgbmSettings(trees=5, column_share=0.5, seed=seed)).predict(table[0])
        for seed in (0, 0, 1)
    )
    assert (one == same).all()
    assert (one != other).any()


def test_few_rows_still_grow_trees(table):
    rows, labels = table[0][:12], table[1][:12]
    model = TreeModel.fit(rows, labels, 3, LgbmSettings(trees=30, column_share=1.0))
    assert model.predict(rows).std(axis=0).max() > 0.05


def test_a_single_row_is_learned_from(table):
    rows, labels = table
    model = TreeModel.fit(rows[:1], labels[:1], 3, LgbmSettings(trees=5))
    assert (model.predict(rows[1:4]).argmax(axis=1) == labels[0]).all()


def test_the_state_holds_the_trees_as_text(pooled_examples):
    examples = pooled_examples(patients=20)
    head = Lgbm(LgbmSettings(trees=3))
    head.fit(examples, examples.take([]), lambda what, done, total: None)
    texts = head.state().texts
    assert set(texts) == {"recording-trees", "patient-trees"}
    assert all(text.startswith("tree\n") for text in texts.values())
