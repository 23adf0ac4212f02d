"""LiteMedSAM's encoder: as published, operation by operation, against the way samaritan runs it; and its share of the peak.

Usage: python benchmarks/speed/encoder.py [--threads 2] [--rounds 9] [--json FILE]

All runs are in one process that keeps its heap, interleaved; ratios are medians over rounds of processor seconds. The published
way is run with hooks that do nothing on the parts, which is where the quick way steps back.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from _measure import arguments, gemm, pictures, ratio, report, rounds


def as_published(module: Any, features: Any) -> Callable[[], Any]:
    """The module with hooks that do nothing, so that all of its parts run by themselves."""

    def run() -> Any:
        from samaritan.models._folding import PARTS  # noqa: PLC0415

        handles = [m.register_forward_hook(lambda *_: None) for m in module.modules() if type(m) in PARTS]
        try:
            return module(features)
        finally:
            for handle in handles:
                handle.remove()

    return run


def gflop(run: Callable[[], Any]) -> float:
    """Billion operations of a call."""
    import torch  # noqa: PLC0415
    from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: PLC0415
    from torch.utils.flop_counter import FlopCounterMode  # noqa: PLC0415

    # the counter does not know the fused attention, but the products that it is made of
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        run()
    return float(counter.get_total_flops()) / 1e9


def chain(encoder: Any, pixels: Any) -> Iterator[tuple[str, Any, Any]]:
    """The first block of each stage and the step behind it, each with what it sees."""
    features = encoder.patch_embed(pixels)
    for number, stage in enumerate(encoder.layers):
        yield f"stage {number} block", stage.blocks[0], features
        for block in stage.blocks:
            features = block(features)
        if stage.downsample is not None:
            yield f"stage {number} step", stage.downsample, features
            features = stage.downsample(features)


def attentions() -> dict[str, Callable[[], Any]]:
    """Attention in the windows of the second and the third stage, with biases of three and of four dimensions."""
    import torch  # noqa: PLC0415
    from torch.nn.functional import scaled_dot_product_attention  # noqa: PLC0415

    found = {}
    for name, windows, heads, tokens in (("7 x 7", 361, 4, 49), ("14 x 14", 25, 5, 196)):
        query, key, value = torch.randn(windows, tokens, heads, 3, 32).permute(3, 0, 2, 1, 4)
        bias = torch.randn(heads, tokens, tokens)
        found[f"published attention {name}"] = partial(scaled_dot_product_attention, query, key, value, attn_mask=bias)
        found[f"samaritan attention {name}"] = partial(
            scaled_dot_product_attention, query, key, value, attn_mask=bias[None]
        )
    return found


def main() -> None:
    args = arguments(__doc__, rounds=9)
    import torch  # noqa: PLC0415 - threads are bound first

    segmenter, picture = pictures()
    encoder, pixels = segmenter.network.image_encoder, segmenter.frame.pixels(picture)

    plain = as_published(encoder, pixels)
    work = gflop(plain)
    product, size = gemm()
    with torch.inference_mode():
        difference = float((plain() - encoder(pixels)).abs().max())
        parts = {}
        for name, module, features in chain(encoder, pixels):
            parts |= {
                f"published {name}": as_published(module, features),
                f"samaritan {name}": partial(module, features),
            }
        parts |= attentions()
        apart = rounds(parts, args.rounds)
        spent = rounds({"published": plain, "samaritan": lambda: encoder(pixels), "gemm": product}, args.rounds)
    peak = [size / seconds for seconds in spent["gemm"]]
    report(
        {
            "threads": args.threads,
            "gflop": round(work, 1),
            "gemm_gflop_per_processor_second": round(statistics.median(peak), 1),
            "largest_difference": difference,
            "milliseconds": {name: round(1e3 * statistics.median(spent[name]), 1) for name in spent},
            "speed_up_of_parts": {
                name.removeprefix("published "): round(ratio(apart, name, name.replace("published", "samaritan")), 2)
                for name in apart
                if name.startswith("published")
            },
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
