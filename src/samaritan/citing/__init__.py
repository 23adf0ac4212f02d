"""What a run, an adapter, a model, a method, a prompt, a score or a data set rests on, as references."""

from samaritan.citing._cite import Cited, cite

__all__ = ["Cited", "cite"]
