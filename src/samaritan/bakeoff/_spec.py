"""A method with settings in one text: ``lora``, ``lora:rank=8,targets=q,k,v``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import UnionType
from typing import Any, Self, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from samaritan.core import Config, UsageError

#: A comma that begins the next ``key=value``; other commas belong to the value.
_NEXT = re.compile(r",(?=\s*\w+\s*=)")


@dataclass(frozen=True)
class MethodSpec:
    """A method as a person names it.

    Attributes:
        text: as given, the name of its row in every table.
        name: in METHODS.
        settings: of the method, those that the text gives.
    """

    text: str
    name: str
    settings: dict[str, Any] = field(hash=False)

    @classmethod
    def parse(cls, text: str, more: Iterable[str] = ()) -> Self:
        """From ``name[:key=value[,key=value...]]`` and further ``key=value``.

        Raises:
            UnknownNameError: no method is called so; the message has the nearest names.
            UsageError: something is not key=value.
            InputError: a setting does not exist, or its value does not fit.
        """
        from samaritan.adapt import METHODS  # noqa: PLC0415 - imports torch

        name, _, rest = text.strip().partition(":")
        method = METHODS.get(name)
        pairs = [*(_NEXT.split(rest) if rest else ()), *more]
        settings = method.config.parse(read_settings(method.config, pairs), f"The method {name!r}")
        return cls(text.strip(), name, settings.model_dump(mode="json", exclude_unset=True))

    @property
    def slug(self) -> str:
        """The text as the name of a folder."""
        return re.sub(r"[^\w.=,-]+", "-", self.text).strip("-.")


def read_settings(config: type[Config], pairs: Iterable[str]) -> dict[str, Any]:
    """Settings from ``key=value`` texts; pydantic makes numbers of them, this only makes lists and None where they may be.

    Raises:
        UsageError: a text is not key=value, or a key comes twice.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = (word.strip() for word in pair.partition("="))
        if not (key and equals):
            raise UsageError(f"Received {pair!r}; a setting is written key=value.")
        if key in found:
            raise UsageError(f"The setting {key} is given twice; give it once.")
        field = config.model_fields.get(key)
        found[key] = value if field is None else _read(field, value)
    return found


def _read(field: FieldInfo, value: str) -> Any:
    annotation: Any = field.annotation
    kinds = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    if value.lower() in ("none", "null") and type(None) in kinds:
        return None
    if any(kind is tuple or get_origin(kind) is tuple for kind in kinds):
        return [item.strip() for item in value.split(",")] if value else []
    return value
