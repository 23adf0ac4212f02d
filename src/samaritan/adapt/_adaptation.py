"""A method attached to a model: what it trains, its state, folding it, and taking it off."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from samaritan.adapt._base import METHODS, Behaviour, Method, MethodConfig
from samaritan.adapt._surgery import Surgery
from samaritan.core import ModelError, UsageError
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork


@dataclass(frozen=True)
class Counts:
    """Numbers of parameters.

    Attributes:
        trained: all that train: the method's own and the base's that it names.
        own: of the method's own modules.
        base: of the model as it was.
    """

    trained: int
    own: int
    base: int

    @property
    def share(self) -> float:
        """Trained parameters over those of the base."""
        return self.trained / self.base


@dataclass(eq=False)
class Adaptation:
    """A method attached to a model, whose segmenter now is the adapted one.

    Attributes:
        method: the registered method.
        config: its settings.
        segmenter: the model it is attached to.
        surgery: what was changed.
        behaviour: what else it does.
        merged: True while its effect lies in plain weights.
    """

    method: Method
    config: MethodConfig
    segmenter: SamSegmenter
    surgery: Surgery
    behaviour: Behaviour
    merged: bool = False
    _base_count: int = 0

    @property
    def network(self) -> SamNetwork:
        """The adapted network."""
        return self.segmenter.network

    def named_trainable(self) -> dict[str, nn.Parameter]:
        """Everything that trains: "own." and the place of a wrapper, "token." of an added token, "base." of the base's own."""
        found = {name: tensor for name, tensor in self._tensors().items() if isinstance(tensor, nn.Parameter)}
        return {name: parameter for name, parameter in found.items() if parameter.requires_grad}

    def state(self, *, training: bool = True) -> dict[str, Tensor]:
        """All that makes this adaptation, detached copies: its own tensors and the base's trained ones.

        Args:
            training: with what only a training needs to go on; an adapter file does without.

        Raises:
            UsageError: it is not attached any more.
        """
        if not self.surgery.undo:
            raise UsageError(f"{self.method.card.name} is detached; take the state of an adaptation before.")
        left_out = set() if training else self._training_only()
        return {name: tensor.detach().clone() for name, tensor in self._tensors().items() if name not in left_out}

    @torch.no_grad()
    def load_state(self, state: Mapping[str, Tensor], *, training: bool = True) -> None:
        """Fill in what :meth:`state` gave, called with the same ``training``.

        Raises:
            ModelError: tensors are missing, superfluous or of another shape.
        """
        self.unmerge()
        left_out = set() if training else self._training_only()
        own = {name: tensor for name, tensor in self._tensors().items() if name not in left_out}
        faults = [f"{name} is missing" for name in own.keys() - state.keys()]
        faults += [f"{name} is not of this method" for name in state.keys() - own.keys()]
        faults += [
            f"{name} is {tuple(state[name].shape)} instead of {tuple(own[name].shape)}"
            for name in own.keys() & state.keys()
            if own[name].shape != state[name].shape
        ]
        if faults:
            raise ModelError(f"The adapter does not fit {self.method.card.name}: {'; '.join(sorted(faults)[:5])}.")
        for name, tensor in own.items():
            tensor.copy_(state[name])

    def counts(self) -> Counts:
        """How many parameters train, of how many."""
        trainable = self.named_trainable()
        own = sum(p.numel() for name, p in trainable.items() if not name.startswith("base."))
        return Counts(sum(p.numel() for p in trainable.values()), own, self._base_count)

    def train(self, mode: bool = True) -> None:
        """Training mode for the method's own modules (dropout); the base always runs as it was evaluated."""
        if mode:
            self.unmerge()
        self.network.eval()
        for wrapper in self.surgery.wrappers.values():
            below = {id(module) for module in wrapper.base.modules()}
            for module in wrapper.modules():
                if id(module) not in below:
                    module.training = mode
        for source in self.surgery.tokens:
            source.train(mode)

    def merge(self) -> None:
        """Compute the method's effect into plain weights; inference then costs what the base costs.

        Tokens that the method adds to a question stay: they are looked up.

        Raises:
            UsageError: the method cannot be folded.
        """
        if self.merged:
            return
        folded = {path: wrapper.fold() for path, wrapper in self.surgery.wrappers.items()}
        stuck = [path for path, module in folded.items() if module is None]
        if stuck or not self.method.card.folds:
            raise UsageError(f"{self.method.card.name} cannot be folded into the base's weights; use it as it is.")
        for path, module in folded.items():
            if module is not None:
                self.surgery.place(path, module.eval().requires_grad_(False))
        self.merged = True

    def unmerge(self) -> None:
        """Take back :meth:`merge`."""
        if self.merged:
            for path, wrapper in self.surgery.wrappers.items():
                self.surgery.place(path, wrapper)
            self.merged = False

    def detach(self) -> SamSegmenter:
        """Restore the model, bit by bit, and return it."""
        if self.surgery.undo:
            self.unmerge()
            self.surgery.take_back()
            self.network.adaptation = self.network.encoder_recipe = None
            self.network.encoder_repeatable = True
        return self.segmenter

    def _training_only(self) -> set[str]:
        """Names of the tensors that inference does not need."""
        theirs = {
            id(tensor)
            for module in self.behaviour.training_only
            for tensor in module.state_dict(keep_vars=True).values()
        }
        return {name for name, tensor in self._tensors().items() if id(tensor) in theirs}

    def _tensors(self) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for path, wrapper in self.surgery.wrappers.items():
            below = {id(tensor) for tensor in wrapper.base.state_dict(keep_vars=True).values()}
            for name, tensor in wrapper.state_dict(keep_vars=True).items():
                if id(tensor) not in below:
                    found[f"own.{path}.{name}"] = tensor
        for number, source in enumerate(self.surgery.tokens):
            found.update({f"token.{number}.{name}": t for name, t in source.state_dict(keep_vars=True).items()})
        found.update({f"base.{name}": parameter for name, parameter in self.surgery.tuned.items()})
        first = {
            id(tensor): name for name, tensor in reversed(found.items())
        }  # what several wrappers share counts once
        return {name: tensor for name, tensor in found.items() if first[id(tensor)] == name}


def attach(
    segmenter: SamSegmenter,
    method: str,
    config: MethodConfig | Mapping[str, Any] | None = None,
    *,
    labels: Iterable[str] = (),
    plan: Any = None,
    seed: int = 0,
    stored: bool = False,
) -> Adaptation:
    """Attach a method to a model, in place; until it is trained the model answers as before (where the card says so).

    Args:
        segmenter: the model; its network is changed.
        method: name in METHODS.
        config: the method's settings; its defaults otherwise.
        labels: names of the targets, for methods that know them by name.
        plan: :class:`samaritan.models._anatomy.EncoderPlan` of an encoder that the package does not know.
        seed: of the initial values of the method's own modules.
        stored: :meth:`Adaptation.load_state` follows, so that nothing needs to be computed that a state holds.

    Raises:
        UnknownNameError: there is no such method.
        UsageError: the model is adapted already, or nothing in it fits the settings.
        InputError: settings that do not fit the method.
        ModelError: nothing is known about the model's encoder.
    """
    entry = METHODS.get(method)
    network = segmenter.network
    check_plain(network)
    settings = _settings(entry, config)
    surgery = Surgery(network, tuple(labels), plan, stored)
    fixed = network.prompt_encoder.shared_embedding.positional_embedding.numel()  # a random matrix, never trained
    count = sum(parameter.numel() for parameter in network.parameters()) - fixed
    try:
        surgery.freeze()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            behaviour = entry.attach(surgery, settings) or Behaviour()
        adapted = Adaptation(entry, settings, segmenter, surgery, behaviour, _base_count=count)
        if not adapted.named_trainable():
            raise UsageError(f"With these settings {method} trains nothing; choose blocks or parts of the base.")
    except BaseException:
        surgery.take_back()
        raise
    network.adaptation = method
    if _in_encoder(adapted):
        network.encoder_recipe = json.dumps([method, settings.model_dump(mode="json"), str(plan)])
        network.encoder_repeatable = not entry.card.stochastic
    network.to(network.position_grid.device)
    return adapted


def check_plain(network: SamNetwork) -> None:
    """Refuse a network to which something is attached.

    Raises:
        UsageError: there is.
    """
    if network.adaptation is not None:
        raise UsageError(f"This model is adapted already, with {network.adaptation}; detach that first.")


def _in_encoder(adapted: Adaptation) -> bool:
    """Whether the image encoder has other modules, or trains some of its own parameters."""
    return any(name.startswith("image_encoder.") for name in (*adapted.surgery.wrappers, *adapted.surgery.tuned))


def _settings(entry: Method, config: MethodConfig | Mapping[str, Any] | None) -> MethodConfig:
    name = entry.card.name
    if not isinstance(config, MethodConfig):
        return entry.config.parse(dict(config or {}), f"Method {name}")
    if not isinstance(config, entry.config):
        raise UsageError(f"{type(config).__name__} is not for {name}; its settings are {entry.config.__name__}.")
    return config
