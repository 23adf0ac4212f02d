"""The real annotator in a process of its own, for scripts and tests: start it, kill it, look at what it takes."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]  # ships no types

from samaritan.annotate.client import Client

#: Part of the command line of the model process.
_MODEL = "samaritan.annotate.engine"


class Server:
    """``samaritan annotate FOLDER -o OUTPUT --no-browser``; leaving the ``with`` block ends it, whatever happened.

    Args:
        folder: of images.
        output: for masks and journals; its log goes to a file beside it.
        model: name of a model.
        labels: names of labels.
        options: further options of the command.
        environment: further variables.
    """

    def __init__(
        self,
        folder: Path,
        output: Path,
        *,
        model: str = "tiny-litemedsam",
        labels: Sequence[str] = ("organ",),
        options: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.output = output
        self.model = model
        self.labels = tuple(labels)
        self.options = tuple(options)
        self.environment = {**os.environ, **(environment or {})}
        self.log = output.with_name(f"{output.name}.log")
        self._process: subprocess.Popen[bytes] | None = None
        self._port = _free_port()
        self._token = ""

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def token(self) -> str:
        """What a script shows it."""
        return self._token

    @property
    def pid(self) -> int:
        """Of the server."""
        return self.process.pid

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Of the server, running or not."""
        if self._process is None:
            raise RuntimeError("The server was never started.")
        return self._process

    def start(self, patience: float = 60.0) -> float:
        """Start it, always on the same port, as a person's page expects it; returns the seconds until it listened."""
        command = [
            sys.executable, "-m", "samaritan", "annotate", str(self.folder), "-o", str(self.output), "--no-browser",
            "-m", self.model, "--labels", ",".join(self.labels), "--port", str(self._port), *self.options,
        ]  # fmt: skip
        began = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment
            )
        while time.monotonic() - began < patience:
            if self.process.poll() is not None:
                raise RuntimeError(f"The annotator ended with {self.process.returncode}: {self._said()}")
            if self._is_up():
                return time.monotonic() - began
            time.sleep(0.02)
        self.end()
        raise RuntimeError(f"The annotator did not listen within {patience:g} s: {self._said()}")

    def await_model(self, patience: float = 120.0) -> None:
        """Return once the model answers."""
        end = time.monotonic() + patience
        while (model := self.client().session().model).state not in ("ready", "busy"):
            if time.monotonic() > end or model.state == "failed":
                raise RuntimeError(f"The model is {model.state}: {model.sentence}")
            time.sleep(0.05)

    def client(self, patience: float = 60.0) -> Client:
        """A client that repeats what a busy server refused for so many seconds."""
        return Client(self.url, self.token, patience=patience, timeout=120.0)

    def link(self) -> str:
        """An address that opens the page once."""
        status, answer = self.request("POST", "/api/launch")
        if status != 200:
            raise RuntimeError(f"The server gave no link: {answer!r}")
        return str(json.loads(answer)["url"])

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """(status, body) of one request on a connection of its own, never repeated."""
        status, _, content = self.request_whole(method, path, body)
        return status, content

    def request_whole(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of one request, as :meth:`request`."""
        address = urlsplit(self.url)
        connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=600)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
        finally:
            connection.close()

    def model_process(self) -> psutil.Process | None:
        """The process that holds the model; None where none runs."""
        try:
            children = psutil.Process(self.pid).children(recursive=True)
            return next((child for child in children if _MODEL in " ".join(child.cmdline())), None)
        except psutil.NoSuchProcess:
            return None

    def kill(self) -> None:
        """End the server as a crash does."""
        self.process.kill()
        self.process.wait()

    def kill_model(self) -> bool:
        """End the model process as a lack of memory does; False where none ran."""
        process = self.model_process()
        if process is None:
            return False
        try:
            process.kill()
        except psutil.NoSuchProcess:
            return False
        return True

    def stop(self, number: int = signal.SIGTERM, patience: float = 20.0) -> int:
        """Ask it to end; returns its exit code."""
        os.kill(self.process.pid, number)
        return self.process.wait(patience)

    def end(self) -> None:
        """Stop it, by force where it does not."""
        if self._process is None or self._process.poll() is not None:
            return
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.kill()

    def _is_up(self) -> bool:
        """Whether server.json is of this run and its server answers."""
        try:
            told = json.loads((self.output / ".samaritan" / "server.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        if told["pid"] != self.pid:
            return False
        self._token = told["token"]
        try:
            return self.request("GET", "/api/health")[0] == 200
        except OSError:
            return False

    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]


def _free_port() -> int:
    """One that is free now; far from the annotator's own, which other annotators look for."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
