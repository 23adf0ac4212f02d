from __future__ import annotations

from pathlib import Path

import pytest

from samaritan.core import Config, InputError


class Inner(Config):
    level: float = 0.1


class Settings(Config):
    name: str
    repeats: int = 1
    inner: Inner = Inner()


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_round_trip_through_yaml(tmp_path: Path) -> None:
    settings = Settings(name="größe", repeats=3, inner=Inner(level=0.25))
    settings.write(tmp_path / "a.yaml")
    assert Settings.read(tmp_path / "a.yaml") == settings


def test_resolved_settings_hold_the_defaults(tmp_path: Path) -> None:
    Settings.parse({"name": "a"}, "test").write(tmp_path / "a.yaml")
    assert (tmp_path / "a.yaml").read_text() == "name: a\nrepeats: 1\ninner:\n  level: 0.1\n"


def test_every_fault_is_named_with_the_path_of_its_key(tmp_path: Path) -> None:
    path = written(tmp_path, "repeats: many\ninner: {level: 1, levle: 2}\n")
    with pytest.raises(InputError) as refused:
        Settings.read(path)
    for part in ("settings.yaml", "name:", "repeats:", "inner.levle:"):
        assert part in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "name: [unclosed",
        "name: !!python/object/apply:os.system ['true']",
        "name: 2001-99-99",
        "- just\n- a list",
        "plain text",
        "",
        "name: \x07",
        "[" * 3000,
    ],
)
def test_text_that_is_no_setting_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"settings\.yaml"):
        Settings.read(written(tmp_path, text))


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"name: \xff\xfe\x80")
    with pytest.raises(InputError, match="not text in UTF-8"):
        Settings.read(path)


def test_anchors_that_multiply_stay_small(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(InputError, match="a11") as refused:
        Settings.read(written(tmp_path, "\n".join(lines)))
    assert len(str(refused.value)) < 2000


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Could not read"):
        Settings.read(tmp_path / "absent.yaml")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings(name="a").name = "b"
