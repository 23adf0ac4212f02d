"""Which layers of LiteMedSAM's encoder need fp32: OpenVINO with fp32 up to a step and bf16 behind it, against the gate.

Usage: python benchmarks/speed/precision.py [--rounds N] [--threads N] [--json FILE]

For each plan: processor time over that of fp32 (plans take turns), mean and worst Dice of the gate's masks against eager fp32,
and whether `--fast` may take it (mean 0.99, worst 0.95).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from _measure import arguments, pictures, ratio, report, rounds

#: fp32 up to the end of a stage; the first entry is bf16 everywhere.
PLANS = ("bf16", "bf16>layers.0.downsample", "bf16>layers.1.downsample", "bf16>layers.2.blocks.0",
         "bf16>layers.2.downsample", "bf16>layers.3.blocks.1", "f32")  # fmt: skip


def main() -> None:
    args = arguments(__doc__, rounds=3)
    import torch  # noqa: PLC0415 - threads are bound first

    from samaritan.predict.runtimes import RUNTIMES  # noqa: PLC0415
    from samaritan.predict.runtimes._choose import references  # noqa: PLC0415
    from samaritan.predict.runtimes._gate import judge  # noqa: PLC0415
    from samaritan.predict.runtimes._segmenter import CompiledSegmenter  # noqa: PLC0415

    segmenter, picture = pictures()
    runtime, expected, pixels = RUNTIMES.get("openvino"), references(segmenter), segmenter.frame.pixels(picture)
    verdicts: dict[str, Any] = {}
    encoders: dict[str, Any] = {}
    for plan in PLANS:
        payload = runtime.build(segmenter.network, plan)
        encoders[plan] = runtime.open(payload, segmenter.network, plan, torch.get_num_threads())
        verdicts[plan] = judge(CompiledSegmenter(segmenter, encoders[plan], {}), expected)
    spent = rounds({plan: partial(encoder, pixels) for plan, encoder in encoders.items()}, args.rounds)
    report(
        {
            plan: {
                "time": round(ratio(spent, plan, "f32"), 2),
                "mean_dice": round(verdict.mean, 4),
                "worst_dice": round(verdict.worst, 4),
                "fast": verdict.fast,
            }
            for plan, verdict in verdicts.items()
        },
        args.json,
    )


if __name__ == "__main__":
    main()
