"""The `samaritan` command lines of a shell block, and whether the command line's own parser takes them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer
from typer.exceptions import TyperException

from samaritan.cli import app
from samaritan.core.errors import SamaritanError

PARSER: Any = typer.main.get_command(app)

#: What ends a command in a shell.
ENDS = {"|", "||", "&", "&&", ";", ";;", "(", ")", "<", ">", ">>", "<<<"}

#: What a shell writes into a file or a program, from its own script.
HERE_DOCUMENT = re.compile(r"(?<=<<)-?\s*(['\"]?)(\w+)\1.*?^\s*\2$", re.DOTALL | re.MULTILINE)


def command_lines(code: str) -> Iterator[list[str]]:
    """The arguments of every call of samaritan in a shell block: behind `&&`, in loops, after settings such as A=1."""
    text = HERE_DOCUMENT.sub("", re.sub(r"\\\n", " ", code))
    for line in re.sub(r"\d?>&\d", " ", re.sub(r"\d>", ">", text)).splitlines():
        if "samaritan" not in line:
            continue
        reader = shlex.shlex(line, posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        words = list(reader)
        for start in (place for place, word in enumerate(words) if word == "samaritan"):
            if _begins(words[:start]):
                rest = words[start + 1 :]
                ends = (place for place, word in enumerate(rest) if word in ENDS)
                yield rest[: next(ends, len(rest))]


def refusal(arguments: list[str]) -> str:
    """What the parser has against a command line; "" if it would run it."""
    try:
        _parse(PARSER, "samaritan", arguments, None)
    except TyperException as error:
        return getattr(error, "message", "") or str(error)
    except SamaritanError as error:
        return str(error)
    except typer.Exit:  # --help and the like
        return ""
    return ""


def unknown_options(text: str) -> list[str]:
    """The options of a `samaritan ...` within prose that its verb does not have; the verb itself if there is none."""
    words = text.split()
    command, rest = PARSER, words[1:]
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        if rest[0] not in command.commands:
            return [] if command is not PARSER or not rest[0].isalpha() or rest[0].isupper() else [rest[0]]
        command, rest = command.commands[rest[0]], rest[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    known |= {"-h", "--help"}
    shown = [word.partition("=")[0].rstrip(",]") for word in rest if re.match(r"\[?--?[a-z]", word)]
    return [option for option in (word.lstrip("[") for word in shown) if option not in known]


def _begins(words: list[str]) -> bool:
    """Whether a command begins behind these words of a line."""
    while words and re.fullmatch(r"\w+=.*", words[-1]):
        words = words[:-1]
    return not words or words[-1] in {*ENDS, "do", "then", "else", "time", "!", "$("} or words[-1:] == ["-m"]


def _parse(command: Any, name: str, arguments: list[str], parent: Any) -> None:
    context = command.make_context(name, list(arguments), parent=parent)
    if hasattr(command, "commands") and (rest := [*context._protected_args, *context.args]):
        inner, found, left = command.resolve_command(context, rest)
        _parse(found, inner, left, context)
