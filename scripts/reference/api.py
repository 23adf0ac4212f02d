"""The pages of the public names: one for each room, from signatures and docstrings."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from pydantic import BaseModel

import samaritan
from samaritan.core import Registry
from scripts.reference._text import attributes, code, page, prose, summary, table

#: Rooms with public names, in the order in which they build on each other.
ROOMS = (
    "core", "io", "datasets", "models", "prompts", "evaluate", "catalog", "predict", "adapt", "train", "benchmark",
    "bakeoff", "export", "notebook", "annotate.client",
)  # fmt: skip


def api() -> dict[str, str]:
    """File name -> page."""
    return {"README.md": _index()} | {f"{room}.md": _room(room) for room in ROOMS}


def public(room: str) -> list[str]:
    """The public names of a room."""
    module = importlib.import_module(f"samaritan.{room}")
    own = [name for name, thing in vars(module).items() if getattr(thing, "__module__", "") == module.__name__]
    return sorted(getattr(module, "__all__", [name for name in own if not name.startswith("_")]), key=str.lower)


def _index() -> str:
    places = {name: room for room, names in samaritan._ROOMS.items() for name in names}
    rows = []
    for name in sorted(samaritan.__all__, key=str.lower):
        inner = samaritan._NAME_IN_ROOM.get(name, name)
        link = f"[`samaritan.{name}`]({places[name]}.md#{_anchor(inner)})"
        rows.append((link, summary(getattr(samaritan, name))))
    rooms = [
        (f"[`samaritan.{room}`]({room}.md)", summary(importlib.import_module(f"samaritan.{room}"))) for room in ROOMS
    ]
    return page(
        "Python",
        "`import samaritan` costs nothing; a name is imported when it is first used.",
        table(("name", "what it is"), rows),
        "## Rooms",
        "A room imports only from those above it in this list. What is not listed on its page is not public and may change.",
        table(("room", "what it holds"), rooms),
    )


def _room(room: str) -> str:
    module = importlib.import_module(f"samaritan.{room}")
    entries = [_entry(name, getattr(module, name), module) for name in public(room)]
    return page(f"samaritan.{room}", prose(inspect.getdoc(module) or ""), *entries)


def _entry(name: str, thing: Any, module: ModuleType) -> str:
    if isinstance(thing, Registry):
        found = [f"The registry of every {thing.kind}: {', '.join(map(code, thing.names()))}."]
    elif inspect.isclass(thing) and thing.__module__.startswith("samaritan"):
        found = [*_class(name, thing)]
    elif inspect.isfunction(thing):
        found = [signature(name, thing), prose(inspect.getdoc(thing) or "")]
    else:
        found = [*_constant(name, module)]
    return "\n\n".join([f"## {name}", *(part for part in found if part)])


def _class(name: str, kind: type) -> Iterator[str]:
    text = inspect.cleandoc(kind.__dict__.get("__doc__") or "")
    if issubclass(kind, BaseModel) and kind.model_fields:
        meanings = attributes(text)
        yield prose(text.partition("\nAttributes:\n")[0])
        types = {key: text for base in reversed(kind.__mro__) for key, text in inspect.get_annotations(base).items()}
        rows = (
            (code(key), code(_shown(types[key])), _default(field), meanings.get(key, ""))
            for key, field in kind.model_fields.items()
        )
        yield table(("field", "type", "default", "meaning"), rows).strip()
    else:
        made = dataclasses.is_dataclass(kind) or "__init__" in kind.__dict__
        yield signature(name, kind, "class") if made and not getattr(kind, "_is_protocol", False) else ""
        yield prose(text)
    for key, member in kind.__dict__.items():
        if not key.startswith("_"):
            yield from _member(f"{name}.{key}", member)


def _member(name: str, member: Any) -> Iterator[str]:
    short = name.rpartition(".")[2]
    if isinstance(member, property):
        yield f"### {name}"
        yield prose(inspect.getdoc(member) or "")
    elif inspect.isfunction(member):
        yield f"### {name}"
        yield signature(short, member, own=True)
        yield prose(inspect.getdoc(member) or "")
    elif isinstance(member, classmethod | staticmethod):
        yield f"### {name}"
        word = "@classmethod\ndef" if isinstance(member, classmethod) else "@staticmethod\ndef"
        yield signature(short, inspect.unwrap(member.__func__), word, own=isinstance(member, classmethod))
        yield prose(inspect.getdoc(member) or "")


def _constant(name: str, module: ModuleType) -> Iterator[str]:
    """What its line in the source says: the comment above, and the value where that is short."""
    for source in map(inspect.getsource, [module, *_files(module)]):
        found = re.search(rf"((?:^#: .*\n)*)^{name}(?::[^=\n]+)? = (.+)$", source, re.MULTILINE)
        if found:
            yield prose("\n".join(line.removeprefix("#:").removeprefix(" ") for line in found[1].splitlines()))
            yield "" if found[2].endswith(("(", "[", "{")) else f"```text\n{name} = {found[2]}\n```"
            return


def _files(module: ModuleType) -> Iterator[ModuleType]:
    for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if not info.ispkg:
            yield importlib.import_module(f"{module.__name__}.{info.name}")


def signature(name: str, thing: Any, word: str = "def", *, own: bool = False) -> str:
    """How a function or a class is called; ``own`` leaves out the first argument, which is the object itself."""
    called = inspect.signature(thing)
    given = [*called.parameters.values()][1 if own else 0 :]
    shown, before = [], None
    for one in given:
        if one.kind is one.KEYWORD_ONLY and before not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
            shown.append("*")
        if before is one.POSITIONAL_ONLY and one.kind is not one.POSITIONAL_ONLY:
            shown.append("/")
        shown.append(_argument(one))
        before = one.kind
    if before is inspect.Parameter.POSITIONAL_ONLY:
        shown.append("/")
    answers = word != "class" and called.return_annotation is not called.empty
    back = f" -> {_shown(called.return_annotation)}" if answers else ""
    if word == "class":
        shown.insert(0, "self")
    line = f"{'def __init__' if word == 'class' else f'{word} {name}'}({', '.join(shown)}){back}: ..."
    if len(line) > 100:
        line = f"{line.partition('(')[0]}(\n" + "".join(f"    {one},\n" for one in shown) + f"){back}: ..."
    if word == "class":
        line = f"class {name}:\n" + textwrap.indent(line, "    ")
    return f"<!-- not run: a signature -->\n```python\n{line}\n```"


def _argument(one: inspect.Parameter) -> str:
    stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
    kind = "" if one.annotation is one.empty else f": {_shown(one.annotation)}"
    if one.default is one.empty:
        return f"{stars}{one.name}{kind}"
    default = re.sub(r"<.*>", "...", repr(one.default)).replace("'", '"')
    return f"{one.name}{kind} = {_plain(default)}" if kind else f"{one.name}={_plain(default)}"


def _shown(annotation: Any) -> str:
    return _plain(annotation if isinstance(annotation, str) else inspect.formatannotation(annotation))


def _plain(text: str) -> str:
    """Types without the modules that they are from."""
    return re.sub(r"\b(?:samaritan|numpy|pathlib|typing|collections)(?:\.\w+)*\.(?=\w)", "", text).replace("'", '"')


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    return code(f"{type(value).__name__}()" if isinstance(value, BaseModel) else value)


def _anchor(name: str) -> str:
    return name.lower()
