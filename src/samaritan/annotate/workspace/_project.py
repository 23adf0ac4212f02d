"""What all cases of a project share."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field

from samaritan.annotate.workspace._labels import Labels
from samaritan.annotate.workspace._layout import Layout
from samaritan.annotate.workspace._proposals import Proposals
from samaritan.annotate.workspace._snapshot import Snapshots
from samaritan.core import write_bytes


@dataclass(frozen=True, eq=False)
class Project:
    """Attributes: ``layout`` of the output folder; ``labels``, ``snapshots`` and ``proposals`` of all cases; ``closed``."""

    layout: Layout
    labels: Labels
    snapshots: Snapshots
    proposals: Proposals
    closed: threading.Event = field(default_factory=threading.Event)

    def salt(self) -> bytes:
        """Random bytes of this project, made once; raises ResourceError where they cannot be kept."""
        path = self.layout.hidden / "salt"
        if not path.is_file():
            write_bytes(path, secrets.token_bytes(16))
        return path.read_bytes()

    @classmethod
    def of(cls, layout: Layout) -> Project:
        """The project in an output folder; raises InputError where its table of labels cannot be used."""
        return cls(
            layout,
            Labels(layout.labels),
            Snapshots(layout.hidden / "snapshots"),
            Proposals(layout.hidden / "proposals"),
        )
