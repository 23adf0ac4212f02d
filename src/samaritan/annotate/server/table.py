"""All routes of the API; the server and its OpenAPI document are made from this table."""

from __future__ import annotations

from samaritan.annotate.messages import (
    CaseDetail,
    CaseSummary,
    Edited,
    EditRequest,
    ExportedSet,
    ExportRequest,
    Focus,
    Health,
    Label,
    Launch,
    LearnRequest,
    LearnState,
    NewLabel,
    Previewed,
    PreviewRequest,
    RenamedLabel,
    Session,
)
from samaritan.annotate.server import cases, session
from samaritan.annotate.server.calls import Route

_BINARY = "application/octet-stream"
_ASKING = (404, 409, 415, 422, 429, 503)

ROUTES = (
    Route("GET", "/api/health", session.health, "That the server lives.", answer=Health),
    Route("GET", "/api/session", session.session, "Everything but the cases.", answer=Session),
    Route("GET", "/api/cases", cases.cases, "All cases.", answer=list[CaseSummary]),
    Route("GET", "/api/cases/{case}", cases.detail, "A case without its arrays.", answer=CaseDetail, refusals=(404, 422)),
    Route(
        "GET", "/api/cases/{case}/image", cases.image,
        "The image on the shown grid, as NIfTI; one byte range may be asked for.",
        answer=_BINARY, refusals=(404, 416, 422),
    ),
    Route(
        "GET", "/api/cases/{case}/labels", cases.labels,
        "Object numbers on the shown grid, one byte each, first axis fastest; X-Revision says of which revision.",
        answer=_BINARY, refusals=(404, 422),
    ),
    Route(
        "POST", "/api/cases/{case}/edits", cases.edits, "Do an edit; the answer comes when it is on disk.",
        body=EditRequest, answer=Edited, refusals=(*_ASKING, 507),
    ),
    Route(
        "POST", "/api/cases/{case}/preview", cases.preview, "A mask that is not kept.",
        body=PreviewRequest, answer=Previewed, refusals=_ASKING,
    ),
    Route(
        "POST", "/api/cases/{case}/focus", cases.focus, "Which slice is looked at.",
        body=Focus, answer=None, refusals=(404, 415, 422),
    ),
    Route(
        "POST", "/api/cases/{case}/export", cases.export, "The masks as a file.",
        body=ExportRequest, answer=_BINARY, refusals=(404, 415, 422, 507),
    ),
    Route(
        "POST", "/api/labels", session.add_label, "A new label, or another colour of one; answers all labels.",
        body=NewLabel, answer=list[Label], refusals=(415, 422),
    ),
    Route(
        "POST", "/api/labels/rename", session.rename_label, "Another name of a label; answers all labels.",
        body=RenamedLabel, answer=list[Label], refusals=(415, 422, 507),
    ),
    Route("POST", "/api/dataset", session.dataset, "Accepted cases as a data set.", answer=ExportedSet, refusals=(422, 507)),
    Route("GET", "/api/learn", session.learning, "How far learning is.", answer=LearnState),
    Route(
        "POST", "/api/learn", session.learn, "Start, stop, keep or discard what is learned.",
        body=LearnRequest, answer=LearnState, refusals=(409, 415, 422, 429, 503),
    ),
    Route("POST", "/api/launch", session.launch, "A new link that opens the page once.", answer=Launch),
    Route("GET", "/api/openapi.json", session.openapi, "This document.", answer="application/json"),
)  # fmt: skip
