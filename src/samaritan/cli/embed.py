"""The verb embed: image embeddings in advance."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samaritan.cli._app import app
from samaritan.cli._options import (
    AsJson,
    Debug,
    Device,
    Fast,
    FramingName,
    Intensity,
    Meta,
    PlaneName,
    Quiet,
    RuntimeName,
    Threads,
    emit,
)
from samaritan.process import bind_threads


@app.command()
def embed(
    data: Annotated[list[str], typer.Argument(help="Image files, folders of data sets, built-in names (samples).")],
    model: Annotated[
        str | None,
        typer.Option("-m", "--model", help="See: samaritan models; litemedsam, or the adapter's base, otherwise."),
    ] = None,
    adapter: Annotated[
        Path | None, typer.Option("-a", "--adapter", help="What samaritan adapt wrote: the file or its folder.")
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="A file of weights to take instead of the model's own.")] = None,
    allow_unverified: Annotated[
        bool, typer.Option(help="Take --weights though they are not the published file.")
    ] = False,
    every_slice: Annotated[
        bool, typer.Option("--every-slice", help="Of volumes with a reference, also slices on which it is empty.")
    ] = False,
    half: Annotated[
        bool, typer.Option("--half-cache", help="Half precision, for samaritan segment --half-cache: half the disk.")
    ] = False,
    meta: Meta = None,
    plane: PlaneName = "auto",
    intensity: Intensity = None,
    framing: FramingName = "whole",
    device: Device = "cpu",
    runtime: RuntimeName = "auto",
    fast: Fast = False,
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Encode images in advance, so that prompts cost the decoder alone. Run it again to continue after a stop."""
    bind_threads(threads)
    from samaritan.core import UsageError
    from samaritan.loading import load_segmenter
    from samaritan.predict.cache import LIMIT, default_cache
    from samaritan.predict.embed import embed as fill
    from samaritan.predict.embed import items_of
    from samaritan.predict.runtimes import check_runtime, with_runtime
    from samaritan.show.embedded import images_bar, show_embedded

    check_runtime(runtime)
    cache = default_cache(half=half)
    if cache is None:
        raise UsageError(f"{LIMIT} is 0, so that no embeddings are kept; set it to a number of gigabytes.")
    items = items_of(data, meta, every_slice=every_slice)
    loaded = load_segmenter(model, adapter, weights=weights, device=device, allow_unverified=allow_unverified)
    segmenter = with_runtime(loaded.segmenter, runtime, fast=fast, later=True)  # as the verbs that will look for them
    preparation = loaded.about.get("preparation", {})
    own: Any = preparation.get("plane") or "auto"
    chosen: Any = own if plane == "auto" else plane
    with images_bar(len(items), quiet or as_json) as progress:
        done = fill(
            items,
            segmenter,
            cache,
            plane=chosen,
            intensity=intensity or preparation.get("intensity"),
            framing=framing,
            progress=progress,
        )
    if as_json:
        emit({"encoded": done.encoded, "known": done.known, "failed": done.failed, "folder": cache.store.folder})
    else:
        show_embedded(done, cache.store, quiet=quiet)
    raise typer.Exit(done.exit_code)
