"""Papers in each month since Segment Anything, in all and by family, with the models that changed the field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from samaritan.catalog import Paper, vocabulary
from scripts.catalogue._svg import BAR, MARK, line, picture, rect, text

#: Key -> how it is called. Their months come from the catalogue.
LANDMARKS = {
    "kirillov2023segment": "SAM", "ma2023segment": "MedSAM", "ravi2024sam": "SAM 2", "carion2025sam": "SAM 3",
}  # fmt: skip

LEFT, STEP, TOP, TALL, ROW = 150, 20, 60, 150, 19


def timeline(papers: tuple[Paper, ...]) -> str:
    """SVG: bars of all papers, below them a row of cells for each family."""
    by_key = {paper.key: paper for paper in papers}
    months = list(_months(by_key["kirillov2023segment"].month, max(paper.month for paper in papers)))
    counted = [paper for paper in papers if paper.month >= months[0]]
    places = {month: LEFT + STEP * n for n, month in enumerate(months)}
    families = list(vocabulary()["family"])
    bottom = TOP + TALL + 30 + ROW * len(families)
    width = LEFT + STEP * len(months) + 20
    parts = [text(20, 26, f"{len(counted)} papers by month of their first version", "t")]
    parts += _marks(by_key, places, bottom)
    parts += _bars(counted, places)
    for number, family in enumerate(families):
        parts += _cells(counted, family, places, TOP + TALL + 34 + ROW * number)
    return picture(width, bottom + 14, "Papers in each month, in all and by family, with SAM, SAM 2 and SAM 3", parts)


def _months(first: str, last: str) -> Iterator[str]:
    start, end = (int(month[:4]) * 12 + int(month[5:]) - 1 for month in (first, last))
    for number in range(start, end + 1):
        yield f"{number // 12}-{number % 12 + 1:02d}"


def _marks(by_key: dict[str, Paper], places: dict[str, int], bottom: int) -> list[str]:
    named: dict[str, list[str]] = {}
    for key, name in LANDMARKS.items():
        named.setdefault(by_key[key].month, []).append(name)
    parts = []
    for month, names in named.items():
        x = places[month] - 1
        parts += [line(x, TOP - 14, x, bottom, MARK), text(x + 4, TOP - 8, f"{', '.join(names)} ({month})", "m")]
    return parts


def _bars(papers: list[Paper], places: dict[str, int]) -> list[str]:
    counts = Counter(paper.month for paper in papers)
    most = max(counts.values())
    floor = TOP + TALL
    parts = [line(LEFT, floor, LEFT + STEP * len(places), floor), text(LEFT - 10, floor, "all", "b", "end")]
    for month, x in places.items():
        height = (TALL - 20) * counts[month] / most
        parts.append(rect(x + 2, floor - height, STEP - 4, height, BAR))
        parts.append(text(x + STEP / 2, floor - height - 4, str(counts[month]), "s", "middle"))
        if month.endswith("-01") or x == LEFT:
            parts.append(text(x + 2, floor + 14, month[:4] if month.endswith("-01") else month, "s"))
    return parts


def _cells(papers: list[Paper], family: str, places: dict[str, int], y: float) -> list[str]:
    counts = Counter(paper.month for paper in papers if family in paper.tags.family)
    parts = [text(LEFT - 10, y + 12, family, "", "end"), line(LEFT, y + 8, LEFT + STEP * len(places), y + 8)]
    for month, x in places.items():
        if not counts[month]:
            continue
        parts.append(rect(x + 1, y, STEP - 2, ROW - 3, "#fff"))
        parts.append(rect(x + 1, y, STEP - 2, ROW - 3, BAR, opacity=min(0.5, 0.14 * counts[month])))
        parts.append(text(x + STEP / 2, y + 12, str(counts[month]), "", "middle"))
    return parts
