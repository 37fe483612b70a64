from heartfeat.extraction.pooling import STATISTICS
from heartfeat.heads.logistic import Logistic
from heartfeat.heads.patient_quality import PATIENT_QUALITY
from heartfeat.heads.settings import LogisticSettings


def test_the_state_is_a_handful_of_small_arrays(pooled_examples):
    examples = pooled_examples(patients=20)
    head = Logistic(LogisticSettings())
    head.fit(examples, examples.take([]), lambda what, done, total: None)
    state = head.state()
    shapes = {name: array.shape for name, array in state.arrays.items()}
    columns = shapes["recording.weights"][1]
    assert shapes == {
        "combiner.0.weights": (2, 4),
        "combiner.0.bias": (2,),
        "combiner.1.weights": (2, 4 + 2 * len(PATIENT_QUALITY)),
        "combiner.1.bias": (2,),
        "recording.weights": (3, columns),
        "recording.bias": (3,),
        "patient.weights": (3, columns),
        "patient.bias": (3,),
    }
    assert state.texts == {}


def test_columns_can_be_left_out(pooled_examples):
    examples = pooled_examples(patients=20)
    columns = []
    for used in (True, False):
        head = Logistic(LogisticSettings(metadata=used, quality=used))
        head.fit(examples, examples.take([]), lambda what, done, total: None)
        columns.append(head.state().arrays["recording.weights"].shape[1])
    assert columns[1] == 8 * len(STATISTICS) + 4
    assert columns[0] > columns[1]
