"""Randomness that belongs to a measurement, not to the order in which measurements are made."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *parts: object) -> np.random.Generator:
    """The random stream of what ``parts`` name (data set, case, target, ...), the same in every process.

    The parts are hashed with BLAKE2 (Python's own ``hash`` differs from process to process), so a measurement draws the same
    numbers whatever was measured, skipped or resumed before it.
    """
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))
