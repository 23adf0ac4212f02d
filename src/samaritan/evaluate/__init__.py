"""Masks against masks: metrics with their unit, direction and answer to empty masks. No torch, no files."""

from samaritan.evaluate._base import METRICS, EmptyPolicy, Mask, Metric, metric
from samaritan.evaluate._evaluate import evaluate, policy_table
from samaritan.evaluate._pair import NSD_TOLERANCE, MaskPair, Unit

__all__ = [
    "METRICS", "NSD_TOLERANCE", "EmptyPolicy", "Mask", "MaskPair", "Metric", "Unit", "evaluate", "metric", "policy_table",
]  # fmt: skip
