"""Supervised contrastive loss that trusts sure labels more than unsure ones."""

from collections.abc import Sequence

import torch
from torch import Tensor

TEMPERATURE = 0.1

UNSURE = {"Unknown": 0.5}
"""Classes that say that no judgement was possible: two such recordings need not sound alike."""


def class_confidence(classes: Sequence[str]) -> Tensor:
    """``(classes,)`` float32: how far recordings of one class can be expected to be alike."""
    return torch.tensor([UNSURE.get(name, 1.0) for name in classes])


def supervised_contrastive(vectors: Tensor, targets: Tensor, of_class: Tensor) -> Tensor:
    """Draw vectors of one class together and push those of others away.

    Khosla et al., "Supervised contrastive learning", NeurIPS 2020, the variant with the sum outside the logarithm;
    anchors and their positives are weighed by confidence, the largest soft target times that of its class. Without a
    label (confidence 0) a vector takes no part, not even as a negative. With all confidences 1 it is their loss.

    Parameters
    ----------
    vectors
        ``(n, dim)``; only directions matter.
    targets
        ``(n, classes)`` soft targets; the row of an unlabelled one is all zero.
    of_class
        ``(classes,)``, as `class_confidence` gives it.

    Returns
    -------
    Tensor
        A scalar; 0 where no two vectors share a class.
    """
    strongest, label = targets.max(dim=1)
    confidence = strongest * of_class[label]
    known = confidence > 0
    vectors, label, confidence = vectors[known], label[known], confidence[known]
    others = ~torch.eye(len(label), dtype=torch.bool, device=label.device)
    directions = torch.nn.functional.normalize(vectors, dim=1)
    likeness = (directions @ directions.T / TEMPERATURE).masked_fill(~others, -1e9)
    positive = (others & (label[:, None] == label)) * confidence
    surprise = -(positive * torch.log_softmax(likeness, dim=1)).sum(1) / positive.sum(1).clamp(min=1e-9)
    anchors = confidence * (positive.sum(1) > 0)
    return (anchors * surprise).sum() / anchors.sum().clamp(min=1e-9)
