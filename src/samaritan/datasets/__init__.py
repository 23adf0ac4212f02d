"""Collections of cases: what lies in folders, and samples that need no download."""

from samaritan.datasets._base import LAYOUTS, REFERENCE, Case, Dataset, Layout
from samaritan.datasets._describe import describe, describe_builtins, fingerprint, image_fingerprint
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets._leaks import Twins, check_leaks, near_duplicates
from samaritan.datasets._open import builtin_names, open_datasets
from samaritan.datasets._split import Split, SplitPart, few, make_split

__all__ = [
    "LAYOUTS", "REFERENCE", "Case", "Dataset", "DatasetInfo", "Layout", "Split", "SplitPart", "Twins", "builtin_names",
    "check_leaks", "describe", "describe_builtins", "few", "fingerprint", "image_fingerprint", "make_split",
    "near_duplicates", "open_datasets",
]  # fmt: skip
