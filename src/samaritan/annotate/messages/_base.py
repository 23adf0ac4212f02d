"""What all messages are, and the words that they share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

PlaneName = Literal["axial", "coronal", "sagittal"]
Status = Literal["open", "work", "accepted", "skipped"]
ExportFormat = Literal["nifti", "png", "dicom-seg"]

#: Values of the shown label array are bytes, 0 is background.
MOST_OBJECTS = 255

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1e6, le=1e6)]
Mm = tuple[Number, Number, Number]
ObjectId = Annotated[int, Field(ge=1, le=MOST_OBJECTS)]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class Message(BaseModel):
    """Nothing but the fields below is allowed, and nothing is changed after it was made."""

    model_config = ConfigDict(extra="forbid", frozen=True)
