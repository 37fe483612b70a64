import inspect
import subprocess
import sys

import pytest
import yaml

import heartfeat
from heartfeat import commands
from heartfeat.cohorts.synthetic import write_synthetic_cohort


def run(*arguments, cwd):
    command = [sys.executable, "-m", "heartfeat", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def project(tmp_path):
    data = write_synthetic_cohort(tmp_path / "data", patients=12, seed=1, seconds=(2, 3))
    tree = {
        "data": {"path": str(data)},
        "backbones": {"logmel": {"bands": 8, "token_rate": 10.0}},
        "views": "none",
    }
    (tmp_path / "heartfeat.yaml").write_text(yaml.safe_dump(tree))
    return tmp_path


def test_help_needs_no_heavy_import(tmp_path):
    heavy = ("torch", "polars", "numpy", "scipy", "zarr")
    script = f"import sys, heartfeat.cli; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_command_has_help_that_says_what_it_does(tmp_path):
    page = run("--help", cwd=tmp_path).stdout
    for name in (
        "demo",
        "init",
        "cohort",
        "splits",
        "extract",
        "fit",
        "predict",
        "evaluate",
        "compare",
        "store",
    ):
        assert name in page
    page = run("extract", "--help", cwd=tmp_path).stdout
    assert "--gpus" in page
    assert "Raises" not in page


def test_every_command_is_a_function_of_the_package():
    for name in commands.__all__:
        function = getattr(heartfeat, name)
        assert function is getattr(commands, name)
        assert all(
            parameter.annotation is not inspect.Parameter.empty
            for parameter in inspect.signature(function).parameters.values()
        )


def test_a_skipped_recording_is_reported_with_exit_code_3(project):
    broken = sorted((project / "data/training_data").glob("*.wav"))[0]
    broken.write_bytes(b"")
    done = run("extract", "--device", "cpu", "--workers", "1", cwd=project)
    assert done.returncode == 3, done.stderr
    assert "1 skipped" in done.stdout
    assert broken.stem in done.stdout
    again = run("extract", "--device", "cpu", "--workers", "1", cwd=project)
    assert again.returncode == 3
    info = run("store", "info", cwd=project)
    assert info.returncode == 0
    assert "logmel" in info.stdout


def test_a_missing_gpu_is_an_error_without_traceback(project):
    done = run("extract", "--gpus", "60-63", cwd=project)
    assert done.returncode == 1
    assert "--device cpu" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_setting_is_an_error_without_traceback(project):
    done = run("extract", "--set", "vews=none", cwd=project)
    assert done.returncode == 1
    assert "did you mean 'views'" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_config_names_init(tmp_path):
    done = run("fit", "--head", "lgbm", cwd=tmp_path)
    assert done.returncode == 1
    assert "heartfeat init" in done.stderr


def test_the_version_is_printed(tmp_path):
    assert run("--version", cwd=tmp_path).stdout.strip() == f"heartfeat {heartfeat.__version__}"
