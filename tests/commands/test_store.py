import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import heartfeat
from heartfeat.cli import main
from heartfeat.extraction.plan import staging_folder
from heartfeat.extraction.staging import alone


@pytest.fixture
def run(monkeypatch, capsys):
    """A `heartfeat store` command line in this process: exit code, output and error output."""

    def run(*arguments, cwd):
        monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["heartfeat", "store", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return SimpleNamespace(returncode=ended.value.code, **capsys.readouterr()._asdict())

    return run


def flip_first_token(store):
    chunk = Path(store) / "features/logmel/tokens/c/0/0/0"
    content = chunk.read_bytes()
    chunk.write_bytes(bytes([content[0] ^ 1]) + content[1:])


def test_verify_repair_and_extract_mend_a_store_from_the_command_line(run, project):
    folder = project.parent
    flip_first_token(folder / "store.zarr")
    first = heartfeat.open_store(folder / "store.zarr").recordings["recording"][0]

    found = run("verify", cwd=folder)
    assert found.returncode == 1, found.err
    problem, summary, remedy = found.out.splitlines()
    assert problem.startswith(f"features/logmel, recording {first}, view clean: its bytes are not those")
    assert ": 1 problems" in summary
    store = folder / "store.zarr"
    assert f"`heartfeat store repair {store}`, then `heartfeat extract --store {store}`" in remedy

    repaired = run("repair", cwd=folder)
    assert repaired.returncode == 0, repaired.err
    assert f"recording {first} taken out" in repaired.out
    assert f"`heartfeat extract --store {store}`" in repaired.out

    assert heartfeat.extract(config=project, device="cpu", workers=1).encoded == 1
    whole = run("verify", "--audio", cwd=folder)
    assert whole.returncode == 0, whole.out
    assert "no damage" in whole.out
    assert "sound files compared" in whole.out


def test_repair_of_a_whole_store_says_so(run, project):
    done = heartfeat.store_repair(config=project)
    assert (done.changed, done.recordings) == (False, {})
    assert "nothing was changed" in run("repair", cwd=project.parent).out


def test_sounds_that_changed_are_told_apart_from_damage(project, synthetic_data, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(synthetic_data, data)
    one, other, *_ = sorted((data / "training_data").glob("*.wav"))
    shutil.copy(other, one)
    tree = yaml.safe_load(project.read_text())
    tree["data"]["path"] = str(data)
    project.write_text(yaml.safe_dump(tree))
    found = heartfeat.store_verify(audio=True, config=project)
    assert [(problem.recording, problem.remedy) for problem in found.problems] == [(one.stem, "audio")]
    assert found.sounds == heartfeat.open_store(project.parent / "store.zarr").recordings.height


def test_convert_takes_paths_and_refuses_what_is_there(run, project):
    folder = project.parent
    assert run("convert", "store.zarr", "store.h5", cwd=folder).returncode == 0
    again = run("convert", "store.zarr", "store.h5", cwd=folder)
    assert again.returncode == 1
    assert "--overwrite" in again.err
    assert heartfeat.store_convert(str(folder / "store.zarr"), str(folder / "store.h5"), overwrite=True)
    listed = run("ls", ".", cwd=folder)
    assert listed.returncode == 0
    first, second = listed.out.splitlines()
    assert first.startswith("store.h5  hdf5")
    assert second.startswith("store.zarr  zarr")
    assert "logmel (clean, gain-6)" in second


def test_merging_a_store_with_itself_names_the_persons(run, project):
    done = run("merge", "merged.zarr", "store.zarr", "store.zarr", cwd=project.parent)
    assert done.returncode == 1
    assert "the same person" in done.err
    assert "Traceback" not in done.err


def test_removing_the_last_set_leaves_the_tables(run, project):
    folder = project.parent
    unknown = run("rm-features", "store.zarr", "logmle", cwd=folder)
    assert unknown.returncode == 1
    assert "did you mean 'logmel'" in unknown.err
    assert heartfeat.store_rm_features(str(folder / "store.zarr"), ["logmel"]) == ()
    assert heartfeat.open_store(folder / "store.zarr").patients.height == 30


@pytest.mark.parametrize("command", [["repair", "store.zarr"], ["rm-features", "store.zarr", "logmel"]])
def test_a_store_that_is_extracted_into_is_not_changed(run, project, command):
    folder = project.parent
    with alone(staging_folder(folder / "store.zarr")):
        refused = run(*command, cwd=folder)
    assert refused.returncode == 1
    assert "another process is extracting into" in refused.err
    assert run(*command, cwd=folder).returncode == 0
    assert not staging_folder(folder / "store.zarr").exists()


def test_a_folder_without_stores_says_so(run, tmp_path):
    assert "no stores here" in run("ls", ".", cwd=tmp_path).out
    missing = run("ls", cwd=tmp_path)
    assert missing.returncode == 1
    assert "there is no folder stores" in missing.err


@pytest.mark.parametrize("command", ["verify", "repair"])
def test_no_store_is_an_error_without_traceback(run, tmp_path, command):
    done = run(command, "mistyped/missing.zarr", cwd=tmp_path)
    assert done.returncode == 1
    assert f"there is no store at {tmp_path / 'mistyped/missing.zarr'}" in done.err
    assert list(tmp_path.iterdir()) == []
    assert "Traceback" not in done.err


def test_a_store_beyond_repair_is_told_and_left(run, project):
    folder = project.parent
    metadata = folder / "store.zarr/patients/zarr.json"
    content = json.loads(metadata.read_text())
    content["attributes"]["rows"] = 29
    metadata.write_text(json.dumps(content))
    found = run("verify", cwd=folder)
    assert found.returncode == 1
    assert "Restore the store from a copy" in found.out
    done = run("repair", cwd=folder)
    assert done.returncode == 1
    assert "It is left as it is" in done.err
