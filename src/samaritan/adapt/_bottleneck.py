"""The bottleneck adapter, and the two places where adapters sit: behind a module, or beside it.

Houlsby et al., "Parameter-Efficient Transfer Learning for NLP", arXiv 1902.00751, section 2.1; beside the MLP: Chen et al.,
"AdaptFormer", arXiv 2205.13535, equation 3.
"""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from samaritan.adapt._surgery import Wrapper
from samaritan.models._anatomy import Block

Activation = Literal["gelu", "relu"]

#: What an adapter starts from: "zero" changes no answer, "released" is what the authors' code does.
Start = Literal["zero", "released"]


class Bottleneck(nn.Module):
    """A(x) = W_up act(W_dn x + b_dn) + b_up.

    Args:
        width: of the tokens.
        hidden: of the middle.
        act: behind the first layer.
        skip: give x + A(x), which with ``start="zero"`` is x until something is trained.
        start: "zero" lets W_up and b_up start at zero, "released" takes torch's own values.
    """

    def __init__(
        self, width: int, hidden: int, act: Activation = "gelu", *, skip: bool = False, start: Start = "zero"
    ) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.act = nn.GELU() if act == "gelu" else nn.ReLU()
        self.skip = skip
        if start == "zero":
            nn.init.zeros_(self.up.weight)
            nn.init.zeros_(self.up.bias)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) -> the same shape."""
        change: Tensor = self.up(self.act(self.down(tokens)))
        return tokens + change if self.skip else change


class Behind(Wrapper):
    """adapter(module(x)).

    Args:
        base: any module; of several answers (an attention's output and its weights) the first is adapted.
        adapter: tokens -> tokens.
    """

    def __init__(self, base: nn.Module, adapter: nn.Module) -> None:
        super().__init__(base)
        self.adapter = adapter

    def forward(self, *args: Any, **options: Any) -> Any:
        """As the module, with (..., width) in the first place of its answer."""
        answer = self.base(*args, **options)
        if isinstance(answer, tuple):
            return (self.adapter(answer[0]), *answer[1:])
        return self.adapter(answer)


class Beside(Wrapper):
    """module(x) + scale * adapter(x).

    Args:
        base: tokens -> tokens.
        adapter: tokens -> tokens.
        scale: of the adapter's part.
        norm: path, inside of ``base``, of a normalisation that it begins with and that the adapter's input goes through too;
            None where x comes normalised, or shall not be.
    """

    def __init__(self, base: nn.Module, adapter: nn.Module, scale: float = 1.0, norm: str | None = None) -> None:
        super().__init__(base)
        self.adapter = adapter
        self.scale = scale
        self._norm = norm

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., width) -> the same shape."""
        normed = tokens if self._norm is None else self.base.get_submodule(self._norm)(tokens)
        answer: Tensor = self.base(tokens)
        return answer.add(self.adapter(normed), alpha=self.scale)


def norm_inside(block: Block) -> str | None:
    """Path, inside of the block's MLP, of the normalisation that it begins with; None where the block normalises before."""
    norm = block.plan.mlp_norm
    return None if norm is None else norm.removeprefix(f"{block.plan.mlp}.")
