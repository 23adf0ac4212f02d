"""Write a model as a folder of graphs, recipe, example and parity report; whole and right, or not at all."""

from __future__ import annotations

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import torch

from samaritan.adapt import METHODS, AdapterCard
from samaritan.core import ModelError, ResourceError, UsageError, atomic_folder
from samaritan.export._graphs import PACKAGES, Target, write_graphs
from samaritan.export._parity import PICTURES, Expected, Parity, asked, compare, compare_example, joined
from samaritan.export._recipe import recipe_of
from samaritan.export._run import open_graphs
from samaritan.models import Segmenter
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork
from samaritan.predict.runtimes._graph import obstacle

#: What tells a folder of this package, which may be overwritten, from any other.
RECIPE = "recipe.json"


def export_model(
    segmenter: Segmenter,
    folder: Path | str,
    *,
    to: Target = "onnx",
    adapter: AdapterCard | None = None,
    overwrite: bool = False,
) -> Parity:
    """Write a model as graphs that need neither torch nor this package.

    The folder holds ``encoder`` and ``decoder``, ``recipe.json`` (how a picture becomes the encoder's input and logits a mask),
    ``example.py`` (numpy, Pillow and the runtime alone) and ``parity.json`` with ``parity.md``. It appears only if no mask
    of the graphs is below Dice 0.999 to eager fp32, on every runtime of this machine that reads them.

    Args:
        segmenter: the model, eager and on the processor, adapted or not; a method that folds should be folded.
        folder: to make.
        to: form of the graphs.
        adapter: what is known about the adapter, where one is attached.
        overwrite: replace a folder that this function wrote.

    Returns:
        What the comparison found.

    Raises:
        UsageError: a package is missing, or an adapter is attached of which nothing is known.
        ModelError: no graph can be made of the model, or the graphs do not give its masks.
        ResourceError: the folder is there already, or cannot be written.
    """
    folder = Path(folder)
    _check_packages(to)
    _check_place(folder, overwrite)
    if not isinstance(segmenter, SamSegmenter):
        raise ModelError(
            f"{segmenter.name} is no model that graphs can be made of; allowed are members of the SAM family."
        )
    if segmenter.network.adaptation is not None and adapter is None:
        raise UsageError(f"{segmenter.name} is adapted with {segmenter.network.adaptation}; say with which adapter.")
    why = unexportable(segmenter.network)
    if why is not None:
        raise ModelError(why)
    with atomic_folder(folder, overwrite=overwrite) as temporary:
        recipe = recipe_of(segmenter, to, adapter)
        _write_json(temporary / RECIPE, recipe)
        shutil.copyfile(Path(__file__).with_name("_example.py"), temporary / "example.py")
        write_graphs(segmenter.network, temporary, to)
        parity = _parity(segmenter, temporary, to)
        if not parity.holds:
            worst = parity.worst
            raise ModelError(
                f"The graphs of {segmenter.name} do not give its masks: Dice {worst.worst:.4f} with {worst.runtime} "
                f"({worst.kind} on {worst.at}), allowed is {worst.floor}; nothing was written. Use the model in samaritan."
            )
        _write_json(temporary / "parity.json", parity.data())
        (temporary / "parity.md").write_text(parity.markdown(), encoding="utf-8")
    return parity


def unexportable(network: SamNetwork) -> str | None:
    """Why a network cannot be written as graphs, as a sentence with a way out; None where it can."""
    name = network.adaptation
    if network.token_sources or (name is not None and METHODS.get(name).card.prompts == "name"):
        return (
            f"{name} asks for targets by name, which a graph with points and boxes cannot; use the adapter in samaritan, "
            "or adapt with a method that is asked like its base, such as lora."
        )
    why = obstacle(network)
    if why is None:
        return None
    return (
        f"This model cannot be written as graphs: {why}; use it in samaritan, or adapt with a method that folds, "
        "such as lora."
    )


def _parity(segmenter: SamSegmenter, folder: Path, to: Target) -> Parity:
    eager = SamSegmenter(segmenter.name, segmenter.card, segmenter.network, segmenter.frame)
    expected = [Expected.of(eager, question) for question in asked(PICTURES)]
    try:
        parts = [compare(eager, expected, graphs) for graphs in open_graphs(folder, to, torch.get_num_threads())]
        return joined(parts, compare_example(folder, expected))
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"The graphs of {segmenter.name} cannot be run ({type(error).__name__}: {reason}).") from error


def _check_packages(to: Target) -> None:
    missing = [name for name in PACKAGES[to] if find_spec(name) is None]
    if missing:
        raise UsageError(f"Writing for {to} needs {', '.join(missing)}; run pip install 'samaritan[fast]'.")


def _check_place(folder: Path, overwrite: bool) -> None:
    if overwrite and folder.exists() and not (folder / RECIPE).is_file():
        raise ResourceError(
            f"{folder} is not a folder that samaritan export wrote, and is not replaced; choose another name."
        )
    if not overwrite and folder.exists():
        raise ResourceError(f"{folder} exists already; choose another name or pass --overwrite.")


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
