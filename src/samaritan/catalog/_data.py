"""The files that the catalogue is read from."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

#: libyaml where PyYAML has it: ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(name: str) -> Any:
    """The content of ``data/NAME.yaml``."""
    text = resources.files("samaritan.catalog").joinpath("data", f"{name}.yaml").read_text(encoding="utf-8")
    loader = _LOADER(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
