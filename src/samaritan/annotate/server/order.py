"""Results of one case become known in the order in which they were made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Order:
    """One queue for each case: who holds it writes, tells the others, and lets the next one in."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, case: str) -> AsyncIterator[None]:
        """Wait for those who came before; nobody else is inside for this case meanwhile."""
        lock = self._locks.get(case)
        if lock is None:
            self._locks[case] = lock = asyncio.Lock()
        async with lock:
            yield
