"""The page of the command line, from its own parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from samaritan.cli import app
from scripts.reference._text import code, page, table

EXIT_CODES = (
    (0, "done"),
    (1, "some cases failed, or something unexpected"),
    (2, "usage: the command line is wrong"),
    (3, "input: a file, mask, grid or prompt cannot be used"),
    (4, "model: weights are missing, damaged or not verified"),
    (5, "resources: disk, memory, permissions"),
    (130, "interrupted with Ctrl-C"),
)


def cli() -> str:
    """Every verb with its arguments and options."""
    command = typer.main.get_command(app)
    verbs = [*_verbs(command, "samaritan")]
    listed = table(("verb", "what it does"), ((f"[`{name}`](#{_anchor(name)})", _help(verb)) for name, verb in verbs))
    codes = table(("exit code", "meaning"), EXIT_CODES) + "\nErrors behind them: [errors.md](errors.md)."
    return page("Command line", listed, "## Exit codes", codes, *(_section(name, verb) for name, verb in verbs))


def _verbs(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    for inner in sorted(command.commands):
        verb = command.commands[inner]
        yield f"{name} {inner}", verb
        if hasattr(verb, "commands"):
            yield from _verbs(verb, f"{name} {inner}")


def _section(name: str, verb: Any) -> str:
    context = verb.make_context(name, [], resilient_parsing=True)
    arguments = [one for one in verb.params if one.param_type_name == "argument"]
    options = [one for one in verb.params if one.param_type_name == "option" and not one.hidden]
    usage = " ".join([name, *(["[OPTIONS]"] if options else []), *map(_place, arguments)])
    found = [f"## {name}", _help(verb, whole=True), f"```text\n{usage}\n```"]
    if arguments:
        found.append(table(("argument", "meaning"), ((code(_place(one)), one.help or "") for one in arguments)))
    if options:
        rows = ((_names(one), _kind(one, context), _default(one), one.help or "") for one in options)
        found.append(table(("option", "takes", "default", "meaning"), rows))
    return "\n\n".join(part.strip() for part in found if part)


def _help(verb: Any, *, whole: bool = False) -> str:
    text = " ".join((verb.help or "").split())
    return text if whole else text.partition(". ")[0].rstrip(".") + "."


def _names(option: Any) -> str:
    return ", ".join(map(code, [*option.opts, *option.secondary_opts]))


def _place(argument: Any) -> str:
    name = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _kind(option: Any, context: Any) -> str:
    """The type that the parser tells in --help, in words."""
    if option.is_flag:
        return ""
    shown = re.search(r"<([^<>]*)>$", option.get_help_record(context)[0])
    inner = re.search(r"\w+", shown[1].removeprefix("list[")) if shown else None
    words = {"str": "text", "int": "whole number", "float": "number", "path": "path", "": "text"}
    kind = words[inner[0] if inner else ""]
    low, high = option.min, option.max
    limits = "" if low is None else f" from {low:g}" + ("" if high is None else f" to {high:g}")
    return kind + limits + (", repeatable" if option.multiple else "")


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if option.is_flag and option.secondary_opts:
        return {True: code(option.opts[0]), False: code(option.secondary_opts[0])}.get(option.default, "")
    if option.default in (None, False, (), []) or callable(option.default):
        return ""
    shown = option.default if not isinstance(option.default, list | tuple) else ", ".join(map(str, option.default))
    return code(shown)


def _anchor(name: str) -> str:
    return name.replace(" ", "-")
