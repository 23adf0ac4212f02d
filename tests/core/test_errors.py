from __future__ import annotations

import inspect

import pytest

from samaritan import core
from samaritan.core import errors

TREE = [thing for _, thing in inspect.getmembers(errors, inspect.isclass) if thing.__module__ == errors.__name__]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("UsageError", 2), ("UnknownNameError", 2), ("InputError", 3), ("FormatError", 3), ("GeometryError", 3),
        ("PromptError", 3), ("ModelError", 4), ("ResourceError", 5),
    ],
)  # fmt: skip
def test_exit_codes(name: str, code: int) -> None:
    assert getattr(errors, name).exit_code == code
    assert getattr(core, name) is getattr(errors, name)


@pytest.mark.parametrize("error", TREE)
def test_drawing_shows_every_error_with_its_code(error: type[errors.SamaritanError]) -> None:
    assert issubclass(error, errors.SamaritanError)
    (line,) = [line for line in (errors.__doc__ or "").splitlines() if error.__name__ in line.split()]
    assert str(error.exit_code) in line.split()
