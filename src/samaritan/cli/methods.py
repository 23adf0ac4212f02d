"""The verb methods: what adapts a model, and how each method can be set."""

from __future__ import annotations

from typing import Annotated

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, emit


@app.command()
def methods(
    name: Annotated[str | None, typer.Argument(help="Show the card of this one with all its settings.")] = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """List the adaptation methods, or show the card and the settings of one."""
    from samaritan.adapt import METHODS
    from samaritan.show.methods import describe_method, show_method, show_methods

    if name is not None:
        described = describe_method(METHODS.get(name))
        if as_json:
            emit(described)
        else:
            show_method(described)
        return
    found = [describe_method(METHODS.get(one)) for one in METHODS.names()]
    if as_json:
        emit(found)
    else:
        show_methods(found)
