"""The command line: one function for each verb. A room is imported only inside its verb, so that --help is quick."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from samaritan.core.errors import InputError, SamaritanError, UsageError
from samaritan.process import bind_threads, keep_heap

app = typer.Typer(
    name="samaritan",
    help="Measure and use promptable segmentation models on medical images.",
    epilog="Research software, not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(help="List the models, show a weight card, or fetch weights.")
app.add_typer(models_app, name="models", invoke_without_command=True)

Output = Annotated[Path, typer.Option("-o", "--output", help="Where results go.")]
Device = Annotated[str, typer.Option("-d", "--device", help="cpu, cuda, cuda:1 or mps.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Number of CPU threads.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no table.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there (default: refuse).")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
PlaneName = Annotated[str, typer.Option("--plane", help="auto, axial, coronal or sagittal.")]
Intensity = Annotated[
    str | None,
    typer.Option(help="ct:NAME, window:CENTRE/WIDTH, percentile:LOW-HIGH, full or asis; chosen by modality otherwise."),
]
Meta = Annotated[
    Path | None, typer.Option(help="YAML that describes data sets without a dataset.yaml, by folder name.")
]


@app.command()
def segment(
    image: Annotated[Path, typer.Argument(help="A picture, a volume, a DICOM file, or a folder with a DICOM series.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The mask; beside IMAGE, in its format, otherwise.")
    ] = None,
    box: Annotated[list[str] | None, typer.Option(help="X0,Y0,X1,Y1[@SLICE or @FROM-TO][=LABEL] (repeatable).")] = None,
    point: Annotated[list[str] | None, typer.Option(help="X,Y[,SLICE][:-][=LABEL]; ':-' is a negative click.")] = None,
    prompts: Annotated[Path | None, typer.Option(help="JSON file of prompts; see docs/prompts.md.")] = None,
    label: Annotated[str | None, typer.Option(help="Name of the target, for prompts without =LABEL.")] = None,
    model: Annotated[str, typer.Option("-m", "--model", help="See: samaritan models.")] = "litemedsam",
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
    modality: Annotated[str | None, typer.Option(help="CT, MR, ultrasound, ... where the file does not say.")] = None,
    series: Annotated[str | None, typer.Option(help="Which DICOM series of a folder that holds several.")] = None,
    volume: Annotated[int | None, typer.Option(help="Which volume of a 4D file, from 0.")] = None,
    preview: Annotated[bool, typer.Option(help="Write an overlay PNG beside the mask.")] = True,
    device: Device = "cpu",
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Segment an image from boxes, points or a prompt file; no reference mask anywhere."""
    bind_threads(threads)
    from samaritan.predict.segment import Request, segment_file
    from samaritan.show import show_segmentation, slices_bar

    request = Request.of(
        image, boxes=box or [], points=point or [], prompt_file=prompts, label=label, output=output, overlap=overlap,
        plane=plane, intensity=intensity, modality=modality, series=series, volume=volume, preview=preview,
        overwrite=overwrite,
    )  # fmt: skip
    from samaritan.models import load_model

    segmenter = load_model(model, weights=weights, device=device, allow_unverified=allow_unverified)
    with slices_bar(quiet or as_json) as progress:
        done = segment_file(request, segmenter, progress=progress)
    if as_json:
        _emit(done.record)
    elif not quiet:
        show_segmentation(done)


@app.command()
def benchmark(
    data: Annotated[
        list[str], typer.Argument(help="Folders of data sets, collections of them, or built-in names (samples).")
    ],
    output: Output,
    model: Annotated[list[str] | None, typer.Option("-m", "--model", help="Repeatable; litemedsam otherwise.")] = None,
    prompt: Annotated[list[str] | None, typer.Option("-p", "--prompt", help="Repeatable; box otherwise.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most this many cases of each data set.")] = None,
    repeats: Annotated[int, typer.Option(help="How often every prompt is drawn anew.")] = 1,
    seed: Annotated[int, typer.Option(help="Start of all randomness.")] = 0,
    max_slices: Annotated[int | None, typer.Option(help="At most this many slices of each target of a volume.")] = None,
    max_instances: Annotated[int, typer.Option(help="At most this many objects of an image, drawn by seed.")] = 100,
    min_pixels: Annotated[int, typer.Option(help="Slices with fewer reference pixels are not prompted.")] = 1,
    raters: Annotated[str, typer.Option(help="reference, or all.")] = "reference",
    nsd_tolerance: Annotated[float, typer.Option(help="Tolerance of the surface Dice, in mm (or pixels).")] = 2.0,
    meta: Meta = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the table as Markdown too.")] = None,
    plane: PlaneName = "auto",
    intensity: Intensity = None,
    device: Device = "cpu",
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Score models under prompts on data with reference masks. Run it again to continue after a stop."""
    bind_threads(threads)
    from samaritan.benchmark import RunConfig, run_benchmark
    from samaritan.show import case_bar, show_run

    config = RunConfig.parse(
        {
            "data": data, "models": model or ["litemedsam"], "prompts": prompt or ["box"], "limit": limit,
            "repeats": repeats, "seed": seed, "max_slices": max_slices, "max_instances": max_instances,
            "min_pixels": min_pixels, "raters": raters, "nsd_tolerance": nsd_tolerance,
            "meta": None if meta is None else str(meta), "plane": plane, "intensity": intensity, "device": device,
            "threads": threads,
        },
        "The command line",
    )  # fmt: skip
    if markdown is not None and not markdown.resolve().parent.is_dir():  # before hours of work, not after
        raise InputError(f"There is no folder {markdown.parent} for --markdown; make it, or choose another one.")
    with case_bar(quiet or as_json) as progress:
        result = run_benchmark(config, output, overwrite=overwrite, progress=progress, debug=debug)
    if markdown is not None and not result.interrupted:
        from samaritan.benchmark._markdown import write_markdown_table

        write_markdown_table(output, markdown)
    if as_json:
        _emit({"run": result.run, "report": result.report, "cases_ok": result.n_ok, "cases_failed": result.n_failed})
    elif not quiet:
        show_run(result)
    if result.n_failed and (as_json or quiet):
        typer.echo(
            f"samaritan: {result.n_failed} of the cases failed; see status and error in {output}/results.csv.", err=True
        )
    raise typer.Exit(result.exit_code)


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders written by samaritan benchmark.")],
    metric: Annotated[str, typer.Option(help="dice, iou, nsd, hd95_mm, assd_mm, volume_difference.")] = "dice",
    level: Annotated[str, typer.Option(help="target, or instance for objects of instance-labelled sets.")] = "target",
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Paired statistics between any two rows of any runs: intervals, Wilcoxon with Holm's correction, effect sizes."""
    from dataclasses import asdict

    from samaritan.benchmark import compare_runs
    from samaritan.show import show_comparison

    table = compare_runs(runs, metric, level=_one_of(level, "target", "instance"), seed=seed)
    if as_json:
        _emit(asdict(table))
    else:
        show_comparison(table)


@models_app.callback()
def models(context: typer.Context, as_json: AsJson = False) -> None:
    """List the models, show a weight card, or fetch weights."""
    if context.invoked_subcommand is None:
        from samaritan.models import MODELS
        from samaritan.show import show_models

        entries = [entry for name in MODELS.names() if "tiny" not in (entry := MODELS.get(name)).tags]
        if as_json:
            _emit([_card(entry) for entry in entries])
        else:
            show_models(entries)


@models_app.command("show")
def models_show(name: str, as_json: AsJson = False) -> None:
    """Print the weight card of a model."""
    from samaritan.models import MODELS
    from samaritan.show import show_card

    card = _card(MODELS.get(name))
    if as_json:
        _emit(card)
    else:
        show_card(card)


@models_app.command("pull")
def models_pull(name: str) -> None:
    """Fetch the weights of a model, verified, into the cache."""
    from samaritan.models import pull

    typer.echo(f"{name}: {pull(name)}")


@app.command()
def datasets(
    data: Annotated[
        list[str] | None, typer.Argument(help="Folders or built-in names; all built-in ones otherwise.")
    ] = None,
    meta: Meta = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Show what data sets hold: layout, modality, cases, patients, raters, labels, notes."""
    from samaritan.datasets import describe, describe_builtins, open_datasets
    from samaritan.show import show_datasets

    described = [describe(dataset) for dataset in open_datasets(data, meta)] if data else describe_builtins()
    if as_json:
        _emit(described)
    else:
        show_datasets(described)


@app.command()
def doctor(as_json: AsJson = False, debug: Debug = False) -> None:
    """Show what is installed, which weights are found, memory and threads."""
    from samaritan.doctor import examine
    from samaritan.show import show_examination

    found = examine()
    if as_json:
        _emit(found)
    else:
        show_examination(found)


def _one_of(value: str, *allowed: str) -> Any:
    if value not in allowed:
        raise UsageError(f"Received {value!r}; allowed are {', '.join(allowed)}.")
    return value


def _card(entry: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(entry.card), "present": entry.find() is not None, "tags": list(entry.tags)}


def _emit(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2, default=str))


def main() -> NoReturn:
    """Entry point: every error that a person can cause is one sentence on stderr and an exit code."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    keep_heap()
    debug = "--debug" in sys.argv
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except SamaritanError as error:
        _fail(str(error), error.exit_code, error, debug)
    except (typer.Abort, KeyboardInterrupt):
        _fail("Interrupted.", 130, None, False)
    except TyperException as error:
        getattr(error, "show", lambda: None)()  # the usage line, then what is wrong; the type is private to typer
        sys.exit(UsageError.exit_code)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError as error:
        _fail("Not enough memory for this; give fewer or smaller images.", 5, error, debug)
    except OSError as error:
        resources = error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EMFILE)
        _fail(f"{error.filename or 'The system'}: {error.strerror or error}.", 5 if resources else 3, error, debug)
    except Exception as error:  # noqa: BLE001 - a person gets a sentence, a developer --debug
        _fail(f"Unexpected {type(error).__name__}: {error} (run again with --debug for the details).", 1, error, debug)


def _fail(sentence: str, code: int, error: BaseException | None, debug: bool) -> NoReturn:
    if debug and error is not None:
        raise error
    typer.echo(f"samaritan: {sentence}", err=True)
    sys.exit(code)
