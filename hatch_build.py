"""What a build of the package does before it collects files: makes the annotator's page, where that is possible.

An installation without the page works but for `samaritan annotate`, which says how to get it. The environment variable
SAMARITAN_PAGE changes that: "required" makes a build without the page fail, "skip" leaves the page as it is.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PageBuildHook(BuildHookInterface[Any]):
    """For wheels, editable ones too, and source distributions."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Build the page; the files are collected as artifacts (pyproject.toml), since git ignores them."""
        wish = os.environ.get("SAMARITAN_PAGE", "")
        if wish == "skip":
            return
        root = Path(self.root)
        page = _page_script(root)
        try:
            page.build(root, quiet=True)
        except page.PageError as error:
            sentence = f"The annotator's page is not built: {error}; {page.HOW}."
            if wish == "required":
                raise SystemExit(sentence) from error
            self.app.display_warning(sentence)


def _page_script(root: Path) -> Any:
    """The module scripts/page.py, which no installation holds."""
    spec = importlib.util.spec_from_file_location("samaritan_page", root / "scripts" / "page.py")
    if spec is None or spec.loader is None:
        raise ImportError("scripts/page.py is missing")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
