"""The verb annotate: the annotator in a browser, or a simulated annotator."""

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
    Meta,
    Overwrite,
    Quiet,
    RuntimeName,
    Threads,
    emit,
)
from samaritan.core.errors import UsageError
from samaritan.process import bind_threads


@app.command()
def annotate(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Images and volumes of every format that segment reads; nothing in it changes."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="For masks and journals; FOLDER-annotated beside FOLDER otherwise."),
    ] = None,
    labels: Annotated[str, typer.Option(help="Names such as liver,spleen; more can be added in the page.")] = "",
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
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port to listen on; the next free one from 8321 otherwise.")
    ] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in the browser.")] = True,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    allow_remote: Annotated[
        bool,
        typer.Option("--allow-remote", help="Allow a --host that other machines reach: unencrypted, with the token."),
    ] = False,
    monai_label: Annotated[
        bool, typer.Option("--monai-label", help="Also be a MONAI Label server, for 3D Slicer, OHIF, MITK and QuPath.")
    ] = False,
    allow_origin: Annotated[
        list[str] | None,
        typer.Option(help="A page that may use it, such as http://localhost:3000 of OHIF (repeatable)."),
    ] = None,
    framing: FramingName = "square",
    cache: Annotated[
        bool, typer.Option(help="Keep image embeddings, so that an image that comes again needs no encoder.")
    ] = True,
    half: Annotated[bool, typer.Option("--half-cache", help="Keep them in half precision.")] = False,
    device: Device = "cpu",
    runtime: RuntimeName = "auto",
    fast: Fast = False,
    threads: Threads = None,
    simulate: Annotated[
        list[str] | None,
        typer.Option(help="No page: simulate an annotator on DATA and report what learning saves (repeatable)."),
    ] = None,
    every: Annotated[int, typer.Option(min=3, help="With --simulate: learn after so many accepted cases.")] = 5,
    rounds: Annotated[int | None, typer.Option(min=1, help="With --simulate: learn so often at most.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="With --simulate: steps of a training.")] = 40,
    first_act: Annotated[str, typer.Option(help="With --simulate: box or click.")] = "box",
    limit: Annotated[int | None, typer.Option(min=1, help="With --simulate: most cases of a data set.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="With --simulate: start of all randomness.")] = 0,
    meta: Meta = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Label images in the browser: click, get the mask in 3D, keep it. Everything stays on this machine."""
    bind_threads(threads)
    if simulate:
        _refuse(folder is not None, "--simulate takes its data itself; leave FOLDER out")
        _refuse(adapter is not None, "--simulate starts from the base; leave --adapter out")
        _refuse(first_act not in ("box", "click"), f"--first-act is box or click; received {first_act!r}")
        _simulate(
            output, overwrite, quiet, as_json, data=tuple(simulate), meta=meta, model=model or "litemedsam",
            weights=weights, every=every, rounds=rounds, steps=steps, first=first_act, limit=limit, seed=seed,
            threads=threads or 1, device=device,
        )  # fmt: skip
        return
    _refuse(folder is None, "Give the folder that holds the images: samaritan annotate FOLDER")
    assert folder is not None  # noqa: S101 - refused above
    from samaritan.annotate.engine import EngineSettings
    from samaritan.annotate.start import Start, annotate_folder
    from samaritan.show.annotator import TerminalTeller

    engine = EngineSettings(
        model=model, adapter=adapter, weights=weights, allow_unverified=allow_unverified, device=device, threads=threads,
        runtime=runtime, fast=fast, framing=framing, cache=cache, half=half,
    )  # fmt: skip
    names = tuple(name.strip() for name in labels.split(",") if name.strip())
    start = Start(
        folder, output, names, engine, host=host, port=port, remote=allow_remote, monailabel=monai_label,
        origins=tuple(allow_origin or ()),
    )  # fmt: skip
    raise typer.Exit(annotate_folder(start, TerminalTeller(browser, as_json, quiet)))


def _refuse(wrong: bool, sentence: str) -> None:
    if wrong:
        raise UsageError(f"{sentence}.")


def _simulate(output: Path | None, overwrite: bool, quiet: bool, as_json: bool, **settings: object) -> None:
    from samaritan.annotate.learn.simulate import SimulationConfig, run_simulation

    paths = {name: str(value) for name, value in settings.items() if isinstance(value, Path)}
    config = SimulationConfig.parse(settings | paths, "The command line")
    say = None if quiet or as_json else lambda sentence: typer.echo(sentence, err=True)
    done = run_simulation(config, output or Path("simulation"), say, overwrite=overwrite)
    if as_json:
        emit({"folder": done.folder, "left_out": done.left_out})
    elif not quiet:
        typer.echo(done.table)
    if done.left_out:
        raise typer.Exit(1)
