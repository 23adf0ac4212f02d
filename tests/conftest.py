"""What every test shares: nothing is left in the cache of whoever runs them."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_embeddings_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests of the cache choose a folder and a size of their own."""
    monkeypatch.setenv("SAMARITAN_EMBEDDINGS_GB", "0")
