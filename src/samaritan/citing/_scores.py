"""Names of scores, as tables and reports print them, and what they are made of."""

from __future__ import annotations

import re

from samaritan.evaluate import METRICS, rater_table

#: A score that is another one over pairs of masks, rounds or slices -> the one that is cited for it.
MADE_OF = {
    "dice_max": "dice", "dice_match": "dice", "soft_dice": "dice", "majority_dice": "dice", "dice_by_round": "dice",
    "dice_auc": "dice", "dice_by_distance": "dice", "nsd_by_round": "nsd", "nsd_auc": "nsd",
}  # fmt: skip

#: Where several raters drew, beside the scores of :func:`samaritan.evaluate.rater_table`.
_CALIBRATION = {"ece": "ECE", "brier": "Brier"}


def rater_scores() -> tuple[str, ...]:
    """What a bake-off measures where several raters drew the test cases."""
    return (*(row["metric"] for row in rater_table()), "ece")


def score_names() -> dict[str, str]:
    """Name -> title of every score."""
    titles = {name: METRICS.get(name).title for name in METRICS.names()}
    return (
        titles
        | {row["metric"]: row["title"] for row in rater_table()}
        | _CALIBRATION
        | {name: name for name in MADE_OF}
    )


def score_called(text: str) -> str | None:
    """The name of the score that is called ``text``: ``dice_max``, ``Dice max``, ``HD95``; None where none is."""
    wanted = _plain(text)
    return next((name for name, title in score_names().items() if wanted in (_plain(name), _plain(title))), None)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()
