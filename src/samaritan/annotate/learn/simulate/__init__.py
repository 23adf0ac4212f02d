"""How many interactions learning saves: a simulated annotator labels a stream of cases, with and without it."""

from samaritan.annotate.learn.simulate._config import Condition, SimulationConfig
from samaritan.annotate.learn.simulate._run import Simulated, run_simulation

__all__ = ["Condition", "Simulated", "SimulationConfig", "run_simulation"]
