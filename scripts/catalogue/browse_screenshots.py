"""Pictures of docs/catalogue/browse.md in light and dark, on a wide screen and on a phone, into docs/catalogue.

python -m scripts.catalogue.browse_screenshots

Needs chromium and mkdocs-material; builds the site into a temporary folder.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from benchmarks.chromium import launched
from scripts.catalogue.browse import FOLDER

#: Name -> what is asked, colours, size of the window.
SHOTS = {
    "browse-light": ("q=ultrasound", "light", (1280, 800)),
    "browse-dark": ("family=peft&here=1&sort=newest", "dark", (1280, 800)),
    "browse-phone": ("q=ultrasound&code=1", "light", (390, 760)),
}


def main() -> int:
    with tempfile.TemporaryDirectory() as place, launched() as browser:
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", place]
        subprocess.run(command, cwd=FOLDER.parents[1], check=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
        for name, (asked, scheme, (width, height)) in SHOTS.items():
            page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": height})
            page.goto((Path(place) / "catalogue" / "browse.html").as_uri() + f"#{asked}")
            page.wait_for_timeout(500)
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(64)
            picture.save(FOLDER / f"{name}.png", optimize=True)
            print(f"{name}.png: {(FOLDER / f'{name}.png').stat().st_size / 1000:.0f} kB")
            page.context.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
