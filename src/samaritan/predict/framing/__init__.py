"""Where the model looks: at the whole picture, as it is or with square pixels, at parts of it, or where it answers best."""

from samaritan.predict.framing._base import FRAMINGS, OUTSIDE, Framing, Look, make_framing

__all__ = ["FRAMINGS", "OUTSIDE", "Framing", "Look", "make_framing"]
