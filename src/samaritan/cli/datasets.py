"""The verb datasets: what data sets hold."""

from __future__ import annotations

from typing import Annotated

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, Meta, emit


@app.command()
def datasets(
    data: Annotated[
        list[str] | None, typer.Argument(help="Folders or built-in names; all built-in ones otherwise.")
    ] = None,
    meta: Meta = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what data sets hold: layout, modality, cases, patients, raters, labels, notes."""
    from samaritan.datasets import describe, describe_builtins, open_datasets
    from samaritan.show.lists import show_datasets

    described = [describe(dataset) for dataset in open_datasets(data, meta)] if data else describe_builtins()
    if as_json:
        emit(described)
    else:
        show_datasets(described)
