"""The verb models: list them, show a card, fetch and convert weights."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Overwrite, Quiet, Threads, emit
from samaritan.process import bind_threads

models_app = typer.Typer(help="List the models, show a weight card, fetch or convert weights.")
app.add_typer(models_app, name="models", invoke_without_command=True)


@models_app.callback()
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models, show a weight card, fetch or convert weights."""
    if context.invoked_subcommand is None:
        from samaritan.models import MODELS
        from samaritan.show.models import show_models

        described = [card_of(entry) for name in MODELS.names() if "tiny" not in (entry := MODELS.get(name)).tags]
        if as_json:
            emit(described)
        else:
            show_models(described)


@models_app.command("show")
def models_show(name: str, as_json: AsJson = False) -> None:
    """Print the weight card of a model, and how to get its weights."""
    from samaritan.models import MODELS
    from samaritan.show.models import show_card

    card = card_of(MODELS.get(name))
    if as_json:
        emit(card)
    else:
        show_card(card)


@models_app.command("pull")
def models_pull(
    name: str,
    file: Annotated[
        Path | None, typer.Option("--from", help="A file that you got by hand, in place of a download.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Fetch the weights of a model into the cache, verified; continues what was interrupted."""
    from samaritan.models import MODELS, pull
    from samaritan.models._source import recorded_in
    from samaritan.models._verify import file_sha256
    from samaritan.show.models import download_bar

    try:
        with download_bar(name, quiet or as_json) as progress:
            path = pull(name, file=file, progress=progress)
    except KeyboardInterrupt:
        typer.echo("What came is kept; run the command again to continue.", err=True)
        raise
    source = MODELS.get(name).source
    digest = source.sha256 if source and source.sha256 else recorded_in(path).get("sha256") or file_sha256(path)
    verified = source is not None and source.sha256 is not None
    if as_json:
        emit({"name": name, "path": path, "sha256": digest, "verified": verified})
        return
    typer.echo(f"{name}: {path}")
    if not verified and not quiet:
        typer.echo(
            f"Nobody published a checksum of this file; it is {digest}, which later loads compare with.", err=True
        )


@models_app.command("convert")
def models_convert(
    file: Annotated[Path, typer.Argument(help="A checkpoint as its authors publish it (.pth, .pt or .safetensors).")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The .safetensors file to write.")],
    model: Annotated[
        str | None, typer.Option("-m", "--model", help="Whose weights they are; found by their tensors otherwise.")
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Turn a checkpoint into safetensors under its published names; nothing of it is run."""
    from dataclasses import asdict

    from samaritan.models._convert import convert_weights
    from samaritan.show.models import show_converted

    made = convert_weights(file, output, model=model, overwrite=overwrite)
    if as_json:
        emit(asdict(made))
    else:
        show_converted(made)


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
    from samaritan.loading import load_segmenter
    from samaritan.predict.runtimes import prepare

    told = prepare(load_segmenter(name, adapter).segmenter, fast=fast)
    if as_json:
        emit(told)
    for runtime, about in told.items() if not as_json else ():
        gate = about if isinstance(about, str) else f"{about['plan']}, masks at Dice {about['gate']['worst']} or better"
        typer.echo(f"{runtime}: {gate}")
    if not told:
        typer.echo("No runtime beside torch is installed; run pip install 'samaritan[fast]'.")


def card_of(entry: Any) -> dict[str, Any]:
    """A weight card as data, with where its weights are or how to get them."""
    from dataclasses import asdict

    from samaritan.models._source import how_to_get

    present = entry.find() is not None
    return {**asdict(entry.card), "present": present, "get": how_to_get(entry.source), "tags": list(entry.tags)}
