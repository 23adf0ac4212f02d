"""What would make a test part look better than it is: a patient, or an image under two names, in two parts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from samaritan.core import InputError
from samaritan.datasets._base import Case, Dataset
from samaritan.datasets._split import PARTS, Split
from samaritan.datasets._thumbnail import Thumbnail

#: Correlation of detail from which two images are one. The same image in JPEG quality 20, at 0.7 times its size, with noise or
#: other limits of brightness stays above 0.98; two patients under one fundus camera, the most alike of 27 public data sets,
#: reach 0.95; the near-duplicates that one of the sets is known for are at 0.977.
ALIKE = 0.97

_ROWS = 256


@dataclass(frozen=True)
class Twins:
    """Two cases of different patients with the same image, or nearly; iterates over the two.

    Attributes:
        one: a case.
        other: a later one.
        similarity: correlation of their detail; 1.0 exactly where all voxels are equal.
    """

    one: Case
    other: Case
    similarity: float

    def __iter__(self) -> Iterator[Case]:
        return iter((self.one, self.other))


def near_duplicates(datasets: Sequence[Dataset]) -> list[Twins]:
    """All pairs of cases of different patients whose images are the same or nearly; every image is read once.

    An image that was saved again in another format, size, brightness or contrast is found; one that was turned, mirrored or
    cropped is not. Constant images are passed over.

    Raises:
        InputError: an image cannot be read.
    """
    cases = [case for dataset in datasets for case in dataset.cases]
    looks = [(case, Thumbnail.of(case.read_image())) for case in cases]
    alike: dict[int, list[tuple[Case, Thumbnail]]] = defaultdict(list)
    for case, look in looks:
        if look.detail is not None:
            alike[look.detail.size].append((case, look))
    return [twins for group in alike.values() for twins in _twins(group)]


def check_leaks(datasets: Sequence[Dataset], split: Split, twins: Sequence[Twins] | None = None) -> None:
    """Refuse a split under which a model is tested on what it was trained on, or chosen by it.

    Args:
        datasets: that were split.
        split: of their cases.
        twins: what :func:`near_duplicates` found, where that is known; the images are read for it otherwise.

    Raises:
        InputError: a patient or an image lies in two parts (both cases are named), or the split is of other data.
    """
    split.check_covers(datasets)
    seen: dict[tuple[str, str], Case] = {}
    for case in (case for dataset in datasets for case in dataset.cases if _part(split, case) in PARTS):
        other = seen.setdefault((case.dataset, case.patient_id), case)
        if _part(split, other) != _part(split, case):
            raise InputError(
                f"Patient {case.patient_id!r} of {case.dataset} is in two parts: {_placed(split, other)} and "
                f"{_placed(split, case)}; put all cases of a patient into one part."
            )
    for pair in near_duplicates(datasets) if twins is None else twins:
        parts = {_part(split, case) for case in pair}
        if len(parts) == 2 and parts <= set(PARTS):
            how = "identical" if pair.similarity == 1.0 else f"nearly the same (similarity {pair.similarity:.3f})"
            raise InputError(
                f"The images of {_placed(split, pair.one)} and {_placed(split, pair.other)} are {how}, so that scores would be "
                "too good; put both into one part, remove one, or give them one patient under 'patients' in dataset.yaml."
            )


def _twins(looks: Sequence[tuple[Case, Thumbnail]]) -> Iterator[Twins]:
    details = np.stack([look.detail for _, look in looks if look.detail is not None])
    for start in range(0, len(details), _ROWS):
        similar = details[start : start + _ROWS] @ details[start:].T
        for first, second in np.argwhere(similar >= ALIKE):
            (one, look), (other, look_of_other) = looks[start + first], looks[start + second]
            if first < second and (one.dataset, one.patient_id) != (other.dataset, other.patient_id):
                same = look.sha256 == look_of_other.sha256
                yield Twins(one, other, 1.0 if same else min(float(similar[first, second]), 0.999))


def _part(split: Split, case: Case) -> str:
    return split.places[case.dataset, case.case_id]


def _placed(split: Split, case: Case) -> str:
    return f"{case.dataset}/{case.case_id} ({_part(split, case)})"
