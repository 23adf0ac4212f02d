"""The wheel, installed by itself into a folder that cannot be written, serves the page that it carries."""

from __future__ import annotations

import json
import os
import subprocess
import sysconfig
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hatchling.builders.wheel import WheelBuilder
from PIL import Image

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(
    not (ROOT / "src/samaritan/annotate/server/static/index.html").exists(), reason="the page is not built: make page"
)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of an environment that holds the wheel, and finds its dependencies where these tests find them."""
    folder = tmp_path_factory.mktemp("installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMARITAN_PAGE", "skip")  # the page that is there
        [wheel] = WheelBuilder(str(ROOT)).build(directory=str(folder / "dist"), versions=["standard"])
    venv.create(folder / "env", with_pip=False)
    [site] = (folder / "env").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    for path in [*site.rglob("*"), site]:
        path.chmod(path.stat().st_mode & ~0o222)
    yield folder / "env" / "bin" / "python"
    for path in [site, *(path for path in site.rglob("*") if path.is_dir())]:
        path.chmod(0o755)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SAMARITAN_CACHE": str(tmp_path / "cache")}


def test_it_is_the_wheel_that_runs(python: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    code = "import samaritan; print(samaritan.__file__); from samaritan.annotate import client, messages"
    told = subprocess.run(
        [python, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith(str(python.parents[1]))


def test_it_serves_the_page_that_it_carries(python: Path, tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((9, 12, 3), np.uint8)).save(tmp_path / "images" / "skin.png")
    command = [str(python), "-m", "samaritan", "annotate", "images", "--no-browser", "-m", "tiny-litemedsam"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        told = _presence(tmp_path / "images-annotated", server)
        link = _asked(f"{told['url']}/api/launch", told["token"], method="POST")
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = opener.open(json.loads(link)["url"], timeout=30).read().decode()
        script = page.split('src="/')[1].split('"')[0]
        assert len(opener.open(f"{told['url']}/{script}", timeout=30).read()) > 1000
        assert b"Copyright (c) 2021, Niivue" in opener.open(f"{told['url']}/THIRD_PARTY.txt", timeout=30).read()
    finally:
        server.terminate()
        assert server.wait(30) == 0, (tmp_path / "log").read_text()


def _presence(output: Path, server: subprocess.Popen[bytes]) -> dict[str, Any]:
    file = output / ".samaritan" / "server.json"
    for _ in range(600):
        if file.exists():
            told: dict[str, Any] = json.loads(file.read_text())
            return told
        assert server.poll() is None
        time.sleep(0.1)
    raise AssertionError("the server did not start")


def _asked(url: str, token: str, method: str) -> bytes:
    request = urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        content: bytes = answer.read()
    return content
