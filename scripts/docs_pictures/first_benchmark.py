"""Photograph the report of the first tutorial: docs/tutorials/first-benchmark*.png.

Usage: python scripts/docs_pictures/first_benchmark.py RUN, the folder of the tutorial's first benchmark. Needs chromium.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from _panels import ROOT, TUTORIALS, write_png
from PIL import Image

sys.path.insert(0, str(ROOT))

from benchmarks.chromium import launched

SIZE = {"width": 1280, "height": 800}


def main(run: Path) -> None:
    """Take the head of the report, and its gallery."""
    with launched() as browser:
        page = browser.new_page(viewport=SIZE)
        page.goto((run / "report.html").resolve().as_uri())
        write_png(Image.open(io.BytesIO(page.screenshot())), TUTORIALS / "first-benchmark.png")
        gallery = page.locator("#gallery")
        gallery.scroll_into_view_if_needed()
        page.evaluate("document.querySelector('#gallery').scrollIntoView()")
        page.wait_for_timeout(500)
        write_png(Image.open(io.BytesIO(page.screenshot())), TUTORIALS / "first-benchmark-gallery.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
