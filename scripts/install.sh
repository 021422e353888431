#!/bin/sh
# Install senza, editable, with one of its extras (sandbox, dev) into .venv of this checkout: scripts/install.sh EXTRA
set -eu
cd "$(dirname "$0")/.."

# Some machines have a `python3.13` that does nothing but say that it is not there, or no ensurepip: ask each to do it.
choose() {
  for python in python3.13 python3.12 python3.11 python3; do
    if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
  echo 'senza needs Python 3.11 or newer, with the modules venv and ensurepip.' >&2
  echo 'None was found as python3.13, python3.12, python3.11 or python3: install one, or put it on the PATH.' >&2
  return 1
}

if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  python=$(choose)
  echo "Making .venv with $("$python" --version)."
  "$python" -m venv --clear .venv
fi
echo "Installing senza[$1] into .venv; the first time takes a minute."
# Compiling everything takes longer than compiling what is used when it is used.
.venv/bin/python -m pip install -qq --disable-pip-version-check --no-compile --editable ".[$1]"
