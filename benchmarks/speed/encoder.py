"""LiteMedSAM's encoder: as published, operation by operation, against the way samaritan runs it; and its share of the peak.

Usage: python benchmarks/speed/encoder.py [--threads 2] [--rounds 9] [--json FILE]

All runs are in one process that keeps its heap, interleaved; ratios are medians over rounds of processor seconds. The published
way is run with hooks that do nothing on the parts, which is where the quick way steps back.
"""

from __future__ import annotations

import statistics
from contextlib import contextmanager

from _measure import arguments, gemm, pictures, ratio, report, rounds


def main() -> None:
    args = arguments(__doc__, rounds=9)
    import torch  # noqa: PLC0415 - threads are bound first
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415

    segmenter, picture = pictures()
    encoder, pixels = segmenter.network.image_encoder, segmenter.frame.pixels(picture)

    @contextmanager
    def published():
        from samaritan.models._folding import PARTS  # noqa: PLC0415

        handles = [m.register_forward_hook(lambda *_: None) for m in encoder.modules() if type(m) in PARTS]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def plain() -> torch.Tensor:
        with published():
            return encoder(pixels)

    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        plain()
    work = counter.get_total_flops() / 1e9
    product, size = gemm()
    with torch.inference_mode():
        difference = float((plain() - encoder(pixels)).abs().max())
        spent = rounds({"published": plain, "samaritan": lambda: encoder(pixels), "gemm": product}, args.rounds)
    peak = [size / seconds for seconds in spent["gemm"]]
    report(
        {
            "threads": args.threads,
            "gflop": round(work, 1),
            "gemm_gflop_per_processor_second": round(statistics.median(peak), 1),
            "largest_difference": difference,
            "milliseconds": {name: round(1e3 * statistics.median(spent[name]), 1) for name in spent},
            "speed_up": round(ratio(spent, "published", "samaritan"), 2),
            "share_of_peak": {
                name: round(statistics.median(work / s / p for s, p in zip(spent[name], peak, strict=True)), 3)
                for name in ("published", "samaritan")
            },
        },
        args.json,
    )


if __name__ == "__main__":
    main()
