"""Collections of cases: what lies in folders, and samples that need no download."""

from samaritan.datasets._base import LAYOUTS, REFERENCE, Case, Dataset, Layout
from samaritan.datasets._describe import describe, describe_builtins, fingerprint
from samaritan.datasets._info import DatasetInfo
from samaritan.datasets._open import builtin_names, open_datasets

__all__ = [
    "LAYOUTS", "REFERENCE", "Case", "Dataset", "DatasetInfo", "Layout", "builtin_names", "describe", "describe_builtins",
    "fingerprint", "open_datasets",
]  # fmt: skip
