"""Names of public data sets, and whether a checkpoint has seen the images that it is measured on.

A card says what its weights were trained on, a data set says where its images come from; both in these names.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from samaritan.core._public_names import COLLECTIONS, DATA_SETS

#: Whether a checkpoint was trained on images of a data set.
Seen = Literal["no", "unknown", "possibly", "yes"]

#: Nobody but their maker has images of these.
_OWN = frozenset(["phantom", "private"])


@dataclass(frozen=True)
class PublicData:
    """A public data set, or a collection of such.

    Attributes:
        name: one word in lower case.
        title: what people call it.
        aliases: other names.
        members: names of the data sets that it gathers, wholly or in part.
        overlaps: names of data sets and collections with which it shares images without being made of them.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()


def _read() -> dict[str, PublicData]:
    found = {}
    for line in DATA_SETS.strip().splitlines():
        name, title, aliases, overlaps = (*(cell.strip() for cell in line.split("|")), "", "")[:4]
        found[name] = PublicData(name, title, tuple(aliases.split()), (), tuple(overlaps.split()))
    for name, (title, members, overlaps) in COLLECTIONS.items():
        found[name] = PublicData(name, title, (), tuple(members.split()), tuple(overlaps.split()))
    return found


#: By name.
PUBLIC_DATA: Mapping[str, PublicData] = _read()


def titles(names: Iterable[str]) -> list[str]:
    """What a person calls them; a sentence in place of a name stays as it is."""
    return [PUBLIC_DATA[name].title if name in PUBLIC_DATA else name for name in names]


def canonical(name: str) -> str | None:
    """The name in the vocabulary of what somebody wrote ("CVC ClinicDB", "AMOS22"); None where it is not in it."""
    return _ALIASES.get(_bare(name))


def nearest(name: str) -> str | None:
    """A name of the vocabulary that may have been meant."""
    near = difflib.get_close_matches(_bare(name), _ALIASES, n=1, cutoff=0.75)
    return _ALIASES[near[0]] if near else None


def seen(
    sources: Iterable[str], trained: Iterable[str], inherited: Iterable[str] = (), *, complete: bool = False
) -> Seen:
    """Whether weights that were trained on ``trained`` have seen images of ``sources``.

    "yes": a source is listed, by itself or in a listed collection. "possibly": it shares images with something listed, or what
    the weights started from had seen it. "no": the list is complete and names nothing of it, or the images are nobody else's.
    "unknown": otherwise, and where the data set does not say where its images come from.

    Args:
        sources: names of what a data set is made of.
        trained: names of what the weights were trained on; sentences among them are passed over.
        inherited: likewise, of models that they started from or were distilled from.
        complete: whether these lists name everything.
    """
    images = {canonical(name) or name for name in sources}
    if not images:
        return "unknown"
    if images <= _OWN:
        return "no"
    direct = _expanded(trained)
    if images & direct:
        return "yes"
    near = direct | _expanded(inherited)
    near |= _expanded(other for name in near if name in PUBLIC_DATA for other in PUBLIC_DATA[name].overlaps)
    if _expanded(images) & near:
        return "possibly"
    return "no" if complete else "unknown"


def most_seen(*found: Seen) -> Seen:
    """The gravest of several answers."""
    order: tuple[Seen, ...] = get_args(Seen)
    return order[max(order.index(one) for one in found)]


def _expanded(names: Iterable[str]) -> set[str]:
    """The names, and what those that are collections hold."""
    found: set[str] = set()
    waiting = [canonical(name) or name for name in names]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += PUBLIC_DATA[name].members if name in PUBLIC_DATA else ()
    return found


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


_ALIASES = {_bare(word): data.name for data in PUBLIC_DATA.values() for word in (data.name, *data.aliases)}
