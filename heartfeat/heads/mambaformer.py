"""The `mambaformer` head: Mamba-2 over cached features, recordings weighed by what they say of a patient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import torch

from heartfeat.errors import ConfigError, RunError
from heartfeat.heads.combiner import Combiner
from heartfeat.heads.examples import UNLABELLED, Examples
from heartfeat.heads.head import HeadState, Prediction
from heartfeat.heads.mamba.inputs import Inputs
from heartfeat.heads.mamba.net import MambaFormerNet
from heartfeat.heads.mamba.panel import Said, gathered, weigh
from heartfeat.heads.mamba.panel_training import said_by, train_panel
from heartfeat.heads.mamba.predictor import Predictor
from heartfeat.heads.mamba.training import train_net
from heartfeat.heads.monitor import Monitor, as_monitor
from heartfeat.heads.neural.compute import current_compute
from heartfeat.heads.neural.threads import one_thread
from heartfeat.heads.person_folds import person_folds
from heartfeat.heads.settings import MambaFormerSettings
from heartfeat.progress import Progress


class MambaFormer:
    """Head over tokens of one or several feature sets.

    With ``inner_folds``, several networks are trained, each without one part of the patients, and a small model learns
    from what they say of those parts how to weigh a patient's recordings. Without, the patient classifier of a single
    network decides.

    Parameters
    ----------
    settings
        Sizes, recipe and seed.

    Attributes
    ----------
    trains_on_valid
        With ``inner_folds`` the validation patients are learned from as well.
    networks
        How many networks are trained, which may be done side by side.
    held_out
        With ``inner_folds``, after ``fit``: what networks and weighing say of the labelled validation patients, none
        of which had seen them.
    """

    uses_tokens: ClassVar[bool] = True
    uses_device: ClassVar[bool] = True

    def __init__(self, settings: MambaFormerSettings) -> None:
        self.settings = settings
        self.trains_on_valid = settings.inner_folds > 0
        self.networks = max(1, settings.inner_folds)
        self._inputs: Inputs | None = None
        self._nets: tuple[MambaFormerNet, ...] = ()
        self._combiner: Combiner | None = None
        self.held_out: Prediction | None = None

    def fit(self, train: Examples, valid: Examples, progress: Progress) -> list[dict[str, float]]:
        """Train for the set number of epochs, or until watched patients get no better for `patience` of them.

        With ``inner_folds``, ``train`` and ``valid`` are learned from, and a network is watched on the part that it
        does without; else ``valid`` is watched and never trained on. Where no training recording has a label of its
        own, recordings are trained on their patient's label.

        Returns
        -------
        list of dict
            Per epoch ``epoch``, ``loss`` and, with inner folds, ``inner_fold``; every fifth epoch and at the end,
            with `patience` every epoch, also ``valid_loss`` (mean negative log-likelihood of the labelled watched
            patients under the averaged weights) and the scores of a `Monitor`.

        Raises
        ------
        ConfigError
            When nobody in ``train`` has a label, or none of one of `tasks`, the class weights do not fit the
            classes, or `stop_on` needs scores that ``progress`` does not bring.
        RunError
            When the checkpoint of ``progress``, a `Monitor`, is of another fit.
        """
        if not (train.labels != UNLABELLED).any():
            raise ConfigError("no training patient has a label; choose another task or another split")
        monitor, self.held_out = as_monitor(progress), None
        with one_thread(), torch.random.fork_rng(devices=current_compute().gpus):
            if self.settings.inner_folds:
                return self._fit_panel(train.labelled().with_others(valid.labelled()), valid, monitor)
            inputs = self._inputs = Inputs.learn(self.settings, train)
            net, history = train_net(inputs, train, valid, monitor, self.settings.seed)
        self._nets = (net,)
        return history

    def _fit_panel(self, learned: Examples, valid: Examples, monitor: Monitor) -> list[dict[str, float]]:
        settings, persons = self.settings, learned.patients["person"].to_list()
        inputs = self._inputs = Inputs.learn(settings, learned)
        fold = person_folds(persons, learned.labels, settings.inner_folds, settings.seed)
        if not fold.any():
            raise ConfigError("inner_folds needs labelled patients of at least two persons; set it to 0")
        nets, parts, history = [], [], list[dict[str, float]]()
        for number, (net, epochs, said) in enumerate(train_panel(inputs, learned, fold, monitor)):
            nets.append(net)
            history += [{"inner_fold": float(number), **epoch} for epoch in epochs]
            parts.append((fold == number, (fold == number)[learned.patient_of], said))
        self._nets = tuple(nets)
        of_all = gathered(parts, len(fold), len(learned.patient_of))
        self._learn_weighing(of_all, learned, int((valid.labels != UNLABELLED).sum()))
        return history

    def _learn_weighing(self, said: Said, learned: Examples, valid: int) -> None:
        """From what was ``said`` of all patients learned from; the last ``valid`` are validation patients."""
        inputs, count = self._fitted()[0], len(learned.patients)
        evidence, quality = said.evidence(learned.patient_of), inputs.quality_of(learned)
        labels, classes = learned.labels, len(learned.classes)
        self._combiner = Combiner.fit(evidence, quality, labels, classes)
        held = np.arange(count) >= count - valid
        if held.any() and not held.all():
            combiner = Combiner.fit(evidence[:, ~held], quality[~held], labels[~held], classes)
            recordings = None if said.recordings is None else said.recordings[:, held[learned.patient_of]]
            self.held_out = Prediction(weigh(combiner, evidence[:, held], quality[held]), recordings)

    def predict(self, examples: Examples) -> Prediction:
        """Probabilities for each view of ``examples`` by itself; labels are not looked at.

        Raises
        ------
        RunError
            When the head has not been fitted.
        FeatureKeyError
            When the features are not those that the head was fitted on.
        """
        inputs, nets = self._fitted()
        with one_thread():
            judging, views = [inputs.predictor(net, examples) for net in nets], len(examples.views)
            said, extra = said_by(inputs, judging, views), _extra(inputs, judging, views)
        patients = said.patients
        if self._combiner is not None:
            patients = weigh(self._combiner, said.evidence(examples.patient_of), inputs.quality_of(examples))
        assert patients is not None
        return Prediction(patients, said.recordings, extra)

    def state(self) -> HeadState:
        """The fitted head as plain data.

        Raises
        ------
        RunError
            When the head has not been fitted.
        """
        inputs, nets = self._fitted()
        arrays = {
            f"{number}.{name}": tensor.numpy().copy()
            for number, net in enumerate(nets)
            for name, tensor in net.state_dict().items()
        }
        weighing = self._combiner.arrays("combiner.") if self._combiner else {}
        return HeadState({**inputs.as_json(), "networks": len(nets)}, arrays | weighing)

    @classmethod
    def from_state(cls, state: HeadState) -> Self:
        """The head that ``state`` describes."""
        inputs = Inputs.from_json(state.settings)
        head = cls(inputs.settings)
        head._inputs = inputs
        head._nets = tuple(
            _load_net(inputs, state, f"{number}.") for number in range(state.settings["networks"])
        )
        if inputs.settings.inner_folds:
            head._combiner = Combiner.from_arrays(state.arrays, "combiner.", len(inputs.classes))
        return head

    def _fitted(self) -> tuple[Inputs, tuple[MambaFormerNet, ...]]:
        if self._inputs is None or not self._nets:
            raise RunError("this mambaformer head has not been fitted; call fit() or from_state() first")
        return self._inputs, self._nets


def _extra(inputs: Inputs, predictors: Sequence[Predictor], views: int) -> dict[str, np.ndarray]:
    """Mean probabilities ``(views, patients, its classes)`` of every auxiliary task."""
    if not inputs.tasks:
        return {}
    of_views = [[one.extra(number) for one in predictors] for number in range(views)]
    return {
        name: np.stack([np.mean([said[name] for said in view], axis=0) for view in of_views])
        for name in inputs.tasks
    }


def _load_net(inputs: Inputs, state: HeadState, prefix: str) -> MambaFormerNet:
    with torch.random.fork_rng(devices=[]):
        net = inputs.new_net().eval()
    own = {name: array for name, array in state.arrays.items() if name.startswith(prefix)}
    net.load_state_dict(
        {name.removeprefix(prefix): torch.from_numpy(array.copy()) for name, array in own.items()}
    )
    return net
