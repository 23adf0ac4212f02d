"""Layers of the ``peft`` library behind this package's contract: one layer in the place of one projection.

The library's own model classes are not used: they wrap the network as a whole, and know neither the roles of a block's parts
nor what else of the base trains.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from pydantic import Field
from torch import Tensor, nn

from samaritan.adapt._base import MethodConfig
from samaritan.adapt._surgery import Part, Surgery, Wrapper

#: Projections of an encoder block that can be tuned, by role.
Role = Literal["qkv", "proj", "lin1", "lin2"]

#: Every layer of the library holds several adapters by name; here there is one.
NAME = "default"


class PeftConfig(MethodConfig):
    """Settings that all methods of the library share.

    Attributes:
        targets: projections of each block that are tuned.
        blocks: encoder blocks, see :meth:`samaritan.adapt._surgery.Surgery.blocks`.
        train: parts of the base that train besides.
    """

    targets: tuple[Role, ...] = Field(default=("qkv",), min_length=1)
    blocks: str = "all"
    train: tuple[Part, ...] = ("decoder",)


class PeftWrapper(Wrapper):
    """A projection inside a layer of the library, which holds it as its ``base_layer``.

    Args:
        base: the projection.
        layer: around it.
    """

    base: nn.Linear

    def __init__(self, base: nn.Linear, layer: nn.Module) -> None:
        super().__init__(base)
        self.layer = layer

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        adapted: Tensor = self.layer(tokens.flatten(0, -2))  # some layers take four axes for a picture
        return adapted.reshape(*tokens.shape[:-1], -1)

    def fold(self) -> nn.Linear:
        """The projection with the layer's effect in its weight and bias."""
        layer: Any = copy.deepcopy(self.layer)
        layer.merge()
        folded: nn.Linear = layer.get_base_layer()
        return folded


def inject(base: nn.Linear, config: Any) -> PeftWrapper:
    """Let the library build its layer around one projection.

    Args:
        base: the projection.
        config: one of the library's, whose target is called ``base``.
    """
    from peft import inject_adapter_in_model  # noqa: PLC0415  listing methods stays quick

    holder = nn.ModuleDict({"base": base})
    inject_adapter_in_model(config, holder, NAME)
    return PeftWrapper(base, holder["base"])


def tune(surgery: Surgery, config: PeftConfig, make: Callable[[Role, nn.Linear], PeftWrapper]) -> None:
    """Put ``make(role, projection)`` in the place of the chosen projections of the chosen blocks."""
    for block in surgery.blocks(config.blocks):
        for role in config.targets:
            surgery.wrap(block.at(role), partial(make, role))
    surgery.train(config.train)
