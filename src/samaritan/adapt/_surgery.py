"""What a method may do to a network: replace modules by wrappers, add tokens, name the base's own parameters that train.

Everything is written down, so that it can be undone, saved, counted and folded without the method's help.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Literal, Protocol, get_args

import torch
from torch import Tensor, nn

from samaritan.core import UsageError
from samaritan.models._anatomy import (
    Block,
    EncoderPlan,
    TwoWayBlock,
    decoder_attentions,
    decoder_blocks,
    encoder_blocks,
    plan_of,
)
from samaritan.models._sam_network import SamNetwork

#: Parts of the base that a method can train beside its own modules. "decoder" is the mask decoder, "prompts" the prompt
#: encoder, "neck" the convolutions behind the last encoder block, "norms" and "biases" those of the image encoder.
Part = Literal["decoder", "prompts", "encoder", "neck", "norms", "decoder-norms", "biases", "position"]


class Wrapper(nn.Module):
    """Takes the place of a module; the module itself is ``base``, everything else is the method's own.

    A subclass whose effect can be computed into the base says how in :meth:`fold`.
    """

    base: nn.Module

    def __init__(self, base: nn.Module) -> None:
        super().__init__()
        self.base = base

    def fold(self) -> nn.Module | None:
        """A plain module that does what this one does, at the price of the base; None where there is none."""
        return None


class TokenSource(Protocol):
    """A module that adds tokens to a question: texts of n prompts -> (n, 1, token, hidden)."""

    def __call__(self, texts: Sequence[str | None]) -> Tensor:
        """Texts of n prompts -> (n, 1, token, hidden)."""
        ...


@dataclass(eq=False)
class Surgery:
    """Changes to one network, and how to undo them.

    Attributes:
        network: what is changed.
        labels: names of the targets, for methods that know targets by name.
        plan: description of the encoder where its class is not known.
        stored: a stored state will be filled in, so that nothing needs to be computed that it holds.
        wrappers: path -> what stands there now.
        tokens: token sources that were added.
        tuned: name -> parameter of the base that trains.
        undo: in the order in which it was done; empty where nothing is changed.
    """

    network: SamNetwork
    labels: tuple[str, ...] = ()
    plan: EncoderPlan | None = None
    stored: bool = False
    wrappers: dict[str, Wrapper] = field(default_factory=dict)
    tokens: list[nn.Module] = field(default_factory=list)
    tuned: dict[str, nn.Parameter] = field(default_factory=dict)
    undo: list[Callable[[], None]] = field(default_factory=list)
    _names: dict[str, nn.Parameter] = field(init=False)
    _norms: set[str] = field(init=False)
    _holders: dict[str, nn.Module] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._names = dict(self.network.named_parameters())
        self._norms = _norm_parameters(self.network)

    @property
    def decoder_blocks(self) -> list[TwoWayBlock]:
        """The mask decoder's two-way blocks."""
        return decoder_blocks(self.network)

    @property
    def decoder_attentions(self) -> list[str]:
        """Paths of all attentions of the mask decoder; each has q_proj, k_proj, v_proj and out_proj."""
        return decoder_attentions(self.network)

    def blocks(self, which: str = "all") -> list[Block]:
        """Encoder blocks: "all", "none", "global" (without windows), "last:N", "first:N", or numbers as in "0,1,-1".

        Raises:
            UsageError: the text is none of these, or names no block of this network.
            ModelError: nothing is known about the encoder.
        """
        found = self._found
        chosen = [found[n] for n in _numbers(which, found, self.network)]
        if not chosen and which != "none":
            raise UsageError(f"{which!r} names no encoder block; this network has {len(found)}.")
        return chosen

    @cached_property
    def _found(self) -> list[Block]:
        return encoder_blocks(self.network, self.plan)

    def module(self, path: str) -> Any:
        """The module at ``path``, with what has been done to it so far."""
        return self.network.get_submodule(path)

    def wrap(self, path: str, make: Callable[[Any], Wrapper]) -> None:
        """Put ``make(module)`` in the place of the module at ``path``; a part of a wrapped module can be wrapped too.

        Raises:
            UsageError: something stands there already.
        """
        if path in self.wrappers:
            raise UsageError(f"{path} is wrapped already; one module takes one change.")
        parent, _, name = path.rpartition(".")
        holder = _inside(self.network, parent)
        base = getattr(holder, name)
        wrapper = make(base)
        wrapper.train(base.training)
        setattr(holder, name, wrapper)
        self.wrappers[path], self._holders[path] = wrapper, holder
        self.undo.append(lambda: setattr(holder, name, base))

    def place(self, path: str, module: nn.Module) -> None:
        """Let ``module`` stand at ``path`` for a while, where something was wrapped."""
        setattr(self._holders[path], path.rpartition(".")[2], module)

    def freeze(self) -> None:
        """Let nothing of the base train but what is named from now on."""
        before = [(parameter, parameter.requires_grad) for parameter in self._names.values()]

        def thaw() -> None:
            for parameter, trained in before:
                parameter.requires_grad_(trained)
                parameter.grad = None

        for parameter, _ in before:
            parameter.requires_grad_(False)
        self.undo.append(thaw)

    def take_back(self) -> None:
        """Undo everything; the network is as it was, bit by bit."""
        for undo in reversed(self.undo):
            undo()
        self.undo.clear()

    def add_tokens(self, source: nn.Module) -> None:
        """Add a :class:`TokenSource` to every question."""
        self.network.token_sources.append(source)
        self.tokens.append(source)
        self.undo.append(lambda: self.network.token_sources.__delitem__(-1))

    def train(self, parts: Sequence[Part]) -> None:
        """Let parts of the base train.

        Raises:
            UsageError: the network has no such part.
        """
        for part in parts:
            names = self._part(part)
            if not names:
                raise UsageError(
                    f"This network has no {part!r} that could train; parts are {', '.join(get_args(Part))}."
                )
            self.train_parameters(names)

    def train_blocks(self, which: str) -> None:
        """Let whole encoder blocks train, named as in :meth:`blocks`."""
        for block in self.blocks(which):
            self.train_parameters([name for name in self._names if name.startswith(f"{block.path}.")])

    def train_parameters(self, names: Sequence[str]) -> None:
        """Let single parameters of the base train, by their names before anything was wrapped."""
        for name in names:
            if name not in self.tuned:
                parameter = self._names[name]
                self.undo.append(partial(_restore, parameter, parameter.detach().clone()))
                parameter.requires_grad_(True)
                self.tuned[name] = parameter

    def _part(self, part: Part) -> list[str]:
        encoder, norms = "image_encoder.", self._norms
        fixed = "prompt_encoder.shared_embedding."
        belongs: dict[Part, Callable[[str], bool]] = {
            "decoder": lambda name: name.startswith("mask_decoder."),
            "prompts": lambda name: name.startswith("prompt_encoder.") and not name.startswith(fixed),
            "encoder": lambda name: name.startswith(encoder),
            "neck": lambda name: name.startswith(self._neck),
            "norms": lambda name: name.startswith(encoder) and name in norms and not name.startswith(self._neck),
            "decoder-norms": lambda name: name.startswith("mask_decoder.transformer.") and name in norms,
            "biases": lambda name: name.startswith(encoder) and name.endswith(".bias"),
            "position": lambda name: name.startswith(f"{encoder}{plan_of(self.network, self.plan).position}"),
        }
        return [name for name in self._names if belongs[part](name)]

    @cached_property
    def _neck(self) -> tuple[str, ...]:
        """How names of parameters begin that lie beside the encoder's last convolutions."""
        roots = {path.partition(".")[0] for path in plan_of(self.network, self.plan).neck}
        return tuple(f"image_encoder.{root}." for root in roots)


def _numbers(which: str, found: Sequence[Block], network: SamNetwork) -> list[int]:
    count, (head, _, rest) = len(found), which.partition(":")
    try:
        if which in ("all", "none"):
            return list(range(count)) if which == "all" else []
        if which == "global":
            return [b.index for b in found if not getattr(network.get_submodule(b.path), "window_size", 1)]
        if head in ("first", "last"):
            size = min(max(int(rest), 0), count)
            return list(range(count))[:size] if head == "first" else list(range(count))[count - size :]
        return sorted({range(count)[int(text)] for text in which.split(",")})
    except (ValueError, IndexError) as error:
        raise UsageError(
            f"{which!r} does not name encoder blocks of this network, which has {count}; allowed are all, none, global, "
            "first:N, last:N and numbers as in 0,1,-1."
        ) from error


def _inside(network: nn.Module, path: str) -> nn.Module:
    """The module at ``path`` as it was before anything was wrapped, also inside of what was."""
    module = network
    for name in path.split(".") if path else []:
        module = getattr(module, name)
        while isinstance(module, Wrapper):
            module = module.base
    return module


@torch.no_grad()
def _restore(parameter: nn.Parameter, before: Tensor) -> None:
    parameter.copy_(before)


def _norm_parameters(network: SamNetwork) -> set[str]:
    """Names of the parameters of normalisation layers, by what the modules are and not by how they are called."""
    return {
        f"{path}.{name}"
        for path, module in network.named_modules()
        if isinstance(module, nn.LayerNorm | nn.BatchNorm2d)
        for name, _ in module.named_parameters(recurse=False)
    }
