"""What ``samaritan models`` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from samaritan.core.public_data import titles
from samaritan.show._terminal import console, errors, plain, print_facts, table_of

if TYPE_CHECKING:
    from samaritan.models._convert import Converted

#: What the column "weights" says, by how they can be had.
_GET = {"here": "here", "pull": "pull", "gated": "on request", "hand": "by hand"}


def show_models(described: Sequence[Mapping[str, Any]]) -> None:
    """One block of two lines per model, and how to get weights."""
    table = table_of("model", "what; size, side, licence, training data", "prompts", "weights")
    for one in described:
        facts = [f"{one['parameters'] / 1e6:.1f} M", f"{one['input_size']} px", one["licence"]]
        trained = ", ".join(one["training_data"]) or "data not known"
        what = f"{escape(one['title'])}\n[dim]{escape('; '.join(facts))}; {escape(trained)}[/]"
        table.add_row(escape(one["name"]), what, escape(", ".join(one["prompts"])), _GET[one["get"]["way"]])
    console.print(table)
    console.print(
        "pull: samaritan models pull NAME. on request: the same, once its owners have let you in. by hand: get the file from "
        "its page, then samaritan models pull NAME --from FILE. samaritan models show NAME tells all of one.",
        soft_wrap=True,
    )


def show_card(card: Mapping[str, Any]) -> None:
    """A weight card, one fact per line."""
    words: dict[str, Callable[[Any], str]] = {
        "training_data": _data,
        "inherited_data": _data,
        "size": _bytes,
        "get": lambda get: str(get["how"]),
    }
    print_facts((name, words.get(name, plain)(value)) for name, value in card.items() if value not in ((), [], None))


@contextmanager
def download_bar(name: str, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A bar over bytes on terminals; yields ``update(bytes there, bytes in all or None)``."""
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn(),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal) as progress:
        task = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def show_converted(made: Converted) -> None:
    """What was written, and whether it is the published model."""
    console.print(f"{escape(str(made.path))}: {made.tensors} tensors of {made.model}.", soft_wrap=True)
    if not made.published:
        console.print(
            f"The file is not the published one of {made.model}, so that loading it needs --allow-unverified.",
            soft_wrap=True,
        )


def _data(names: Sequence[str]) -> str:
    return "; ".join(titles(names))


def _bytes(size: int) -> str:
    return f"{size:,} bytes"
