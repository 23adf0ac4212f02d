"""One arm in a process of its own, so that its peak memory is its own and its death ends nothing else.

``python -m samaritan.bakeoff FOLDER RUNTIME`` reads an ArmConfig as JSON from stdin and tells its progress on stdout; an arm
that was stopped goes on.
"""

from __future__ import annotations

import sys
from pathlib import Path

from samaritan.bakeoff._config import ArmConfig
from samaritan.bakeoff._wire import Wire
from samaritan.bakeoff.adapt import adapt_and_score
from samaritan.core import SamaritanError
from samaritan.process import keep_heap


def main() -> int:
    """Run the arm; returns the exit code."""
    keep_heap()
    out, runtime = sys.argv[1:]
    try:
        config = ArmConfig.model_validate_json(sys.stdin.read())
        return adapt_and_score(config, Path(out), Wire(sys.stdout), runtime=runtime).exit_code
    except KeyboardInterrupt:
        return 130
    except SamaritanError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except MemoryError:
        sys.stderr.write("Not enough memory; take a smaller batch or model.\n")
        return 5


if __name__ == "__main__":
    sys.exit(main())
