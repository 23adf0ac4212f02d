"""Run the authors' SAM 2 on made-up pictures and keep what a comparison needs; see sam2.sh.

Nothing here comes from samaritan: pictures, prompts and the way through a volume are written in (row, column) order and with
the authors' own predictors, so that the comparison is between two independent paths.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from named_weights import state

for _operator in ("nms", "qnms"):  # torchvision's import expects them; its compiled part is not for a CPU torch
    torch.library.define(f"torchvision::{_operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

# ruff: isort: off
import sam2.sam2_video_predictor as video  # noqa: E402
from sam2.build_sam import build_sam2_video_predictor  # noqa: E402
from sam2.modeling.backbones.hieradet import Hiera  # noqa: E402
from sam2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder  # noqa: E402
from sam2.modeling.memory_attention import MemoryAttention, MemoryAttentionLayer  # noqa: E402
from sam2.modeling.memory_encoder import CXBlock, Fuser, MaskDownSampler, MemoryEncoder  # noqa: E402
from sam2.modeling.position_encoding import PositionEmbeddingSine  # noqa: E402
from sam2.modeling.sam.transformer import RoPEAttention  # noqa: E402
from sam2.sam2_image_predictor import SAM2ImagePredictor  # noqa: E402
from sam2.sam2_video_predictor import SAM2VideoPredictor  # noqa: E402
# ruff: isort: on

#: Pictures of a volume (rows, columns), how many there are, and the one with the first prompts.
SIZE, COUNT, FIRST = (160, 200), 18, 8

#: How the authors' own builder sets what it calls post-processing; holes are not filled.
CHOICES = {
    "binarize_mask_from_pts_for_mem_enc": True,
    "sam_mask_decoder_extra_args": {
        "dynamic_multimask_via_stability": True,
        "dynamic_multimask_stability_delta": 0.05,
        "dynamic_multimask_stability_thresh": 0.98,
    },
}


@dataclass(frozen=True)
class Plan:
    """What is run of a configuration.

    Attributes:
        side: of the network's square.
        steps: slices that are followed in each direction.
        keep: about so many values of an array are kept, evenly spread.
        scale: pixels of the made-up pictures are repeated so often, so that none is smaller than the square: samaritan places
            clicks on enlarged pictures half a pixel elsewhere (docs/decisions/0004).
    """

    side: int
    steps: int
    keep: int
    scale: int = 1

    def size(self) -> tuple[int, int]:
        """(rows, columns) of a picture."""
        return SIZE[0] * self.scale, SIZE[1] * self.scale


PLANS = {
    "small-2.1": Plan(128, 3, 150),
    "small-2": Plan(128, 3, 150),
    "sam2.1-tiny": Plan(1024, 0, 100_000, 7),
    "sam2.1-small@512": Plan(512, 0, 100_000, 4),
    "sam2.1-base-plus@512": Plan(512, 0, 100_000, 4),
    "sam2.1-large@512": Plan(512, 0, 100_000, 4),
    "medsam2": Plan(512, 2, 100_000, 4),
}

#: Ways through a volume -> whether a corrected slice counts as a prompted one.
SMALL = {"prompted": True, "default": False}
WALKS = {"small-2.1": SMALL, "small-2": SMALL, "medsam2": {"prompted": True}}

#: Size -> how the authors' settings of it are called.
SIZES = {"tiny": "t", "small": "s", "base-plus": "b+", "large": "l"}


def build(config: str) -> Any:
    """The authors' predictor with weights that follow from their names."""
    side = PLANS[config].side
    if config.startswith("small"):
        net = small(side, revised=config.endswith(".1"))
    else:
        size = "tiny" if config == "medsam2" else config.removeprefix("sam2.1-").partition("@")[0]
        overrides = ["++model.fill_hole_area=0", f"++model.image_size={side}"]
        net = build_sam2_video_predictor(
            f"configs/sam2.1/sam2.1_hiera_{SIZES[size]}.yaml", None, "cpu", hydra_overrides_extra=overrides
        )
        net.fill_hole_area = 0
    net.load_state_dict(
        {n: torch.from_numpy(v) for n, v in state({n: t.shape for n, t in net.state_dict().items()}).items()}
    )
    return net.eval()


def small(side: int, *, revised: bool) -> Any:
    """A network of every part, small enough for a test."""
    trunk = Hiera(
        embed_dim=16, num_heads=1, stages=(1, 2, 3, 1), global_att_blocks=(4,), window_pos_embed_bkg_spatial_size=(7, 7),
        window_spec=(8, 4, 6, 3),
    )  # fmt: skip
    neck = FpnNeck(
        PositionEmbeddingSine(256), 256, [128, 64, 32, 16], fpn_top_down_levels=[2, 3], fpn_interp_model="nearest"
    )
    rotary = {"rope_theta": 10000.0, "feat_sizes": (side // 16,) * 2, "embedding_dim": 256, "num_heads": 1}
    layer = MemoryAttentionLayer(
        "relu", RoPEAttention(rope_k_repeat=True, kv_in_dim=64, **rotary), 256, 64, 0.1, False, True, False,
        RoPEAttention(**rotary),
    )  # fmt: skip
    encoder = MemoryEncoder(
        64, MaskDownSampler(kernel_size=3, stride=2, padding=1), Fuser(CXBlock(256), 2), PositionEmbeddingSine(64)
    )
    more = {"add_tpos_enc_to_obj_ptrs": False}
    if revised:
        more = {
            "proj_tpos_enc_in_obj_ptrs": True,
            "use_signed_tpos_enc_to_obj_ptrs": True,
            "no_obj_embed_spatial": True,
        }
    return SAM2VideoPredictor(
        image_encoder=ImageEncoder(trunk, neck, scalp=1), memory_attention=MemoryAttention(256, True, layer, 2),
        memory_encoder=encoder, image_size=side, sigmoid_scale_for_mem_enc=20.0, sigmoid_bias_for_mem_enc=-10.0,
        use_mask_input_as_output_without_sam=True, directly_add_no_mem_embed=True, use_high_res_features_in_sam=True,
        multimask_output_in_sam=True, iou_prediction_use_sigmoid=True, use_obj_ptrs_in_encoder=True,
        only_obj_ptrs_in_the_past_for_eval=True, pred_obj_scores=True, pred_obj_scores_mlp=True, fixed_no_obj_ptr=True,
        multimask_output_for_tracking=True, use_multimask_token_for_obj_ptr=True, multimask_min_pt_num=0,
        multimask_max_pt_num=1, use_mlp_for_obj_ptr_proj=True, **CHOICES, **more,
    )  # fmt: skip


def picture(number: int, scale: int) -> np.ndarray:
    """(row, column, 3) uint8: a bright and a coloured block that wander over noise, each pixel ``scale`` times."""
    rows, cols = SIZE
    random = np.random.default_rng(number)
    seen = random.integers(0, 60, (rows, cols, 3))
    seen[40 + number : 90 + number, 50:110] += np.array([150, 140, 130])
    seen[100:140, 110 + 2 * number : 150 + 2 * number] += np.array([10, 60, 160])
    return seen.astype(np.uint8).repeat(scale, axis=0).repeat(scale, axis=1)


def pixels(net: Any, number: int, scale: int) -> torch.Tensor:
    """(3, side, side), as the authors' image predictor prepares a picture."""
    prepared: torch.Tensor = SAM2ImagePredictor(net)._transforms(picture(number, scale))
    return prepared


#: Of single pictures: (points x, y, label) and box x0, y0, x1, y1.
ASKED: tuple[tuple[list[list[float]], list[float] | None], ...] = (
    ([], [50, 48, 109, 97]),
    ([[80, 70, 1]], None),
    ([[80, 70, 1], [10, 10, 0]], None),
    ([[120, 120, 1]], [100, 90, 170, 150]),
)


def image_mode(net: Any, plan: Plan) -> dict[str, np.ndarray]:
    """All levels of one picture's embedding, and the answers to single prompts; the last repeats one with its own logits."""
    predictor = SAM2ImagePredictor(net)
    predictor._bb_feat_sizes = [(plan.side // stride,) * 2 for stride in (4, 8, 16)]
    predictor.set_image(picture(FIRST, plan.scale))
    found = {
        "image": predictor._features["image_embed"] - net.no_mem_embed.reshape(1, -1, 1, 1),
        "finer": predictor._features["high_res_feats"][1],
        "finest": predictor._features["high_res_feats"][0],
    }
    hint = None
    for index, (points, box) in enumerate((*ASKED, ASKED[1])):
        again = index == len(ASKED)
        for several in (False, True):
            array = np.array(points, np.float32) * [plan.scale, plan.scale, 1] if points else None
            answer = predictor.predict(
                point_coords=None if array is None else array[:, :2], point_labels=None if array is None else array[:, 2],
                box=None if box is None else np.array(box, np.float32) * plan.scale, mask_input=hint if again else None,
                multimask_output=several, return_logits=True,
            )  # fmt: skip
            for part, value in zip(("logits", "quality", "low"), answer, strict=True):
                found[f"{index}/{several}/{part}"] = torch.from_numpy(value)
            if index == 1 and not several:
                hint = answer[2]
    return {name: tensor.numpy() for name, tensor in found.items()}


class Exact:
    """The library, but that memories are kept in single precision; the authors round theirs to bfloat16 to save memory."""

    bfloat16 = torch.float32

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


def begin(net: Any, plan: Plan, *, conditioning: bool) -> Any:
    """A session of the authors' predictor with the pictures of a volume."""
    frames = torch.stack([pixels(net, number, plan.scale) for number in range(COUNT)])
    video.load_video_frames = lambda **_: (frames, *plan.size())
    net.add_all_frames_to_correct_as_cond = conditioning
    return net.init_state("")


def kept(session: Any, visit: str, frame: int) -> dict[str, np.ndarray]:
    """What a session holds of all targets on a slice."""
    found = {}
    for number, outputs in session["output_dict_per_obj"].items():
        here = f"{visit}/{frame}/{number + 1}"
        held = outputs["cond_frame_outputs"].get(frame) or outputs["non_cond_frame_outputs"].get(frame)
        found[f"{here}/low"] = held["pred_masks"].numpy()
        found[f"{here}/pointer"] = held["obj_ptr"].numpy()
        found[f"{here}/memory"] = held["maskmem_features"].float().numpy()
    return found


def volume(net: Any, plan: Plan, *, conditioning: bool) -> dict[str, np.ndarray]:
    """Two targets from the first prompts up, then down, a correction of one, and up again; logits of each visit.

    Args:
        net: the authors' predictor.
        plan: slices in each direction, size of the pictures.
        conditioning: whether a corrected slice counts as a prompted one, as in training; the predictor's default is no.
    """
    session = begin(net, plan, conditioning=conditioning)
    found: dict[str, np.ndarray] = {}
    net.add_new_points_or_box(session, FIRST, 1, box=np.array([50, 48, 109, 97], np.float32) * plan.scale)
    net.add_new_points_or_box(
        session, FIRST, 2, points=np.array([[140, 120], [30, 20]], np.float32) * plan.scale, labels=np.array([1, 0])
    )
    for visit, reverse in (("up", False), ("down", True)):
        for frame, _, _ in net.propagate_in_video(session, FIRST, plan.steps, reverse):
            found |= kept(session, visit, frame)
    corrected = FIRST + max(1, plan.steps - 1)
    net.add_new_points_or_box(
        session, corrected, 1, points=np.array([[90, 80], [20, 150]], np.float32) * plan.scale, labels=np.array([1, 0])
    )
    for frame, _, _ in net.propagate_in_video(session, corrected + 1, 1, reverse=False):
        found |= kept(session, "again", frame)
    return found | kept(session, "corrected", corrected)


def drawing(plan: Plan) -> np.ndarray:
    """(row, column) a block without one of its corners."""
    mask = np.zeros(SIZE, bool)
    mask[48:98, 50:111] = True
    mask[48:61, 50:73] = False
    return mask.repeat(plan.scale, axis=0).repeat(plan.scale, axis=1)


def drawn(net: Any, plan: Plan) -> dict[str, np.ndarray]:
    """A drawn mask, and an empty one, followed up; then another in the place of an answer, and further up."""
    session = begin(net, plan, conditioning=True)
    mask, found = drawing(plan), {}
    net.add_new_mask(session, FIRST, 1, mask)
    net.add_new_mask(session, FIRST, 2, np.zeros_like(mask))
    for frame, _, _ in net.propagate_in_video(session, FIRST, 2, reverse=False):
        found |= kept(session, "up", frame)
    net.add_new_mask(session, FIRST + 2, 1, mask[::-1].copy())
    for frame, _, _ in net.propagate_in_video(session, FIRST + 3, 0, reverse=False):
        found |= kept(session, "again", frame)
    return found | kept(session, "redrawn", FIRST + 2)


def main(config: str, out: Path) -> None:
    torch.set_num_threads(1)  # sums in one order on every machine
    warnings.simplefilter("ignore")
    plan = PLANS[config]
    video.torch, video.tqdm = Exact(), lambda frames, **_: frames
    with torch.inference_mode():
        net = build(config)
        found = {f"image/{name}": value for name, value in image_mode(net, plan).items()}
        for name, conditioning in WALKS.get(config, {}).items():
            seen = volume(net, plan, conditioning=conditioning)
            found |= {f"{name}/{key}": value for key, value in seen.items()}
        if config.startswith("small"):
            found |= {f"drawn/{key}": value for key, value in drawn(net, plan).items()}
    thinned = {name: value.reshape(-1)[:: max(1, value.size // plan.keep)] for name, value in found.items()}
    np.savez_compressed(out, **thinned)
    print(f"wrote {out}: {out.stat().st_size} bytes, {len(thinned)} arrays")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
