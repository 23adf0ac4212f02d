"""What a method may do to a network: replace modules by wrappers, add tokens, name the base's own parameters that train.

Everything is written down, so that it can be undone, saved, counted and folded without the method's help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, get_args

from torch import Tensor, nn

from samaritan.core import UsageError
from samaritan.models._anatomy import Block, EncoderPlan, TwoWayBlock, decoder_blocks, encoder_blocks, plan_of
from samaritan.models._sam import SamNetwork

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
        wrappers: path -> what stands there now.
        tokens: token sources that were added.
        tuned: name -> parameter of the base that trains.
        undo: in the order in which it was done.
    """

    network: SamNetwork
    labels: tuple[str, ...] = ()
    plan: EncoderPlan | None = None
    wrappers: dict[str, Wrapper] = field(default_factory=dict)
    tokens: list[nn.Module] = field(default_factory=list)
    tuned: dict[str, nn.Parameter] = field(default_factory=dict)
    undo: list[Callable[[], None]] = field(default_factory=list)
    _names: dict[str, nn.Parameter] = field(init=False)

    def __post_init__(self) -> None:
        self._names = dict(self.network.named_parameters())

    @property
    def decoder_blocks(self) -> list[TwoWayBlock]:
        """The mask decoder's two-way blocks."""
        return decoder_blocks(self.network)

    def blocks(self, which: str = "all") -> list[Block]:
        """Encoder blocks: "all", "none", "global" (without windows), "last:N", "first:N", or numbers as in "0,1,-1".

        Raises:
            UsageError: the text is none of these, or names no block of this network.
        """
        found = encoder_blocks(self.network, self.plan)
        chosen = [found[n] for n in _numbers(which, found, self.network)]
        if not chosen and which != "none":
            raise UsageError(f"{which!r} names no encoder block; this network has {len(found)}.")
        return chosen

    def module(self, path: str) -> Any:
        """The module at ``path``, with what has been done to it so far."""
        return self.network.get_submodule(path)

    def wrap(self, path: str, make: Callable[[Any], Wrapper]) -> None:
        """Put ``make(module)`` in the place of the module at ``path``."""
        parent, _, name = path.rpartition(".")
        holder, base = self.network.get_submodule(parent), self.network.get_submodule(path)
        wrapper = make(base)
        wrapper.train(base.training)
        setattr(holder, name, wrapper)
        self.wrappers[path] = wrapper
        self.undo.append(lambda: setattr(holder, name, base))

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
            found = dict(_part(part, self._names, self.network, self.plan))
            if not found:
                raise UsageError(
                    f"This network has no {part!r} that could train; parts are {', '.join(get_args(Part))}."
                )
            self.tuned.update(found)

    def train_parameters(self, names: Sequence[str]) -> None:
        """Let single parameters of the base train, by their names before anything was wrapped."""
        self.tuned.update({name: self._names[name] for name in names})


def _numbers(which: str, found: Sequence[Block], network: SamNetwork) -> list[int]:
    count, (head, _, rest) = len(found), which.partition(":")
    try:
        if which in ("all", "none"):
            return list(range(count)) if which == "all" else []
        if which == "global":
            return [b.index for b in found if not getattr(network.get_submodule(b.path), "window_size", 1)]
        if head in ("first", "last"):
            size = min(int(rest), count)
            return list(range(count))[:size] if head == "first" else list(range(count))[count - size :]
        return sorted({range(count)[int(text)] for text in which.split(",")})
    except (ValueError, IndexError) as error:
        raise UsageError(
            f"{which!r} does not name encoder blocks of this network, which has {count}; allowed are all, none, global, "
            "first:N, last:N and numbers as in 0,1,-1."
        ) from error


def _part(
    part: Part, names: dict[str, nn.Parameter], network: SamNetwork, plan: EncoderPlan | None
) -> Iterator[tuple[str, nn.Parameter]]:
    encoder, fixed = "image_encoder.", "prompt_encoder.shared_embedding."
    norms = _norm_parameters(network)
    layout = plan_of(network, plan)
    for name, parameter in names.items():
        inside = {
            "decoder": name.startswith("mask_decoder."),
            "prompts": name.startswith("prompt_encoder.") and not name.startswith(fixed),
            "encoder": name.startswith(encoder),
            "neck": name.startswith(f"{encoder}neck."),
            "norms": name.startswith(encoder) and name in norms and not name.startswith(f"{encoder}neck."),
            "decoder-norms": name.startswith("mask_decoder.transformer.") and name in norms,
            "biases": name.startswith(encoder) and name.endswith(".bias"),
            "position": layout.position is not None and name == f"{encoder}{layout.position}",
        }
        if inside[part]:
            yield name, parameter


def _norm_parameters(network: SamNetwork) -> set[str]:
    """Names of the parameters of normalisation layers, by what the modules are and not by how they are called."""
    return {
        f"{path}.{name}"
        for path, module in network.named_modules()
        if isinstance(module, nn.LayerNorm | nn.BatchNorm2d)
        for name, _ in module.named_parameters(recurse=False)
    }
