"""A whole session of MONAI Label's own client: run in its environment (scripts/monailabel_client.sh), which has no samaritan.

    FOLDER/bin/python scripts/monailabel_session.py URL [SECONDS]

URL is what `samaritan annotate --monai-label` prints. Prints what was called and the head of what came back, and ends with an
error where something is not as a client expects it. Trains for SECONDS (0: starts and stops).
"""

from __future__ import annotations

import gzip
import json
import struct
import sys
import tempfile
import time
import warnings
from pathlib import Path

warnings.simplefilter("ignore")  # its module cgi is deprecated

from monailabel.client import MONAILabelClient  # noqa: E402
from monailabel.client.client import MONAILabelClientException, MONAILabelUtils  # noqa: E402


def said(call: str, answer: object) -> None:
    """One exchange, cut to what can be read."""
    text = answer if isinstance(answer, str) else json.dumps(answer, default=str)
    print(f">>> {call}\n{text if len(text) <= 400 else f'{text[:400]} ...'}")


def about(path: str) -> str:
    """Shape and number of voxels of a NIfTI mask, read by hand."""
    content = gzip.decompress(Path(path).read_bytes())
    shape = struct.unpack_from("<3h", content, 42)
    marked = sum(value != 0 for value in content[352 : 352 + shape[0] * shape[1] * shape[2]])
    return f"{''.join(Path(path).suffixes)}, {' x '.join(map(str, shape))} voxels, {marked} of them in the mask"


def expect(right: bool, what: str) -> None:
    """End where something is not as a client expects it."""
    if not right:
        sys.exit(f"Not as expected: {what}.")


def main() -> int:
    """See the head of this file."""
    url, seconds = sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
    with tempfile.TemporaryDirectory() as folder:
        session(MONAILabelClient(url, tmpdir=folder, client_id="foreign"), url, seconds)
    return 0


def session(client: MONAILabelClient, url: str, seconds: float) -> None:
    """Everything that a person in 3D Slicer does: look, click, draw a box, save, next, train."""
    said("auth_enabled()", client.auth_enabled())
    info = client.info()
    said(
        "info()",
        {key: info[key] for key in ("name", "version", "labels", "models", "strategies", "trainers", "datastore")},
    )
    flat, deep = (next(name for name, one in info["models"].items() if one["dimension"] == n) for n in (2, 3))
    label = info["labels"][0]

    sample = client.next_sample("first", {})
    said('next_sample("first", {})', sample)
    image = sample["id"]
    store = client.datastore()
    said("datastore()", {key: store["objects"][key] for key in list(store["objects"])[:1]})

    status, content, _, _ = MONAILabelUtils.http_method("GET", url, f"/datastore/image?image={image}")
    expect(status == 200, f"status {status}")
    shape = struct.unpack_from("<3h", gzip.decompress(content), 42)
    middle = [n // 2 for n in shape]
    said(f"GET /datastore/image?image={image}", f"{len(content)} bytes, {' x '.join(map(str, shape))} voxels")

    call = f'infer("{flat}", foreground={[middle]})'
    try:
        mask, told = client.infer(flat, image, {"foreground": [middle], "background": [], "label": label})
        said(call, f"{about(mask)}\n{json.dumps(told)}")
    except MONAILabelClientException as refused:  # of a model that was taught boxes alone
        said(call, refused.msg)
    box = [value for n in shape for value in (n // 4, 3 * n // 4)]
    mask, told = client.infer(flat, image, {"roi": box, "slice": middle[2], "label": label})
    said(f'infer("{flat}", roi={box}, slice={middle[2]})', f"{about(mask)}\n{json.dumps(told)}")
    mask, told = client.infer(deep, image, {"roi": box, "foreground": [middle], "label": label})
    said(f'infer("{deep}", roi={box}, foreground={[middle]})', f"{about(mask)}\n{json.dumps(told)}")

    saved = client.save_label(image, mask, params={"label_info": [{"name": label, "idx": 1}]})
    said(f'save_label("{image}", mask)', saved)
    again = client.download_label(image, "final")
    said(f'download_label("{image}", "final")', about(again))
    expect(about(again) == about(mask), "the saved mask is another one")
    said("datastore counts", client.info()["datastore"])

    made = client.create_session(mask)
    said("create_session(file)", made)
    client.get_session(made["session_id"])
    client.remove_session(made["session_id"])
    said('next_sample("uncertainty", {})', client.next_sample("uncertainty", {}).get("id", "none is left"))

    for other in client.datastore()["objects"]:  # a training needs several
        if other != image:
            mask, _ = client.infer(deep, other, {"roi": box, "label": label})
            client.save_label(other, mask, params={"label_info": [{"name": label, "idx": 1}]})
    train(client, next(iter(info["trainers"])), seconds)
    status, content, _, _ = MONAILabelUtils.http_method("GET", url, "/logs/?lines=3")
    expect(status == 200, f"status {status}")
    said("GET /logs/?lines=3", content.decode())


def train(client: MONAILabelClient, trainer: str, seconds: float) -> None:
    """Start, look and stop."""
    try:
        said(f'train_start("{trainer}", minutes=1)', client.train_start(trainer, {"minutes": 1}))
    except MONAILabelClientException as refused:
        said(f'train_start("{trainer}", minutes=1)', refused.msg)
        return
    said("train_status(check_if_running=True)", client.train_status(check_if_running=True))
    end = time.monotonic() + seconds
    while client.train_status(check_if_running=True) and time.monotonic() < end:
        time.sleep(1)
    said("train_status()", client.train_status())
    said("train_stop()", client.train_stop())


if __name__ == "__main__":
    sys.exit(main())
