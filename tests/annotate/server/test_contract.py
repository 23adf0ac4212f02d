"""Requests made from the OpenAPI document, against real cases: row S25 of docs/reliability.md.

Few of them here; ``python -m benchmarks.annotate.fuzz FOLDER`` makes more than 2 000 on a port, with a real model process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from samaritan.annotate.engine.requests import SliceAnswer, SliceQuestion, VolumeAnswer, VolumeQuestion
from samaritan.annotate.messages import Message, schema
from samaritan.annotate.server import Hub, ServerSettings, create_app
from samaritan.annotate.server.calls import Route
from samaritan.annotate.server.openapi import openapi
from samaritan.annotate.server.table import ROUTES
from samaritan.annotate.workspace import Workspace

from .fakes import Engine, Learner

SHAPE = (6, 5, 4)

#: The document cannot say which places lie inside the image, and which objects a case has.
LEFT_OUT = [schemathesis.checks.positive_data_acceptance]


class Painter(Engine):
    """Answers with masks of the right shape."""

    async def ask(self, question: SliceQuestion) -> SliceAnswer:
        mask = np.zeros(tuple(np.delete(SHAPE, {"sagittal": 0, "coronal": 1, "axial": 2}[question.plane])), bool)
        mask[1:3, 1:3] = True
        return SliceAnswer((mask, ~mask), (0.9, 0.5), encoded=False, seconds=0.1)

    async def propagate(self, question: VolumeQuestion, progress: Any = None) -> VolumeAnswer:
        return VolumeAnswer({}, {}, (), 0.1)


class Kept(Workspace):
    """Outlives the application, which schemathesis starts and ends around every request."""

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Workspace]]:
    """The document as the application serves it, with the headers of a script, and the cases."""
    folder = tmp_path_factory.mktemp("contract") / "images"
    folder.mkdir()
    image = nib.nifti1.Nifti1Image(np.arange(120, dtype=np.int16).reshape(SHAPE), np.diag([-1, 1, 2, 1]))  # type: ignore[no-untyped-call]
    nib.loadsave.save(image, folder / "volume.nii.gz")
    workspace = Kept(folder, folder.with_name("out"), ("organ",))
    chosen = ServerSettings()
    app = create_app(workspace, Painter(), Learner(), chosen, Hub())
    headers = {"Authorization": f"Bearer {chosen.keys.script}", "Host": "127.0.0.1"}
    found = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=headers)
    found.config.update(headers=headers)
    yield found, workspace
    Workspace.close(workspace)


POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE


@pytest.mark.parametrize(
    ("route", "mode"),
    [(route, POSITIVE) for route in ROUTES] + [(route, NEGATIVE) for route in ROUTES if route.body is not None],
    ids=lambda value: f"{value.method} {value.path}" if isinstance(value, Route) else value.value,
)
def test_every_answer_is_as_the_document_says(
    served: tuple[Any, Workspace], route: Route, mode: schemathesis.GenerationMode
) -> None:
    document, cases = served
    seen = set()

    @given(document[route.path][route.method].as_strategy(generation_mode=mode))
    @settings(max_examples=10, suppress_health_check=list(HealthCheck), database=None)
    def ask(case: schemathesis.Case[Any]) -> None:
        if "case" in case.path_parameters:
            case.path_parameters["case"] = cases.summaries()[0].case
        if isinstance(case.body, dict) and "revision" in case.body and mode == POSITIVE:
            case.body["revision"] = cases.summaries()[0].revision  # or nearly all edits would be of another one
        seen.add(case.call_and_validate(excluded_checks=LEFT_OUT).status_code)

    ask()
    assert seen
    assert not seen & {401, 403, 404, 421}


def test_every_message_is_in_the_document() -> None:
    document = openapi()
    assert set(schema()) <= set(document["components"]["schemas"])
    assert "$defs" not in str(document)


def test_every_reference_leads_somewhere() -> None:
    document = openapi()
    names = set(document["components"]["schemas"])

    def references(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for child in node.values():
                yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    assert {reference.removeprefix("#/components/schemas/") for reference in references(document)} <= names


def test_routes_and_document_come_from_one_table() -> None:
    document = openapi()
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    for route in ROUTES:
        assert route.body is None or issubclass(route.body, Message)
        assert (route.body is not None) == ("requestBody" in document["paths"][route.path][route.method.lower()])
