"""What every test shares: nothing is taken from, or left in, the cache of whoever runs them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No prepared runtimes or weights of the user; embeddings are kept only by tests that choose a size of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAMARITAN_CACHE", str(tmp_path_factory.mktemp("samaritan-cache")))
        patch.setenv("SAMARITAN_EMBEDDINGS_GB", "0")
        yield
