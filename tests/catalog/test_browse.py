"""The data and pictures of the catalogue's page."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from samaritan.catalog import Paper, load_catalog, vocabulary
from scripts.catalogue.browse import FOLDER, data, files


def test_the_page_s_files_are_current() -> None:
    for name, content in files(load_catalog().papers).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == content, name


def test_no_title_can_end_the_script() -> None:
    paper = Paper(key="lee2024sam", title="</script><script>", authors=("A. Lee",), month="2024-01")
    assert "</" not in data([paper])
    assert json.loads(data([paper]).splitlines()[1])["title"] == paper.title


@pytest.mark.parametrize("name", ["taxonomy.svg", "timeline.svg"])
def test_pictures_name_every_family(name: str) -> None:
    root = ElementTree.fromstring((FOLDER / name).read_text(encoding="utf-8"))
    words = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert set(vocabulary()["family"]) <= words
