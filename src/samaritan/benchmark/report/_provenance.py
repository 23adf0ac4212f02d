"""What provenance.json and config.yaml say, put into words for the end of the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from samaritan.benchmark._row import Row
from samaritan.benchmark.report._numbers import count, plural
from samaritan.benchmark.report._run import Run
from samaritan.core.public_data import titles

Facts = list[tuple[str, str]]

#: Fields of a weight card in the order in which a reader asks.
CARD = (
    "title",
    "licence",
    "sha256",
    "size",
    "parameters",
    "training_data",
    "inherited_data",
    "training_data_complete",
    "prompts",
    "input_size",
    "normalisation",
    "paper",
    "url",
)


#: Fields of an adapter's header, likewise.
ADAPTER = (
    "method", "settings", "base", "sha256", "size", "trained", "licence", "labels", "prompts", "preparation", "training",
    "created",
)  # fmt: skip


@dataclass(frozen=True)
class Card:
    """A weight card, of a model or of an adapter.

    Attributes:
        name: of the model or adapter.
        facts: what the card says.
        training_data: in words, "" where unknown.
    """

    name: str
    facts: Facts
    training_data: str


@dataclass(frozen=True)
class Failure:
    """A case that failed, and why.

    Attributes:
        dataset: its data set.
        case_id: the case.
        error: the message.
        rows: measurements that are missing because of it.
    """

    dataset: str
    case_id: str
    error: str
    rows: int


@dataclass(frozen=True)
class Provenance:
    """Where the numbers come from.

    Attributes:
        day: of the first session, or "".
        machine: one line, or "".
        nsd_tolerance: of the settings, or "".
        cards: weight cards of the models, then those of adapters.
        facts: everything else, by title.
        fingerprints: case and hash of its files.
    """

    day: str
    machine: str
    nsd_tolerance: str
    cards: list[Card]
    facts: list[tuple[str, Facts]]
    fingerprints: Facts

    @classmethod
    def of(cls, run: Run) -> Provenance:
        """Read from the files of a run."""
        tolerance = run.config.get("nsd_tolerance")
        return cls(
            _day(run),
            _machine(run),
            "" if tolerance is None else f"{tolerance:g}",
            _cards(run),
            _other(run),
            _fingerprints(run),
        )


def find_failures(rows: Sequence[Row]) -> list[Failure]:
    """Failed rows by case and message."""
    counts = Counter(
        (row["dataset"], row["case_id"], row["error"] or "no message") for row in rows if row["status"] == "failed"
    )
    return [Failure(*what, number) for what, number in counts.items()]


def _cards(run: Run) -> list[Card]:
    """The weight cards of models and adapters, as far as they are recorded."""
    models, adapters = (_dict(run.provenance.get(kind)) for kind in ("models", "adaptations"))
    return [
        *(_card(name, _dict(card), CARD, _trained_on(_dict(card))) for name, card in models.items()),
        *(
            _card(name, _dict(card), ADAPTER, _dict(_dict(card).get("data")).get("datasets"))
            for name, card in adapters.items()
        ),
    ]


def _trained_on(card: dict[str, Any]) -> list[str]:
    """What a model was trained on, and what it comes from was, as people call it."""
    return titles([name for key in ("training_data", "inherited_data") for name in map(str, card.get(key) or ())])


def _card(name: object, card: dict[str, Any], fields: Sequence[str], training_data: Any) -> Card:
    return Card(str(name), _facts({f: card[f] for f in fields if f in card}), _words(training_data or ""))


def _other(run: Run) -> list[tuple[str, Facts]]:
    """Everything else: settings, data, machine, versions, the times at which the run was worked on."""
    p = run.provenance
    datasets = {
        d["name"]: {k: v for k, v in d.items() if k != "name"} for d in _dicts(p.get("datasets")) if "name" in d
    }
    policies = list(dict.fromkeys((row["dataset"], row["intensity"]) for row in run.rows if row["intensity"]))
    found = [
        ("Settings", _facts(run.config)),
        ("Data", _facts(datasets)),
        ("Grey values", policies),
        ("Warnings", [(name, f"{text} ({plural(n, 'case')})") for (name, text), n in run.warnings.items()]),
        ("Machine", _facts(_dict(p.get("machine")))),
        ("Versions", _facts({"python": p["python"]} if "python" in p else {}) + _facts(_dict(p.get("versions")))),
        ("Sessions", [_session(session) for session in _dicts(p.get("sessions"))]),
    ]
    return [(title, content) for title, content in found if content]


def _session(session: dict[str, Any]) -> tuple[str, str]:
    start, end = (str(session.get(name) or "").replace("T", " ")[:16] for name in ("start", "end"))
    return start, f"{session.get('command', '')} ({'until ' + end if end else 'did not end'}, UTC)"


def _fingerprints(run: Run) -> Facts:
    """Case -> hash of its files."""
    return [(str(name), str(value or "not readable")) for name, value in _dict(run.provenance.get("cases")).items()]


def _day(run: Run) -> str:
    """Day of the first session, or ""."""
    sessions = _dicts(run.provenance.get("sessions"))
    return str(sessions[0].get("start", ""))[:10] if sessions else ""


def _machine(run: Run) -> str:
    """One line on the machine, or ""."""
    m = _dict(run.provenance.get("machine"))
    counts = [("cpus", "processor core"), ("threads", "thread")]
    words = [plural(m[name], unit) for name, unit in counts if isinstance(m.get(name), int)]
    words += [f"{m['memory_gib']} GiB of memory"] if m.get("memory_gib") else []
    return ", ".join([*words, str(m.get("gpu") or "no GPU")]) if m else ""


def _facts(content: dict[str, Any]) -> Facts:
    return [
        (str(name).replace("_", " "), _words(value))
        for name, value in content.items()
        if value not in (None, "", [], (), {})
    ]


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(v)}" for name, v in value.items() if v is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return count(value) if isinstance(value, int) else str(value)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
