#!/usr/bin/env bash
# MONAI Label's own Python client in an environment of its own, as a stranger to test samaritan's server with.
#
#   scripts/monailabel_client.sh [FOLDER]
#
# Makes FOLDER (runs/monailabel-client otherwise), about 90 MB: the package monailabel without its dependencies, and the one
# that its client module imports. tests/annotate/server/monailabel/test_foreign.py uses it where it is there.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-runs/monailabel-client}
python=${PYTHON:-.venv/bin/python}

"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps monailabel==0.8.5
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt requests
# its client reads forms with a module that Python 3.13 left out
"$folder/bin/python" -c "import cgi" 2>/dev/null || "$folder/bin/python" -m pip install --quiet legacy-cgi
"$folder/bin/python" -W ignore -c "from monailabel.client import MONAILabelClient"
