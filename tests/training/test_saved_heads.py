import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from heartfeat.errors import RunError
from heartfeat.heads.head import HeadState
from heartfeat.training.saved_heads import load_state, save_state

ARRAYS = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?", fullmatch=True),
    hnp.arrays(st.sampled_from([np.float32, np.float64, np.int64]), hnp.array_shapes(max_dims=3, max_side=4)),
    max_size=4,
)


@given(arrays=ARRAYS, text=st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=200))
def test_state_survives_the_disk_bit_for_bit(tmp_path_factory, arrays, text):
    folder = tmp_path_factory.mktemp("state") / "head"
    save_state(HeadState({"kind": "x", "numbers": [1, 2.5, None]}, arrays, {"model": text}), folder)
    read = load_state(folder)
    assert read.settings == {"kind": "x", "numbers": [1, 2.5, None]}
    assert read.texts == {"model": text}
    assert read.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert read.arrays[name].dtype == array.dtype
        assert read.arrays[name].tobytes() == array.tobytes()


def test_who_may_read_one_file_may_read_all(tmp_path):
    save_state(HeadState({}, {"a": np.ones(3)}, {"model": "tree"}), tmp_path / "head")
    assert len({path.stat().st_mode for path in (tmp_path / "head").iterdir()}) == 1


def test_nothing_on_disk_is_a_pickle(tmp_path):
    save_state(HeadState({}, {"a": np.ones(3)}, {"model": "tree"}), tmp_path / "head")
    assert {path.name for path in (tmp_path / "head").iterdir()} == {
        "head.json",
        "arrays.safetensors",
        "model.txt",
    }


def test_a_missing_head_is_a_run_error_that_names_the_folder(tmp_path):
    with pytest.raises(RunError, match="nowhere"):
        load_state(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["head.json", "arrays.safetensors"])
def test_a_damaged_file_is_a_run_error(tmp_path, name):
    folder = tmp_path / "head"
    save_state(HeadState({"kind": "x"}, {"a": np.ones(3)}), folder)
    (folder / name).write_bytes(b"\xff\xfe not what it was")
    with pytest.raises(RunError, match="fit it again"):
        load_state(folder)
