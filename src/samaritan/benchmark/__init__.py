"""Measure models under prompts on data: the runner, its statistics and its report."""

from samaritan.benchmark._config import RunConfig
from samaritan.benchmark.compare_runs import ComparisonTable, compare_runs
from samaritan.benchmark.run import RunResult, run_benchmark

__all__ = ["ComparisonTable", "RunConfig", "RunResult", "compare_runs", "run_benchmark"]
