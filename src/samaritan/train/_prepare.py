"""Everything that has to be there before the first step: data, split, model, method, features."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from accelerate import Accelerator

from samaritan.adapt import METHODS, Adaptation, attach, base_sha256
from samaritan.core import InputError, ModelError
from samaritan.datasets import (
    Case,
    Dataset,
    Split,
    check_leaks,
    few,
    fingerprint,
    make_split,
    near_duplicates,
    open_datasets,
)
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.prompts import make_prompt
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
        datasets: all of the data.
    """

    folder: TrainFolder
    loop: Loop
    labels: tuple[str, ...]
    digest: str
    prints: dict[str, str]
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
        config = self.config
        strategies = [make_prompt(text) for text in config.prompts]
        self._check_outside()
        datasets = open_datasets(config.data, Path(config.meta) if config.meta else None)
        split = self._split(datasets)
        cases = split.part(datasets, "train")
        if not cases:
            raise InputError("The training part of the split is empty; put at least one case into it.")
        weights = Path(config.weights) if config.weights else None
        device = config.device if self.accelerator.num_processes == 1 else str(self.accelerator.device)
        segmenter = load_model(config.model, weights=weights, device=device)
        if not isinstance(segmenter, SamSegmenter):
            raise ModelError(f"{config.model} is not of the SAM family, so nothing can be attached to it.")
        digest = base_sha256(segmenter)
        depth = getattr(METHODS.get(config.method).config.parse(config.settings, f"Method {config.method}"), "depth", 1)
        examples = examples_of(cases, segmenter, config, depth=depth)
        held_out = examples_of(split.part(datasets, "val"), segmenter, config, depth=depth)
        labels = label_names(cases, examples)
        adapted = attach(segmenter, config.method, config.settings, labels=labels, seed=config.seed)
        by_name = "name" in adapted.method.card.prompts
        if by_name:
            _check_known(labels, held_out)
            _check_known(labels, examples_of(split.part(datasets, "test"), segmenter, config))
        prints = {f"{case.dataset}/{case.case_id}": fingerprint(case) for case in cases}
        checkpoints = Checkpoints(self.folder.checkpoints)
        checkpoint = checkpoints.latest()
        if checkpoint is not None and not force:
            _check_same(checkpoint, prints, self.folder.path)
        store = Path(config.features) if config.features else self.folder.features
        trunk = Trunk(adapted, store, digest)
        variants = checkpoint.record["variants"] if checkpoint else self._variants(trunk, examples, segmenter)
        augment = resolve(config.augment, [e.modality for e in examples], labels, by_name=by_name)
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
        self._announce(adapted, trunk, examples, variants, cases)
        found = forecast(loop, pictures=variants * len(examples))
        self.progress.note(str(found))
        if not force:
            found.check()
        return Prepared(self.folder, loop, labels, digest, prints, datasets)

    def _check_outside(self) -> None:
        out = self.folder.path.resolve()
        for folder in map(Path, self.config.data):
            if folder.is_dir() and out.is_relative_to(folder.resolve()):
                raise InputError(
                    f"The folder {self.folder.path} lies inside the data {folder}; choose one outside of it."
                )

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
        if self.accelerator.is_main_process and not own.is_file():
            split.write(own)
        self.accelerator.wait_for_everyone()
        return split

    def _variants(self, trunk: Trunk, examples: Sequence[Example], segmenter: SamSegmenter) -> int:
        """Versions of each picture: features that are stored must be worth the time that computing them takes."""
        config = self.config
        if config.variants is not None:
            return config.variants
        if not trunk.name:
            return FREE_VARIANTS
        if config.budget_minutes is None:
            return MOST_VARIANTS // 2
        pixels = segmenter.frame.pixels(examples[0].pictures[0].astype("float32"))
        trunk.compute(pixels)  # the first call is slower
        started = time.perf_counter()
        trunk.compute(pixels)
        seconds = max(time.perf_counter() - started, 1e-6)
        return int(min(max(STORING * 60 * config.budget_minutes / (seconds * len(examples)), 1), MOST_VARIANTS))

    def _announce(
        self, adapted: Adaptation, trunk: Trunk, examples: Sequence[Example], variants: int, cases: Sequence[Case]
    ) -> None:
        counts = adapted.counts()
        self.progress.note(
            f"{self.config.method} on {self.config.model}: {counts.trained:,} of {counts.base:,} parameters train "
            f"({counts.share:.2%}; {counts.own:,} of them are added), on {len(examples)} pictures of {len(cases)} cases."
        )
        if trunk.name:
            what = "image embeddings" if trunk.frozen else f"features up to {trunk.name}"
            self.progress.note(f"The {what} never change and are stored, {variants} versions of each picture.")


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
