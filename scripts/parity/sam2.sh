#!/bin/sh
# Compare SAM 2 with the authors' package, on random weights of identical values; writes docs/parity/sam2.json and the
# reference tensors of the small configurations that the tests keep.
#
#   scripts/parity/sam2.sh [ENVIRONMENT] [WORK]
#
# ENVIRONMENT  folder for an environment with the authors' package (default: a temporary one); about 1 GB
# WORK         folder for reference tensors of the published sizes (default: a temporary one); about 300 MB
#
# PYTHON names the interpreter that has samaritan. All takes about ten minutes on a free core; the largest network needs 3 GB.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../.." && pwd)
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
environment=${1:-$temporary/environment}
work=${2:-$temporary/work}
mkdir -p "$work" "$root/docs/parity" "$root/tests/models/data"

if [ ! -x "$environment/bin/python" ]; then
    "${PYTHON:-python3}" -m venv "$environment"
fi
pip="$environment/bin/python -m pip --quiet --disable-pip-version-check"
$pip install torch==2.13.0 numpy==2.4.6
# the package asks for a torch of its own choice; its other needs are named here
$pip install --no-deps sam2==1.1.0 torchvision==0.28.0
$pip install tqdm==4.70.1 hydra-core==1.3.8 iopath==0.1.10 pillow==13.0.0

for config in small-2.1 small-2; do
    "$environment/bin/python" "$here/sam2_reference.py" "$config" "$root/tests/models/data/sam2_$config.npz"
done
for config in sam2.1-tiny sam2.1-small@512 sam2.1-base-plus@512 sam2.1-large@512 medsam2; do
    "$environment/bin/python" "$here/sam2_reference.py" "$config" "$work/sam2_$config.npz"
done
"${PYTHON:-python3}" "$here/sam2_compare.py" "$root/tests/models/data" "$work" "$root/docs/parity/sam2.json"
