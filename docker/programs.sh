#!/usr/bin/env bash
# Builds all programs, each into a folder of its own: programs.sh FOLDER
#
# All Dockerfiles run it with the same words, so that Docker compiles once for all of them.
set -euo pipefail
for product in sluice ingest transcode delivery api; do
  swift build -c release --product "$product"
  install -D ".build/release/$product" "$1/$product/$product"
  # Beside each program, where it looks for them, the libraries of the Swift runtime that it needs.
  ldd "$1/$product/$product" | awk '$3 ~ "/swift/linux/" { print $3 }' \
    | xargs --no-run-if-empty cp --dereference --target-directory "$1/$product"
done
