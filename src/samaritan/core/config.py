"""Settings: validated as a whole, unknown keys refused, written out resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from samaritan.core.atomic import write_text
from samaritan.core.errors import InputError
from samaritan.core.text import read_text


class Config(BaseModel):
    """Base of every settings class: frozen, and a key that does not exist is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, path: Path | str) -> Self:
        """Read YAML (or JSON, which is YAML).

        Raises:
            InputError: not readable, not YAML, or a key is unknown or of the wrong type; every fault is named.
        """
        try:
            content = yaml.safe_load(read_text(path))
        except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no such date or number
            raise InputError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
        return cls.parse(content if content is not None else {}, str(path))

    @classmethod
    def parse(cls, content: object, origin: str) -> Self:
        """Validate ``content``; ``origin`` names it in messages.

        Raises:
            InputError: every fault with the path of its key.
        """
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            faults = "; ".join(f"{'.'.join(map(str, f['loc'])) or 'content'}: {f['msg']}" for f in error.errors())
            raise InputError(f"{origin} has settings that do not fit: {faults}.") from error

    def write(self, path: Path | str) -> None:
        """Write the resolved settings as YAML, whole or not at all."""
        write_text(path, yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
