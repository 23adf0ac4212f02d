"""The verb bakeoff: methods against each other on the same split, prompts, budget and schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from samaritan.cli._app import app
from samaritan.cli._options import (
    AsJson,
    Debug,
    Device,
    Intensity,
    Meta,
    Output,
    Overwrite,
    PlaneName,
    Quiet,
    RuntimeName,
    Threads,
    check_markdown,
    emit,
    numbers,
)
from samaritan.cli._training import (
    MaxInstances,
    MaxSlices,
    ModelName,
    Prompts,
    SplitText,
    Steps,
    TestPrompts,
    Tuning,
    Weights,
    score_settings,
    split_settings,
    training_settings,
)
from samaritan.process import bind_threads


@app.command()
def bakeoff(
    data: Annotated[list[str], typer.Argument(help="Folders of data sets, collections of them, or built-in names.")],
    output: Output,
    methods: Annotated[
        list[str],
        typer.Option(
            "--methods",
            help="A row of the table: name or name:key=value,... (repeatable); names alone may be listed, a,b.",
        ),
    ],
    budget: Annotated[float | None, typer.Option("--budget", help="Minutes of every training; 10 otherwise.")] = None,
    steps: Steps = None,
    seeds: Annotated[str, typer.Option(help="Every method is trained once with each: 0,1,2.")] = "0",
    few: Annotated[str, typer.Option(help="Numbers of training patients for a few-shot curve: 1,2,5,10,20.")] = "",
    model: ModelName = "litemedsam",
    weights: Weights = None,
    prompt: Prompts = None,
    test_prompt: TestPrompts = None,
    split: SplitText = None,
    split_seed: Annotated[int, typer.Option(help="Of the split that all arms share.")] = 0,
    raters: Annotated[
        str, typer.Option(help="reference, or random: the mask of one rater, drawn for each question.")
    ] = "reference",
    train: Tuning = None,
    max_slices: MaxSlices = None,
    max_instances: MaxInstances = 100,
    meta: Meta = None,
    plane: PlaneName = "auto",
    intensity: Intensity = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the tables as Markdown too.")] = None,
    device: Device = "cpu",
    runtime: RuntimeName = "auto",
    threads: Threads = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Adapt by several methods and compare them. Run it again to continue after a stop, or with more methods or seeds."""
    bind_threads(threads)
    from samaritan.bakeoff import BakeoffConfig, read_bakeoff, run_bakeoff
    from samaritan.show.bakeoff import arms_bar, show_bakeoff

    content: dict[str, Any] = {
        "methods": [name for text in methods for name in names(text)],
        "seeds": numbers("seeds", seeds),
        "few": numbers("few", few),
        "train": training_settings(train, budget, steps) | split_settings(split) | {
            "data": data, "meta": None if meta is None else str(meta), "model": model,
            "weights": None if weights is None else str(weights), "raters": raters, "seed": split_seed, "plane": plane,
            "intensity": intensity, "device": device, "threads": threads, **({"prompts": prompt} if prompt else {}),
        },
        "score": score_settings(test_prompt or prompt, max_slices, max_instances),
    }  # fmt: skip
    config = BakeoffConfig.parse(content, "The command line")
    check_markdown(markdown)
    with arms_bar(quiet or as_json) as progress:
        result = run_bakeoff(config, output, overwrite=overwrite, progress=progress, runtime=runtime)
    if markdown is not None and result.finished:
        from samaritan.bakeoff.markdown import write_markdown

        write_markdown(output, markdown)
    if as_json:
        emit(vars(result) | {"report": result.report})
    elif not quiet and result.finished:
        show_bakeoff(result, read_bakeoff(output))
    raise typer.Exit(result.exit_code)


def names(text: str) -> list[str]:
    """One method with settings, or several names with commas between them."""
    return [text] if ":" in text else [name.strip() for name in text.split(",") if name.strip()]
