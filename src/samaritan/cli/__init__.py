"""The command line: one file for each verb. A room is imported only inside its verb, so that --help is quick."""

from __future__ import annotations

import errno
import importlib
import os
import pkgutil
import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from samaritan.cli._app import app
from samaritan.core.errors import SamaritanError, UsageError
from samaritan.process import keep_heap, spare_collector

__all__ = ["app", "main"]

for _name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
    if not _name.startswith("_"):
        importlib.import_module(f"{__name__}.{_name}")


def main() -> NoReturn:
    """Entry point: every error that a person can cause is one sentence on stderr and an exit code."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    keep_heap()
    spare_collector()
    debug = "--debug" in sys.argv
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except SamaritanError as error:
        _fail(str(error), error.exit_code, error, debug)
    except (typer.Abort, KeyboardInterrupt):
        _fail("Interrupted.", 130, None, False)
    except TyperException as error:
        getattr(error, "show", lambda: None)()  # the usage line, then what is wrong; the type is private to typer
        sys.exit(UsageError.exit_code)
    except BrokenPipeError:  # the reader, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except MemoryError as error:
        _fail("Not enough memory for this; give fewer or smaller images.", 5, error, debug)
    except OSError as error:
        resources = error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EMFILE)
        _fail(f"{error.filename or 'The system'}: {error.strerror or error}.", 5 if resources else 3, error, debug)
    except Exception as error:  # noqa: BLE001 - a person gets a sentence, a developer --debug
        _fail(f"Unexpected {type(error).__name__}: {error} (run again with --debug for the details).", 1, error, debug)


def _fail(sentence: str, code: int, error: BaseException | None, debug: bool) -> NoReturn:
    if debug and error is not None:
        raise error
    typer.echo(f"samaritan: {sentence}", err=True)
    sys.exit(code)
