"""Compare samaritan's SAM 2 with what the authors' package answered; see sam2.sh.

    python scripts/parity/sam2_compare.py REFERENCES WORK OUT

REFERENCES and WORK are folders of sam2_reference.py; OUT gets one row for each thing that was compared.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent))
from named_weights import state

from samaritan.core import Box, MaskHint, Points, PromptSet
from samaritan.models import MODELS, Embedding, Memory, Prediction, Track
from samaritan.models._hiera import HieraConfig
from samaritan.models._sam2 import Sam2Network, Sam2Segmenter, frame_of
from samaritan.models._sam2_family import Sam2Weights
from samaritan.models._sam2_keys import authors_names, fill
from samaritan.models._sam2_tracker import TrackerConfig
from samaritan.models._sam_network import DecoderConfig

#: Largest absolute difference that is allowed.
TOLERANCE = 1e-4

#: Of memories at published sizes: a prompted mask is remembered black and white, so that a pixel on the threshold moves them.
LOOSE = 1e-2

#: As in sam2_reference.py: pictures of a volume (x, y), and the first prompted one.
SIZE, FIRST = (200, 160), 8

REFERENCE = "sam2 1.1.0 from PyPI, torch 2.13.0 on a CPU"

Reference = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Plan:
    """As in sam2_reference.py.

    Attributes:
        steps: slices that are followed in each direction.
        keep: about so many values of an array are kept.
        scale: pixels of the pictures are repeated so often.
    """

    steps: int
    keep: int
    scale: int = 1


PLANS = {
    "small-2.1": Plan(3, 150),
    "small-2": Plan(3, 150),
    "sam2.1-tiny": Plan(0, 100_000, 7),
    "sam2.1-small@512": Plan(0, 100_000, 4),
    "sam2.1-base-plus@512": Plan(0, 100_000, 4),
    "sam2.1-large@512": Plan(0, 100_000, 4),
    "medsam2": Plan(2, 100_000, 4),
}


@dataclass(frozen=True)
class Row:
    """One thing that was compared.

    Attributes:
        model: name of the architecture.
        config: size of the network, and its weights.
        what: was compared.
        max_abs_difference: the largest.
        tolerance: what is allowed.
        reference: what it was compared with.
        command: that prints it again.
    """

    model: str
    config: str
    what: str
    max_abs_difference: float
    tolerance: float = TOLERANCE
    reference: str = REFERENCE
    command: str = "scripts/parity/sam2.sh"


def build(config: str) -> Sam2Segmenter:
    """Our network with weights that follow from the authors' tensor names."""
    if config.startswith("small"):
        hiera = HieraConfig(width=16, heads=1, depths=(1, 2, 3, 1), windows=(8, 4, 6, 3), whole=(4,), background=7)
        tracker = TrackerConfig(mlp=64, layers=2, revised=config.endswith(".1"))
        network, card = Sam2Network(hiera, 128, DecoderConfig(), tracker), MODELS.get("tiny-sam2").card
    else:
        entry = MODELS.get(config)
        published: Sam2Weights = entry.load.__self__  # type: ignore[attr-defined]
        network, card = published.build_network(), entry.card
    names = authors_names(network.state_dict())
    shapes = {names[ours]: tuple(tensor.shape) for ours, tensor in network.state_dict().items()}
    fill(network, {name: torch.from_numpy(value) for name, value in state(shapes).items()}, "the weights by name")
    return Sam2Segmenter(card.name, card, network, frame_of(network.side))


def picture(number: int, scale: int) -> NDArray[np.float32]:
    """(x, y, 3), the picture of sam2_reference.py."""
    random = np.random.default_rng(number)
    seen = random.integers(0, 60, (SIZE[1], SIZE[0], 3))
    seen[40 + number : 90 + number, 50:110] += np.array([150, 140, 130])
    seen[100:140, 110 + 2 * number : 150 + 2 * number] += np.array([10, 60, 160])
    pixels = seen.astype(np.uint8).swapaxes(0, 1).astype(np.float32)
    return pixels.repeat(scale, axis=0).repeat(scale, axis=1)


def prompt(clicks: list[list[int]] | None = None, box: list[int] | None = None, *, scale: int) -> PromptSet:
    """Clicks (x, y, label) and a box x0, y0, x1, y1 on a picture of that scale."""
    array = None if clicks is None else np.array(clicks)
    points = None if array is None else Points(array[:, :2] * scale, array[:, 2])
    return PromptSet(points, None if box is None else Box(np.array(box[:2]) * scale, np.array(box[2:]) * scale))


def mask_prompt(mask: NDArray[np.bool_]) -> PromptSet:
    """A drawn mask (x, y) and nothing else."""
    return PromptSet(mask=MaskHint.from_mask(mask))


def drawing(scale: int) -> NDArray[np.bool_]:
    """(x, y) the drawn mask of sam2_reference.py."""
    mask = np.zeros(SIZE, bool)
    mask[50:111, 48:98] = True
    mask[50:73, 48:61] = False
    return mask.repeat(scale, axis=0).repeat(scale, axis=1)


BLOCK = [50, 48, 109, 97]


def image_mode(segmenter: Sam2Segmenter, scale: int) -> Iterator[tuple[str, str, Any]]:
    """(what, name in the reference, value) of one picture."""
    embedding = segmenter.encode(picture(FIRST, scale))
    for name, tensor in embedding.features.items():
        yield f"embedding, {name} map", f"image/{name}", tensor.numpy()
    click = prompt([[80, 70, 1]], scale=scale)
    (hint,) = segmenter.decode(embedding, [click])
    asked = [
        prompt(box=BLOCK, scale=scale),
        click,
        prompt([[80, 70, 1], [10, 10, 0]], scale=scale),
        prompt([[120, 120, 1]], [100, 90, 170, 150], scale=scale),
        replace(click, mask=MaskHint(hint.low_res[0], "model")),
    ]
    for several in (False, True):
        for index, answer in enumerate(segmenter.decode(embedding, asked, multimask=several)):
            here = f"image/{index}/{several}"
            yield "logits of a picture", f"{here}/logits", answer.logits.swapaxes(1, 2)
            yield "logits of a picture, low resolution", f"{here}/low", answer.low_res
            yield "quality", f"{here}/quality", answer.quality


class Walk:
    """Two targets followed through a volume as the authors' predictor goes.

    Args:
        segmenter: ours.
        scale: of the pictures.
        conditioning: whether a corrected slice counts as a prompted one.
    """

    def __init__(self, segmenter: Sam2Segmenter, scale: int, *, conditioning: bool) -> None:
        self.segmenter, self.scale, self.conditioning = segmenter, scale, conditioning
        self.embeddings: dict[int, Embedding] = {}
        self.kept: dict[int, dict[int, tuple[Prediction, Memory]]] = {1: {}, 2: {}}

    def visit(self, index: int, step: int, prompts: dict[int, PromptSet], targets: tuple[int, ...] = (1, 2)) -> None:
        """Look for targets on one slice, coming from ``-step``."""
        if index not in self.embeddings:
            self.embeddings[index] = self.segmenter.encode(picture(index, self.scale))
        tracks = [Track(self.past(target, index, step), prompts.get(target)) for target in targets]
        for target, answer in zip(targets, self.segmenter.follow(self.embeddings[index], tracks), strict=True):
            self.kept[target][index] = answer

    def past(self, target: int, index: int, step: int) -> tuple[tuple[int, Memory], ...]:
        """What is known of a target, seen from a slice."""
        known = {at: memory for at, (_, memory) in self.kept[target].items() if at != index}
        return tuple(((index - at) * step, memory) for at, memory in known.items())

    def answers(self, visit: str, index: int) -> Iterator[tuple[str, str, Any]]:
        """(what, name in the reference, value) of a slice."""
        for target, found in self.kept.items():
            prediction, memory = found[index]
            here = f"{visit}/{index}/{target}"
            yield "logits of a followed target", f"{here}/low", prediction.low_res
            yield "memories", f"{here}/memory", memory.features["memory"].numpy()
            yield "pointers", f"{here}/pointer", memory.features["pointer"].numpy()

    def drawn(self) -> Iterator[tuple[str, str, Any]]:
        """A drawn mask, and an empty one, followed up; then another in the place of an answer, and further up."""
        mask = drawing(self.scale)
        self.visit(FIRST, 1, {1: mask_prompt(mask), 2: mask_prompt(np.zeros_like(mask))})
        found = [*self.answers("up", FIRST)]
        for index in (FIRST + 1, FIRST + 2):
            self.visit(index, 1, {})
            found += self.answers("up", index)
        self.visit(FIRST + 2, 1, {1: mask_prompt(mask[:, ::-1])}, (1,))
        found += self.answers("redrawn", FIRST + 2)
        self.visit(FIRST + 3, 1, {})
        found += self.answers("again", FIRST + 3)
        yield from (("a drawn mask and what follows from it", key, value) for _, key, value in found)

    def go(self, steps: int) -> Iterator[tuple[str, str, Any]]:
        """Up, down, a correction, up again."""
        clicks = prompt([[140, 120, 1], [30, 20, 0]], scale=self.scale)
        self.visit(FIRST, 1, {1: prompt(box=BLOCK, scale=self.scale), 2: clicks})
        for visit, step in (("up", 1), ("down", -1)):
            yield from self.answers(visit, FIRST)
            for index in range(FIRST + step, FIRST + step * (steps + 1), step):
                self.visit(index, step, {})
                yield from self.answers(visit, index)
        corrected = FIRST + max(1, steps - 1)
        low = np.clip(self.kept[1][corrected][0].low_res[0], -32, 32)
        correction = prompt([[90, 80, 1], [20, 150, 0]], scale=self.scale)
        self.visit(corrected, 1, {1: replace(correction, mask=MaskHint(low, "model"))}, (1,))
        if not self.conditioning:
            prediction, memory = self.kept[1][corrected]
            self.kept[1][corrected] = prediction, replace(memory, prompted=False)
        yield from self.answers("corrected", corrected)
        for index in (corrected + 1, corrected + 2):
            self.visit(index, 1, {})
            yield from self.answers("again", index)


def compare(config: str, reference: Reference) -> list[Row]:
    """Everything of a configuration, the largest difference of each kind.

    Raises:
        KeyError: the reference lacks something.
    """
    segmenter, plan = build(config), PLANS[config]
    found = list(image_mode(segmenter, plan.scale))
    for name in sorted({key.partition("/")[0] for key in reference} - {"image"}):
        walk = Walk(segmenter, plan.scale, conditioning=name != "default")
        answers = walk.drawn() if name == "drawn" else walk.go(plan.steps)
        found += [(what, f"{name}/{key}", value) for what, key, value in answers]
    worst: dict[str, float] = {}
    for what, key, value in found:
        thinned = np.asarray(value).reshape(-1)[:: max(1, value.size // plan.keep)]
        worst[what] = max(worst.get(what, 0.0), float(np.abs(thinned - reference[key]).max()))
    missed = set(reference) - {key for _, key, _ in found}
    if missed:
        raise KeyError(f"not compared: {sorted(missed)[:5]}")
    about = "random weights by name" + (", miniature" if config.startswith("small") else ", published size")
    model = {"small-2.1": "sam2.1", "small-2": "sam2"}.get(config, config.partition("@")[0])
    return [
        Row(
            model, f"{config}, {about}", what, difference, LOOSE if what == "memories" and plan.scale > 1 else TOLERANCE
        )
        for what, difference in worst.items()
    ]


def main(folders: list[Path], out: Path) -> None:
    torch.set_num_threads(1)
    rows: list[Row] = []
    for path in sorted(path for folder in folders for path in folder.glob("sam2_*.npz")):
        with np.load(path) as file:
            rows += compare(path.stem.removeprefix("sam2_"), dict(file))
    out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(f"{row.config:50} {row.what:40} {row.max_abs_difference:.2e}")


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:-1]], Path(sys.argv[-1]))
