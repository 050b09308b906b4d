#!/usr/bin/env bash
# Breaks the cluster in every way that it should survive while a live broadcast is watched, prints what viewers noticed
# of each, and fails when something was lost, came otherwise, ended playback, or stood still for longer than allowed.
#
#   scripts/chaos.sh             everything, about 15 minutes
#   CHAOS=short scripts/chaos.sh the most important in 90 s
#   scripts/chaos.sh WORD...     the faults of scripts/chaos/faults.py whose names contain a word
#   CHAOS_STALLS=told            a stall that is too long is printed, but fails nothing, as in CI
#   KEEP=yes                     leaves the cluster running, for a look at it
#   CLUSTER_DIR, CLUSTER_PORT    as in scripts/cluster.sh; .build-chaos and 22000 here
#
# It ends the cluster of an earlier run first. The numbers are those of this machine while it does everything itself:
# encoder, transcoding, stores and viewers.
set -euo pipefail
cd "$(dirname "$0")/.."

export CLUSTER_DIR=${CLUSTER_DIR:-$PWD/.build-chaos} CLUSTER_PORT=${CLUSTER_PORT:-22000}
scripts/cluster.sh down
export PYTHONDONTWRITEBYTECODE=1
exec python3 scripts/chaos/chaos.py "$(scripts/chaos/clip.sh)" "$@"
