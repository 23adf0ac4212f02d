from __future__ import annotations

import sys
from pathlib import Path

import pytest

from samaritan.core import Registry, UnknownNameError


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package on disk whose registry is ``sample_room.ENTRIES``."""
    package = tmp_path / "sample_room"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from samaritan.core import Registry\nENTRIES = Registry('thing', 'sample_room')\n"
    )
    (package / "box.py").write_text("from sample_room import ENTRIES\nENTRIES.add('box', 1)\n")
    (package / "circle.py").write_text("from sample_room import ENTRIES\nENTRIES.register('circle')(2)\n")
    (package / "_machinery.py").write_text("raise RuntimeError('underscore files are not entries')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield_name = [name for name in sys.modules if name.split(".")[0] == "sample_room"]
    for name in yield_name:
        monkeypatch.delitem(sys.modules, name)
    return package


def entries() -> Registry[int]:
    import sample_room  # type: ignore[import-not-found]

    found: Registry[int] = sample_room.ENTRIES
    return found


def test_first_lookup_discovers_every_file_without_underscore(room: Path) -> None:
    assert entries().names() == ["box", "circle"]
    assert entries().get("circle") == 2
    assert "box" in entries()
    assert "machinery" not in entries()


def test_unknown_name_is_answered_with_the_nearest(room: Path) -> None:
    with pytest.raises(UnknownNameError, match="no thing named 'bocks'; did you mean box"):
        entries().get("bocks")
    with pytest.raises(UnknownNameError, match="known are: box, circle"):
        entries().get("zzzz")


def test_taken_name_is_refused(room: Path) -> None:
    registry = entries()
    registry.names()
    with pytest.raises(ValueError, match="'box' is taken"):
        registry.add("box", 3)
    assert registry.get("box") == 1


def test_room_that_fails_to_import_does_not_pass_for_a_smaller_one(room: Path) -> None:
    (room / "broken.py").write_text("import a_module_that_is_missing\n")
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="a_module_that_is_missing"):
            entries().names()
