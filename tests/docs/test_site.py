"""The site holds every page, each once, and asks nothing of anybody else; `make docs` builds it strictly."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.docs._blocks import ROOT

DOCS = ROOT / "docs"
SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    spec = importlib.util.spec_from_file_location("site_hooks", ROOT / "scripts" / "site_hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def leaves(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        inner = next(iter(entry.values())) if isinstance(entry, dict) else entry
        yield from leaves(inner) if isinstance(inner, list) else [inner]


def test_every_page_is_in_the_navigation_once(hooks: ModuleType) -> None:
    there = [*leaves([*hooks.expanded(SETTINGS["nav"], DOCS)])]
    pages = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} | set(hooks.PAGES)
    assert sorted(there) == sorted(set(there))
    assert set(there) == pages


def test_no_page_of_the_navigation_is_left_out_of_the_site(hooks: ModuleType) -> None:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import InclusionLevel, get_files, set_exclusions

    config = MkDocsConfig()
    config.load_dict({"docs_dir": str(DOCS), "site_name": "x", "exclude_docs": SETTINGS["exclude_docs"]})
    config.validate()
    files = get_files(config)
    set_exclusions(list(files), config)
    kept = {file.src_uri for file in files if file.inclusion is not InclusionLevel.EXCLUDED} | set(hooks.PAGES)
    assert set(leaves([*hooks.expanded(SETTINGS["nav"], DOCS)])) <= kept


def test_the_four_parts_are_there() -> None:
    parts = [next(iter(entry)) for entry in SETTINGS["nav"]]
    assert [part for part in parts if part in ("Tutorials", "How-to", "Concepts", "Reference")] == parts[1:5]


def test_nothing_is_asked_of_another_host() -> None:
    assert SETTINGS["theme"]["font"] is False
    assert SETTINGS["plugins"] == ["search"]
    assert not {"repo_url", "site_url", "extra_javascript"} & {k for k in SETTINGS if "http" in str(SETTINGS[k])}
    for path in DOCS.rglob("*.md"):
        text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert not re.search(r"!\[[^\]]*\]\(https?:|<(?:script|img|link|iframe)[^>]+https?:", text), path


def test_an_option_within_a_sentence_is_not_broken_in_two(hooks: ModuleType) -> None:
    html = "<td><code>adapt late-layers -o OUT --base-model sam</code></td><pre><span></span><code>a --b</code></pre>"
    whole = (
        '<code>adapt late-layers <span class="option">-o</span> OUT <span class="option">--base-model</span> sam</code>'
    )
    assert hooks.on_page_content(html) == f"<td>{whole}</td><pre><span></span><code>a --b</code></pre>"


@pytest.mark.parametrize(
    ("place", "target", "within"),
    [
        ("annotate.md", "models.md", "models.md"),
        ("methods/lora.md", "../bakeoff/README.md", "../bakeoff/README.md"),
        ("methods/lora.md", "../bakeoff", "../bakeoff/README.md"),
        ("index.md", "../CONTRIBUTING.md", "CONTRIBUTING.md"),
        ("methods/lora.md", "../../README.md", "../index.md"),
        ("CONTRIBUTING.md", "docs/reference/errors.md", "reference/errors.md"),
        ("index.md", "../src/samaritan/io/nifti.py", "files/src/samaritan/io/nifti.py.txt"),
        ("index.md", "../nowhere.md", "../nowhere.md"),
        ("index.md", "../../elsewhere.md", "../../elsewhere.md"),
    ],
)
def test_links_lead_to_what_the_site_holds(hooks: ModuleType, place: str, target: str, within: str) -> None:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.plugins import PluginCollection
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.pages import Page

    config = MkDocsConfig()
    config.load_dict({"docs_dir": str(DOCS), "site_dir": str(ROOT / "site"), "site_name": "x"})
    plugins: Any = PluginCollection()
    plugins._current_plugin = "site_hooks"  # as while mkdocs calls it
    config.plugins = plugins
    files = Files([])
    page = Page(None, File(place, str(DOCS), str(ROOT / "site"), use_directory_urls=False), config)
    text = hooks.on_page_markdown(f"See [it]({target}#part).", page, config, files)
    assert text == f"See [it]({within}#part)."
    assert [file.src_uri for file in files] == ([within] if within.startswith("files/") else [])
