"""The annotator for scripts: what a person does in the page, in Python, against a server that is running.

Without torch and without the server's libraries, so that it can be used where neither is wanted::

    client = Client.of("liver-annotated")          # where `samaritan annotate liver` is running
    case = client.open("ct_017")
    case.ask("liver", box=((-80, 20, 40), (10, 110, 40)), plane="axial")
    case.propagate("liver")
    mask = case.mask("liver")                      # (i, j, k) bool on case.geometry
    case.accept()

Positions are RAS+ mm (pixels with flips, as :meth:`samaritan.core.Geometry.pixels` has them, for pictures). Arrays are on the
case's *shown grid*, which is the file's own with its axes permuted and flipped: ``case.geometry`` says where they lie.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from websockets.exceptions import ConnectionClosedOK, WebSocketException
from websockets.sync.client import connect

from samaritan.annotate import messages as say
from samaritan.annotate._client_case import Case
from samaritan.annotate._connection import ConflictError, Connection, UnreachableError, compose, understand
from samaritan.core import InputError

__all__ = ["Case", "Client", "ConflictError", "UnreachableError"]


class Client:
    """A running annotator.

    Args:
        url: address of the server.
        token: the one for scripts, as ``OUT/.samaritan/server.json`` holds it.
        patience: seconds for which a busy server, or one whose model starts again, is asked again.
        timeout: seconds without a byte of an answer.

    Raises:
        UsageError: the address is none.

    Every method raises InputError, ConflictError, ModelError, ResourceError, UnreachableError or UsageError as the server's
    sentence says.
    """

    def __init__(self, url: str, token: str, *, patience: float = 60.0, timeout: float = 600.0) -> None:
        self.connection = Connection(url, token, patience=patience, timeout=timeout)

    @classmethod
    def of(cls, output: Path | str, *, patience: float = 60.0, timeout: float = 600.0) -> Client:
        """The annotator that writes to the folder ``output``.

        Raises:
            InputError: none is running there.
        """
        path = Path(output) / ".samaritan" / "server.json"
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            url, token = str(told["url"]), str(told["token"])
        except FileNotFoundError:
            raise InputError(
                f"No annotator writes to {output}; start `samaritan annotate FOLDER -o {output}`."
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path} cannot be read ({error}); start `samaritan annotate` again.") from error
        return cls(url, token, patience=patience, timeout=timeout)

    def session(self) -> say.Session:
        """Folder, labels, model and learning."""
        return understand(say.Session, self.connection.get("/api/session"))

    def cases(self) -> list[say.CaseSummary]:
        """The list of cases, in the order in which they should be looked at."""
        return understand(list[say.CaseSummary], self.connection.get("/api/cases"))

    def open(self, case: str) -> Case:
        """A case by its id, or by its name where that is the name of one case."""
        cases = self.cases()
        found = [one.case for one in cases if one.case == case] or [one.case for one in cases if one.name == case]
        if len(found) == 1:
            return Case(self.connection, found[0])
        if found:
            raise InputError(f"{len(found)} cases are called {case!r}; open one by its id: {', '.join(found)}.")
        names = ", ".join(repr(one.name) for one in cases[:5])
        raise InputError(
            f"There is no case {case!r}; there are {len(cases)}: {names}{', ...' if len(cases) > 5 else ''}."
        )

    def add_label(self, name: str, colour: str | None = None) -> tuple[say.Label, ...]:
        """A label, or another colour (``#rrggbb``) for one that is there; returns all labels."""
        self.connection.post("/api/labels", compose(say.NewLabel, name=name, colour=colour))
        return self.session().labels

    def rename_label(self, name: str, to: str) -> tuple[say.Label, ...]:
        """Another name for a label, in all cases; returns all labels. An open :class:`Case` knows it after its next edit."""
        self.connection.post("/api/labels/rename", compose(say.RenamedLabel, name=name, to=to))
        return self.session().labels

    def export_dataset(self) -> say.ExportedSet:
        """Write the accepted cases as images/ and masks/ under the server's output."""
        return understand(say.ExportedSet, self.connection.post("/api/dataset"))

    def learning(self) -> say.LearnState:
        """How the training on accepted cases is going."""
        return understand(say.LearnState, self.connection.get("/api/learn"))

    def learn(self, request: say.LearnRequest) -> say.LearnState:
        """Start, stop, keep, discard or propose."""
        return understand(say.LearnState, self.connection.post("/api/learn", request))

    def events(self, *, timeout: float | None = None) -> Iterator[say.Event]:
        """What the server says by itself, until it says goodbye, or nothing for ``timeout`` seconds.

        Raises:
            UnreachableError: the socket is refused or breaks off.
        """
        url = f"ws{self.connection.url.removeprefix('http')}/api/events"
        headers = {"Authorization": f"Bearer {self.connection.token}"}
        try:
            with connect(url, additional_headers=headers, proxy=None) as socket:
                while True:
                    try:
                        event = understand(say.Event, socket.recv(timeout, decode=False))
                    except (TimeoutError, ConnectionClosedOK):
                        return
                    yield event
                    if event.event == "goodbye":
                        return
        except (OSError, WebSocketException) as error:
            raise UnreachableError(f"The events of {self.connection.url} broke off: {error}.") from error
