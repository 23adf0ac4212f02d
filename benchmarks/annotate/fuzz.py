"""Thousands of requests, sensible and not, made from the server's own OpenAPI document.

    python -m benchmarks.annotate.fuzz FOLDER [--examples 80] [--seed 0]

Starts the real server with a miniature model on a small volume made in FOLDER and runs schemathesis against it: ``--examples``
for each of its operations, so more than 2 000 in all. A status of 500 and more, a status, content type, header or body that the
document does not allow, an answer without the token, or a refusal of what the document allows is a fault. Exit code 0 where
there is none, the server still answers, and its log holds no traceback.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.annotate.pictures import small_volumes
from benchmarks.annotate.server import Server

#: What the document allows may be refused for what it cannot say: no object of that number, a place outside the image.
LEFT_OUT = ("positive_data_acceptance",)


def fuzz(server: Server, examples: int, seed: int) -> tuple[int, str]:
    """Exit code and words of schemathesis."""
    case = server.client().cases()[0].case
    settings = server.output.with_suffix(".toml")
    settings.write_text(f'[parameters]\n"path.case" = "{case}"\n', encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--no-color", "--config-file", str(settings), "run",
        f"{server.url}/api/openapi.json", "-H", f"Authorization: Bearer {server.token}", "-n", str(examples),
        "--seed", str(seed), "--checks", "all", "--exclude-checks", ",".join(LEFT_OUT), "--continue-on-failure",
        "--request-timeout", "60", "--suppress-health-check", "all",
    ]  # fmt: skip
    environment = {
        **os.environ,
        "SCHEMATHESIS_HOOKS": "benchmarks.annotate.fuzz_hooks",
        "PYTHONPATH": os.pathsep.join([str(Path.cwd()), *sys.path]),
    }
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=3600, cwd=server.output.parent
    )
    return done.returncode, done.stdout + done.stderr


def main(folder: Path, examples: int, seed: int) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    small_volumes(folder / "images", 1)
    with Server(folder / "images", folder / "out", options=("--threads", "1")) as server:
        server.await_model()
        code, words = fuzz(server, examples, seed)
        print(words)
        alive = server.request("GET", "/api/health")[0] == 200
        ended = server.stop()
    logs = [server.log, *(server.output / ".samaritan").glob("*.log*")]
    traces = sum(len(re.findall("Traceback", log.read_text(encoding="utf-8", errors="replace"))) for log in logs)
    print(f"server {'answers' if alive else 'DOES NOT ANSWER'}, exit code {ended}, {traces} tracebacks in its log")
    return 0 if code == 0 and alive and not traces else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--examples", type=int, default=80)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    sys.exit(main(chosen.folder, chosen.examples, chosen.seed))
