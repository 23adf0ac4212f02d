"""Writes web/src/api/messages.ts, the page's types, from the messages that page and server say to each other.

Run it after src/samaritan/annotate/messages/ has changed: python scripts/page_types.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from samaritan.annotate import messages

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "web" / "src" / "api" / "messages.ts"

#: What the page sends: here a field with a default may be left out. All others arrive whole.
SENT = ("EditRequest", "PreviewRequest", "Focus", "NewLabel", "RenamedLabel", "ExportRequest", "LearnRequest")

HEAD = "// Made by scripts/page_types.py from src/samaritan/annotate/messages/: change that, and run the script.\n"

PLAIN = {"integer": "number", "number": "number", "string": "string", "boolean": "boolean", "null": "null"}

Schema = dict[str, Any]


def main() -> None:
    """Write the types anew."""
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(page_types(), encoding="utf-8")


def page_types() -> str:
    """The file's text of now."""
    kinds = messages.schema()
    edit = json.dumps(kinds["EditRequest"]["properties"]["edit"])
    sent = _reachable(SENT, kinds) - _reachable(tuple(kinds.keys() - set(SENT) - set(_names(edit))), kinds)
    blocks = [_interface(name, kind, optional=name in sent) for name, kind in kinds.items()]
    blocks.append("export type Edit = " + _type(kinds["EditRequest"]["properties"]["edit"]) + ";\n")
    return "\n".join((HEAD, *blocks))


def _reachable(roots: tuple[str, ...], kinds: dict[str, Schema]) -> set[str]:
    """The messages with these names, and all that they hold."""
    found: set[str] = set()
    left = list(roots)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _names(json.dumps(kinds[name]["properties"]))
    return found


def _names(text: str) -> list[str]:
    return re.findall(r'"#/components/schemas/(\w+)"', text)


def _interface(name: str, kind: Schema, *, optional: bool) -> str:
    required = set(kind.get("required", ()))
    fields = [
        f"  {field}{'?' if optional and field not in required else ''}: {_type(schema)};\n"
        for field, schema in kind["properties"].items()
    ]
    said = kind.get("description", "").split("\n")[0].replace("``", "`")
    return f"/** {said} */\nexport interface {name} {{\n{''.join(fields)}}}\n"


def _type(schema: Schema) -> str:
    """A TypeScript type for a part of a JSON Schema."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if choices := schema.get("enum", [schema["const"]] if "const" in schema else None):
        return " | ".join(json.dumps(one) for one in choices)
    if union := schema.get("anyOf", schema.get("oneOf")):
        return " | ".join(_type(one) for one in union)
    if schema["type"] == "array":
        return _array(schema)
    if schema["type"] == "object":
        return _record(schema)
    return PLAIN[schema["type"]]


def _record(schema: Schema) -> str:
    keys = schema.get("propertyNames", {}).get("enum")
    value = _type(schema["additionalProperties"])
    return f"Partial<Record<{' | '.join(map(json.dumps, keys))}, {value}>>" if keys else f"Record<string, {value}>"


def _array(schema: Schema) -> str:
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(one) for one in schema["prefixItems"]) + "]"
    item = _type(schema["items"])
    return f"({item})[]" if " " in item and not item.startswith("[") else f"{item}[]"


if __name__ == "__main__":
    main()
