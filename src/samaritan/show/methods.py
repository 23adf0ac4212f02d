"""What ``samaritan methods`` prints."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from rich.markup import escape

from samaritan.core import Config
from samaritan.show._terminal import console, plain, print_facts, table_of

if TYPE_CHECKING:
    from samaritan.adapt import Method

#: Facts of a card in the order of its page, and what they are called there.
_CARD = {
    "title": "what", "paper": "paper", "attaches": "attaches at", "trains": "trains", "prompts": "prompts at inference",
    "folds": "folds into the weights", "identity": "unchanged when attached", "stochastic": "draws several answers",
}  # fmt: skip


#: A cross-reference of the documentation, :meth:`a.b.c`; of it a person reads c.
_ROLE = re.compile(r":\w+:`(?:[^`]*\.)?([^`]*)`")


def describe_method(method: Method) -> dict[str, Any]:
    """A method's card, and its settings with type, default and meaning."""
    return {**asdict(method.card), "settings": describe_settings(method.config)}


def describe_settings(config: type[Config]) -> list[dict[str, Any]]:
    """Every field of a settings class: name, allowed values, default, meaning (from the class's docstring)."""
    meanings = _meanings(config)
    return [
        {
            "name": name,
            "allowed": _allowed(field),
            "default": None if field.is_required() else field.get_default(call_default_factory=True),
            "meaning": meanings.get(name, ""),
        }
        for name, field in config.model_fields.items()
    ]


def show_methods(described: Sequence[Mapping[str, Any]]) -> None:
    """One line per method."""
    table = table_of("method", "what", "trains", "prompts at inference", "folds")
    for one in described:
        cells = (one["name"], one["title"], one["trains"], one["prompts"], _yes(one["folds"]))
        table.add_row(*map(escape, cells))
    console.print(table)
    console.print("samaritan methods NAME shows the paper, the deviations from it, and the settings.")


def show_method(described: Mapping[str, Any]) -> None:
    """A card in full, then the settings."""
    print_facts([("name", described["name"]), *((title, _word(described[key])) for key, title in _CARD.items())])
    if described["deviations"]:
        console.print("\n[bold]Deviations[/]")
        for sentence in described["deviations"]:
            console.print(f"* {escape(sentence)}", soft_wrap=True)
    if described["settings"]:
        table = table_of("setting", "default", "allowed", "meaning")
        for one in described["settings"]:
            table.add_row(*map(escape, (one["name"], _word(one["default"]), one["allowed"], one["meaning"])))
        console.print("\n[bold]Settings[/] (--set name=value)", table)


def _word(value: Any) -> str:
    return _yes(value) if isinstance(value, bool) else "none" if value is None else plain(value) or "-"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _allowed(field: FieldInfo) -> str:
    """The type in words with the limits of numbers: ``int, >= 1``."""
    limits = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
    bounds = [
        f"{sign} {getattr(one, key):g}" for one in field.metadata for key, sign in limits.items() if hasattr(one, key)
    ]
    return ", ".join([_type_words(field.annotation), *bounds])


def _type_words(annotation: Any) -> str:
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(map(str, inside))
    if origin in (Union, UnionType):
        return " or ".join(_type_words(one) for one in inside)
    if origin is tuple:
        return f"list of {_type_words(inside[0])}"
    return {NoneType: "none", bool: "true or false", str: "text", float: "number", int: "whole number"}.get(
        annotation, getattr(annotation, "__name__", str(annotation))
    )


def _meanings(config: type[Config]) -> dict[str, str]:
    """The texts by name, of the docstring's section "Attributes"; of the bases too, whose fields are inherited."""
    found: dict[str, str] = {}
    for one in reversed(config.__mro__):
        _, _, section = inspect.cleandoc(one.__dict__.get("__doc__") or "").partition("Attributes:\n")
        for entry in re.split(r"\n(?=    \S)", "\n" + section.partition("\n\n")[0]):
            name, colon, text = entry.strip().partition(":")
            if colon and name in config.model_fields:
                found[name] = _ROLE.sub(r"\1", " ".join(text.split()))
    return found
