"""The loss of a question: Dice, cross entropy (or focal), and how well the model judges itself."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Weights:
    """How much each part counts.

    Attributes:
        dice: soft Dice with plain denominators.
        bce: cross entropy per pixel.
        quality: squared error of the estimated IoU.
        focal: exponent of focal loss (Lin et al., arXiv 1708.02002, equation 4) in place of plain cross entropy.
    """

    dice: float = 1.0
    bce: float = 1.0
    quality: float = 0.1
    focal: float = 0.0


def mask_losses(logits: Tensor, quality: Tensor, wanted: Tensor, inside: Tensor, weights: Weights) -> dict[str, Tensor]:
    """Losses of n questions, each (n,).

    Args:
        logits: (n, grid, grid).
        quality: (n,) the model's estimate of IoU.
        wanted: (n, grid, grid) in 0..1.
        inside: (n, grid, grid) 1 inside the picture, 0 on padding, which counts nothing.
        weights: of the parts.

    Returns:
        "dice", "bce", "quality" and their weighted sum, "total".
    """
    logits, quality = logits.float(), quality.float()
    probability = logits.sigmoid() * inside
    area = inside.sum(dim=(1, 2))
    shared = (probability * wanted).sum(dim=(1, 2))
    both = probability.sum(dim=(1, 2)) + wanted.sum(dim=(1, 2))
    dice = 1 - (2 * shared + 1) / (both + 1)
    entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    if weights.focal:
        right = probability * wanted + (1 - probability) * (1 - wanted)
        entropy = entropy * (1 - right) ** weights.focal
    bce = (entropy * inside).sum(dim=(1, 2)) / area
    found = (logits.detach() > 0).float() * inside
    overlap = (found * wanted).sum(dim=(1, 2))
    iou = overlap / (found.sum(dim=(1, 2)) + wanted.sum(dim=(1, 2)) - overlap).clamp(min=1e-6)
    error = (quality - iou) ** 2
    total = weights.dice * dice + weights.bce * bce + weights.quality * error
    return {"dice": dice, "bce": bce, "quality": error, "total": total}
