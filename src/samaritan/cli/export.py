"""The verb export: a model as graphs for programs without torch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, Output, Overwrite, Quiet, Threads, emit, one_of
from samaritan.process import bind_threads


@app.command()
def export(
    output: Output,
    model: Annotated[
        str | None, typer.Argument(help="See: samaritan models; litemedsam, or the adapter's base, otherwise.")
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option("-a", "--adapter", help="What samaritan adapt wrote: the file or its folder.")
    ] = None,
    to: Annotated[str, typer.Option("--to", help="onnx or openvino.")] = "onnx",
    weights: Annotated[Path | None, typer.Option(help="A file of weights to take instead of the model's own.")] = None,
    allow_unverified: Annotated[
        bool, typer.Option(help="Take --weights though they are not the published file.")
    ] = False,
    overwrite: Overwrite = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write a model as graphs, with a recipe, an example without torch, and a report that it answers alike."""
    target = one_of(to, "onnx", "openvino")
    bind_threads(threads)
    from samaritan.adapt import AdapterCard
    from samaritan.export import export_model
    from samaritan.loading import load_segmenter

    card = None if adapter is None else AdapterCard.read(adapter)
    segmenter = load_segmenter(model, adapter, weights=weights, allow_unverified=allow_unverified).segmenter
    parity = export_model(segmenter, output, to=target, adapter=card, overwrite=overwrite)
    if as_json:
        emit({"folder": output, **parity.data()})
    elif not quiet:
        typer.echo(
            f"{output}: masks of the graphs at Dice {parity.worst.worst:.6f} or better to those of torch (parity.md)"
        )
