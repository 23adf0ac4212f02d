"""What all cases of a project share."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass, field
from pathlib import Path

from samaritan.annotate.workspace._labels import Labels
from samaritan.annotate.workspace._layout import Layout
from samaritan.annotate.workspace._proposals import Proposals
from samaritan.annotate.workspace._snapshot import Snapshots
from samaritan.core import write_bytes


@dataclass(frozen=True, eq=False)
class Project:
    """A folder of images and what was made of it.

    Attributes:
        folder: with the images.
        layout: of the output folder.
        labels: of all cases.
        snapshots: of all cases.
        proposals: of all cases.
        closed: set when nothing may be written any more.
    """

    folder: Path
    layout: Layout
    labels: Labels
    snapshots: Snapshots
    proposals: Proposals
    closed: threading.Event = field(default_factory=threading.Event)

    def plain(self, sentence: object) -> str:
        """A sentence for the page, without what tells where on this machine the files lie."""
        text = str(sentence)
        for root in (self.folder, self.layout.output):
            text = text.replace(f"{root}{os.sep}", "")
        return text

    def salt(self) -> bytes:
        """Random bytes of this project, made once; raises ResourceError where they cannot be kept."""
        path = self.layout.hidden / "salt"
        if not path.is_file():
            write_bytes(path, secrets.token_bytes(16))
        return path.read_bytes()

    @classmethod
    def of(cls, folder: Path, layout: Layout) -> Project:
        """The project in an output folder; raises InputError where its table of labels cannot be used."""
        return cls(
            folder,
            layout,
            Labels(layout.labels),
            Snapshots(layout.hidden / "snapshots"),
            Proposals(layout.hidden / "proposals"),
        )
