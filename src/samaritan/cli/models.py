"""The verb models: list them, show a card, fetch weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Threads, emit
from samaritan.process import bind_threads

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


@models_app.command("prepare")
def models_prepare(
    name: Annotated[str | None, typer.Argument(help="A model; the adapter's base otherwise.")] = None,
    adapter: Annotated[Path | None, typer.Option("-a", "--adapter", help="What samaritan adapt wrote.")] = None,
    fast: Annotated[bool, typer.Option("--fast", help="Find the reduced precision that holds the masks, too.")] = False,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Compile a model's encoder for the runtimes of this machine, once; --runtime auto takes the quickest exact one."""
    bind_threads(threads)
    from samaritan.models import load_model
    from samaritan.predict.runtimes import prepare

    if adapter is None:
        segmenter: Any = load_model(name or "litemedsam")
    else:
        from samaritan.adapt import load_adapted

        segmenter = load_adapted(name, adapter)[0]
    told = prepare(segmenter, fast=fast)
    if as_json:
        emit(told)
    for runtime, about in told.items() if not as_json else ():
        gate = about if isinstance(about, str) else f"{about['plan']}, masks at Dice {about['gate']['worst']} or better"
        typer.echo(f"{runtime}: {gate}")
    if not told:
        typer.echo("No runtime beside torch is installed; run pip install 'samaritan[fast]'.")


def card_of(entry: Any) -> dict[str, Any]:
    """A weight card as data."""
    from dataclasses import asdict

    return {**asdict(entry.card), "present": entry.find() is not None, "tags": list(entry.tags)}
