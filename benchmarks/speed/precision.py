"""Which parts of LiteMedSAM's encoder can do with less than fp32: time, and masks against those of eager fp32.

Usage: python benchmarks/speed/precision.py [--volume IMAGE LABELS] [--slices 12] [--store FOLDER] [--rounds 3] [--json FILE]

Plans are fp32 up to a step of the encoder and bf16 behind it (OpenVINO), and int8 in all matrix products (ONNX Runtime,
dynamic). For each: processor time over that of fp32 (plans take turns), Dice on the questions that the gate of `--fast` asks,
whether it passes, and with --volume Dice on evenly spaced slices of a real volume with a box around each of its 20 largest
labels, however small its mask. IMAGE and LABELS are NIfTI files on one grid, such as Colin27 with its AAL labels. What eager
fp32 answered and what was found lie in FOLDER (runs/precision), so that a stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import pickle
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from _measure import arguments, pictures, ratio, report, rounds

#: fp32 up to the end of a step; "bf16" and "int8" are everywhere.
PLANS = ("bf16>layers.3.blocks.0", "bf16>layers.2.downsample", "bf16>layers.2.blocks.0", "bf16", "int8", "f32")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--volume", type=Path, nargs=2, metavar=("IMAGE", "LABELS"))
    parser.add_argument("--slices", type=int, default=12)
    parser.add_argument("--store", type=Path, default=Path("runs/precision"))


def quantized(graph: bytes) -> bytes:
    """The encoder's graph with int8 weights, and inputs that are quantized as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder, "plain.onnx"), Path(folder, "small.onnx")
        plain.write_bytes(graph)
        quantize_dynamic(plain, small, op_types_to_quantize=["MatMul"], weight_type=QuantType.QInt8)
        return small.read_bytes()


def encoder_of(segmenter: Any, plan: str, store: Path) -> Any:
    """What runs a plan; compiled once."""
    import torch  # noqa: PLC0415 - threads are bound first

    from samaritan.predict.runtimes import RUNTIMES  # noqa: PLC0415
    from samaritan.predict.runtimes._graph import encoder_graph  # noqa: PLC0415

    runtime = RUNTIMES.get("onnxruntime" if plan == "int8" else "openvino")
    path = store / f"{plan.replace('>', '-')}.bin"
    if not path.is_file():
        network = segmenter.network
        path.write_bytes(quantized(encoder_graph(network)) if plan == "int8" else runtime.build(network, plan))
    return runtime.open(path.read_bytes(), segmenter.network, plan, torch.get_num_threads())


def of_volume(segmenter: Any, image: Path, labels: Path, count: int) -> Iterator[Any]:
    """Slices of a volume and boxes around its labels, as questions."""
    from volume import jobs_of, spaced  # noqa: PLC0415

    from samaritan import Box, PromptSet, read_labels, read_volume  # noqa: PLC0415
    from samaritan.predict.runtimes._questions import Question  # noqa: PLC0415
    from samaritan.predict.volume import VolumePredictor  # noqa: PLC0415

    predictor = VolumePredictor(segmenter, read_volume(image), modality="MR")
    for job in spaced(jobs_of(read_labels(labels).data, predictor.view), count):
        boxes = [PromptSet(box=Box((x0, y0), (x1, y1))) for x0, y0, x1, y1 in job.boxes()]
        yield Question(f"slice {job.index}", predictor.picture(job.index), tuple(("box", box) for box in boxes))


def kept(path: Path, make: Callable[[], Any]) -> Any:
    """What lies there, or is made and put there."""
    if not path.is_file():
        made = pickle.dumps(make())
        path.write_bytes(made)
    return pickle.loads(path.read_bytes())  # noqa: S301 - written here


def table(found: dict[str, dict[str, Any]]) -> str:
    """For the decision record."""
    lines = ["| precision | time | gate: mean, worst | passes | volume: mean, worst |", "|---|---|---|---|---|"]
    for plan, row in found.items():
        told = [
            f"{row[name]['mean']:.4f}, {row[name]['worst']:.3f}" if name in row else "" for name in ("gate", "volume")
        ]
        lines.append(
            f"| {plan} | {row['time']:.2f} | {told[0]} | {'yes' if row['gate']['fast'] else 'no'} | {told[1]} |"
        )
    return "\n".join(lines)


def masks(segmenter: Any, encoder: Any, expected: Sequence[Any], kind: Any) -> dict[str, Any]:
    """How far the masks of an encoder are from the expected ones; of kind "exact" all of them."""
    from samaritan.predict.runtimes._gate import judge  # noqa: PLC0415
    from samaritan.predict.runtimes._segmenter import CompiledSegmenter  # noqa: PLC0415

    verdict = judge(CompiledSegmenter(segmenter, encoder, {}), expected, kind, whole=True)
    return {
        "mean": verdict.mean,
        "worst": verdict.worst,
        "at": verdict.at,
        "masks": verdict.masks,
        "fast": verdict.fast,
    }


def main() -> None:
    args = arguments(__doc__, rounds=3, more=options)
    from samaritan.predict.runtimes._choose import references  # noqa: PLC0415 - threads are bound first
    from samaritan.predict.runtimes._gate import Reference  # noqa: PLC0415

    segmenter, picture = pictures()
    args.store.mkdir(parents=True, exist_ok=True)
    expected = {"gate": kept(args.store / "gate.pickle", lambda: references(segmenter, "fast"))}
    if args.volume:
        asked = of_volume(segmenter, *args.volume, args.slices)
        expected["volume"] = kept(args.store / "volume.pickle", lambda: [Reference.of(segmenter, one) for one in asked])
    encoders = {plan: encoder_of(segmenter, plan, args.store) for plan in PLANS}
    found: dict[str, dict[str, Any]] = {plan: {} for plan in PLANS}
    for plan, encoder in encoders.items():
        for name, wanted in expected.items():
            path = args.store / f"{name}-{plan.replace('>', '-')}.json"
            if not path.is_file():
                looked = masks(segmenter, encoder, wanted, "fast" if name == "gate" else "exact")
                path.write_text(json.dumps(looked), encoding="utf-8")
            found[plan][name] = json.loads(path.read_text(encoding="utf-8"))
    pixels = segmenter.frame.pixels(picture)
    spent = rounds({plan: partial(encoder, pixels) for plan, encoder in encoders.items()}, args.rounds)
    for plan in PLANS:
        found[plan]["time"] = round(ratio(spent, plan, "f32"), 2)
    report(found, args.json)
    print(table(found))


if __name__ == "__main__":
    main()
