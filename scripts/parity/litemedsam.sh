#!/bin/sh
# Make the reference tensors of the LiteMedSAM parity test: the authors' network, in an environment of its own.
#
#   scripts/parity/litemedsam.sh [ENVIRONMENT] [OUT]
#
# ENVIRONMENT  folder for the environment (default: a temporary one, removed afterwards); about 1.2 GB
# OUT          file to write (default: tests/models/litemedsam_parity.npz)
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

"$here/environment.sh" "$environment"
"$environment/bin/python" "$here/reference.py" "$out"
