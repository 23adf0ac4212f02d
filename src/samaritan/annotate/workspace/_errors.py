"""What is refused here and nowhere else."""

from __future__ import annotations

from samaritan.core import InputError


class UnknownCaseError(InputError):
    """There is no case of that id; the message is the same for every id."""

    def __init__(self) -> None:
        super().__init__("There is no such case; reload the list of cases.")


class StaleRevisionError(InputError):
    """An edit of an older revision than the case is at. Nothing was changed, and the edit is kept on disk.

    Attributes:
        why: what happened to the case, in words.
        revision: the one that the case is at.
        kept: name of the file that keeps the refused edit, relative to the output folder; None where it could not be written.
    """

    why = "Another page has changed this case"

    def __init__(self, revision: int, kept: str | None) -> None:
        where = f"; the refused edit is kept in {kept}" if kept else ", and the refused edit could not be kept"
        super().__init__(f"{self.why}, which is at revision {revision} now{where}.")
        self.revision = revision
        self.kept = kept


class ReplacedImageError(StaleRevisionError):
    """An edit that was made on an image whose file was replaced meanwhile; the case was opened anew."""

    why = "Another image took the place of this case's on disk, and the case was opened anew"

    def __init__(self, revision: int, kept: str | None) -> None:
        super().__init__(revision, kept)
        self.args = (f"{self.why}; look it over, and repeat the last edit where it still fits.",)
