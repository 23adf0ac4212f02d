#!/bin/sh
# Compare our SAM, SAM-HQ, MobileSAM and SAM-Med2D with the authors' own code, with random weights of identical values.
#
#   scripts/parity/segment_anything.sh [ENVIRONMENT]
#
# ENVIRONMENT  folder for the environment of the authors' packages (default: a temporary one, removed afterwards); about 1.2 GB
#
# SAM_MED2D    (variable) a checkout of github.com/OpenGVLab/SAM-Med2D, which is no package; cloned where it is not given
# PYTHON       (variable) the interpreter that has samaritan (default: python3)
#
# Writes tests/models/data/segment_anything_parity.npz (small networks, compared by tests/models/test_parity.py),
# docs/parity/segment_anything.json (small and full-size networks), and from that docs/parity.md.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH= cd -- "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
environment=${1:-$scratch/environment}
python=${PYTHON:-python3}

if [ ! -x "$environment/bin/python" ]; then
    python3 -m venv "$environment"
fi
pip="$environment/bin/python -m pip --quiet --disable-pip-version-check"
$pip install torch==2.13.0 numpy==2.4.6 pillow==13.0.0 pyyaml==6.0.3
# without their dependencies: torchvision's own torch is a CUDA build, and timm is asked for a few functions
$pip install --no-deps torchvision==0.28.0 timm==1.0.31 segment-anything==1.0 segment-anything-hq==0.3 mobilesam-mirror==1.0.0

if [ -z "${SAM_MED2D:-}" ]; then
    SAM_MED2D=$scratch/sam-med2d
    git clone --quiet https://github.com/OpenGVLab/SAM-Med2D "$SAM_MED2D"
    git -C "$SAM_MED2D" checkout --quiet bfd2b93b1158100c8abd81f61766a2de92c1c175
fi

kept=$root/tests/models/data/segment_anything_parity.npz
"$environment/bin/python" "$here/sam_family_authors.py" small "$SAM_MED2D" "$kept"
"$environment/bin/python" "$here/sam_family_authors.py" full "$SAM_MED2D" "$scratch/full.npz"
"$python" "$here/sam_family_ours.py" "$kept" "$scratch/full.npz" "$root/docs/parity/segment_anything.json"
"$python" "$here/page.py"
