import numpy as np
import torch

from heartfeat.signals.segmentation.emissions import log_posteriors
from heartfeat.signals.segmentation.segmenter import default_segmenter


def test_the_network_in_numpy_is_the_one_in_torch():
    segmenter = default_segmenter()
    envelopes = (
        np.random.default_rng(0).standard_normal((333, segmenter.kernels[0].shape[1])).astype(np.float32)
    )
    hidden = torch.from_numpy(envelopes.T.copy())[None]
    for layer, (kernel, bias) in enumerate(zip(segmenter.kernels, segmenter.biases, strict=True)):
        weight = torch.from_numpy(kernel.transpose(2, 1, 0).copy())
        hidden = torch.nn.functional.conv1d(
            hidden, weight, torch.from_numpy(bias), padding="same", dilation=2**layer
        )
        hidden = hidden.relu() if layer < len(segmenter.kernels) - 1 else hidden.log_softmax(dim=1)

    np.testing.assert_allclose(log_posteriors(envelopes, segmenter), hidden[0].T.numpy(), atol=1e-4)


def test_probabilities_add_up_to_one_even_for_one_frame():
    segmenter = default_segmenter()
    for frames in (1, 5, 100):
        found = log_posteriors(np.zeros((frames, segmenter.kernels[0].shape[1]), np.float32), segmenter)
        assert found.shape == (frames, 4)
        np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)
