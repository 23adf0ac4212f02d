"""The encoder of LiteMedSAM against the one of transformers' SamModel ViT-B at 1024 pixels, used plainly, in fp32.

Usage: python benchmarks/speed/families.py [--runtime NAME] [--rounds N] [--threads N] [--json FILE]

Both run to the embedding and take turns with a matrix product, whose speed is the peak; SamModel has random weights, which
cost the same.
"""

from __future__ import annotations

import statistics
import sys
import time

from _measure import arguments, gemm, pictures, ratio, report, rounds
from encoder import as_published, gflop


def main() -> None:
    runtime = sys.argv.pop(sys.argv.index("--runtime") + 1) if "--runtime" in sys.argv else "auto"
    sys.argv = [word for word in sys.argv if word != "--runtime"]
    args = arguments(__doc__, rounds=3)
    import torch  # noqa: PLC0415 - threads are bound first
    from transformers import SamConfig, SamModel  # noqa: PLC0415

    from samaritan.predict.runtimes import runtime_of, with_runtime  # noqa: PLC0415

    plain, picture = pictures()
    theirs, large = SamModel(SamConfig()).eval(), torch.rand(1, 3, 1024, 1024)
    work = gflop(as_published(plain.network.image_encoder, plain.frame.pixels(picture)))
    ours, (product, size) = with_runtime(plain, runtime), gemm()
    with torch.inference_mode():
        variants = {
            "samaritan": lambda: ours.encode(picture),
            "SamModel": lambda: theirs.get_image_embeddings(large),
            "gemm": product,
        }
        spent = rounds(variants, args.rounds, time.perf_counter)
    shares = [work / s / (size / p) for s, p in zip(spent["samaritan"], spent["gemm"], strict=True)]
    report(
        {
            "threads": args.threads,
            "runtime": runtime_of(ours),
            "gflop": round(work, 1),
            "seconds": {name: round(statistics.median(values), 3) for name, values in spent.items()},
            "share_of_peak": round(statistics.median(shares), 3),
            "ratio": round(ratio(spent, "SamModel", "samaritan"), 2),
        },
        args.json,
    )


if __name__ == "__main__":
    main()
