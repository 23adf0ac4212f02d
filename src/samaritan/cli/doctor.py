"""The verb doctor: what is installed and found."""

from __future__ import annotations

from typing import Annotated

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, emit


@app.command()
def doctor(
    clear_embeddings: Annotated[
        bool, typer.Option("--clear-embeddings", help="Remove all stored image embeddings first.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what is installed, which weights are found, memory and threads, and what the cache of embeddings holds."""
    from samaritan.doctor import clear_embeddings as clear
    from samaritan.doctor import examine
    from samaritan.show.lists import show_examination

    if clear_embeddings:
        removed = clear()
        typer.echo(f"Removed {removed.entries} entries, {removed.bytes / 1e9:.2f} GB.", err=True)
    found = examine()
    if as_json:
        emit(found)
    else:
        show_examination(found)
