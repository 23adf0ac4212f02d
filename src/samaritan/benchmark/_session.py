"""One start of a run, from the first to the last case that is not finished."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import ParamSpec, TypeVar

from samaritan.benchmark._arm import Arm
from samaritan.benchmark._case import Answered, Outcome, Work, answer, failed_rows
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._folder import EMBEDDINGS, RunFolder, Unit
from samaritan.benchmark._follow import Follower
from samaritan.benchmark._measure import groups_of
from samaritan.benchmark._overlap import Behind, ahead
from samaritan.benchmark._progress import Reporter
from samaritan.benchmark._seen import Exposure
from samaritan.benchmark._targets import targets_of
from samaritan.benchmark._visits import Visits
from samaritan.core import Plane, SamaritanError, SliceView, Volume
from samaritan.core.profile import part
from samaritan.core.store import ArrayStore
from samaritan.datasets import Case, fingerprint
from samaritan.predict import EmbeddingCache
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts import PromptStrategy, VolumeStrategy

log = logging.getLogger(__name__)

#: Cases whose files are larger, in bytes, are read when nothing of the one before is in memory any more. Files are packed ten
#: times and more, so this is a volume of some hundred megabytes at most.
AHEAD_BYTES = 2**25

#: Embeddings of a case whose volume several prompts ask about are kept on disk until it is done, at most so many bytes.
KEPT_BYTES = 2**33

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(eq=False)
class Opened:
    """A case that is being measured: read once, asked about in each plane that an arm wants to see it in.

    Attributes:
        case: the case.
        strategies: the prompts.
        config: the run's settings.
    """

    case: Case
    strategies: Sequence[PromptStrategy | VolumeStrategy]
    config: RunConfig
    _works: dict[str, Work | str] = field(default_factory=dict)

    @cached_property
    def volume(self) -> Volume:
        """The image."""
        with part("read"):
            return self.case.read_image()

    def read(self, plane: Plane) -> Work:
        """What is asked: the same of all arms that see the case in this plane."""
        view, volume = SliceView.of(self.volume.geometry, plane), self.volume
        with part("read"):
            groups = groups_of(targets_of(self.case, volume, view, self.config), view.shape)
        return Work(self.case, groups, self.strategies, self.config)

    def keep(self, plane: Plane, work: Work | str) -> None:
        """What :meth:`read` gave, or why it could not."""
        self._works[plane] = work

    def work(self, plane: Plane) -> Work | str | None:
        """What was kept."""
        return self._works.get(plane)


@dataclass(eq=False)
class Session:
    """Measures every unit of the plan that the folder does not hold yet.

    Attributes:
        config: the run's settings.
        folder: where results go.
        cases: what is measured, in order.
        arms: models, as they are and adapted.
        strategies: the prompts.
        progress: is told what happens.
        debug: let unexpected errors through.
        cache: where embeddings are kept on disk.
        exposure: tells which cases the arms were trained on.
        n_ok: units measured.
        failed: units with a row that has no scores.
        encode_calls: how often an encoder ran.
    """

    config: RunConfig
    folder: RunFolder
    cases: Sequence[Case]
    arms: Sequence[Arm]
    strategies: Sequence[PromptStrategy | VolumeStrategy]
    progress: Reporter
    debug: bool = False
    cache: EmbeddingCache | None = None
    exposure: Exposure = field(default_factory=lambda: Exposure(()))
    n_ok: int = 0
    failed: set[Unit] = field(default_factory=set)
    encode_calls: int = 0
    _prints: dict[tuple[str, str], str | None] = field(default_factory=dict)

    @property
    def units(self) -> list[Unit]:
        """The whole plan, in order."""
        return [arm.unit(case) for case in self.cases for arm in self.arms]

    def run(self) -> None:
        """Measure case after case; a case is read once, whatever the number of arms."""
        known = {arm.unit(case): (arm, case) for case in self.cases for arm in self.arms}

        def fingerprint_now(unit: Unit) -> str | None:
            if unit not in known:
                return None
            arm, case = known[unit]
            return arm.fingerprint(self._print(case))

        self.folder.recover(fingerprint_now)
        finished = self.folder.finished
        self.progress.plan(sum(unit not in finished for unit in self.units))
        waiting = [(case, [arm for arm in self.arms if arm.unit(case) not in finished]) for case in self.cases]
        with Behind() as behind:
            read = partial(self._open, behind)
            with closing(ahead([pair for pair in waiting if pair[1]], read, lambda pair: _small(pair[0]))) as opened:
                for one in opened:
                    self._measure(*one, behind)
                    del one

    def fingerprints(self) -> dict[str, str | None]:
        """``dataset/case`` -> hash of the files that were measured."""
        return {"/".join(key): value for key, value in self._prints.items()}

    def _open(self, behind: Behind, waiting: tuple[Case, list[Arm]]) -> tuple[Opened, list[Arm]]:
        """Read a case, once; why it cannot be read is said at its turn. All reading is in this one thread."""
        case, arms = waiting
        if not _small(case):
            behind.wait()
        self._print(case)
        opened = Opened(case, self.strategies, self.config)
        for plane in dict.fromkeys(arm.plane(self.config) for arm in arms):
            opened.keep(plane, self._attempt(opened.read, plane))
        return opened, arms

    def _measure(self, opened: Opened, arms: Sequence[Arm], behind: Behind) -> None:
        case = opened.case
        for arm in arms:
            work = opened.work(arm.plane(self.config))
            self.progress.begin(_title(case), work.steps if isinstance(work, Work) else 0)
            answered = self._attempt(self._ask, opened.volume, work, arm) if isinstance(work, Work) else str(work)
            self.progress.end()
            behind.do(partial(self._finish, case, arm, answered))

    def _ask(self, volume: Volume, work: Work, arm: Arm) -> Answered:
        def make(cache: EmbeddingCache | None) -> VolumePredictor:
            return VolumePredictor(
                arm.segmenter,
                volume,
                plane=arm.plane(self.config),
                modality=work.case.modality,
                intensity=arm.intensity(self.config, work.case),
                cache=cache,
                framing=self.config.framing,
            )

        if not work.passes:
            return answer(work, make(self.cache), self.progress.step, arm.adaptation)
        try:
            follower = Follower(make, self._visits, self.config.propagate)
            return answer(work, make(self._visits), self.progress.step, arm.adaptation, follower)
        finally:
            if self.cache is None:
                self._visits.store.clear()

    @cached_property
    def _visits(self) -> Visits:
        """Where embeddings are kept from prompt to prompt: the user's cache, or a folder that is emptied after each case."""
        if self.cache is not None:
            return Visits(self.cache.store, half=self.cache.half)
        store = ArrayStore(self.folder.path / EMBEDDINGS, limit=KEPT_BYTES, what="embeddings of a case")
        return Visits(store)

    def _finish(self, case: Case, arm: Arm, answered: Answered | str) -> None:
        """Score and keep; one bad case must not end the run, a full disk must."""
        outcome = answered if isinstance(answered, str) else self._attempt(answered.outcome)
        self._store(case, arm, outcome)
        if isinstance(outcome, str):
            self.progress.fail(_title(case), outcome)

    def _store(self, case: Case, arm: Arm, outcome: Outcome | str) -> None:
        """Keep what came out, or why nothing did."""
        if isinstance(outcome, str):
            outcome = Outcome(failed_rows(case, arm.model, self.strategies, outcome, arm.adaptation))
        unit = arm.unit(case)
        for row in outcome.rows:
            row["seen"] = self.exposure.of(arm, case)
        with part("write"):
            self.folder.record(unit, outcome, arm.fingerprint(self._print(case)))
        self.encode_calls += outcome.encode_calls
        if outcome.failed:
            self.failed.add(unit)
        else:
            self.n_ok += 1

    def _attempt(self, action: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | str:
        """What the action gives, or a sentence that says why it failed: one bad case must not end the run."""
        try:
            return action(*args, **options)
        except SamaritanError as error:
            return str(error)
        except Exception as error:
            if self.debug:
                raise
            log.debug("unexpected error", exc_info=error)
            return f"Unexpected {type(error).__name__}: {error}"

    def _print(self, case: Case) -> str | None:
        """The hash of the case's files when the session first looked; None when they cannot be read."""
        key = (case.dataset, case.case_id)
        if key not in self._prints:
            try:
                with part("read"):
                    self._prints[key] = fingerprint(case)
            except Exception:  # noqa: BLE001 - reading the case will say what is wrong with it
                self._prints[key] = None
        return self._prints[key]


def _title(case: Case) -> str:
    return f"{case.dataset} {case.case_id}"


def _small(case: Case) -> bool:
    """Whether the files behind a case are small enough for two of them in memory; what cannot be looked at is not."""
    try:
        files = [file for path in case.sources for file in (path.rglob("*") if path.is_dir() else [path])]
        return sum(file.stat().st_size for file in files) <= AHEAD_BYTES
    except OSError:
        return False
