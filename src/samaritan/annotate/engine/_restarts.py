"""How soon a process that died is started again, and when that is given up."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Restarts:
    """Counts deaths.

    Attributes:
        most: so many deaths ``within`` seconds are too many.
        within: seconds.
        first: pause before the first restart in seconds; each further one within that time is twice as long.
    """

    most: int = 5
    within: float = 60.0
    first: float = 0.25
    _deaths: list[float] = field(default_factory=list)

    def pause(self, now: float) -> float | None:
        """The process died at ``now`` (seconds of a steady clock): the pause before it is started again; None to give up."""
        self._deaths = [*(at for at in self._deaths if now - at < self.within), now]
        if len(self._deaths) >= self.most:
            self._deaths = []
            return None
        return self.first * 2.0 ** (len(self._deaths) - 1)
