"""Run a benchmark: data sets x models x prompts x repeats x targets, one embedding per slice, resumable."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from samaritan.adapt import AdapterCard, load_adapted
from samaritan.benchmark._arm import Arm, read_cards
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._folder import RunFolder, Unit
from samaritan.benchmark._progress import Reporter, Silent
from samaritan.benchmark._provenance import Provenance
from samaritan.benchmark._seen import Exposure
from samaritan.benchmark._session import Session
from samaritan.benchmark._tables import write_tables
from samaritan.core import InputError, ResourceError, UsageError
from samaritan.core.intensity import parse as parse_intensity
from samaritan.core.profile import part
from samaritan.datasets import Split, open_datasets
from samaritan.datasets._base import Dataset
from samaritan.models import load_model
from samaritan.models._base import Segmenter
from samaritan.predict import EmbeddingCache
from samaritan.predict.framing import make_framing
from samaritan.predict.propagate import STRATEGIES
from samaritan.predict.propagate.auto import chosen
from samaritan.predict.runtimes import check_runtime, with_runtime
from samaritan.prompts import PromptStrategy, VolumeStrategy, make_strategy

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunResult:
    """How a run ended.

    Attributes:
        run: the folder.
        n_ok: cases (times models and adaptations) with scores, those of earlier sessions included.
        n_failed: cases with a target that has none.
        encode_calls: how often an encoder ran in this session.
        report: the report, or None when it could not be made.
        interrupted: True when a person stopped it; run again to continue.
    """

    run: Path
    n_ok: int
    n_failed: int
    encode_calls: int
    report: Path | None
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some cases failed, 130 interrupted."""
        return 130 if self.interrupted else int(self.n_failed > 0)


def run_benchmark(
    config: RunConfig,
    out: Path,
    *,
    overwrite: bool = False,
    cache: EmbeddingCache | None = None,
    progress: Reporter | None = None,
    debug: bool = False,
    runtime: str = "auto",
) -> RunResult:
    """Measure everything that ``config`` asks for and leave it in the folder ``out``.

    A folder that holds an unfinished run with the same settings is continued. A case that cannot be measured gets rows with
    status "failed", and the run goes on; failed cases are tried again by the next run.

    Args:
        config: the settings.
        out: the run folder.
        overwrite: start anew, whatever the folder holds.
        cache: where embeddings are kept on disk, for later runs with other prompts; None keeps none. Scores are the same.
        progress: is told what happens.
        debug: let unexpected errors through instead of recording them.
        runtime: what runs the encoders; see :func:`samaritan.predict.runtimes.with_runtime`.

    Raises:
        UsageError: an unknown prompt, model, propagation, intensity policy, framing or data set, or settings that contradict
            each other.
        InputError: the data cannot be used at all, or ``out`` holds something else than this run.
        ModelError: weights are missing or wrong.
        ResourceError: ``out`` cannot be written, is in use, or the disk is full.
    """
    check_runtime(runtime)
    strategies = _strategies(config)
    STRATEGIES.get(config.propagate)  # every case would fail for it
    datasets = _datasets(config, out)
    framing = make_framing(config.framing).name  # every case would fail for it
    if config.intensity is not None:
        parse_intensity(config.intensity)  # every case would fail for it
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    with part("load"):
        arms = _on_runtime(_arms(config), runtime, config)
    if any(isinstance(strategy, VolumeStrategy) for strategy in strategies):
        for arm in arms:  # every case would fail for it
            chosen(config.propagate, arm.segmenter, framing)
    with RunFolder.open(out, config, overwrite=overwrite) as folder:
        provenance = Provenance(out, config, datasets, arms)
        provenance.write()
        cases = [case for dataset in datasets for case in dataset.cases]
        exposure = Exposure(datasets)
        session = Session(config, folder, cases, arms, strategies, progress or Silent(), debug, cache, exposure)
        interrupted = False
        try:
            session.run()
        except KeyboardInterrupt:
            interrupted = True
        provenance.write(session.fingerprints(), ended=True)
        with part("report"):
            report = None if interrupted else _finish(folder, session.units, config)
        n_ok = len(folder.finished) + session.n_ok
        return RunResult(out, n_ok, len(session.failed), session.encode_calls, report, interrupted)


def _strategies(config: RunConfig) -> list[PromptStrategy | VolumeStrategy]:
    """The prompts, each once."""
    found = list({strategy.name: strategy for strategy in map(make_strategy, config.prompts)}.values())
    volumetric = [strategy.name for strategy in found if isinstance(strategy, VolumeStrategy)]
    if volumetric and config.max_slices is not None:
        raise UsageError(
            f"{', '.join(volumetric)} are scored against the whole reference, and max_slices leaves slices out; measure "
            "them in a run without it."
        )
    return found


def _datasets(config: RunConfig, out: Path) -> list[Dataset]:
    for argument in map(Path, config.data):
        if argument.is_dir() and out.resolve().is_relative_to(argument.resolve()):
            raise InputError(f"The run folder {out} lies inside the data {argument}; choose a folder outside of it.")
    found = _part(open_datasets(config.data, Path(config.meta) if config.meta else None), config)
    return [replace(dataset, cases=dataset.cases[: config.limit]) for dataset in found]


def _part(datasets: Sequence[Dataset], config: RunConfig) -> list[Dataset]:
    """The data sets with the cases of the part that is measured; without those that have none in it."""
    if config.split is None or config.part == "all":
        return list(datasets)
    split = Split.read(config.split)
    chosen = [replace(one, cases=tuple(split.part([one], config.part))) for one in datasets]
    if not any(one.cases for one in chosen):
        raise InputError(
            f"The part {config.part!r} of {config.split} holds no case of these data; choose another part."
        )
    return [one for one in chosen if one.cases]


def _arms(config: RunConfig) -> list[Arm]:
    """Every model as it is, followed by its adaptations; all are loaded before anything is measured."""
    cards = read_cards(config)
    arms = []
    for name in dict.fromkeys(config.models):
        if config.base:
            arms.append(Arm(name, _load(name, config)))
        arms += [Arm(name, _load_adapted(card, config), card) for card in cards if card.header.base == name]
    return arms


def _on_runtime(arms: Sequence[Arm], runtime: str, config: RunConfig) -> list[Arm]:
    return [replace(arm, segmenter=with_runtime(arm.segmenter, runtime, fast=config.fast)) for arm in arms]


def _load(name: str, config: RunConfig) -> Segmenter:
    file = config.weights.get(name)
    return load_model(name, weights=Path(file) if file else None, device=config.device)


def _load_adapted(card: AdapterCard, config: RunConfig) -> Segmenter:
    """The base once more, with the adapter attached, so that no arm changes another one's network."""
    segmenter, _ = load_adapted(
        card.header.base, card.path, weights=config.weights.get(card.header.base), device=config.device
    )
    return segmenter


def _finish(folder: RunFolder, units: Sequence[Unit], config: RunConfig) -> Path | None:
    """Bring the rows into order and write what is made from them; a report that fails costs no results."""
    folder.sort(units)
    try:
        write_tables(folder.path, folder.rows(), seed=config.seed)
        from samaritan.benchmark.report import write_report  # noqa: PLC0415 - drawing libraries import slowly

        return write_report(folder.path)
    except ResourceError:
        raise
    except Exception as error:
        log.warning("The results are complete, but the report could not be made (%s: %s).", type(error).__name__, error)
        log.debug("report", exc_info=error)
        return None
