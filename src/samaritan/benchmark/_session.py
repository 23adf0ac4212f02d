"""One start of a run, from the first to the last case that is not finished."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from samaritan.benchmark._case import Outcome, Work, failed_rows, measure
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._folder import RunFolder, Unit
from samaritan.benchmark._measure import groups_of
from samaritan.benchmark._progress import Reporter
from samaritan.benchmark._targets import targets_of
from samaritan.core import SamaritanError, SliceView, Volume
from samaritan.datasets import Case, fingerprint
from samaritan.models._base import Segmenter
from samaritan.predict.volume import VolumePredictor
from samaritan.prompts._base import PromptStrategy

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """A case that has been read: its image, and what is asked about it."""

    volume: Volume
    work: Work


@dataclass(eq=False)
class Session:
    """Measures every unit of the plan that the folder does not hold yet.

    Attributes:
        config: the run's settings.
        folder: where results go.
        cases: what is measured, in order.
        models: name -> model.
        strategies: the prompts.
        progress: is told what happens.
        debug: let unexpected errors through.
        n_ok: units measured.
        failed: units with a row that has no scores.
        encode_calls: how often an encoder ran.
    """

    config: RunConfig
    folder: RunFolder
    cases: Sequence[Case]
    models: Mapping[str, Segmenter]
    strategies: Sequence[PromptStrategy]
    progress: Reporter
    debug: bool = False
    n_ok: int = 0
    failed: set[Unit] = field(default_factory=set)
    encode_calls: int = 0
    _prints: dict[tuple[str, str], str | None] = field(default_factory=dict)

    @property
    def units(self) -> list[Unit]:
        """The whole plan, in order."""
        return [(case.dataset, case.case_id, model) for case in self.cases for model in self.models]

    def run(self) -> None:
        """Measure case after case; a case is read once, whatever the number of models."""
        known = {(case.dataset, case.case_id): case for case in self.cases}
        self.folder.recover(lambda unit: self._print(known[unit[:2]]) if unit[:2] in known else None)
        finished = self.folder.finished
        self.progress.plan(sum(unit not in finished for unit in self.units))
        for case in self.cases:
            waiting = [name for name in self.models if (case.dataset, case.case_id, name) not in finished]
            if waiting:
                self._measure(case, waiting)

    def fingerprints(self) -> dict[str, str | None]:
        """``dataset/case`` -> hash of the files that were measured."""
        return {"/".join(key): value for key, value in self._prints.items()}

    def _measure(self, case: Case, models: Sequence[str]) -> None:
        title = f"{case.dataset} {case.case_id}"
        opened: Opened | str
        try:
            opened = self._open(case)
        except Exception as error:  # noqa: BLE001 - one bad case must not end the run
            opened = self._sentence(error)
        for name in models:
            self.progress.begin(title, 0 if isinstance(opened, str) else len(opened.work.slices))
            fault = opened if isinstance(opened, str) else None
            outcome = None
            if not isinstance(opened, str):
                try:
                    outcome = self._ask(opened, self.models[name])
                except Exception as error:  # noqa: BLE001
                    fault = self._sentence(error)
            self._store(case, name, outcome or Outcome(failed_rows(case, name, self.strategies, fault or "")))
            self.progress.end(fault)

    def _open(self, case: Case) -> Opened:
        self._print(case)
        volume = case.read_image()
        view = SliceView.of(volume.geometry, self.config.plane)
        groups = groups_of(targets_of(case, volume, view, self.config), view.shape)
        return Opened(volume, Work(case, groups, self.strategies, self.config))

    def _ask(self, opened: Opened, segmenter: Segmenter) -> Outcome:
        case, config = opened.work.case, self.config
        predictor = VolumePredictor(
            segmenter,
            opened.volume,
            plane=config.plane,
            modality=case.modality,
            intensity=config.intensity or case.intensity,
        )
        outcome = measure(opened.work, predictor, self.progress.step)
        of_file = opened.volume.meta.get("warnings", ())
        return replace(outcome, warnings=tuple(dict.fromkeys((*of_file, *outcome.warnings))))

    def _store(self, case: Case, model: str, outcome: Outcome) -> None:
        unit = (case.dataset, case.case_id, model)
        self.folder.record(unit, outcome, self._print(case))
        self.encode_calls += outcome.encode_calls
        if outcome.failed:
            self.failed.add(unit)
        else:
            self.n_ok += 1

    def _sentence(self, error: Exception) -> str:
        if isinstance(error, SamaritanError):
            return str(error)
        if self.debug:
            raise error
        log.debug("unexpected error", exc_info=error)
        return f"Unexpected {type(error).__name__}: {error}"

    def _print(self, case: Case) -> str | None:
        """The hash of the case's files when the session first looked; None when they cannot be read."""
        key = (case.dataset, case.case_id)
        if key not in self._prints:
            try:
                self._prints[key] = fingerprint(case)
            except Exception:  # noqa: BLE001 - reading the case will say what is wrong with it
                self._prints[key] = None
        return self._prints[key]
