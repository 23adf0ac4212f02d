"""A model as graphs for programs that have neither torch nor this package, with proof that they answer alike."""

from samaritan.export._export import export_model
from samaritan.export._parity import Parity

__all__ = ["Parity", "export_model"]
