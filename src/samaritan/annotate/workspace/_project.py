"""What all cases of a project share."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from samaritan.annotate.workspace._labels import Labels
from samaritan.annotate.workspace._layout import Layout
from samaritan.annotate.workspace._proposals import Proposals
from samaritan.annotate.workspace._snapshot import Snapshots


@dataclass(frozen=True, eq=False)
class Project:
    """Attributes: ``layout`` of the output folder; ``labels``, ``snapshots`` and ``proposals`` of all cases; ``closed``."""

    layout: Layout
    labels: Labels
    snapshots: Snapshots
    proposals: Proposals
    closed: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def of(cls, layout: Layout) -> Project:
        """The project in an output folder; raises InputError where its table of labels cannot be used."""
        return cls(
            layout,
            Labels(layout.labels),
            Snapshots(layout.hidden / "snapshots"),
            Proposals(layout.hidden / "proposals"),
        )
