"""Masks against masks: metrics with their unit, direction and answer to empty masks. No torch, no files."""

from samaritan.evaluate._base import METRICS, EmptyPolicy, Mask, Metric, metric
from samaritan.evaluate._calibration import Reliability, calibration, entropy, reliability, uncertainty_error_overlap
from samaritan.evaluate._evaluate import evaluate, policy_table
from samaritan.evaluate._pair import NSD_TOLERANCE, MaskPair, Unit
from samaritan.evaluate._raters import rater_table, score_raters

__all__ = [
    "METRICS", "NSD_TOLERANCE", "EmptyPolicy", "Mask", "MaskPair", "Metric", "Reliability", "Unit", "calibration", "entropy",
    "evaluate", "metric", "policy_table", "rater_table", "reliability", "score_raters", "uncertainty_error_overlap",
]  # fmt: skip
