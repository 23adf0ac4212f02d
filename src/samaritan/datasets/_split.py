"""Which cases train, validate and test: all cases of a patient together, the same for everybody who uses the seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field

from samaritan.core import Config, FormatError, InputError, UsageError, read_text, write_text
from samaritan.datasets._base import Case, Dataset
from samaritan.datasets._listing import some

SplitPart = Literal["train", "val", "test"]

#: A part, or where :func:`few` puts what it takes out of the training part.
Place = Literal["train", "val", "test", "left_out"]

PARTS: tuple[SplitPart, ...] = ("train", "val", "test")

FILE_NAME = "split.json"

VERSION = 1

Fractions = tuple[float, float, float]

#: Data set and case.
Key = tuple[str, str]


@dataclass(frozen=True)
class Split:
    """The part of every case.

    Attributes:
        places: (data set, case id) -> part.
        patients: (data set, case id) -> patient id.
        seed: that it was drawn with.
        fractions: of the patients that were asked for in train, val and test.
    """

    places: Mapping[Key, Place]
    patients: Mapping[Key, str]
    seed: int = 0
    fractions: Fractions = (0.6, 0.2, 0.2)

    def part(self, datasets: Sequence[Dataset], name: SplitPart) -> list[Case]:
        """The cases of one part, in the order of the data sets. What the split knows of other data sets is passed over.

        Raises:
            InputError: the split is of other data: a case is in no part, or a case that it names is not there.
        """
        self.check_covers(datasets)
        cases = [case for dataset in datasets for case in dataset.cases]
        return [case for case in cases if self.places[case.dataset, case.case_id] == name]

    def check_covers(self, datasets: Sequence[Dataset]) -> None:
        """Refuse data sets whose cases are not those that were split.

        Raises:
            InputError: names the cases that are in no part, or that are not there.
        """
        there = {(case.dataset, case.case_id) for dataset in datasets for case in dataset.cases}
        names = {dataset.name for dataset in datasets}
        if unknown := sorted(there - self.places.keys()):
            raise InputError(
                f"The split has no part for {len(unknown)} cases of the data ({_listed(unknown)}); it was made for other data: "
                "make a new one, or add them to a part."
            )
        if gone := sorted({key for key in self.places if key[0] in names} - there):
            raise InputError(
                f"The split names {len(gone)} cases that are not in the data ({_listed(gone)}); give the data it was made for, "
                "or make a new one."
            )

    def write(self, path: Path | str) -> None:
        """Write split.json, whole or not at all.

        Raises:
            ResourceError: it cannot be written.
        """
        parts: dict[str, dict[str, list[str]]] = {place: {} for place in (*PARTS, "left_out")}
        for (dataset, case_id), place in sorted(self.places.items()):
            parts[place].setdefault(dataset, []).append(case_id)
        patients: dict[str, dict[str, str]] = {}
        for (dataset, case_id), patient in sorted(self.patients.items()):
            if patient != case_id:
                patients.setdefault(dataset, {})[case_id] = patient
        content = _File(seed=self.seed, fractions=self.fractions, parts=_Parts(**parts), patients=patients)
        write_text(path, json.dumps(content.model_dump(mode="json"), indent=1) + "\n")

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read what :meth:`write` wrote, or a file of that form: ``parts: {train: {data set: [case, ...]}, ...}``.

        Raises:
            InputError: no such file, a key that does not belong there, or a case in two parts.
            FormatError: it is not JSON.
        """
        try:
            content = json.loads(read_text(path))
        except (ValueError, RecursionError) as error:
            raise FormatError(f"{path} is not valid JSON ({error}); give a {FILE_NAME}.") from error
        file = _File.parse(content, str(path))
        places: dict[Key, Place] = {}
        for place, table in file.parts.tables().items():
            for key in ((dataset, case_id) for dataset, ids in table.items() for case_id in ids):
                if key in places:
                    raise InputError(
                        f"{path} has case {'/'.join(key)} in {places[key]} and in {place}; keep one of them."
                    )
                places[key] = place
        patients = {key: file.patients.get(key[0], {}).get(key[1], key[1]) for key in places}
        return cls(places, patients, file.seed, file.fractions)


class _Parts(Config):
    train: dict[str, list[str]]
    val: dict[str, list[str]] = Field(default_factory=dict)
    test: dict[str, list[str]]
    left_out: dict[str, list[str]] = Field(default_factory=dict)

    def tables(self) -> dict[Place, dict[str, list[str]]]:
        return {"train": self.train, "val": self.val, "test": self.test, "left_out": self.left_out}


class _File(Config):
    """Attributes: ``patients``, data set -> case id -> patient id, of the cases that are not their own patient."""

    version: Annotated[int, Field(ge=1, le=VERSION)] = VERSION
    seed: int = 0
    fractions: Fractions = (0.6, 0.2, 0.2)
    parts: _Parts
    patients: dict[str, dict[str, str]] = Field(default_factory=dict)


def make_split(
    datasets: Sequence[Dataset],
    *,
    fractions: Fractions = (0.6, 0.2, 0.2),
    seed: int = 0,
    groups: Iterable[Iterable[Case]] = (),
) -> Split:
    """Draw the patients of each data set into train, val and test.

    The draw orders patients by a hash of seed, data set and patient: it depends neither on the order in which data are listed
    nor on the other data sets. Each data set has at least one patient in train and one in test, and one in val where it has
    three or more (with two, val stays empty); only ``groups`` that reach into another data set can take that from it.

    Args:
        datasets: with all their cases.
        fractions: of the patients in train, val and test; val may be 0.
        seed: another number gives another draw.
        groups: cases that must lie in one part although their patients differ, such as
            :func:`samaritan.datasets.near_duplicates`; all cases of their patients go with them.

    Raises:
        UsageError: fractions that cannot be used.
        InputError: a data set has fewer than two patients (or groups of them).
    """
    _check_fractions(fractions)
    units = _Units()
    for group in groups:
        first, *others = group
        for other in others:
            units.join((first.dataset, first.patient_id), (other.dataset, other.patient_id))
    drawn: dict[Key, SplitPart] = {}
    for dataset in sorted(datasets, key=lambda one: one.name):
        members = {units.of((dataset.name, case.patient_id)) for case in dataset.cases}
        drawn |= _draw(dataset, sorted(members, key=lambda unit: _rank(seed, unit)), fractions, drawn)
    cases = [case for dataset in datasets for case in dataset.cases]
    return Split(
        places={(case.dataset, case.case_id): drawn[units.of((case.dataset, case.patient_id))] for case in cases},
        patients={(case.dataset, case.case_id): case.patient_id for case in cases},
        seed=seed,
        fractions=fractions,
    )


def few(split: Split, n: int, seed: int = 0) -> Split:
    """The split with only ``n`` training patients of each data set; the others are left out, val and test stay.

    The patients of a smaller ``n`` are among those of a larger one.

    Raises:
        UsageError: ``n`` is less than one.
        InputError: a data set has fewer training patients.
    """
    if n < 1:
        raise UsageError(f"At least one patient must train; received {n}.")
    training = [key for key, place in split.places.items() if place == "train"]
    kept: set[Key] = set()
    for name in {dataset for dataset, _ in training}:
        patients = {(name, split.patients[key]) for key in training if key[0] == name}
        if len(patients) < n:
            raise InputError(f"{name} has only {len(patients)} patients in its training part; {n} were asked for.")
        kept.update(sorted(patients, key=lambda patient: _rank(seed, ("few", *patient)))[:n])
    left_out: dict[Key, Place] = {key: "left_out" for key in training if (key[0], split.patients[key]) not in kept}
    return replace(split, places={**split.places, **left_out})


@dataclass(frozen=True)
class _Units:
    """Patients that must stay together: a forest in which each patient points towards the name of its unit."""

    parents: dict[Key, Key] = field(default_factory=dict)

    def of(self, patient: Key) -> Key:
        while patient in self.parents:
            patient = self.parents[patient]
        return patient

    def join(self, one: Key, other: Key) -> None:
        first, last = sorted((self.of(one), self.of(other)))
        if first != last:
            self.parents[last] = first  # the smallest name is the unit's, in whichever order groups come


def _draw(
    dataset: Dataset, units: Sequence[Key], fractions: Fractions, drawn: Mapping[Key, SplitPart]
) -> dict[Key, SplitPart]:
    """The part of each unit; those that an earlier data set shares keep theirs."""
    n = len(units)
    if n < 2:
        patients = len({case.patient_id for case in dataset.cases})
        tied = ", whose images are nearly the same" if patients > 1 else ""
        raise InputError(
            f"{dataset.name} has {_count(len(dataset.cases), 'case')} of {_count(patients, 'patient')}{tied}; at least 2 "
            "patients are needed, one to train on and one to test on. Add cases, leave the data set out or, if its cases are "
            "of several patients, say so under 'patients' in dataset.yaml."
        )
    has_val = int(n > 2 and fractions[1] > 0)
    test = min(max(round(fractions[2] * n), 1), n - 1 - has_val)
    val = min(max(round(fractions[1] * n), 1), n - 1 - test) if has_val else 0
    counts: dict[SplitPart, int] = {"test": test, "val": val, "train": n - test - val}
    wanted = [part for part, count in counts.items() for _ in range(count)]
    free = [unit for unit in units if unit not in drawn]
    for unit in units:
        if unit in drawn and drawn[unit] in wanted:
            wanted.remove(drawn[unit])
    return dict(zip(free, wanted, strict=False))


def _rank(seed: int, names: Iterable[str]) -> bytes:
    return hashlib.sha256(json.dumps([seed, *names]).encode()).digest()


def _check_fractions(fractions: Fractions) -> None:
    train, val, test = fractions
    if not (train > 0 and val >= 0 and test > 0 and abs(train + val + test - 1) < 1e-6):
        raise UsageError(
            f"The fractions of train, val and test must add up to 1, and only val may be 0; received {fractions}."
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"


def _listed(keys: Sequence[Key]) -> str:
    return some(["/".join(key) for key in keys])
