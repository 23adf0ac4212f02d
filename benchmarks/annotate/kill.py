"""Kill the annotator's server or its model process at random moments of a scripted session; nothing acknowledged may be lost.

    python -m benchmarks.annotate.kill FOLDER [--kills 50] [--seed 0] [--model tiny-litemedsam]

Three small volumes are made in FOLDER and labelled through the client by a scripted person (:mod:`benchmarks.annotate.person`):
objects, questions to the model, brush, eraser, propagation, undo, redo, notes. After a random time SIGKILL goes to the server
(two times of three) or to the model process. A killed server is started again, every case is compared with what was
acknowledged (label array, objects, prompts, undo, note, revision), and the edit whose answer never came is sent again under
its name, which must do it exactly once. After a killed model process the session must go on by itself. At the end the server is
asked to end, and every mask file must hold the label array. Exit code 0 where all of that holds.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from benchmarks.annotate.person import DifferenceError, Person
from benchmarks.annotate.pictures import small_volumes
from benchmarks.annotate.server import Server
from samaritan.annotate.client import UnreachableError
from samaritan.core import ModelError, SamaritanError

#: Seconds between a restart and the next kill.
SOONEST, LATEST = 0.05, 3.0

#: Who is killed, in turn.
VICTIMS = ("server", "server", "model")


@dataclass
class Tally:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    restarts: list[float] = field(default_factory=list)
    edits: Counter[str] = field(default_factory=Counter)


def session(
    server: Server,
    kills: int,
    seed: int = 0,
    *,
    victims: Sequence[str] = VICTIMS,
    latest: float = LATEST,
    say: Callable[[str], None] = print,
) -> Tally:
    """Run the session on a server that runs, and runs at the end.

    Args:
        server: that is killed, or whose model process is.
        kills: how often.
        seed: of the edits and the moments.
        victims: who is killed, in turn.
        latest: most seconds between a restart and the next kill.
        say: is told of each kill.

    Raises:
        DifferenceError: something that was acknowledged is gone.
    """
    tally, chance = Tally(), random.Random(seed)  # noqa: S311 - moments, not secrets
    person = Person(server.client(), seed)
    for number in range(kills):
        victim = victims[number % len(victims)]
        wait = chance.uniform(SOONEST, latest)
        _work_until_killed(server, person, victim, wait, tally)
        tally.kills[victim] += 1
        say(f"kill {number + 1:2d} of the {victim} after {wait:4.2f} s: {person.done.total()} edits are safe")
    tally.edits = person.done
    person.check_all()
    return tally


def _work_until_killed(server: Server, person: Person, victim: str, wait: float, tally: Tally) -> None:
    killed = threading.Event()

    def strike() -> None:
        if victim == "server":
            server.kill()
        else:
            server.kill_model()
        killed.set()

    timer = threading.Timer(wait, strike)
    timer.start()
    try:
        while not killed.is_set():
            person.act()
        if victim == "model":  # the session goes on: also with questions to the model
            server.await_model()
            before = person.done["ask"]
            while person.done["ask"] == before:
                person.act()
            person.check_all()
            return
    except UnreachableError:
        if victim == "model":
            raise
    except ModelError:  # it died while it was asked; the client is told, and asks once more
        if victim != "model":
            raise
        killed.wait()
        server.await_model()
        person.resume(server.client())
        return
    finally:
        timer.join()
    tally.unanswered += person.pending is not None
    tally.restarts.append(server.start())
    person.resume(server.client())


def compare_files(server: Server, person_labels: dict[str, NDArray[np.uint8]]) -> None:
    """Compare mask files, after the server has ended, with label arrays on the shown grid."""
    for name, labels in person_labels.items():
        image: Any = nib.load(server.output / "masks" / f"{name}.nii.gz")
        found = np.asarray(nib.as_closest_canonical(image).dataobj)  # type: ignore[no-untyped-call]
        if not np.array_equal(found != 0, labels != 0):
            raise DifferenceError(f"masks/{name}.nii.gz is not what was acknowledged")


def main(folder: Path, kills: int, seed: int, model: str) -> int:
    shutil.rmtree(folder, ignore_errors=True)
    small_volumes(folder / "images", 3)
    began = time.monotonic()
    with Server(folder / "images", folder / "out", model=model, options=("--threads", "1")) as server:
        try:
            tally = session(server, kills, seed)
            names = {one.case: one.name for one in server.client().cases()}
            labels = {names[case]: server.client().open(case).labels() for case in names}
            code = server.stop()
            compare_files(server, labels)
        except (DifferenceError, SamaritanError, RuntimeError) as error:
            print(f"LOST: {error}")
            return 1
    spread = (
        f"median {np.median(tally.restarts):.2f} s, longest {max(tally.restarts):.2f} s" if tally.restarts else "none"
    )
    print(
        f"{tally.kills['server']} kills of the server and {tally.kills['model']} of the model process in "
        f"{time.monotonic() - began:.0f} s; {tally.edits.total()} acknowledged edits, none lost; {tally.unanswered} edits were "
        f"cut off, and done exactly once when they were sent again; restart to listening: {spread}; exit code {code}"
    )
    print("edits: " + ", ".join(f"{count} {kind}" for kind, count in sorted(tally.edits.items())))
    return 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="tiny-litemedsam")
    chosen = parser.parse_args()
    sys.exit(main(chosen.folder, chosen.kills, chosen.seed, chosen.model))
