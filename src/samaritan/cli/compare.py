"""The verb compare: paired statistics over run folders."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, emit, one_of


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Folders written by samaritan benchmark.")],
    metric: Annotated[
        str, typer.Option(help="dice, iou, nsd, hd95_mm, assd_mm, volume_difference, or one that was added.")
    ] = "dice",
    level: Annotated[str, typer.Option(help="target, or instance for objects of instance-labelled sets.")] = "target",
    seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 0,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Paired statistics between any two rows of any runs: intervals, Wilcoxon with Holm's correction, effect sizes."""
    from dataclasses import asdict

    from samaritan.benchmark import compare_runs
    from samaritan.show.runs import show_comparison

    table = compare_runs(runs, metric, level=one_of(level, "target", "instance"), seed=seed)
    if as_json:
        emit(asdict(table))
    else:
        show_comparison(table)
