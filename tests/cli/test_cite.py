from __future__ import annotations

import json
import subprocess
import sys

import pytest

from samaritan.catalog.bibtex_reader import read_bibtex
from tests.cli.conftest import Run


def test_bibtex_on_standard_output_and_what_is_missing_beside_it(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cite", "nsd", "samples/spine-ct") == 0
    out, err = capsys.readouterr()
    assert [entry.key for entry in read_bibtex(out)] == ["nikolov2018deep", "samaritan"]
    assert err == "data set pydicom-samples: nothing to cite is known here.\n"


def test_json_says_what_each_is_for(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("cite", "nsd", "--json") == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["key"], first["for"], first["year"]) == ("nikolov2018deep", ["metric nsd"], "2018")
    assert second["for"] == ["this package"]


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (["medsamm"], 2, "did you mean medsam"),
        (["nsd", "--format", "ris"], 2, "allowed are bibtex, markdown, text, json"),
        (["."], 3, "holds no provenance.json"),
    ],
)
def test_mistakes_are_one_sentence(
    run: Run, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, what: str
) -> None:
    assert run("cite", *arguments) == code
    out, err = capsys.readouterr()
    assert what in err
    assert (out, err.count("\n")) == ("", 1)


def test_what_the_catalogue_links_needs_no_torch() -> None:
    report = "import atexit, sys; atexit.register(lambda: print('TORCH' if 'torch' in sys.modules else 'LIGHT'))"
    code = f"{report}; from samaritan.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "cite", "lora", "medsam", "huang:S6"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert done.stdout.rstrip().endswith("LIGHT")
