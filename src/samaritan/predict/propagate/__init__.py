"""From prompted slices to whole volumes: one file per strategy."""

from samaritan.predict.propagate._base import STRATEGIES, Found, Job, Origin, Stop, Strategy, Target
from samaritan.predict.propagate._rules import Rules

__all__ = ["STRATEGIES", "Found", "Job", "Origin", "Rules", "Stop", "Strategy", "Target"]
