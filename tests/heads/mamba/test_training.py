import numpy as np
import pytest
import torch

from heartfeat.heads.mamba.inputs import Inputs
from heartfeat.heads.mamba.training import BatchLoss, train_net
from heartfeat.heads.mamba.training_bags import Batch
from heartfeat.heads.monitor import Monitor
from heartfeat.heads.settings import MambaFormerSettings

PLAIN = MambaFormerSettings(
    epochs=1,
    batch_patients=4,
    width=32,
    state=4,
    mixing="none",
    dropout=0.0,
    inner_folds=2,
    recording_weight=1.0,
    patient_weight=1.0,
)


def loss_of(examples, **changes):
    """The loss of the first patient and its two recordings, by a network from seed 0."""
    inputs = Inputs.learn(PLAIN.model_copy(update=changes), examples)
    torch.manual_seed(0)
    net = inputs.new_net().eval()
    batch = Batch(
        crops={"beats": torch.randn(2, 8, 24, generator=torch.Generator().manual_seed(1))},
        sites=torch.tensor([0, 1]),
        slots=torch.tensor([[0, 1]]),
        metadata=torch.zeros(1, inputs.metadata_of(examples).shape[1]),
        patient_targets=torch.eye(3)[:1],
        recording_targets=torch.eye(3)[[0, 2]],
        extra_targets={},
    )
    return BatchLoss(inputs, "cpu")(net, batch).item()


def test_losses_of_patients_and_of_recordings_are_weighted_and_added(beats_examples):
    examples = beats_examples(9)
    patients, recordings = loss_of(examples, recording_weight=0.0), loss_of(examples, patient_weight=0.0)
    assert loss_of(examples) == pytest.approx(patients + recordings)
    weighted = loss_of(examples, patient_weight=0.5, recording_weight=2.0)
    assert weighted == pytest.approx(0.5 * patients + 2 * recordings)


@pytest.mark.parametrize("patient_weight", [0.0, 1.0])
def test_a_network_comes_back_with_its_history_and_is_watched_through_what_it_learned(
    beats_examples, patient_weight
):
    examples, judged = beats_examples(12), []
    inputs = Inputs.learn(PLAIN.model_copy(update={"patient_weight": patient_weight}), examples)

    def score(labels, posteriors):
        judged.append(posteriors)
        return {"uar": 0.5}

    net, history = train_net(inputs, examples, examples, Monitor(score=score), seed=0)
    assert [entry["epoch"] for entry in history] == [1.0]
    patients, recordings = inputs.predictor(net, examples).view(0)
    means = [recordings[examples.patient_of == patient].mean(axis=0) for patient in range(12)]
    np.testing.assert_allclose(judged[0], patients if patient_weight else means, atol=1e-12)
