"""The verb benchmark: models under prompts on data with reference masks."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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
    Output,
    Overwrite,
    PlaneName,
    Profiled,
    Quiet,
    RuntimeName,
    Threads,
    check_markdown,
    emit,
    profile_if,
)
from samaritan.process import bind_threads


@app.command()
def benchmark(
    data: Annotated[
        list[str], typer.Argument(help="Folders of data sets, collections of them, or built-in names (samples).")
    ],
    output: Output,
    model: Annotated[
        list[str] | None,
        typer.Option("-m", "--model", help="Repeatable; the adapters' bases, or litemedsam, otherwise."),
    ] = None,
    adapter: Annotated[
        list[str] | None,
        typer.Option("-a", "--adapter", help="What samaritan adapt wrote, file or folder (repeatable)."),
    ] = None,
    base: Annotated[bool, typer.Option("--base/--no-base", help="Measure the models as they are, too.")] = True,
    split: Annotated[str | None, typer.Option(help="A split.json: measure only the cases of one part.")] = None,
    part: Annotated[str | None, typer.Option(help="train, val or test; test with --split otherwise.")] = None,
    prompt: Annotated[list[str] | None, typer.Option("-p", "--prompt", help="Repeatable; box otherwise.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most this many cases of each data set.")] = None,
    repeats: Annotated[int, typer.Option(help="How often every prompt is drawn anew.")] = 1,
    seed: Annotated[int, typer.Option(help="Start of all randomness.")] = 0,
    max_slices: Annotated[int | None, typer.Option(help="At most this many slices of each target of a volume.")] = None,
    max_instances: Annotated[int, typer.Option(help="At most this many objects of an image, drawn by seed.")] = 100,
    min_pixels: Annotated[int, typer.Option(help="Slices with fewer reference pixels are not prompted.")] = 1,
    raters: Annotated[str, typer.Option(help="reference, or all.")] = "reference",
    nsd_tolerance: Annotated[float, typer.Option(help="Tolerance of the surface Dice, in mm (or pixels).")] = 2.0,
    propagate: Annotated[
        str, typer.Option(help="How prompts about volumes reach slices that nobody was asked about: auto, none, ...")
    ] = "auto",
    meta: Meta = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as Markdown too.")] = None,
    plane: PlaneName = "auto",
    intensity: Intensity = None,
    framing: FramingName = "whole",
    cache: Annotated[
        bool, typer.Option(help="Keep image embeddings for runs with other prompts; encoding then is not timed again.")
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
    """Score models under prompts on data with reference masks. Run it again to continue after a stop."""
    bind_threads(threads)
    from samaritan.benchmark import RunConfig, run_benchmark
    from samaritan.predict import default_cache
    from samaritan.show.profile import show_profile
    from samaritan.show.runs import case_bar, show_run

    kept = default_cache() if cache else None
    config = RunConfig.parse(
        {
            "data": data, "models": model or _bases(adapter), "adaptations": adapter or [],
            "base": base, "split": split, **({} if part is None else {"part": part}),
            "prompts": prompt or ["box"], "limit": limit,
            "repeats": repeats, "seed": seed, "max_slices": max_slices, "max_instances": max_instances,
            "min_pixels": min_pixels, "raters": raters, "nsd_tolerance": nsd_tolerance,
            "propagate": propagate, "meta": None if meta is None else str(meta), "plane": plane,
            "intensity": intensity, "framing": framing, "device": device, "threads": threads, "fast": fast,
        },
        "The command line",
    )  # fmt: skip
    check_markdown(markdown)
    with profile_if(profile) as times, case_bar(quiet or as_json) as progress:
        result = run_benchmark(
            config, output, overwrite=overwrite, cache=kept, progress=progress, debug=debug, runtime=runtime
        )
    if markdown is not None and not result.interrupted:
        from samaritan.benchmark._markdown import write_markdown_table

        write_markdown_table(output, markdown)
    if as_json:
        said = {"run": result.run, "report": result.report, "cases_ok": result.n_ok, "cases_failed": result.n_failed}
        emit(said | ({"profile": times.table()} if times else {}))
    elif not quiet:
        show_run(result)
    show_profile(times, quiet or as_json)
    if result.n_failed and (as_json or quiet):
        typer.echo(
            f"samaritan: {result.n_failed} of the cases failed; see status and error in {output}/results.csv.", err=True
        )
    raise typer.Exit(result.exit_code)


def _bases(adapters: list[str] | None) -> list[str]:
    """The models that the adapters are for."""
    if not adapters:
        return ["litemedsam"]
    from samaritan.adapt import AdapterCard

    return list(dict.fromkeys(AdapterCard.read(path).header.base for path in adapters))
