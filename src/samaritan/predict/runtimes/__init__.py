"""Ways to run a model's encoder: eager torch is the reference, the others are compiled graphs behind a gate.

:func:`with_runtime` gives a Segmenter that answers as before and runs its encoder elsewhere.
"""

from samaritan.predict.runtimes._base import RUNTIMES, Runtime
from samaritan.predict.runtimes._choose import check_runtime, prepare, runtime_of, with_runtime

__all__ = ["RUNTIMES", "Runtime", "check_runtime", "prepare", "runtime_of", "with_runtime"]
