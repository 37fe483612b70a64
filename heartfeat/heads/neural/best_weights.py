"""Early stopping: the weights of the best epoch, and when to give up on a better one."""

from torch import Tensor, nn


class BestWeights:
    """Watches a loss that should fall, and keeps the weights at its lowest.

    Parameters
    ----------
    patience
        Looks without a lower loss after which there is no going on.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.lowest = float("inf")
        self.waited = 0
        self._weights: dict[str, Tensor] | None = None

    def look(self, loss: float, net: nn.Module) -> bool:
        """Take note of ``loss``; whether to stop."""
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            self._weights = {name: tensor.detach().clone() for name, tensor in net.state_dict().items()}
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, net: nn.Module) -> None:
        """Give ``net`` the weights of the lowest loss; leave it as it is where none was seen."""
        if self._weights is not None:
            net.load_state_dict(self._weights)
