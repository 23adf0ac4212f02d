from __future__ import annotations

from samaritan.benchmark._seeds import generator


def test_the_stream_is_fixed_for_all_time() -> None:
    assert generator(0, "set", "case", 1, None, "box", 0, 3).integers(0, 1000, 4).tolist() == [220, 483, 13, 836]


def test_every_part_and_the_seed_count() -> None:
    def draw(seed: int, *parts: object) -> int:
        return int(generator(seed, *parts).integers(0, 2**62))

    parts = ["set", "case", 1, None, "box", 0, 3]
    others = [draw(0, *parts[:n], "other", *parts[n + 1 :]) for n in range(len(parts))]
    assert len({draw(0, *parts), draw(1, *parts), *others}) == len(parts) + 2
    assert draw(0, "a", "bc") != draw(0, "ab", "c")
