from dataclasses import replace

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.backbones.trained_on import TrainedOn
from heartfeat.extraction.familiar import familiar
from heartfeat.extraction.feature_sets import plan_sets


def planned(*trainings):
    (one,) = plan_sets([LogMelSettings(name="ft")], ("clean",))
    return replace(one, spec=replace(one.spec, trained_on=trainings))


def test_each_training_that_met_patients_of_the_cohort_is_told(cohort):
    labelled = TrainedOn("finetune", "murmur", {cohort.name: ("p0", "p3", "elsewhere")})
    heard = TrainedOn("pretrain", None, {cohort.name: ("p1",)})
    lines = familiar([planned(labelled, heard)], cohort)
    assert lines[0].startswith(f"WARNING: 2 of 4 patients of {cohort.name} were seen WITH LABELS (murmur)")
    assert lines[1].startswith(f"note: 1 of 4 patients of {cohort.name} were heard, without labels")


def test_trainings_that_met_others_are_not_told(cohort):
    other = TrainedOn("finetune", "murmur", {"another": ("p0",)})
    assert familiar([planned(other), planned()], cohort) == []


def test_the_attribute_is_there_only_where_a_backbone_tells_of_training():
    training = TrainedOn("finetune", "murmur", {"c": ("p0",)})
    assert "trained_on" not in planned().attrs()
    assert planned(training).attrs()["trained_on"] == [training.as_json()]
    assert planned(training).core_key == planned().core_key
