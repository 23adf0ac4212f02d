"""What docs/volumes.md lists is what there is; `make snippets` runs its commands."""

from __future__ import annotations

import re
from pathlib import Path

from samaritan.predict.propagate import STRATEGIES

PAGE = (Path(__file__).parents[1] / "docs" / "volumes.md").read_text(encoding="utf-8")


def test_every_strategy_is_on_the_page() -> None:
    told = set(re.findall(r"^\| `(\w+)`", PAGE.split("## How a mask")[1].split("## Where")[0], flags=re.MULTILINE))
    assert told == set(STRATEGIES.names())
