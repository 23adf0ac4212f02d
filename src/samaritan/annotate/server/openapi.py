"""The OpenAPI document, from the messages and the table of routes."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter

from samaritan import __version__
from samaritan.annotate.messages import schema
from samaritan.annotate.server.calls import Route
from samaritan.annotate.server.table import ROUTES

_REFERENCE = "#/components/schemas/{model}"


@cache
def openapi_text() -> bytes:
    """:func:`openapi` as JSON."""
    return json.dumps(openapi(), indent=1).encode()


def openapi() -> dict[str, Any]:
    """The document, in version 3.1; every answer of 400 and more is a Failure, also where it is not listed."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "samaritan annotate",
            "version": __version__,
            "description": "The annotator's server. Research software, not a medical device.",
        },
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _schemas() -> dict[str, Any]:
    """All messages on one level: what pydantic nests in ``$defs`` has the same names."""
    flat: dict[str, Any] = {}
    for name, found in schema().items():
        flat |= found.pop("$defs", {})
        flat[name] = found
    return dict(sorted(flat.items()))


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler.__name__,
        "responses": _responses(route),
    }
    if "{case}" in route.path:
        pattern = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$"}
        operation["parameters"] = [{"name": "case", "in": "path", "required": True, "schema": pattern}]
    if route.body is not None:
        content = {"application/json": {"schema": _reference(route.body)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _responses(route: Route) -> dict[str, Any]:
    failure = {"application/json": {"schema": {"$ref": _REFERENCE.format(model="Failure")}}}
    conflict = {"anyOf": [{"$ref": _REFERENCE.format(model=name)} for name in ("Failure", "Conflict")]}
    responses: dict[str, Any] = {}
    if route.answer is None:
        responses["204"] = {"description": "Done."}
    elif isinstance(route.answer, str):
        responses["200"] = {"description": route.summary, "content": {route.answer: {}}}
    else:
        responses["200"] = {
            "description": route.summary,
            "content": {"application/json": {"schema": _of(route.answer)}},
        }
    for status in route.refusals:
        content = {"application/json": {"schema": conflict}} if status == 409 else failure
        responses[str(status)] = {"description": _MEANINGS[status], "content": content}
    responses["default"] = {"description": "Refused before the route saw it, or unexpected.", "content": failure}
    return responses


def _of(answer: Any) -> dict[str, Any]:
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        return _reference(answer)
    found = TypeAdapter(answer).json_schema(ref_template=_REFERENCE)
    found.pop("$defs", None)
    return found


def _reference(kind: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REFERENCE.format(model=kind.__name__)}


_MEANINGS = {
    404: "There is no such case.",
    409: "Another page changed the case (stale), or a later request took this one's place (superseded).",
    415: "Not sent as JSON.",
    416: "The range lies outside the file.",
    422: "It cannot be used; the sentence says why.",
    429: "Too many questions wait; Retry-After says when to come back.",
    503: "The model process does not answer now; it restarts by itself.",
    507: "Disk or memory is full.",
}
