"""The verb models: list them, show a card, fetch weights."""

from __future__ import annotations

from typing import Any

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, emit

models_app = typer.Typer(help="List the models, show a weight card, or fetch weights.")
app.add_typer(models_app, name="models", invoke_without_command=True)


@models_app.callback()
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models, show a weight card, or fetch weights."""
    if context.invoked_subcommand is None:
        from samaritan.models import MODELS
        from samaritan.show.lists import show_models

        entries = [entry for name in MODELS.names() if "tiny" not in (entry := MODELS.get(name)).tags]
        if as_json:
            emit([card_of(entry) for entry in entries])
        else:
            show_models(entries)


@models_app.command("show")
def models_show(name: str, as_json: AsJson = False) -> None:
    """Print the weight card of a model."""
    from samaritan.models import MODELS
    from samaritan.show.lists import show_card

    card = card_of(MODELS.get(name))
    if as_json:
        emit(card)
    else:
        show_card(card)


@models_app.command("pull")
def models_pull(name: str) -> None:
    """Fetch the weights of a model, verified, into the cache."""
    from samaritan.models import pull

    typer.echo(f"{name}: {pull(name)}")


def card_of(entry: Any) -> dict[str, Any]:
    """A weight card as data."""
    from dataclasses import asdict

    return {**asdict(entry.card), "present": entry.find() is not None, "tags": list(entry.tags)}
