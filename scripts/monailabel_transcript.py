"""Writes the transcript in docs/monai-label.md: MONAI Label's own client, in an environment of its own, and the real annotator.

Run it after the protocol has changed: scripts/monailabel_client.sh && python scripts/monailabel_transcript.py
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.annotate.pictures import Ellipsoid, save_volume, turned, volume  # noqa: E402
from benchmarks.annotate.server import Server  # noqa: E402

PAGE = ROOT / "docs" / "monai-label.md"
CLIENT = ROOT / "runs" / "monailabel-client" / "bin" / "python"
BEGIN, END = "<!-- transcript made by scripts/monailabel_transcript.py -->", "<!-- end of transcript -->"

#: Seconds that a training may take.
TRAINING = 240


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
    geometry = turned((64, 60, 24), (1.0, 1.1, 2.5), (8.0, 2.0, -4.0), "LPS", (0, 0, 0))
    (folder / "images").mkdir()
    for number in range(4):
        one = Ellipsoid((0.0, 0.0, 0.0), (14.0 + number, 12.0, 14.0))
        save_volume(folder / "images" / f"scan{number}.nii.gz", geometry, volume(geometry, one, seed=number))
    options = ("--monai-label", "--threads", "1")
    with Server(folder / "images", folder / "out", model="litemedsam", options=options) as server:
        server.await_model()
        url = address(server.log)
        session = [CLIENT, ROOT / "scripts" / "monailabel_session.py", url, str(TRAINING)]
        done = subprocess.run(session, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)
    return done.stdout.replace(url.rstrip("/").rpartition("/")[2], "KEY").replace(str(folder), "...")


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
