"""What lies in a folder of images: case name -> file, and what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from samaritan.core import InputError, ResourceError

#: Endings of image files, the longest first; what has another ending is no image.
IMAGE_ENDINGS = (
    ".rtstruct.dcm", ".nii.gz", ".nii", ".hdr", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm", ".ima",
    ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp",
)  # fmt: skip

#: Files that belong to another one beside them and are not worth a note.
COMPANIONS = (".raw", ".zraw", ".img", ".json", ".txt", ".csv", ".tsv", ".md", ".yaml")


@dataclass(frozen=True)
class Listing:
    """Attributes: ``files``, case name -> file or DICOM folder; ``left_out``, names of what is neither."""

    files: dict[str, Path]
    left_out: tuple[str, ...] = ()

    def notes(self, folder: Path) -> Iterator[str]:
        """A sentence about what was left out, if anything was."""
        if self.left_out:
            yield f"{folder.name}/ holds entries that are no image and are left out: {some(self.left_out)}."


def list_cases(folder: Path) -> Listing:
    """The images of a folder by case name, the file name without its ending; hidden files are passed over.

    Raises:
        InputError: two files have one case name.
        ResourceError: the folder cannot be listed.
    """
    files: dict[str, Path] = {}
    left_out = []
    for path in entries(folder):
        case = case_name(path)
        if case is None:
            if not path.name.lower().endswith(COMPANIONS):
                left_out.append(printable(path.name))
        elif case in files:
            raise InputError(f"{files[case]} and {path} have one case name, {case!r}; keep one of them.")
        else:
            files[case] = path
    return Listing(files, tuple(left_out))


def case_name(path: Path) -> str | None:
    """The case that a file or DICOM folder belongs to, or None when it is no image."""
    ending = next((end for end in IMAGE_ENDINGS if path.name.lower().endswith(end)), None)
    if path.is_dir():
        return printable(path.name) if _is_series(path) else None
    return printable(path.name[: -len(ending)]) if ending and path.is_file() else None


def entries(folder: Path) -> list[Path]:
    """What a folder holds, by name, without hidden files; nothing where there is no folder.

    Raises:
        ResourceError: the folder cannot be listed.
    """
    if not folder.is_dir():
        return []
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise ResourceError(f"Could not list {folder}: {error.strerror}.") from error


def subfolders(folder: Path) -> list[Path]:
    """The folders in a folder, by name, hidden ones passed over."""
    return [path for path in entries(folder) if path.is_dir()]


def printable(name: str) -> str:
    """A file name as text that every encoding can hold: undecodable bytes are written out in hexadecimal."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def folder_name(folder: Path) -> str:
    """What a folder is called here: a link goes by its own name, ``.`` and ``..`` by that of the folder they mean."""
    return printable(folder.name if folder.name not in ("", "..") else folder.resolve().name)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first few names, for a message."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def _is_series(folder: Path) -> bool:
    """A folder of DICOM files: they end in .dcm or .ima, or have no ending at all."""
    return any(path.is_file() and path.suffix.lower() in ("", ".dcm", ".ima") for path in entries(folder))
