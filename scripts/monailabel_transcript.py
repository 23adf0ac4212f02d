"""Writes the transcript in docs/monai-label.md: MONAI Label's own client, in an environment of its own, and the real annotator.

Run it after the protocol has changed: scripts/monailabel_client.sh && python scripts/monailabel_transcript.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.annotate.pictures import Ellipsoid, save_volume, turned, volume  # noqa: E402
from benchmarks.annotate.server import Server  # noqa: E402

PAGE = ROOT / "docs" / "monai-label.md"
CLIENT = ROOT / "runs" / "monailabel-client" / "bin" / "python"
BEGIN, END = "<!-- transcript made by scripts/monailabel_transcript.py -->", "<!-- end of transcript -->"

#: Seconds that a training may take.
TRAINING = 900


def main() -> None:
    """Hold a session and write it into the page."""
    with tempfile.TemporaryDirectory() as folder:
        said = transcript(Path(folder))
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n```text\n{said}```\n{END}{rest.partition(END)[2]}", encoding="utf-8")
    print(said)


def transcript(folder: Path) -> str:
    """What the foreign client asked the annotator on four volumes, and what came back."""
    draw_images(folder / "images")
    options = ("--monai-label", "--threads", "1")
    with Server(folder / "images", folder / "out", model="litemedsam", options=options) as server:
        server.await_model()
        url = address(server.log)
        session = [CLIENT, ROOT / "scripts" / "monailabel_session.py", url, str(TRAINING)]
        done = subprocess.run(session, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
    return done.stdout.replace(url.rstrip("/").rpartition("/")[2], "KEY").replace(str(folder), "...")


def draw_images(folder: Path) -> None:
    """Four volumes with one object each, which differ as much as patients do: four of one would not be trained on."""
    geometry = turned((48, 44, 16), (1.2, 1.3, 3.0), (8.0, 2.0, -4.0), "LPS", (0, 0, 0))
    for number, (x, y, z) in enumerate(((-7, -5, -4), (7, 5, 4), (-7, 5, 4), (7, -5, -4))):
        one = Ellipsoid((x, y, z), (9.0 + 2 * number, 15.0 - 2 * number, 11.0))
        cloud = gaussian_filter(np.random.default_rng(number).normal(size=geometry.shape), 3.0)
        image = np.maximum(volume(geometry, one, seed=number), -200) + 50 * cloud / cloud.std()
        save_volume(folder / f"scan{number}.nii.gz", geometry, image.astype(np.int16))


def address(log: Path) -> str:
    """What the annotator has printed for clients."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        found = [word for word in log.read_text(encoding="utf-8").split() if "/monai-label/" in word]
        if found:
            return found[0]
        time.sleep(0.1)
    sys.exit("The annotator printed no address for MONAI Label's clients.")


if __name__ == "__main__":
    main()
