"""The words of the domain: grids, images, prompts, names, settings, errors. Numpy and nothing heavy."""

from samaritan.core.atomic import atomic_folder, atomic_path, write_bytes, write_text
from samaritan.core.config import Config
from samaritan.core.errors import (
    FormatError,
    GeometryError,
    InputError,
    ModelError,
    PromptError,
    ResourceError,
    SamaritanError,
    UnknownNameError,
    UsageError,
)
from samaritan.core.geometry import Geometry
from samaritan.core.lock import exclusive
from samaritan.core.prompt import Box, MaskHint, Points, PromptSet
from samaritan.core.registry import Registry
from samaritan.core.term import ABNORMAL, ANATOMY, TISSUE, UNKNOWN, Code, Term
from samaritan.core.text import read_text
from samaritan.core.view import Plane, SliceView
from samaritan.core.volume import LabelMap, Volume
from samaritan.core.window import Window

__all__ = [
    "ABNORMAL", "ANATOMY", "TISSUE", "UNKNOWN", "Box", "Code", "Config", "FormatError", "Geometry", "GeometryError",
    "InputError", "LabelMap", "MaskHint", "ModelError", "Plane", "Points", "PromptError", "PromptSet", "Registry",
    "ResourceError", "SamaritanError", "SliceView", "Term", "UnknownNameError", "UsageError", "Volume", "Window",
    "atomic_folder", "atomic_path", "exclusive", "read_text", "write_bytes", "write_text",
]  # fmt: skip
