"""A bake-off: every method on the same split, prompts, budget and schedule, arm by arm, resumable."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from samaritan.bakeoff._check import check
from samaritan.bakeoff._child import Ending, run_arm
from samaritan.bakeoff._config import Arm, BakeoffConfig, plan
from samaritan.bakeoff._folder import (
    FAILURES,
    REPORT,
    SPLIT,
    base_scores,
    count_patients,
    finished,
    hold,
    training_patients,
)
from samaritan.bakeoff._progress import Reporter, Silent
from samaritan.bakeoff._result import ArmResult
from samaritan.bakeoff.collect import write_results
from samaritan.benchmark.report._numbers import plural
from samaritan.benchmark.statistics import FEW_PATIENTS
from samaritan.core import InputError, write_text
from samaritan.datasets import Dataset, Split, check_leaks, make_split, near_duplicates, open_datasets


@dataclass(frozen=True)
class BakeoffResult:
    """How a bake-off ended.

    Attributes:
        folder: of the bake-off.
        finished: arms with a result.
        failed: arm -> why it has none.
        skipped: sizes of the few-shot curve that were left out, because the training part is no larger.
        interrupted: True when a person stopped it; run again to continue.
    """

    folder: Path
    finished: int
    failed: dict[str, str]
    skipped: tuple[int, ...] = ()
    interrupted: bool = False

    @property
    def report(self) -> Path:
        """The report's path."""
        return self.folder / REPORT

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some arms failed, 130 interrupted."""
        return 130 if self.interrupted else int(bool(self.failed))


def run_bakeoff(
    config: BakeoffConfig,
    out: Path,
    *,
    overwrite: bool = False,
    progress: Reporter | None = None,
    runtime: str = "auto",
) -> BakeoffResult:
    """Train and score every arm that the folder does not hold yet, then write table and report.

    Arms run one after the other, each in a process of its own. One that fails is reported and tried again by the next start;
    without the base's scores nothing can be compared, so its failure ends the bake-off.

    Args:
        config: the settings.
        out: the folder.
        overwrite: start anew, whatever the folder holds.
        progress: is told what happens.
        runtime: what runs the encoders while arms are scored; exact ones are interchangeable, so that it is no setting.

    Raises:
        UsageError: an unknown method, model, prompt or data set.
        InputError: settings or data cannot be used, or ``out`` holds something else.
        ResourceError: ``out`` cannot be written or is in use.
    """
    progress = progress or Silent()
    datasets = _open(config, out, runtime)
    with hold(out, config, overwrite=overwrite):
        split = _shared_split(config, datasets, out)
        smallest = training_patients(split)
        _warn(config, split, smallest, progress)
        arms = plan(config, smallest)
        progress.plan(len(arms), sum(finished(out, arm) for arm in arms))
        failed: dict[str, str] = {}
        interrupted = False
        try:
            for arm in arms:
                if not finished(out, arm) and (reason := _run(config, arm, out, progress, runtime)):
                    failed[arm.folder] = reason
                    if arm.spec is None:
                        raise InputError(f"The base could not be measured: {reason}")
        except KeyboardInterrupt:
            interrupted = True
        write_text(out / FAILURES, json.dumps(failed, indent=1) + "\n")
        done = sum(finished(out, arm) for arm in arms)
        if finished(out, arms[0]):
            write_results(out)
        skipped = tuple(number for number in config.few if number >= smallest)
        return BakeoffResult(out, done, failed, skipped, interrupted)


def _warn(config: BakeoffConfig, split: Split, smallest: int, progress: Reporter) -> None:
    """Say what cannot come out, before hours of work."""
    tested = count_patients(split)["test"]
    if tested < FEW_PATIENTS:
        progress.note(
            f"The test part has {plural(tested, 'patient')}: with fewer than {FEW_PATIENTS} nothing can be shown to help; test "
            "more of them, such as --split 0.4,0.1,0.5."
        )
    if skipped := [number for number in config.few if number >= smallest]:
        progress.note(
            f"The training part has {plural(smallest, 'patient')}, so there is no few-shot arm with "
            f"{' or '.join(map(str, skipped))}."
        )


def _open(config: BakeoffConfig, out: Path, runtime: str) -> list[Dataset]:
    """Refuse before hours of work what would fail in every arm."""
    plan(config, 0)
    check(config.train, config.score, out, runtime)
    return open_datasets(config.train.data, Path(config.train.meta) if config.train.meta else None)


def _shared_split(config: BakeoffConfig, datasets: list[Dataset], out: Path) -> Split:
    """The split of all arms: the one that is there, the one that was given, or a new one."""
    path = out / SPLIT
    if path.is_file():
        split = Split.read(path)
    elif config.train.split is not None:
        split = Split.read(config.train.split)
    else:
        twins = near_duplicates(datasets)
        split = make_split(datasets, fractions=config.train.fractions, seed=config.train.seed, groups=twins)
    split.check_covers(datasets)
    check_leaks(datasets, split)
    if not path.is_file():
        split.write(path)
    return split


def _run(config: BakeoffConfig, arm: Arm, out: Path, progress: Reporter, runtime: str) -> str:
    """Run one arm; returns why it failed, or ""."""
    folder = out / arm.folder
    progress.begin(arm.folder)
    own = arm.config(config, str(out / SPLIT), str(base_scores(out)))
    ending: Ending = run_arm(own, folder, progress.event, runtime)
    if ending.interrupted:
        raise KeyboardInterrupt
    reason = "" if ArmResult.find(folder) else ending.reason or "It ended without a result."
    progress.end(arm.folder, reason)
    return reason
