"""The authors' SAM, SAM-HQ, MobileSAM and SAM-Med2D with values of _values.py; see segment_anything.sh.

    python sam_family_authors.py small|full FOLDER_OF_SAM_MED2D OUT.npz

Nothing here comes from samaritan.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import types
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _values import FULL, SMALL, Case, pixels, questions, value

#: So many rows and columns of each map are kept of a small network.
KEPT = 8


#: Family -> the package of its authors.
PACKAGES = {
    "sam": "segment_anything",
    "sam-hq": "segment_anything_hq",
    "mobilesam": "mobile_sam",
    "sam-hq-tiny": "segment_anything_hq",
}

#: Files of such a package; not every one has the last two.
FILES = ("image_encoder", "prompt_encoder", "mask_decoder", "transformer", "mask_decoder_hq", "tiny_vit_sam")


def authors(med2d: Path) -> dict[str, dict[str, Any]]:
    """Family -> modules of its authors by the names of their files."""
    for operator in ("nms", "qnms"):  # torchvision's import expects them; its compiled part is not for a CPU torch
        torch.library.define(f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    warnings.simplefilter("ignore")
    # SAM-Med2D's package is called as SAM's, and its __init__ asks for more than is here; so its networks come first and alone
    for name, folder in (
        ("segment_anything", "segment_anything"),
        ("segment_anything.modeling", "segment_anything/modeling"),
    ):
        bare = types.ModuleType(name)
        bare.__path__ = [str(med2d / folder)]
        sys.modules[name] = bare
    found = {"sam-med2d": modules("segment_anything")}
    for name in [name for name in sys.modules if name.startswith("segment_anything")]:
        del sys.modules[name]
    return found | {family: modules(package) for family, package in PACKAGES.items()}


def modules(package: str) -> dict[str, Any]:
    found = {}
    for name in FILES:
        try:
            found[name] = importlib.import_module(f"{package}.modeling.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{package}.modeling.{name}":
                raise
    return found


def build(case: Case, parts: dict[str, Any]) -> torch.nn.Module:
    here, (hidden, heads, mlp) = parts[case.family], case.decoder
    cells = case.side // 16
    if isinstance(case.width, tuple):
        encoder = here["tiny_vit_sam"].TinyViT(
            img_size=case.side, in_chans=3, num_classes=1000, embed_dims=list(case.width), depths=list(case.depth),
            num_heads=list(case.heads), window_sizes=[7, 7, 14, 7], mlp_ratio=4.0, drop_rate=0.0, drop_path_rate=0.0,
            use_checkpoint=False, mbconv_expand_ratio=4.0, local_conv_size=3, layer_lr_decay=0.8,
        )  # fmt: skip
    else:
        more = {"adapter_train": True} if case.family == "sam-med2d" else {}
        encoder = here["image_encoder"].ImageEncoderViT(
            depth=case.depth, embed_dim=case.width, img_size=case.side, mlp_ratio=case.expansion,
            norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), num_heads=case.heads, patch_size=16, qkv_bias=True,
            use_rel_pos=True, global_attn_indexes=case.unwindowed, window_size=case.window, out_chans=hidden, **more,
        )  # fmt: skip
    transformer = here["transformer"].TwoWayTransformer(depth=2, embedding_dim=hidden, mlp_dim=mlp, num_heads=heads)
    kind = here["mask_decoder_hq"].MaskDecoderHQ if case.early else here["mask_decoder"].MaskDecoder
    more = {"vit_dim": case.early} if case.early else {}
    network = torch.nn.Module()
    network.image_encoder = encoder
    network.prompt_encoder = here["prompt_encoder"].PromptEncoder(
        embed_dim=hidden, image_embedding_size=(cells, cells), input_image_size=(case.side, case.side), mask_in_chans=16
    )
    network.mask_decoder = kind(
        num_multimask_outputs=3, transformer=transformer, transformer_dim=hidden, iou_head_depth=3,
        iou_head_hidden_dim=hidden, **more,
    )  # fmt: skip
    network.load_state_dict({name: value(name, t.shape) for name, t in network.state_dict().items()}, strict=True)
    return network.eval()


def answers(case: Case, network: Any) -> dict[str, np.ndarray]:
    """Embedding, and logits (4, grid, grid) and quality (4,) of each question: the single answer, then the candidates."""
    encoded = network.image_encoder(pixels(case.side))
    features, early = (encoded[0], encoded[1][0]) if case.early else (encoded, None)
    whole = features if early is None else torch.cat([features, early.permute(0, 3, 1, 2)], dim=1)
    found = {"embedding": whole[0]}
    prompts, decoder = network.prompt_encoder, network.mask_decoder
    for kind, asked in questions(case).items():
        points = (asked["points"], asked["labels"]) if "points" in asked else None
        sparse, dense = prompts(points=points, boxes=asked.get("boxes"), masks=asked.get("masks"))
        more = {}
        if early is not None:  # as MaskDecoderHQ.forward does it, which returns the best candidate alone
            more = {
                "hq_features": decoder.embedding_encoder(features)
                + decoder.compress_vit_feat(early.permute(0, 3, 1, 2))
            }
        logits, quality = decoder.predict_masks(
            image_embeddings=features, image_pe=prompts.get_dense_pe(), sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense, **more,
        )  # fmt: skip
        found[f"{kind}/logits"] = logits[0, :4] + logits[0, 4:] if early is not None else logits[0]
        found[f"{kind}/quality"] = quality[0]
    return {key: tensor.float().numpy() for key, tensor in found.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("size", choices=["small", "full"])
    arguments.add_argument("med2d", type=Path)
    arguments.add_argument("out", type=Path)
    given = arguments.parse_args()
    torch.set_num_threads(1)  # sums in one order on every machine
    parts = authors(given.med2d)
    kept: dict[str, np.ndarray] = {}
    for case in SMALL if given.size == "small" else FULL:
        with torch.inference_mode():
            found = answers(case, build(case, parts))
        small = given.size == "small"
        kept |= {f"{case.name}/{key}": thinned(array) if small else array for key, array in found.items()}
        print(
            case.name, f"embedding {found['embedding'].std():.2f}, logits {found['box/logits'].std():.2f}", flush=True
        )
    given.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(given.out, **kept)
    print(f"wrote {given.out}: {given.out.stat().st_size} bytes")


def thinned(array: np.ndarray) -> np.ndarray:
    """So few places of a map that a file of them can be kept."""
    step = array.shape[-1] // KEPT if array.ndim == 3 else 1
    return array[..., step // 2 :: step, step // 2 :: step] if step > 1 else array


if __name__ == "__main__":
    main()
