import pytest
import torch

from heartfeat.heads.neural.contrastive import TEMPERATURE, class_confidence, supervised_contrastive

EVEN = torch.ones(3)


def one_hot(*labels):
    return torch.nn.functional.one_hot(torch.tensor(labels), 3).float()


def written_out(vectors, labels):
    """The loss of Khosla et al., equation 2, in loops."""
    z = [v / v.norm() for v in vectors]
    total, anchors = 0.0, 0
    for i, label in enumerate(labels):
        positives = [p for p in range(len(z)) if p != i and labels[p] == label]
        if not positives:
            continue
        below = sum(torch.exp(z[i] @ z[a] / TEMPERATURE) for a in range(len(z)) if a != i)
        total -= sum(torch.log(torch.exp(z[i] @ z[p] / TEMPERATURE) / below) for p in positives) / len(
            positives
        )
        anchors += 1
    return total / anchors


def vectors(count, seed=0):
    return torch.randn(count, 5, generator=torch.Generator().manual_seed(seed))


def test_sure_labels_give_the_published_loss():
    labels = [0, 1, 0, 2, 1, 0]
    expected = written_out(vectors(6), labels)
    torch.testing.assert_close(supervised_contrastive(vectors(6), one_hot(*labels), EVEN), expected)


def test_an_unlabelled_vector_takes_no_part():
    targets = torch.cat([one_hot(0, 0, 1, 1), torch.zeros(1, 3)])
    with_it = supervised_contrastive(vectors(5), targets, EVEN)
    torch.testing.assert_close(with_it, supervised_contrastive(vectors(5)[:4], targets[:4], EVEN))


def test_unsure_vectors_are_pulled_less():
    pulls = []
    for third in (1.0, 0.6, 0.1):
        points = vectors(4).requires_grad_()
        targets = one_hot(0, 0, 0, 1) * torch.tensor([1.0, 1.0, third, 1.0])[:, None]
        supervised_contrastive(points, targets, EVEN).backward()
        pulls.append(points.grad[2].norm())
    assert pulls[0] > pulls[1] > pulls[2] > 0


def test_unknown_is_half_as_sure():
    assert class_confidence(("Present", "Unknown", "Absent")).tolist() == [1.0, 0.5, 1.0]
    assert class_confidence(("Abnormal", "Normal")).tolist() == [1.0, 1.0]


@pytest.mark.parametrize("targets", [one_hot(0, 1, 2), torch.zeros(3, 3), one_hot(0)])
def test_without_two_of_a_class_there_is_no_loss_and_no_error(targets):
    points = vectors(len(targets)).requires_grad_()
    loss = supervised_contrastive(points, targets, EVEN)
    loss.backward()
    assert loss == 0
    assert torch.isfinite(points.grad).all()


def test_alike_within_a_class_is_better():
    together = torch.eye(3)[[0, 0, 1, 1]]
    apart = torch.eye(3)[[0, 1, 0, 1]]
    targets = one_hot(0, 0, 1, 1)
    assert supervised_contrastive(together, targets, EVEN) < supervised_contrastive(apart, targets, EVEN)
