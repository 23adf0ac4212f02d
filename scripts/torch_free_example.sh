#!/usr/bin/env bash
# Run an export's example in an environment without torch and compare its mask with samaritan's.
#
#   scripts/torch_free_example.sh [MODEL]
#
# Makes an environment with numpy, Pillow and ONNX Runtime in a temporary folder, about 100 MB, removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."

model=${1:-tiny-litemedsam}
python=${PYTHON:-.venv/bin/python}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$python" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt numpy pillow onnxruntime
if "$folder/env/bin/python" -c "import torch" 2>/dev/null; then
    echo "The environment has torch." >&2
    exit 1
fi

"$python" -c "
import sys
from PIL import Image
from samaritan.datasets.samples._base import open_sample
slice_ = open_sample('lesion-us').cases[0].read_image().data[:, :, 0]
Image.fromarray(slice_.T.astype('uint8')).save(sys.argv[1])
" "$folder/picture.png"
box=$("$python" -c "
import sys
from PIL import Image
x, y = Image.open(sys.argv[1]).size
print(f'{x // 4},{y // 4},{3 * x // 4},{3 * y // 4}')
" "$folder/picture.png")

"$python" -m samaritan export "$model" --to onnx -o "$folder/export"
"$python" -m samaritan segment "$folder/picture.png" --box "$box" -m "$model" --runtime torch -o "$folder/expected.png" --quiet
(cd "$folder" && env -u PYTHONPATH env/bin/python export/example.py picture.png "$box" mask.png)

"$python" -c "
import sys
import numpy as np
from PIL import Image
one, other = (np.asarray(Image.open(path)) > 0 for path in sys.argv[1:])
dice = 2 * (one & other).sum() / (one.sum() + other.sum())
print(f'Dice of the mask without torch to that of samaritan: {dice:.6f} ({other.sum()} pixels)')
sys.exit(not dice >= 0.99)
" "$folder/mask.png" "$folder/expected.png"
