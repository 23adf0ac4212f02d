"""Edits that came too late are kept, so that nothing that a person did is lost."""

from __future__ import annotations

import json
import os

from samaritan.annotate.messages import EditRequest
from samaritan.annotate.workspace._layout import Layout
from samaritan.annotate.workspace._opening import timestamp


def keep(layout: Layout, case: str, request: EditRequest) -> str | None:
    """Append an edit to the case's file of refused ones; returns its name in the output folder, None where that failed."""
    path = layout.refused(case)
    line = json.dumps({"time": timestamp(), **request.model_dump(mode="json")}) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return None
    return layout.relative(path)
