"""The annotator on a folder: workspace, model process, learner and server, put together and run until somebody ends it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from samaritan.annotate.engine import Engine, EngineSettings
from samaritan.annotate.learn.improver import Improver, ImproverSettings
from samaritan.annotate.messages import Event, ModelState
from samaritan.annotate.server import Hub, ServerSettings, create_app
from samaritan.annotate.server.hosts import is_loopback
from samaritan.annotate.server.listen import listening_socket
from samaritan.annotate.server.presence import Presence, announced, new_link, running
from samaritan.annotate.server.run import log_to, serve
from samaritan.annotate.server.tokens import PROTOCOL
from samaritan.annotate.workspace import Workspace
from samaritan.core.errors import InputError, UsageError

#: The server's log, relative to the folder of results.
LOG = Path(".samaritan") / "server.log"


class Teller(Protocol):
    """Who tells a person at the terminal what happens."""

    def listening(self, link: str, cases: int, output: Path) -> None:
        """The page can be opened, once, with ``link``."""

    def protocol(self, address: str) -> None:
        """Programs that speak the MONAI Label protocol take ``address`` for their server."""

    def already(self, link: str) -> None:
        """Another process annotates the folder; ``link`` opens its page."""

    def model(self, state: ModelState, seconds: float) -> None:
        """The model process changed, so long after the start."""

    def warn(self, sentence: str) -> None:
        """Something that should be known."""

    def ended(self) -> None:
        """All is saved, and the server is gone."""


@dataclass(frozen=True)
class Start:
    """What is annotated, and where it is served.

    Attributes:
        folder: with images.
        output: for results; None puts it beside ``folder``.
        labels: names.
        engine: which model.
        host: address to listen on.
        port: to listen on; None takes the next free one.
        remote: whether ``host`` may be reached from other machines.
        monailabel: whether programs that speak the MONAI Label protocol are served too.
        origins: of pages that may speak it.
    """

    folder: Path
    output: Path | None = None
    labels: tuple[str, ...] = ()
    engine: EngineSettings = field(default_factory=EngineSettings)
    host: str = "127.0.0.1"
    port: int | None = None
    remote: bool = False
    monailabel: bool = False
    origins: tuple[str, ...] = ()

    @property
    def results(self) -> Path:
        """The folder for results."""
        folder = self.folder.resolve()
        return self.output or folder.with_name(f"{folder.name}-annotated")


def annotate_folder(start: Start, teller: Teller) -> int:
    """Serve the annotator until a signal ends it; where one runs on the same results already, give a link to that one.

    Returns:
        Exit code: 0, or 130 after Ctrl-C.

    Raises:
        UsageError: host or port cannot be used, or a label's name.
        InputError: the folder or the adapter cannot be used.
        ResourceError: the results cannot be written, or another process has them.
    """
    _check(start)
    other = running(start.results)
    link = new_link(other) if other else None
    if link is not None:
        teller.already(link)
        return 0
    with ExitStack() as stack:
        listener = stack.enter_context(closing(listening_socket(start.host, start.port)))
        workspace = Workspace(start.folder, start.results, start.labels)
        stack.callback(workspace.close)
        log_to(start.results / LOG)  # what was said about the folder until now stands in the terminal
        return _serve(start, workspace, listener, teller, stack)


def _serve(start: Start, workspace: Workspace, listener: socket.socket, teller: Teller, stack: ExitStack) -> int:
    hub, settings = Hub(), _settings(start)
    hub.listen(_model_teller(teller))
    engine = Engine(start.engine, hub.model)
    learner = Improver(workspace, engine, _improver(start), hub.learn, hub.case)
    app = create_app(workspace, engine, learner, settings, hub)
    port = listener.getsockname()[1]
    cases = workspace.summaries()
    problems = [case.problem for case in cases if case.problem]

    def ready() -> None:
        presence = Presence(_address(start.host, port, for_people=False), settings.keys.script, os.getpid())
        stack.enter_context(announced(start.results, presence))
        address = _address(start.host, port, for_people=True)
        teller.listening(f"{address}/?token={settings.keys.link()}", len(cases) - len(problems), start.results)
        if settings.monailabel:
            teller.protocol(f"{address}{PROTOCOL}/{settings.keys.protocol}/")
        if problems:
            rest = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            teller.warn(f"Cannot be opened, and listed with the reason{rest}: {problems[0]}")
        if not is_loopback(start.host):
            teller.warn("Other machines can reach this server, and what is sent between is not encrypted.")
        if not (settings.page / "index.html").is_file():
            teller.warn("The page is not built, so that only scripts can work; `make page` builds it.")

    code = serve(app, listener, ready, settings.limits)
    teller.ended()
    return code


def _check(start: Start) -> None:
    if not is_loopback(start.host) and not start.remote:
        raise UsageError(
            f"{start.host} can be reached from other machines; add --allow-remote if that is wanted, "
            "or use a tunnel: ssh -L 8321:127.0.0.1:8321 MACHINE."
        )
    if not start.folder.is_dir():
        raise InputError(f"{start.folder} is not a folder; give the folder that holds the images.")
    for path, what in ((start.engine.adapter, "adapter"), (start.engine.weights, "file of weights")):
        if path is not None and not path.exists():
            raise InputError(f"There is no {what} {path}.")


def _settings(start: Start) -> ServerSettings:
    folder, output = start.folder.resolve(), start.results.resolve()
    names = () if is_loopback(start.host) else (start.host, socket.gethostname())
    roots = [start.folder, folder, start.results, output, start.engine.adapter, start.engine.weights, Path.home()]
    return ServerSettings(
        host=start.host, remote=start.remote, names=names, folder=folder.name, output=output.name,
        roots=tuple(root for root in roots if root is not None), monailabel=start.monailabel or bool(start.origins),
        origins=start.origins,
    )  # fmt: skip


def _improver(start: Start) -> ImproverSettings:
    engine = start.engine
    return ImproverSettings(
        start.results, engine.model, weights=engine.weights, adapter=engine.adapter, device=engine.device
    )


def _model_teller(teller: Teller) -> Callable[[Event], None]:
    began = time.monotonic()

    def tell(event: Event) -> None:
        if event.event == "model" and event.model is not None:
            teller.model(event.model, time.monotonic() - began)

    return tell


def _address(host: str, port: int, *, for_people: bool) -> str:
    """Without a path; a server on all addresses is reached here as this machine, and by people under its name."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = socket.gethostname() if for_people else "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
