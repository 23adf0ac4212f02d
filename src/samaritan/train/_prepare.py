"""Everything that has to be there before the first step: data, split, model, method, features."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from accelerate import Accelerator

from samaritan.adapt import METHODS, Adaptation, adapter_file, attach, base_sha256, read_adapter
from samaritan.core import InputError, ModelError, UsageError
from samaritan.datasets import (
    Case,
    Dataset,
    Split,
    SplitPart,
    check_leaks,
    few,
    fingerprint,
    image_fingerprint,
    make_split,
    near_duplicates,
    open_datasets,
)
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.prompts import PromptStrategy, make_prompt
from samaritan.train._augment import resolve
from samaritan.train._checkpoint import Checkpoint, Checkpoints
from samaritan.train._config import TrainConfig
from samaritan.train._examples import Example, examples_of, label_names
from samaritan.train._features import Trunk
from samaritan.train._folder import TrainFolder
from samaritan.train._log import TrainingLog
from samaritan.train._loss import Weights
from samaritan.train._progress import Reporter
from samaritan.train._sampler import Sampler
from samaritan.train._start import labels_after, take_over
from samaritan.train._step import Step
from samaritan.train._validate import Validation
from samaritan.train.forecast import forecast
from samaritan.train.loop import Loop

#: Where nobody says how many versions of a picture there are: at most so many, and computing their features shall not take
#: more than this share of the run.
MOST_VARIANTS, STORING = 16, 0.3

#: Versions of a picture where no features are stored, so that they cost nothing.
FREE_VARIANTS = 1000


#: Of this package.
VERSION = metadata.version("samaritan")


@dataclass(eq=False)
class Prepared:
    """A run that is ready.

    Attributes:
        folder: of the run.
        loop: trains.
        labels: names of the targets.
        digest: hash of the base's weights.
        prints: training case -> hash of its files.
        images: "train" and "val" -> hashes of the images of that part.
        datasets: all of the data.
    """

    folder: TrainFolder
    loop: Loop
    labels: tuple[str, ...]
    digest: str
    prints: dict[str, str]
    images: dict[SplitPart, list[str]]
    datasets: Sequence[Dataset]


@dataclass(eq=False)
class Preparation:
    """Everything that has to be there before the first step."""

    config: TrainConfig
    folder: TrainFolder
    accelerator: Accelerator
    progress: Reporter

    def prepare(self, *, force: bool) -> Prepared:
        """Open, check, attach.

        Raises:
            SamaritanError: as :func:`samaritan.train.fit`.
        """
        strategies = [_strategy(text) for text in self.config.prompts]
        datasets = open_datasets(self.config.data, Path(self.config.meta) if self.config.meta else None)
        split = self._split(datasets)
        cases = split.part(datasets, "train")
        if not cases:
            raise InputError("The training part of the split is empty; put at least one case into it.")
        segmenter = self._segmenter()
        digest = base_sha256(segmenter)
        examples, held_out = (self._examples(split.part(datasets, part), segmenter) for part in ("train", "val"))
        labels = label_names(cases, examples)
        start = read_adapter(adapter_file(self.config.start)) if self.config.start else None
        if start is not None:
            labels = labels_after(start, labels)
        adapted = attach(segmenter, self.config.method, self.config.settings, labels=labels, seed=self.config.seed)
        if start is not None:
            take_over(adapted, start, digest)
        if _by_name(adapted):
            _check_known(labels, [*held_out, *self._examples(split.part(datasets, "test"), segmenter)])
        prints = {f"{case.dataset}/{case.case_id}": fingerprint(case) for case in cases}
        loop = self._loop(
            adapted,
            digest=digest,
            strategies=strategies,
            examples=examples,
            held_out=held_out,
            prints=prints,
            force=force,
        )
        self._announce(loop, examples, len(cases))
        found = forecast(loop, pictures=loop.record["variants"] * len(examples))
        self.progress.note(str(found))
        if not force:
            found.check()
        if self.accelerator.is_main_process:
            self.folder.begin(self.config, split, force=force)
        parts: tuple[SplitPart, ...] = ("train", "val")
        images = {part: sorted(map(image_fingerprint, split.part(datasets, part))) for part in parts}
        return Prepared(self.folder, loop, labels, digest, prints, images, datasets)

    def _segmenter(self) -> SamSegmenter:
        config = self.config
        weights = Path(config.weights) if config.weights else None
        device = config.device if self.accelerator.num_processes == 1 else str(self.accelerator.device)
        segmenter = load_model(config.model, weights=weights, device=device)
        if not isinstance(segmenter, SamSegmenter):
            raise ModelError(f"{config.model} is not of the SAM family, so nothing can be attached to it.")
        return segmenter

    def _examples(self, cases: Sequence[Case], segmenter: SamSegmenter) -> list[Example]:
        """Stacks of slices for methods that look along them."""
        config = self.config
        settings = METHODS.get(config.method).config.parse(config.settings, f"Method {config.method}")
        return examples_of(cases, segmenter, config, depth=getattr(settings, "depth", 1))

    def _loop(
        self,
        adapted: Adaptation,
        *,
        digest: str,
        strategies: Sequence[PromptStrategy],
        examples: Sequence[Example],
        held_out: Sequence[Example],
        prints: dict[str, str],
        force: bool,
    ) -> Loop:
        """The loop, where the run's last checkpoint left it."""
        config, checkpoints = self.config, Checkpoints(self.folder.checkpoints)
        checkpoint = checkpoints.latest()
        if checkpoint is not None and not force:
            _check_same(checkpoint, prints, self.folder.path)
        store = Path(config.features) if config.features else self.folder.features
        trunk = Trunk(adapted, store, digest, checkpointing=config.gradient_checkpointing)
        variants = checkpoint.record["variants"] if checkpoint else self._variants(adapted, trunk, examples)
        labels = {target.name for example in examples for target in example.targets}
        augment = resolve(config.augment, [e.modality for e in examples], sorted(labels), by_name=_by_name(adapted))
        loop = Loop(
            config=config,
            adapted=adapted,
            trunk=trunk,
            step=Step(adapted, trunk, Weights(config.dice, config.bce, config.quality, config.focal), config.precision),
            sampler=Sampler(examples, strategies, config, augment, variants),
            validation=Validation(held_out, strategies, config.seed, config.max_validation),
            checkpoints=checkpoints,
            table=TrainingLog(self.folder.path),
            accelerator=self.accelerator,
            progress=self.progress,
            record={"variants": variants, "data": prints, "version": VERSION},
        )
        if checkpoint is not None:
            loop.restore(checkpoint)
        return loop

    def _split(self, datasets: Sequence[Dataset]) -> Split:
        """The run's own split where it has begun, else the given one, else a new one that keeps near-duplicates together."""
        config, own = self.config, self.folder.split
        given = Path(config.split) if config.split else None
        if own.is_file() or given is not None:
            split = Split.read(own if own.is_file() or given is None else given)
        else:
            split = make_split(datasets, fractions=config.fractions, seed=config.seed, groups=near_duplicates(datasets))
        split.check_covers(datasets)
        check_leaks(datasets, split)
        if config.train_cases is not None and not own.is_file():
            split = few(split, config.train_cases, config.seed)
        self.accelerator.wait_for_everyone()  # nobody writes before all have looked
        return split

    def _variants(self, adapted: Adaptation, trunk: Trunk, examples: Sequence[Example]) -> int:
        """Versions of each picture: features that are stored must be worth the time that computing them takes."""
        config = self.config
        if config.variants is not None:
            return config.variants
        if not trunk.name:
            return FREE_VARIANTS
        if config.budget_minutes is None:
            return MOST_VARIANTS // 2
        pixels = adapted.segmenter.frame.pixels(examples[0].pictures[0].astype("float32"))
        trunk.compute(pixels)  # the first call is slower
        started = time.perf_counter()
        trunk.compute(pixels)
        seconds = max(time.perf_counter() - started, 1e-6)
        return int(min(max(STORING * 60 * config.budget_minutes / (seconds * len(examples)), 1), MOST_VARIANTS))

    def _announce(self, loop: Loop, examples: Sequence[Example], cases: int) -> None:
        counts, trunk = loop.adapted.counts(), loop.trunk
        self.progress.note(
            f"{self.config.method} on {self.config.model}: {counts.trained:,} of {counts.base:,} parameters train "
            f"({counts.share:.2%}; {counts.own:,} of them are added), on {len(examples)} pictures of {cases} cases."
        )
        if trunk.name:
            what = "image embeddings" if trunk.frozen else f"features up to {trunk.name}"
            versions = loop.record["variants"]
            self.progress.note(
                f"The {what} never change and are stored, {versions} version{'s' * (versions != 1)} of each picture."
            )


def _strategy(text: str) -> PromptStrategy:
    strategy = make_prompt(text)
    if strategy.shared:
        raise UsageError(
            f"{text} asks about no target, so nothing can be learned from its questions; train with prompts such as box "
            "or point, and use it afterwards."
        )
    return strategy


def _by_name(adapted: Adaptation) -> bool:
    """True for methods that are asked by the name of a target."""
    return "name" in adapted.method.card.prompts


def _check_known(labels: Sequence[str], examples: Sequence[Example]) -> None:
    unknown = sorted({target.name for example in examples for target in example.targets} - set(labels))
    if unknown:
        raise InputError(
            f"The training part holds no {', '.join(unknown)}, which the validation or test part asks for by name; train on "
            "more cases, choose another split, or use a method that is asked by boxes or points."
        )


def _check_same(checkpoint: Checkpoint, prints: dict[str, str], folder: Path) -> None:
    """The data and the package must be those that the run began with."""
    before = checkpoint.record
    changed = sorted(
        name for name in before["data"].keys() | prints.keys() if before["data"].get(name) != prints.get(name)
    )
    if changed:
        raise InputError(
            f"{len(changed)} training cases are not what they were when {folder} began ({', '.join(changed[:5])}); "
            "restore them, or pass --force to go on with them or --overwrite to start anew."
        )
    if before["version"] != VERSION:
        raise InputError(
            f"{folder} was begun by version {before['version']} of the package, this is {VERSION}; pass --force to go on "
            "or --overwrite to start anew."
        )
