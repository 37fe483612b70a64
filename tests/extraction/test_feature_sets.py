from dataclasses import replace

from heartfeat.backbones.settings import LogMelSettings
from heartfeat.backbones.trained_on import TrainedOn
from heartfeat.extraction.feature_sets import plan_sets


def planned(*trainings):
    (one,) = plan_sets([LogMelSettings(name="ft")], ("clean",))
    return replace(one, spec=replace(one.spec, trained_on=trainings))


def test_the_attribute_is_there_only_where_a_backbone_tells_of_training():
    training = TrainedOn("finetune", "murmur", {"c": ("p0",)})
    assert "trained_on" not in planned().attrs()
    assert planned(training).attrs()["trained_on"] == [training.as_json()]
    assert planned(training).core_key == planned().core_key
