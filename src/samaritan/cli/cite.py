"""The verb cite: what to cite for a result."""

from __future__ import annotations

from typing import Annotated

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, Quiet, emit, one_of

FORMATS = ("bibtex", "markdown", "text", "json")


@app.command()
def cite(
    what: Annotated[
        list[str],
        typer.Argument(
            help="Run folders, adapters, records of masks; names of models, methods, prompts, scores, data; keys of papers."
        ),
    ],
    form: Annotated[str, typer.Option("--format", help=f"{', '.join(FORMATS)}.")] = "bibtex",
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print the references of everything that results rest on: model, method, prompts, metrics, data, this package."""
    from samaritan.catalog.references import printed
    from samaritan.citing import cite as references_of

    form = "json" if as_json else one_of(form, *FORMATS)
    found = references_of(what)
    if form == "json":
        emit([one.data() for one in found.references])
    else:
        typer.echo(printed(found.references, form))
    for note in found.notes if not quiet else ():
        typer.echo(note, err=True)
