"""Why a question to the model process has no answer, beside what the model itself refuses."""

from __future__ import annotations

from samaritan.core import ModelError, ResourceError, SamaritanError


class SupersededError(SamaritanError):
    """A later question of the same lane took this one's place, or it was cancelled; nothing is wrong."""


class QueueFullError(ResourceError):
    """Too many questions wait already; ask again after :attr:`retry_after` seconds.

    Attributes:
        retry_after: seconds.
    """

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelGoneError(ModelError):
    """The model process ended before it answered, or does not run; what was asked may be asked again."""
