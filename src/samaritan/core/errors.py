"""Every error that samaritan raises on purpose, and the exit code each one ends a command with.

    SamaritanError            1  (never raised itself)
    ├── UsageError            2  the command line or an argument's form is wrong
    │   └── UnknownNameError  2  a registered name was asked for that does not exist
    ├── InputError            3  a file, mask, geometry or prompt cannot be used
    │   ├── FormatError       3  a file is damaged or is not what its name says
    │   ├── GeometryError     3  shape, affine or spacing is unusable or does not match
    │   └── PromptError       3  a prompt lies outside the image or contradicts itself
    ├── ModelError            4  weights are missing, damaged, of another model or unverified
    └── ResourceError         5  disk, memory or permissions

A message is one sentence (or two): what was received, what is allowed, what to do.
"""

from __future__ import annotations


class SamaritanError(Exception):
    """Root of the tree; ``exit_code`` is what the command line returns for it."""

    exit_code = 1


class UsageError(SamaritanError):
    """The command line or an argument's form is wrong."""

    exit_code = 2


class UnknownNameError(UsageError):
    """A registered name was asked for that does not exist; the message holds the nearest ones."""


class InputError(SamaritanError):
    """A file, mask, geometry or prompt cannot be used."""

    exit_code = 3


class FormatError(InputError):
    """A file is damaged or is not what its name says."""


class GeometryError(InputError):
    """Shape, affine or spacing is unusable, or two grids that must agree do not."""


class PromptError(InputError):
    """A prompt lies outside the image or contradicts itself."""


class ModelError(SamaritanError):
    """Weights are missing, damaged, of another model, or not verified."""

    exit_code = 4


class ResourceError(SamaritanError):
    """Disk, memory or permissions stop the work."""

    exit_code = 5
