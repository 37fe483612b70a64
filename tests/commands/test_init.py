import pytest

import heartfeat
from heartfeat.config import load_config
from heartfeat.errors import CohortError, ConfigError


def test_init_writes_a_config_that_the_other_commands_read(tmp_path, synthetic_data):
    path = tmp_path / "new" / "heartfeat.yaml"
    heartfeat.init(circor=synthetic_data, config=path)
    assert load_config(path).data.path == synthetic_data
    assert heartfeat.cohort(config=path).patients.height == 30


def test_init_never_replaces_a_file_unasked(tmp_path, synthetic_data):
    path = tmp_path / "heartfeat.yaml"
    path.write_text("store: mine.zarr\n")
    with pytest.raises(ConfigError, match="--force"):
        heartfeat.init(circor=synthetic_data, config=path)
    assert path.read_text() == "store: mine.zarr\n"
    heartfeat.init(circor=synthetic_data, config=path, force=True)
    assert load_config(path).data is not None


def test_a_folder_that_is_not_circor_leaves_no_config(tmp_path):
    with pytest.raises(CohortError):
        heartfeat.init(circor=tmp_path, config=tmp_path / "heartfeat.yaml")
    assert not (tmp_path / "heartfeat.yaml").exists()


def test_init_without_a_dataset_points_at_the_demo(tmp_path):
    with pytest.raises(ConfigError, match="heartfeat demo"):
        heartfeat.init(config=tmp_path / "heartfeat.yaml")
