"""Adaptation methods against each other and against the model as it is: same data, prompts, budget and schedule."""

from samaritan.bakeoff._config import ArmConfig, BakeoffConfig, ScoreConfig
from samaritan.bakeoff._spec import MethodSpec
from samaritan.bakeoff.adapt import Adapted, adapt_and_score, first_process
from samaritan.bakeoff.collect import Bakeoff, read_bakeoff
from samaritan.bakeoff.run import BakeoffResult, run_bakeoff

__all__ = [
    "Adapted", "ArmConfig", "Bakeoff", "BakeoffConfig", "BakeoffResult", "MethodSpec", "ScoreConfig", "adapt_and_score",
    "first_process", "read_bakeoff", "run_bakeoff",
]  # fmt: skip
