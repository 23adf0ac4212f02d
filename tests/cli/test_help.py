"""Help of the verbs that need much later: quick."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize("verb", ["adapt", "annotate", "bakeoff", "methods"])
def test_help_imports_no_torch_and_names_every_option(verb: str) -> None:
    report = "import atexit, sys; atexit.register(lambda: print('TORCH' if 'torch' in sys.modules else 'LIGHT'))"
    code = f"{report}; from samaritan.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, verb, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith("LIGHT")
    for option in {
        "adapt": ["--method", "--resume"],
        "annotate": ["--labels", "--simulate", "--allow-remote"],
        "bakeoff": ["--methods", "--budget", "--few"],
        "methods": ["--json"],
    }[verb]:
        assert option in done.stdout
