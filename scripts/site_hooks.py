"""What mkdocs.yml needs beyond mkdocs: folders in the navigation, and files of the repository that pages link to.

Pages link to files outside docs/ as GitHub wants it (`../CONTRIBUTING.md`, `../src/...`). The site carries the pages among
them as its own, and a copy of every other file that a page links to under files/, so that nothing leads out of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent

#: Pages of the site that lie beside docs/, as GitHub expects them.
PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")

#: Pages whose tables need the width of the table of contents.
WIDE = re.compile(r"models\.md|results\.md|bakeoff/(?!README)\w+\.md")

#: A link within the repository: what stands before its target, the target, what stands behind.
LINK = re.compile(r"(\]\()(?!\w+:|#|/)([^)\s#]*)((?:#[^)\s]*)?\))")


#: Code within a sentence or a cell (not a block, which a span precedes), and an option in it.
INLINE, OPTION = re.compile(r"(?<!</span>)<code>[^<]*</code>"), re.compile(r"(?<![\w-])--?[a-z][\w-]*")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Write folders of the navigation out."""
    docs = Path(config.docs_dir)
    config.nav = [*expanded(config.nav or [], docs)]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie beside docs/."""
    for name in PAGES:
        if (ROOT / name).is_file():
            files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links between docs/ and the rest of the repository into links within the site; give wide tables their room."""
    place = page.file.src_uri
    if WIDE.fullmatch(place):
        page.meta["hide"] = ["toc"]
    here = ROOT / place if place in PAGES else Path(config.docs_dir) / place

    def within(found: re.Match[str]) -> str:
        before, target, after = found.groups()
        path = (here.parent / target).resolve()
        if not target or not path.exists() or not path.is_relative_to(ROOT):
            return found.group()
        return f"{before}{_uri(path, place, config, files)}{after}"

    return LINK.sub(within, markdown)


def on_page_content(html: str, **_: Any) -> str:
    """Keep `--option` in one line: browsers break behind its hyphens."""
    return INLINE.sub(lambda code: OPTION.sub(r'<span class="option">\g<0></span>', code.group()), html)


def _uri(path: Path, place: str, config: MkDocsConfig, files: Files) -> str:
    """Where the file is in the site, from the page at `place`."""
    docs = Path(config.docs_dir)
    if path.is_dir():
        path = path / "README.md"
    if path.is_relative_to(docs):
        uri = path.relative_to(docs).as_posix()
    elif path.name in PAGES and path.parent == ROOT:
        uri = path.name
    elif path == ROOT / "README.md":
        uri = "index.md"
    else:
        uri = f"files/{path.relative_to(ROOT).as_posix()}.txt"
        if files.get_file_from_path(uri) is None:
            files.append(File.generated(config, uri, content=path.read_text(encoding="utf-8")))
    return "../" * place.count("/") + uri


def expanded(entries: list[Any], docs: Path) -> Iterator[Any]:
    """The navigation with the pages of a folder in place of its name."""
    for entry in entries:
        if isinstance(entry, dict):
            ((title, inner),) = entry.items()
            yield {title: [*expanded(inner, docs)] if isinstance(inner, list) else inner}
        elif entry.endswith("/"):
            names = sorted(path.relative_to(docs).as_posix() for path in (docs / entry).glob("*.md"))
            yield from sorted(names, key=lambda name: not name.endswith("README.md"))
        else:
            yield entry
