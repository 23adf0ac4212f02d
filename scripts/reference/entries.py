"""The pages of everything that is registered by name."""

from __future__ import annotations

import inspect
import sys
from typing import Any

from samaritan.adapt import METHODS
from samaritan.core.public_data import titles
from samaritan.datasets import LAYOUTS
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets.samples._base import SAMPLES
from samaritan.evaluate import METRICS, rater_table
from samaritan.io import FORMATS
from samaritan.models import MODELS
from samaritan.predict.framing._base import FRAMINGS
from samaritan.predict.propagate import STRATEGIES
from samaritan.predict.runtimes._base import RUNTIMES
from samaritan.prompts import PROMPTS, VolumeStrategy
from samaritan.prompts._strategy import options_of
from scripts.reference._text import attributes, code, page, prose, summary, table

#: Format -> what defines it, and the package that reads and writes it, with its licence.
STANDARDS = {
    "dicom": ("[DICOM PS3](https://www.dicomstandard.org/current)", "pydicom (MIT)"),
    "dicom-rtstruct": ("[DICOM PS3](https://www.dicomstandard.org/current)", "pydicom (MIT)"),
    "dicom-seg": ("[DICOM PS3](https://www.dicomstandard.org/current)", "highdicom (MIT)"),
    "metaimage": ("[MetaIO](https://itk.org/Wiki/MetaIO/Documentation)", "SimpleITK (Apache-2.0)"),
    "nifti": ("[NIfTI](https://nifti.nimh.nih.gov/)", "nibabel (MIT)"),
    "nrrd": ("[NRRD](https://teem.sourceforge.net/nrrd/format.html)", "pynrrd (MIT)"),
    "raster": ("[PNG](https://www.w3.org/TR/png-3/), [JPEG](https://www.w3.org/Graphics/JPEG/)", "Pillow (MIT-CMU)"),
    "tiff": ("[TIFF 6.0](https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf)", "tifffile (BSD-3-Clause)"),
}


def entries() -> dict[str, str]:
    """File name -> page."""
    return {
        "models.md": models(), "methods.md": methods(), "metrics.md": metrics(), "prompts.md": prompts(),
        "formats.md": formats(), "layouts.md": layouts(), "prediction.md": prediction(),
    }  # fmt: skip


def models() -> str:
    """Every model with its paper and licence."""
    cards = [MODELS.get(name).card for name in MODELS.names()]
    rows = (
        (code(c.name), c.title, c.paper, c.licence, f"{c.parameters / 1e6:.1f} M", c.input_size, ", ".join(c.prompts),
         "; ".join(titles(c.training_data)) or "not known")
        for c in cards
    )  # fmt: skip
    return page(
        "Models by name",
        "`-m NAME`, or `NAME@SIDE` at another input side. How to get weights, and which data a model has seen: "
        "[models.md](../models.md). Names that begin with `tiny` are miniatures with random weights, for tests.",
        table(
            ("name", "what it is", "paper", "licence of the weights", "parameters", "side", "prompts", "trained on"),
            rows,
        ),
        wide=True,
    )


def methods() -> str:
    """Every adaptation method with its paper."""
    cards = [METHODS.get(name).card for name in METHODS.names()]
    rows = (
        (f"[`{c.name}`](../methods/{c.name}.md)", c.title, c.paper, c.trains, c.prompts, "yes" if c.folds else "no")
        for c in cards
    )
    return page(
        "Adaptation methods by name",
        "`samaritan adapt DATA --method NAME`, settings behind a colon: `lora:rank=8,blocks=last:4`. All of them are this "
        "package's own code under Apache-2.0, written from the papers; a page of its own has the settings and says where "
        "it deviates. An adapter file carries the licence of the data that it was trained on.",
        table(("name", "what it is", "paper", "trains", "prompts at inference", "folds into the base"), rows),
        wide=True,
    )


def metrics() -> str:
    """Every metric with its definition and its answers to empty masks."""
    rows = []
    for one in map(METRICS.get, METRICS.names()):
        empty = (one.empty.both, one.empty.pred, one.empty.ref)
        better = "higher" if one.higher_is_better else "lower"
        rows.append((code(one.name), one.title, one.unit, better, one.definition, *map(_empty, empty)))
    several = rater_table()
    return page(
        "Metrics by name",
        "This package's own code under Apache-2.0; the source stands in the definition, and `samaritan cite nsd` prints it.",
        "## Two masks",
        "\"mm\" becomes pixels where the image knows no spacing. \"undefined\" is left out of means and counted, "
        "\"diagonal\" is the image's, the largest distance that there can be.",
        table(("name", "title", "unit", "better", "definition", "both empty", "only prediction empty",
               "only reference empty"), rows),
        "## Several answers, several raters",
        "Two empty masks agree, an empty and a non-empty one do not.",
        table(tuple(several[0]), (tuple(row.values()) for row in several)),
        wide=True,
    )  # fmt: skip


def prompts() -> str:
    """Every prompt strategy with its options."""
    pictures: list[tuple[str, ...]] = []
    volumes: list[tuple[str, ...]] = []
    for name in PROMPTS.names():
        kind: Any = getattr(PROMPTS.get(name), "__self__", None)
        about = summary(kind or sys.modules[f"samaritan.prompts.{name}"])
        options = ", ".join(f"`{key}`" for key in options_of(kind)) if kind else ""
        source = volumes if kind and issubclass(kind, VolumeStrategy) else pictures
        source.append((code(name), about, options))
    titles_ = ("name", "what is asked", "options")
    return page(
        "Prompts by name",
        "`-p NAME`, `-p NAME:value`, `-p NAME:key=value,key=value`. Examples: [prompts.md](../prompts.md). "
        "This package's own code under Apache-2.0; where a prompt is published, its paper stands beside it.",
        "## About one picture, or slice by slice",
        table(titles_, pictures),
        "## About a volume",
        table(titles_, volumes),
    )


def formats() -> str:
    """Every file format: what is read and what is written."""
    rows = []
    for name in FORMATS.names():
        one = FORMATS.get(name)
        read, write = (", ".join(map(code, found)) for found in (one.suffixes, one.write_suffixes))
        known = STANDARDS.get(name, ("", ""))
        rows.append((code(name), read or "found by content", write or "is only read", code(one.mask_suffix), *known))
    about = [f"## {name}\n\n{prose(inspect.getdoc(_module_of(FORMATS.get(name))) or '')}" for name in FORMATS.names()]
    return page(
        "File formats",
        "Images and masks. A file is known by its name and checked by its content; a mask is written on the grid of its image.",
        table(("name", "read", "written", "a mask beside such an image is", "standard", "library (licence)"), rows),
        *about,
    )


def layouts() -> str:
    """Every layout of data sets, the keys of dataset.yaml, and the built-in samples."""
    found = []
    for name in LAYOUTS.names():
        one = LAYOUTS.get(name)
        found.append(f"## {name}\n\n`{one.form}`\n\n{prose(inspect.getdoc(_module_of(one.read)) or '')}")
    meanings = attributes(inspect.getdoc(DatasetInfo) or "")
    keys = ((code(key), meanings.get(key, "")) for key in DatasetInfo.model_fields)
    samples = ((code(f"samples/{name}"), SAMPLES.get(name).description) for name in SAMPLES.names())
    return page(
        "Layouts of data sets",
        "A folder is read by the first of these that claims it; a folder of such folders is a collection.",
        *found,
        "## dataset.yaml",
        "Beside the images, or by folder name in the file that `--meta` names. Every key may be left out.",
        table(("key", "meaning"), keys),
        "## Built-in samples",
        table(("name", "what it is"), samples),
    )


def prediction() -> str:
    """Framings, propagation and runtimes."""
    framings = ((code(name), summary(_module_of(FRAMINGS.get(name)))) for name in FRAMINGS.names())
    ways = ((code(name), STRATEGIES.get(name).title) for name in STRATEGIES.names())
    engines = map(RUNTIMES.get, RUNTIMES.names())
    runtimes = ((code(one.name), one.title, code(one.package or "torch")) for one in engines)
    return page(
        "Framings, propagation, runtimes",
        "## `--framing`: which part of a picture is shown",
        table(("name", "what the model sees"), framings),
        "Measured in [framing.md](../framing.md).",
        "## `--propagate`: from prompted slices to the others",
        table(("name", "how"), ways),
        "More in [volumes.md](../volumes.md).",
        "## `--runtime`: what runs the encoder",
        table(("name", "what it is", "needs"), runtimes),
        "More in [speed.md](../speed.md).",
    )


def _module_of(thing: Any) -> Any:
    return sys.modules[getattr(thing, "__module__", None) or type(thing).__module__]


def _empty(value: object) -> str:
    return f"{value:g}" if isinstance(value, float | int) else str(value)
