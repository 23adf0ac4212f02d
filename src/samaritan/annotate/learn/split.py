"""Which accepted cases train and which are kept apart: a patient stays where it was put, whatever comes later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from samaritan.core import InputError
from samaritan.datasets import Case, Dataset, Split
from samaritan.datasets._split import Key, Place

#: Of so many patients one is kept apart, at least one.
ONE_OF = 4


def grow_split(dataset: Dataset, before: Split | None, groups: Iterable[Iterable[Case]] = ()) -> Split:
    """The split of the accepted cases, when more of them are there than before.

    Cases of patients that were split before stay in their part, so that a model which goes on from an earlier one is not
    scored on what that one was trained on. Of the others, in the order of a hash, as many are kept apart as are needed for
    one in :data:`ONE_OF` patients.

    Args:
        dataset: the accepted cases.
        before: the earlier split; None at first.
        groups: cases that must stay together although their patients differ, as near-duplicates.

    Raises:
        InputError: there are fewer than two patients (or groups of them).
    """
    units = _units(dataset.cases, groups)
    known = _known(dataset.cases, before, units)
    names = sorted(set(units.values()), key=_rank)
    if len(names) < 2:
        raise InputError(
            f"{len(dataset.cases)} accepted cases are of one patient; accept cases of another one, so that some can be kept "
            "apart."
        )
    places = dict(known)
    free = [name for name in names if name not in places]
    kept = sum(place == "val" for place in places.values())
    most = len(free) if "train" in places.values() else len(free) - 1
    apart = free[: min(max(max(len(names) // ONE_OF, 1) - kept, 0), most)]
    places |= {name: "val" if name in apart else "train" for name in free}
    if "val" not in places.values():
        raise InputError("All accepted cases were trained on before; accept one more, so that it can be kept apart.")
    return Split(
        places={_key(case): places[units[case.patient_id]] for case in dataset.cases},
        patients={_key(case): case.patient_id for case in dataset.cases},
    )


def read_split(path: Path) -> Split | None:
    """The earlier split, where there is one."""
    return Split.read(path) if path.is_file() else None


def _key(case: Case) -> Key:
    return case.dataset, case.case_id


def _units(cases: Sequence[Case], groups: Iterable[Iterable[Case]]) -> dict[str, str]:
    """Patient -> name of those who stay together."""
    found = {case.patient_id: case.patient_id for case in cases}
    for group in groups:
        patients = [case.patient_id for case in group]
        joined = {found[patient] for patient in patients}
        first = min(joined)
        found = {patient: first if unit in joined else unit for patient, unit in found.items()}
    return found


def _known(cases: Sequence[Case], before: Split | None, units: dict[str, str]) -> dict[str, Place]:
    """Unit -> part that it has; one that came together of both parts has been trained on."""
    found: dict[str, Place] = {}
    for case in cases:
        place = None if before is None else before.places.get(_key(case))
        if place is not None and found.get(units[case.patient_id]) != "train":
            found[units[case.patient_id]] = place
    return found


def _rank(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
