"""The public face: names resolve, and looking costs nothing."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import pytest

import samaritan

ROOT = Path(__file__).parents[1]


def test_every_public_name_resolves() -> None:
    assert {name for name in samaritan.__all__ if getattr(samaritan, name) is None} == set()


def test_no_public_name_is_a_room() -> None:
    import samaritan.benchmark
    import samaritan.evaluate
    import samaritan.predict

    assert [name for name in samaritan.__all__ if isinstance(getattr(samaritan, name), types.ModuleType)] == []


def test_the_list_and_the_rooms_agree() -> None:
    assert sorted(samaritan.__all__) == sorted(samaritan._ROOM_OF)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'samaritan' has no attribute 'segmnet'"):
        samaritan.segmnet  # noqa: B018


@pytest.mark.parametrize(
    "code", ["import samaritan", "import samaritan.cli", "from samaritan import make_prompt, score"]
)
def test_looking_imports_no_torch(code: str) -> None:
    report = "import sys; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", f"{code}; {report}"], check=False).returncode == 0


def test_the_version_is_the_package_s() -> None:
    assert f'version = "{samaritan.__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f"\n## {samaritan.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "forbidden",
    [
        "import pickle",
        "extractall(",
        "yaml.load(",
        "shell=True",
        "strict=False)",
        "allow_pickle=True",
        "weights_only=False",
    ],
)
def test_nothing_in_the_package_can_run_code_from_a_file(forbidden: str) -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")}
    lines = {
        name: line.strip() for name, text in sources.items() for line in text.splitlines() if forbidden in line
    }  # fmt: skip
    assert {name: line for name, line in lines.items() if "zip(" not in line} == {}
