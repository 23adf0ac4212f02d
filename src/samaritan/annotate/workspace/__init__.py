"""Cases, masks, journal and exports: files and arrays, without a model and without a network."""

from samaritan.annotate.workspace._errors import StaleRevisionError, UnknownCaseError
from samaritan.annotate.workspace.document import Document
from samaritan.annotate.workspace.shown import ShownGrid
from samaritan.annotate.workspace.workspace import Workspace

__all__ = ["Document", "ShownGrid", "StaleRevisionError", "UnknownCaseError", "Workspace"]
