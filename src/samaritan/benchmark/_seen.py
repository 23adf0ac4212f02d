"""Rows whose images the weights may have been trained on: which they are, and how tables mark them.

Such a score says how well a model remembers, not how it does on new images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from samaritan.adapt import AdapterCard
from samaritan.adapt._file import IMAGE_DIGITS
from samaritan.benchmark._arm import Arm
from samaritan.benchmark._row import Row
from samaritan.core.public_data import Seen, most_seen, seen
from samaritan.datasets import image_fingerprint
from samaritan.datasets._base import Case, Dataset

#: What tables put behind a name.
MARKS: Mapping[Seen, str] = {"yes": "†", "possibly": "‡"}

#: What a mark means, in the footnote of a table.
MEANINGS: Mapping[Seen, str] = {
    "yes": "the weights were trained on this data set",
    "possibly": "the weights may have been trained on these images (a data set that shares some, or a model they come from)",
}


class Exposure:
    """What the arms of a run have seen of its cases.

    Args:
        datasets: say where their images come from.
    """

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self._sources = {dataset.name: dataset.sources for dataset in datasets}
        self._images: dict[tuple[str, str], str | None] = {}

    def of(self, arm: Arm, case: Case) -> Seen:
        """Whether the arm's weights, its adapter's included, were trained on the case."""
        sources, card = self._sources.get(case.dataset, ()), arm.segmenter.card
        of_base = seen(sources, card.training_data, card.inherited_data, complete=card.training_data_complete)
        if arm.card is None:
            return of_base
        return most_seen(of_base, adapter_saw(arm.card, case, sources, self._image(case)))

    def _image(self, case: Case) -> str | None:
        """Hash of the case's image; None where it cannot be read."""
        key = case.dataset, case.case_id
        if key not in self._images:
            try:
                self._images[key] = image_fingerprint(case)
            except Exception:  # noqa: BLE001 - reading the case said what is wrong with it
                self._images[key] = None
        return self._images[key]


def adapter_saw(card: AdapterCard, case: Case, sources: Sequence[str], image: str | None) -> Seen:
    """Whether an adapter was trained on a case.

    Its file lists the images of its training and validation part; all others of its data sets are held out. Validation chose
    among its states, so that such a case is "possibly" seen, and so are images of a public data set that it knows under another
    name, or that shares some with one of its own. Where either side does not say where its images come from it is "unknown".

    Args:
        card: of the adapter.
        case: what it is measured on.
        sources: public data sets that the case comes from.
        image: hash of the case's image; None where it cannot be read.
    """
    data = card.header.data
    lists = [data.get(part) for part in ("train", "val")]
    listed = all(isinstance(one, list) for one in lists) and image is not None
    train, val = (set(one) if isinstance(one, list) else set() for one in lists)
    digits = (image or "")[:IMAGE_DIGITS]
    if listed and digits in train:
        return "yes"
    if listed and digits in val:
        return "possibly"
    if case.dataset in (data.get("datasets") or ()):
        return "no" if listed else "possibly"
    of_others = [name for name in data.get("sources") or () if name not in ("phantom", "private")]
    found = seen(sources, of_others, complete=bool(data.get("sources")))
    return "possibly" if found == "yes" else found


def worst(rows: Iterable[Row]) -> Seen:
    """The gravest answer among rows; "unknown" for rows of a run that did not ask."""
    return most_seen("no", *{row.get("seen", "unknown") for row in rows})


def mark(rows: Sequence[Row]) -> str:
    """What stands behind the name of what the rows have in common.

    "" where nothing is known against them, and for rows of several data sets, of which one mark would say too much.
    """
    return MARKS.get(worst(rows), "") if len({row["dataset"] for row in rows}) == 1 else ""


def footnotes(rows: Iterable[Row]) -> list[str]:
    """What the marks on tables of these rows mean, and how many rows nothing is known of; nothing for runs that did not ask."""
    found = [row["seen"] for row in rows if "seen" in row]
    notes = [
        f"{sign} {MEANINGS[kind]} ({found.count(kind)} of {len(found)})."
        for kind, sign in MARKS.items()
        if kind in found
    ]
    if notes:
        notes.append("Such a score does not say how a model does on new images.")
    if unknown := found.count("unknown"):
        notes.append(
            f"Whether the weights have seen the images is unknown for {unknown} of {len(found)} measurements (sources in "
            "dataset.yaml tells where images come from)."
        )
    return notes
