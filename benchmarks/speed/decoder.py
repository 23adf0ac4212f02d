"""Prompts on one encoded picture: transformers' mask decoder against samaritan's; and many boxes on a slice against one.

Usage: python benchmarks/speed/decoder.py [--threads 2] [--rounds 7] [--json FILE]

"shipped" is transformers' decoder, all prompts in one batch; once with the heap kept and once, in a process of its own that
alternates with its own matrix products, with the allocator as the system has it. Times are processor seconds, ratios medians
over rounds. The peak is a matrix product of 2048 in the same rounds.
"""

from __future__ import annotations

import copy
import json
import statistics
import subprocess
import sys
from typing import Any

from _measure import arguments, gemm, pictures, ratio, report, rounds

PROMPTS = (1, 4, 16, 64)
MANY = 116
CHUNKS = (1, 2, 4, 8, 16)

#: What the second process runs: no heap kept.
PLAIN_ALLOCATOR = "--plain-allocator"


def boxes(count: int, shape: tuple[int, int]) -> list:
    """Boxes of different size and place inside a picture, always the same."""
    import numpy as np  # noqa: PLC0415

    from samaritan.core import Box, PromptSet  # noqa: PLC0415

    rng, size = np.random.default_rng(0), np.array(shape)
    low = (rng.uniform(0, 0.7, (count, 2)) * size).astype(int)
    high = np.minimum(low + (rng.uniform(0.05, 0.3, (count, 2)) * size).astype(int) + 1, size - 1)
    return [PromptSet(box=Box(a, b)) for a, b in zip(low, high, strict=True)]


def published(network: Any) -> Any:
    """(features, prompts) -> logits and quality by transformers' decoder with the network's weights."""
    from transformers.models.sam.configuration_sam import SamMaskDecoderConfig  # noqa: PLC0415
    from transformers.models.sam.modeling_sam import SamMaskDecoder  # noqa: PLC0415

    config = SamMaskDecoderConfig(layer_norm_eps=1e-5)  # as the authors have it
    config._attn_implementation = "sdpa"
    decoder = SamMaskDecoder(config).eval()
    decoder.load_state_dict(network.mask_decoder.state_dict())

    def decode(features: Any, prompts: Any) -> Any:
        sparse, dense = network.embed_prompts(prompts)
        return decoder(
            image_embeddings=features.expand(prompts.count, -1, -1, -1),
            image_positional_embeddings=network.position_grid.expand(prompts.count, -1, -1, -1),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )

    return decode


def shipped_alone(threads: int, count: int) -> None:
    """16 boxes by transformers' decoder with the allocator as it is, and the matrix product."""
    import torch  # noqa: PLC0415

    torch.set_num_threads(threads)
    segmenter, picture = pictures()
    with torch.inference_mode():
        features = segmenter.encode(picture).features["image"]
        tensors = segmenter.prompt_tensors(boxes(16, picture.shape[:2]), picture.shape[:2])
        decode = published(segmenter.network)
        spent = rounds(
            {
                "shipped": lambda: decode(features, tensors),
                "gemm": gemm()[0],
            },
            count,
        )
    print(json.dumps(spent))


def main() -> None:
    if PLAIN_ALLOCATOR in sys.argv:
        shipped_alone(int(sys.argv[2]), int(sys.argv[3]))
        return
    args = arguments(__doc__, rounds=7)
    import torch  # noqa: PLC0415 - threads are bound first

    segmenter, picture = pictures()
    shape = picture.shape[:2]
    embedding = segmenter.encode(picture)
    other = copy.deepcopy(segmenter)  # for what makes the picture's side anew
    features, network, quick = embedding.features["image"], segmenter.network, segmenter._picture_decoder
    theirs = published(network)
    product, size = gemm()
    asked = {n: boxes(n, shape) for n in (*PROMPTS, MANY)}

    def shipped(n: int) -> None:
        with torch.inference_mode():
            theirs(features, segmenter.prompt_tensors(asked[n], shape))

    def first() -> None:
        other._picture_decoder._kept = None
        other.decode(embedding, asked[1])

    def in_chunks(n: int) -> None:
        with torch.inference_mode():
            side = quick.side(features)
            for start in range(0, 16, n):
                tensors = segmenter.prompt_tensors(asked[16][start : start + n], shape)
                quick.decode(side, tensors, multimask=False)

    def whole(n: int) -> None:
        other.decode(other.encode(picture), asked[n])

    variants = {f"shipped {n}": (lambda n=n: shipped(n)) for n in PROMPTS}
    variants |= {f"samaritan {n}": (lambda n=n: segmenter.decode(embedding, asked[n])) for n in PROMPTS}
    variants |= {
        "first prompt": first,
        f"encode and {MANY}": lambda: whole(MANY),
        "encode and 1": lambda: whole(1),
        "gemm": product,
    }
    for n in CHUNKS:
        variants[f"chunks of {n}"] = lambda n=n: in_chunks(n)
    with torch.inference_mode():
        tensors = segmenter.prompt_tensors(asked[16], shape)
        plain = theirs(features, tensors)[0][:, 0]
        ours = quick.decode(quick.side(features), tensors, multimask=False)[0]
    spent = rounds(variants, args.rounds)
    command = [sys.executable, __file__, PLAIN_ALLOCATOR, str(args.threads), str(args.rounds)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    alone = json.loads(done.stdout.splitlines()[-1])
    # both processes measured the same matrix product, so that times are compared in units of it
    shipped_16 = statistics.median(a / b for a, b in zip(alone["shipped"], alone["gemm"], strict=True)) / 16
    more = statistics.median(
        (b - a) / 48 / c for a, b, c in zip(spent["samaritan 16"], spent["samaritan 64"], spent["gemm"], strict=True)
    )
    report(
        {
            "threads": args.threads,
            "gemm_gflop_per_processor_second": round(size / statistics.median(spent["gemm"]), 1),
            "largest_difference": float((plain - ours).abs().max()),
            "largest_logit": float(plain.abs().max()),
            "pixels_that_differ": int(((plain > 0) != (ours > 0)).sum()),
            "milliseconds_per_prompt": {
                name: round(1e3 * statistics.median(values) / int(name.split()[1]), 2)
                for name, values in spent.items()
                if name.split()[0] in ("shipped", "samaritan")
            },
            "milliseconds_per_prompt_in_chunks_of": {
                n: round(1e3 * statistics.median(spent[f"chunks of {n}"]) / 16, 2) for n in CHUNKS
            },
            "first_prompt_milliseconds": round(1e3 * statistics.median(spent["first prompt"]), 1),
            "speed_up_heap_kept": {n: round(ratio(spent, f"shipped {n}", f"samaritan {n}"), 2) for n in PROMPTS},
            "one_more_prompt_against_shipped_16": round(shipped_16 / more, 2),
            f"{MANY}_boxes_against_1_with_encoding": round(ratio(spent, f"encode and {MANY}", "encode and 1"), 2),
        },
        args.json,
    )


if __name__ == "__main__":
    main()
