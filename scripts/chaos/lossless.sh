#!/usr/bin/env bash
# Publishes a clip that is passed through, kills the transcoding worker that has it half-way, and compares what each
# delivery has at the end with what the encoder sent, access unit by access unit.
#
#   LOSSLESS_SECONDS=300 scripts/chaos/lossless.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

export CLUSTER_DIR=${CLUSTER_DIR:-$PWD/.build-chaos} CLUSTER_PORT=${CLUSTER_PORT:-22000}
scripts/cluster.sh down
export PYTHONDONTWRITEBYTECODE=1
exec python3 scripts/chaos/lossless.py "$(scripts/chaos/clip.sh)"
