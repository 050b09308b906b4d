#!/usr/bin/env bash
# Brings the schema of the database of DATABASE_URL up to date, and says what was applied. Safe to run from several
# places at once. Other configuration is read as the server reads it, also from .env.
#
#   DATABASE_URL=postgres://sluice:...@db.example/sluice scripts/migrate.sh
#
# SLUICE_BINARY is the program, .build/release/sluice unless set (make build makes it).
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${SLUICE_BINARY:-.build/release/sluice}
if [ ! -x "$binary" ]; then
  echo "migrate.sh: $binary is not there: run make build, or set SLUICE_BINARY" >&2
  exit 69
fi
exec "$binary" migrate "$@"
