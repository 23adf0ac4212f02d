"""Where the model looks: at the whole picture, at a part of it around the prompt, at tiles, or where it answers best."""

from samaritan.predict.framing._base import FRAMINGS, OUTSIDE, Framing, Look, make_framing

__all__ = ["FRAMINGS", "OUTSIDE", "Framing", "Look", "make_framing"]
