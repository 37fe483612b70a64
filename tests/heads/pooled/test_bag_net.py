import pytest
import torch

from heartfeat.heads.pooled.bag_net import highest_of_present, mean_of_present

BAGS = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [90.0, 90.0]], [[5.0, 6.0], [90.0, 90.0], [90.0, 90.0]]])
PRESENT = torch.tensor([[True, True, False], [True, False, False]])


@pytest.mark.parametrize(
    ("pool", "expected"),
    [(mean_of_present, [[2.0, -3.0], [5.0, 6.0]]), (highest_of_present, [[3.0, -2.0], [5.0, 6.0]])],
)
def test_empty_slots_do_not_count(pool, expected):
    assert pool(BAGS, PRESENT).tolist() == expected
