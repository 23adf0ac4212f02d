"""What a run says about its course: a table of rows, and events for TensorBoard where that is installed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from samaritan.core import ResourceError, write_text

#: Columns of log.csv. A cell is empty where nothing was measured: a row is of training steps, or of a validation, or of both.
COLUMNS = (
    "step", "progress", "minutes", "rate", "loss", "dice_loss", "bce_loss", "iou_loss", "penalty", "grad_norm", "val_dice",
    "seconds_per_step", "peak_mb",
)  # fmt: skip

#: Columns that tell how long something took or what it needed; all others are the same in a repeated run.
CLOCK = ("minutes", "seconds_per_step", "peak_mb")

Cell = float | int | str


class TrainingLog:
    """The log of one run: ``log.csv`` and, with the package's extra ``tensorboard``, a folder ``tensorboard``.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: Any = None
        self._cut_at: int | None = None

    @property
    def path(self) -> Path:
        """Of the table."""
        return self._folder / "log.csv"

    def add(self, row: Mapping[str, Cell]) -> None:
        """Append a row, in the file when this returns.

        Args:
            row: column -> value; "step" must be there.

        Raises:
            ValueError: there is no such column.
            ResourceError: it cannot be written.
        """
        line = io.StringIO()
        writer = csv.DictWriter(line, COLUMNS, lineterminator="\n")
        if not self.path.exists():
            writer.writeheader()
        writer.writerow({name: _text(value) for name, value in row.items()})
        try:
            with self.path.open("a", encoding="utf-8", newline="") as stream:
                stream.write(line.getvalue())
        except OSError as error:
            raise ResourceError(f"Could not write {self.path}: {error.strerror or error}.") from error
        self._send(row)

    def cut(self, step: int) -> None:
        """Drop what was logged after ``step``, and a last line that was not finished: the run goes on from there.

        Raises:
            ResourceError: it cannot be written.
        """
        self._cut_at = step
        if self.path.exists():
            kept = [row for row in read_log(self.path) if row["step"] <= step]
            text = io.StringIO()
            writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows({name: _text(value) for name, value in row.items()} for row in kept)
            write_text(self.path, text.getvalue())

    def close(self) -> None:
        """Finish the events for TensorBoard."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _send(self, row: Mapping[str, Cell]) -> None:
        if self._writer is None:
            if find_spec("tensorboard") is None:
                return
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  an optional extra

            # events beyond the cut stay in the older file, and TensorBoard then leaves them out
            purge = None if self._cut_at is None else self._cut_at + 1
            self._writer = SummaryWriter(str(self._folder / "tensorboard"), purge_step=purge)
        for name, value in row.items():
            if name != "step" and isinstance(value, int | float):
                self._writer.add_scalar(name, value, int(row["step"]))
        self._writer.flush()


def read_log(path: Path) -> list[dict[str, float]]:
    """Rows of a log, each with the cells that are not empty; lines that are not whole are left out.

    Raises:
        ResourceError: it cannot be read.
    """
    try:
        lines = path.read_bytes().decode("utf-8", "replace").split("\n")[:-1]
    except OSError as error:
        raise ResourceError(f"Could not read {path}: {error.strerror or error}.") from error
    rows = csv.reader(lines)
    names = next(rows, [])
    return [
        {name: float(cell) for name, cell in zip(names, cells, strict=True) if cell}
        for cells in rows
        if len(cells) == len(names)
    ]


def _text(value: Cell) -> str:
    """Nine digits, which tell all single precision numbers apart."""
    return f"{value:.9g}" if isinstance(value, float) else str(value)
