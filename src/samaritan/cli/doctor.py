"""The verb doctor: what is installed and found."""

from __future__ import annotations

from samaritan.cli._app import app
from samaritan.cli._options import AsJson, Debug, emit


@app.command()
def doctor(as_json: AsJson = False, debug: Debug = False) -> None:
    """Show what is installed, which weights are found, memory and threads."""
    from samaritan.doctor import examine
    from samaritan.show.lists import show_examination

    found = examine()
    if as_json:
        emit(found)
    else:
        show_examination(found)
