import json

import pytest

import heartfeat
from heartfeat.errors import RunError


def test_evaluating_again_gives_the_scores_of_the_fit(project):
    scores = project.parent / "runs/murmur-logistic/scores.json"
    before = json.loads(scores.read_text())
    scores.unlink()
    result = heartfeat.evaluate(run="murmur-logistic", config=project)
    assert json.loads(scores.read_text()) == before
    assert "murmur-logistic" in result.report.read_text()


def test_a_missing_run_is_named(project):
    with pytest.raises(RunError, match="absent"):
        heartfeat.evaluate(run="absent", config=project)
