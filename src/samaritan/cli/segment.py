"""The verb segment: an image and prompts in, a mask out."""

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
    Overwrite,
    PlaneName,
    Profiled,
    Quiet,
    RuntimeName,
    Threads,
    emit,
    profile_if,
)
from samaritan.core.profile import part
from samaritan.process import bind_threads


@app.command()
def segment(
    image: Annotated[Path, typer.Argument(help="A picture, a volume, a DICOM file, or a folder with a DICOM series.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The mask; beside IMAGE, in its format, otherwise.")
    ] = None,
    box: Annotated[list[str] | None, typer.Option(help="X0,Y0,X1,Y1[@SLICE or @FROM-TO][=LABEL] (repeatable).")] = None,
    point: Annotated[list[str] | None, typer.Option(help="X,Y[,SLICE][:-][=LABEL]; ':-' is a negative click.")] = None,
    line: Annotated[
        list[str] | None, typer.Option(help="X0,Y0,X1,Y1[@SLICE][=LABEL], the largest diameter (RECIST; repeatable).")
    ] = None,
    prompts: Annotated[Path | None, typer.Option(help="JSON file of prompts; see docs/prompts.md.")] = None,
    planes: Annotated[str, typer.Option(help="one, or three: axial, coronal and sagittal vote.")] = "one",
    text: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a target, looked for on every slice by a model or adapter that knows names (repeatable)."
        ),
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Ask for the adapter's targets on every slice, without prompts.")
    ] = False,
    smooth: Annotated[
        float | None,
        typer.Option(help="With --everywhere or --text: a Gaussian of so many mm over the probabilities, in 3D."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="Name of the target, for prompts without =LABEL.")] = None,
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
    overlap: Annotated[
        str,
        typer.Option(help="Who gets a voxel that two targets claim: quality, first, last, refuse; or separate files."),
    ] = "quality",
    plane: PlaneName = "auto",
    intensity: Intensity = None,
    framing: FramingName = "whole",
    propagate: Annotated[
        str,
        typer.Option(
            help="How a volume is segmented beyond prompted slices: auto, none, sequence, memory, interpolate, refine."
        ),
    ] = "auto",
    modality: Annotated[str | None, typer.Option(help="CT, MR, ultrasound, ... where the file does not say.")] = None,
    series: Annotated[str | None, typer.Option(help="Which DICOM series of a folder that holds several.")] = None,
    volume: Annotated[int | None, typer.Option(help="Which volume of a 4D file, from 0.")] = None,
    prefer_qform: Annotated[
        bool, typer.Option("--prefer-qform", help="Take a NIfTI's qform where it and the sform disagree.")
    ] = False,
    preview: Annotated[
        bool | None,
        typer.Option(help="Write an overlay PNG beside the mask; otherwise if no text is burned into the image."),
    ] = None,
    cache: Annotated[
        bool, typer.Option(help="Keep image embeddings, so that more prompts cost the decoder alone.")
    ] = True,
    half: Annotated[
        bool, typer.Option("--half-cache", help="Keep them in half precision; masks may differ by single pixels.")
    ] = False,
    device: Device = "cpu",
    runtime: RuntimeName = "auto",
    fast: Fast = False,
    threads: Threads = None,
    profile: Profiled = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Segment an image from boxes, points or a prompt file; no reference mask anywhere."""
    bind_threads(threads)
    from samaritan.loading import load_segmenter
    from samaritan.predict import default_cache
    from samaritan.predict.framing import make_framing
    from samaritan.predict.request import Request
    from samaritan.predict.runtimes import check_runtime, with_runtime
    from samaritan.predict.segment import segment_file
    from samaritan.show.profile import show_profile
    from samaritan.show.segmentation import show_segmentation, slices_bar

    check_runtime(runtime)
    make_framing(framing)
    about: dict[str, Any] = {}
    if adapter is not None:
        from samaritan.adapt import AdapterCard

        about = AdapterCard.read(adapter).summary()
    request = Request.of(
        image, boxes=box or [], points=point or [], lines=line or [], prompt_file=prompts, label=label, names=text or [],
        everywhere=everywhere, smooth_mm=smooth, output=output, overlap=overlap, plane=plane, intensity=intensity,
        framing=framing, propagation=propagate, planes=planes, modality=modality, series=series, volume=volume,
        prefer_qform=prefer_qform, preview=preview, overwrite=overwrite, adapter=about,
    )  # fmt: skip
    kept = default_cache(half=half) if cache else None
    with profile_if(profile) as times, slices_bar(quiet or as_json) as progress:
        with part("load"):
            loaded = load_segmenter(model, adapter, weights=weights, device=device, allow_unverified=allow_unverified)
            segmenter = with_runtime(loaded.segmenter, runtime, fast=fast, later=True)
        done = segment_file(request, segmenter, cache=kept, progress=progress)
    if as_json:
        emit(done.record | ({"profile": times.table()} if times else {}))
    elif not quiet:
        show_segmentation(done)
    show_profile(times, quiet or as_json)
