"""What a training step needs, found by running it on tensors that have shapes and no memory."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from samaritan.adapt import Adaptation
from samaritan.train._features import Trunk
from samaritan.train._loss import Weights
from samaritan.train._sampler import Drawn
from samaritan.train._step import Batch, Step


@dataclass(frozen=True)
class Cost:
    """Bytes and operations of one forward and backward pass.

    Attributes:
        encoding: most bytes while the pictures go through the part of the encoder that never changes, one after the other.
        features: bytes that part gives for all pictures.
        activations: bytes kept for the backward pass.
        peak: most bytes at any moment of the pass, features and gradients included.
        encoding_flops: operations of the part that never changes, for one picture.
        forward_flops: operations of the forward pass.
        step_flops: operations of forward and backward pass, as torch counts them.
        checkpointing: whether a part of the forward pass is computed again.
    """

    encoding: int
    features: int
    activations: int
    peak: int
    encoding_flops: int
    forward_flops: int
    step_flops: int
    checkpointing: bool = False

    @property
    def ratio(self) -> float:
        """A step over its forward pass.

        At most three, as the backward pass of a product is two products, and four where the forward pass is computed again:
        torch counts the backward pass of a grouped convolution as if it had one group.
        """
        return min(self.step_flops / max(self.forward_flops, 1), 4.0 if self.checkpointing else 3.0)


def dry_run(adapted: Adaptation, drawn: Sequence[Drawn], precision: str, *, checkpointing: bool = False) -> Cost:
    """Cost of a step; the model stays as it is.

    Args:
        adapted: the model.
        drawn: pictures of the step, each with questions that know its number.
        precision: "fp32" or "bf16".
        checkpointing: compute the part of the encoder that trains again in the backward pass.
    """
    mode = FakeTensorMode(allow_non_fake_inputs=True)
    ledger, batch = Ledger(), Batch()
    fake = _without_memory(adapted, mode)
    with mode:
        trunk = Trunk(fake, None, "", checkpointing=checkpointing)
        step = Step(fake, trunk, Weights(), precision)
        with ledger, FlopCounterMode(display=False) as counter:
            for one in drawn:
                # the rounds before the one that trains keep nothing, and need values
                batch.add(one.example, [replace(q, rounds=1) for q in one.questions], fake.segmenter.frame, trunk)
            encoding, encoding_flops = ledger.peak, counter.get_total_flops()
            held = ledger.restart()
            total = step(batch)["total"]
            kept, forward_flops = ledger.live, counter.get_total_flops() - encoding_flops
            total.backward()
            step_flops = counter.get_total_flops() - encoding_flops
    return Cost(
        encoding, held, kept - held, ledger.peak, encoding_flops // len(drawn), forward_flops, step_flops, checkpointing
    )


class Ledger(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch does not type it
    """Counts the bytes of all tensors that operations make, as long as they live.

    Attributes:
        live: bytes now.
        peak: most bytes since the start.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self._known: dict[int, weakref.ref[Any]] = {}

    def restart(self) -> int:
        """Forget the peak; bytes now."""
        self.peak = self.live
        return self.live

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = function(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, Tensor):
                self._enter(tensor.untyped_storage())
        return made

    def _enter(self, storage: torch.UntypedStorage) -> None:
        key, size = id(storage), storage.nbytes()
        if key not in self._known:  # a view shares its storage, and torch keeps one object for each storage
            self._known[key] = weakref.ref(storage, lambda _: self._leave(key, size))
            self.live += size
            self.peak = max(self.peak, self.live)

    def _leave(self, key: int, size: int) -> None:
        del self._known[key]
        self.live -= size


def _without_memory(adapted: Adaptation, mode: FakeTensorMode) -> Adaptation:
    """A copy of an adapted model whose parameters and buffers have no values."""
    tensors = [*adapted.network.parameters(), *adapted.network.buffers()]
    memo: dict[int, Any] = {id(tensor): mode.from_tensor(tensor) for tensor in tensors}
    surgery = copy.copy(adapted.surgery)
    surgery.undo = []  # what would be undone holds copies of weights
    return copy.deepcopy(replace(adapted, surgery=surgery), memo)
