"""UA-SAM: adapters that a latent code modulates, so that different codes give different plausible masks.

"Uncertainty-Aware Adapter: Adapting Segment Anything Model (SAM) for Ambiguous Medical Image Segmentation", arXiv 2403.10931,
in a form without mixing between the pictures of a batch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._base import METHODS, Method, MethodCard
from samaritan.adapt._latent import LatentBehaviour, LatentConfig, LatentSpace
from samaritan.adapt._surgery import Part, Surgery, Wrapper
from samaritan.core import UsageError
from samaritan.models._anatomy import neck_paths

#: Stages of prior and posterior, and convolutions of a stage.
WIDTHS, DEPTH = (32, 64, 128, 192), 3

CARD = MethodCard(
    name="ua-sam",
    title="Adapters modulated by a latent code, for targets that experts outline differently",
    paper="Uncertainty-Aware Adapter: Adapting SAM for Ambiguous Medical Image Segmentation, arXiv 2403.10931",
    attaches="E5: after each encoder block; and one residual of the code before the neck",
    trains="the adapters, the residual, prior and posterior networks",
    deviations=(
        "Everything is computed for each picture by itself; in the release pictures of a batch influence each other and "
        "weights depend on the batch's size.",
        "Prompts do not condition the encoder, so a picture is encoded once for all of them: the sum over prompt tokens is "
        "the code's own term, and the release's prompt branch (128,512 weights of a block of ViT-B) does not exist.",
        "W_up and the last layer of the residual start at zero, and the residual trains; the release leaves it frozen at "
        "random values.",
        "The residual ends in a linear layer, so that it can have either sign.",
        "The small networks between code and adapter start He-normal: with torch's own values a change of the code by one "
        "sigma moves an adapter's middle by less than a thousandth, and the code is never used.",
        "The last adapter makes no position code, since nobody would read it.",
        "Prior and posterior see the picture at 128 x 128 (setting `side`) and normalised; at SAM's 1024 they would cost "
        "more than the encoder.",
    ),
    stochastic=True,
)


class UaSamConfig(LatentConfig):
    """Settings of UA-SAM, beside those of its latent code.

    Attributes:
        blocks: encoder blocks, see :meth:`samaritan.adapt._surgery.Surgery.blocks`.
        hidden: width of an adapter; None is a quarter of the block's (192 in ViT-B).
        position: length of the code that adapters pass on.
        last_gelu: GELU behind the last layer of the network from code to adapter.
        norms: weight of the sum of 2-norms of the parameters of prior and posterior.
        side: prior and posterior see pictures of at most this side; None is the encoder's.
        train: parts of the base that train besides.
    """

    blocks: str = "all"
    hidden: int | None = Field(default=None, ge=1)
    position: int = Field(default=12, ge=1)
    last_gelu: bool = True
    norms: float = Field(default=1e-5, ge=0)
    side: int | None = Field(default=128, ge=8)
    train: tuple[Part, ...] = ()


def gelu_mlp(*sizes: int, last: bool = True) -> nn.Sequential:
    """Linear layers with a GELU behind each; ``last=False`` leaves out the last GELU."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [linear(inputs, outputs), nn.GELU()]
    return nn.Sequential(*(layers if last else layers[:-1]))


def linear(inputs: int, outputs: int) -> nn.Linear:
    """A layer that keeps the size of a signal through a GELU (He et al., arXiv 1502.01852), so that the code is heard."""
    layer = nn.Linear(inputs, outputs)
    nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    nn.init.zeros_(layer.bias)
    return layer


class UncertaintyAdapter(nn.Module):
    """One bottleneck whose middle is shifted by what the code says, weighted by channel attention with the position code.

    Args:
        width: of the tokens.
        hidden: of the bottleneck.
        config: lengths of the codes.
        passes_on: whether it makes a position code for the next one.
    """

    def __init__(self, width: int, hidden: int, config: UaSamConfig, *, passes_on: bool) -> None:
        super().__init__()
        latent, position = config.latent, config.position
        self.down, self.up = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.read = gelu_mlp(position, latent, latent)
        self.key, self.value = linear(latent, latent), linear(latent, latent)
        self.query, self.content = linear(latent, latent), linear(latent, latent)
        self.shift = gelu_mlp(latent, 64, 128, hidden, last=config.last_gelu)
        self.next = gelu_mlp(latent, 2 * latent, position) if passes_on else None
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def attention(self, key: Tensor, query: Tensor) -> Tensor:
        """(item, latent) keys and queries -> (item, latent, latent) whose rows sum to 1."""
        return (key[:, :, None] * query[:, None, :] / math.sqrt(key.shape[1])).softmax(dim=2)

    def forward(self, tokens: Tensor, position: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """What is added to the tokens, and the next position code.

        Args:
            tokens: (item, y, x, width).
            position: (item, position).
            code: (item, latent), or (1, latent) for all alike.
        """
        read = self.read(position)
        value = functional.gelu(self.value(read))
        attention = self.attention(self.key(read), self.query(code))
        mixed = torch.einsum("bi,bij->bj", self.content(code).expand(len(attention), -1), attention)
        shift = self.shift(mixed * value)[:, None, None]
        update = self.up(functional.gelu(self.down(tokens)) + shift)
        return update, position if self.next is None else self.next(value)


@dataclass(eq=False)
class Thread:
    """What runs through all adapters of an encoder.

    Attributes:
        space: where the code comes from.
        position: (item, position) made by the adapter before.
    """

    space: LatentSpace
    position: Tensor


class AdaptedBlock(Wrapper):
    """An encoder block with its adapter behind it.

    Args:
        base: the block.
        adapter: behind it.
        channels: axis of the channels in what the block gives.
        thread: shared with the other adapters.
        start: from the mean token to the first position code, in the first adapted block.
    """

    def __init__(
        self, base: nn.Module, *, adapter: UncertaintyAdapter, channels: int, thread: Thread, start: nn.Module | None
    ) -> None:
        super().__init__(base)
        self.adapter = adapter
        self.start = start
        self._channels = channels
        self._thread = thread

    def forward(self, features: Tensor) -> Tensor:
        """Features as the block takes them -> features as it gives them."""
        given: Tensor = self.base(features)
        tokens = given.movedim(self._channels, -1)
        if self.start is not None:
            self._thread.position = self.start(tokens.mean(dim=(1, 2)))
        code = self._thread.space.code()
        update, self._thread.position = self.adapter(tokens, self._thread.position, code)
        changed: Tensor = given + update.movedim(-1, self._channels)
        return changed


class LatentResidual(Wrapper):
    """The neck's first convolution, to whose input a function of the code is added at all places alike.

    It also holds prior and posterior.

    Args:
        base: the convolution.
        space: prior and posterior.
    """

    base: nn.Conv2d

    def __init__(self, base: nn.Conv2d, space: LatentSpace) -> None:
        super().__init__(base)
        width = base.in_channels
        self.space = space
        self.residual = gelu_mlp(space.latent, max(1, width // 4), max(1, width // 2), width, last=False)
        nn.init.zeros_(self.residual[-1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.residual[-1].bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """(item, width, y, x) -> (item, hidden, y, x)."""
        found: Tensor = self.base(features + self.residual(self.space.code())[:, :, None, None])
        return found


class UaSamBehaviour(LatentBehaviour):
    """The code of a picture: from its posterior in a training step, else from its prior."""

    config: UaSamConfig
    hands_on = True  # the position code, from block to block

    def look(self, pixels: Tensor) -> None:
        """See :meth:`Behaviour.look`."""
        self.space.look(self._small(pixels))

    def observe(self, pixels: Tensor, masks: Tensor) -> None:
        """See :meth:`Behaviour.observe`; out of training mode the masks are not looked at."""
        if not self.space.training:
            self.look(pixels)
            return
        noise = torch.randn(len(pixels), self.space.latent, device=pixels.device)
        self.space.learn(self._small(pixels), masks, noise)

    def penalty(self) -> Tensor | None:
        """The KL term, and the norms of the parameters of prior and posterior."""
        divergence = super().penalty()
        if divergence is None or not self.config.norms:
            return divergence
        sizes = [torch.linalg.vector_norm(parameter) for parameter in self.space.parameters()]
        return divergence + self.config.norms * torch.stack(sizes).sum()

    def before_encoder(self, _encoder: nn.Module, inputs: tuple[Any, ...]) -> None:
        """Hook: the whole encoder is about to run, on pictures that belong to no training step unless one was observed."""
        if not self.space.learning:
            self.look(inputs[0])

    def _small(self, pixels: Tensor) -> Tensor:
        side = self.config.side
        return pixels if side is None or pixels.shape[-1] <= side else functional.adaptive_avg_pool2d(pixels, side)


def attach(surgery: Surgery, config: UaSamConfig) -> UaSamBehaviour:
    """Adapters behind the chosen blocks, the residual before the neck.

    Raises:
        UsageError: the encoder has no neck.
    """
    neck: Sequence[str] = neck_paths(surgery.network, surgery.plan)
    if not neck:
        raise UsageError("UA-SAM adds its residual before the encoder's neck; this encoder's plan names none.")
    thread = Thread(LatentSpace(3, config.latent, WIDTHS, DEPTH), torch.empty(0))
    blocks = surgery.blocks(config.blocks)
    for block in blocks:
        hidden = config.hidden or max(1, block.width // 4)
        make = partial(
            AdaptedBlock,
            adapter=UncertaintyAdapter(block.width, hidden, config, passes_on=block is not blocks[-1]),
            channels=block.plan.channels,
            thread=thread,
            start=gelu_mlp(block.width, 256, config.position) if block is blocks[0] else None,
        )
        surgery.wrap(block.path, make)
    surgery.wrap(neck[0], partial(LatentResidual, space=thread.space))
    surgery.train(config.train)
    behaviour = UaSamBehaviour(thread.space, config)
    hook = surgery.network.image_encoder.register_forward_pre_hook(behaviour.before_encoder)
    surgery.undo.append(hook.remove)
    return behaviour


METHODS.add(CARD.name, Method(CARD, UaSamConfig, attach))
