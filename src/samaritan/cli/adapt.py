"""The verb adapt: train an adaptation and say how far it lifts the test part."""

from __future__ import annotations

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
    emit,
)
from samaritan.cli._training import (
    Budget,
    MaxInstances,
    MaxSlices,
    ModelName,
    Prompts,
    Seed,
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
def adapt(
    data: Annotated[list[str], typer.Argument(help="Folders of data sets, collections of them, or built-in names.")],
    output: Output,
    method: Annotated[str, typer.Option(help="name or name:key=value,...; see: samaritan methods.")] = "lora",
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="Setting of the method, key=value (repeatable).")
    ] = None,
    model: ModelName = "litemedsam",
    weights: Weights = None,
    prompt: Prompts = None,
    test_prompt: TestPrompts = None,
    minutes: Budget = None,
    steps: Steps = None,
    split: SplitText = None,
    train_cases: Annotated[int | None, typer.Option(help="Train on so many patients only.")] = None,
    raters: Annotated[
        str, typer.Option(help="reference, or random: the mask of one rater, drawn for each question.")
    ] = "reference",
    train: Tuning = None,
    max_slices: MaxSlices = None,
    max_instances: MaxInstances = 100,
    seed: Seed = 0,
    meta: Meta = None,
    plane: PlaneName = "auto",
    intensity: Intensity = None,
    device: Device = "cpu",
    runtime: RuntimeName = "auto",
    threads: Threads = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Refuse to start anew where there is nothing to continue.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Continue although settings or data differ.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    overwrite: Overwrite = False,
    debug: Debug = False,
) -> None:
    """Adapt a model to a data set, and score unseen patients before and after. Run it again to continue after a stop."""
    bind_threads(threads)
    from samaritan.bakeoff import ArmConfig, MethodSpec, adapt_and_score, first_process
    from samaritan.show.bakeoff import show_adapted, training_bar

    spec = MethodSpec.parse(method, setting or ())
    shared = training_settings(train, minutes, steps) | split_settings(split)
    content: dict[str, Any] = {
        "label": spec.text,
        "train": shared | {
            "data": data, "meta": None if meta is None else str(meta), "model": model,
            "weights": None if weights is None else str(weights), "method": spec.name, "settings": spec.settings,
            "train_cases": train_cases, "raters": raters, "seed": seed, "plane": plane, "intensity": intensity,
            "device": device, "threads": threads, **({"prompts": prompt} if prompt else {}),
        },
        "score": score_settings(test_prompt or prompt, max_slices, max_instances),
    }  # fmt: skip
    config = ArmConfig.parse(content, "The command line")
    with training_bar(quiet or as_json or not first_process()) as progress:
        done = adapt_and_score(
            config, output, progress, resume=resume, force=force, overwrite=overwrite, runtime=runtime
        )
    if done.elsewhere:
        raise typer.Exit
    if as_json:
        emit(done.facts())
    elif not quiet:
        show_adapted(done)
    raise typer.Exit(done.exit_code)
