"""The page of errors: what each means, and the exit code that a command ends with."""

from __future__ import annotations

import importlib
import pkgutil

import samaritan
from samaritan.core.errors import SamaritanError
from scripts.reference._text import code, page, summary, table


def errors() -> str:
    """Every error that is raised on purpose."""
    kinds: list[type[SamaritanError]] = [SamaritanError, *known()]
    rows = [
        (
            f"{'&nbsp;&nbsp;' * depth(kind)}`{kind.__name__}`",
            kind.exit_code,
            summary(kind),
            code(kind.__module__.partition("._")[0].removesuffix(".errors")),
        )
        for kind in sorted(kinds, key=lineage)
    ]
    return page(
        "Errors",
        "Everything that samaritan raises on purpose is a `SamaritanError`. Its message says in one or two sentences what was "
        "received, what is allowed and what to do. The command line prints it on stderr and ends with the exit code; "
        "`--debug` shows where it was raised. What can go wrong, with the test that proves each answer: "
        "[reliability.md](../reliability.md).",
        table(("error", "exit code", "meaning", "from"), rows),
    )


def known() -> list[type[SamaritanError]]:
    """All subclasses, after every module of the package has been imported."""
    for info in pkgutil.walk_packages(samaritan.__path__, "samaritan."):
        if not info.name.endswith("__main__") and not info.name.startswith("samaritan.export._example"):
            importlib.import_module(info.name)
    found: list[type[SamaritanError]] = []
    waiting = [SamaritanError]
    while waiting:
        below = [kind for kind in waiting.pop().__subclasses__() if kind.__module__.startswith("samaritan.")]
        found += below
        waiting += below
    return list(dict.fromkeys(found))


def lineage(kind: type) -> tuple[str, ...]:
    """Names from the root down, by which a tree is sorted."""
    return tuple(one.__name__ for one in reversed(kind.__mro__) if issubclass(one, SamaritanError))


def depth(kind: type) -> int:
    """How far below the root."""
    return len(lineage(kind)) - 1
