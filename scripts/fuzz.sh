#!/usr/bin/env bash
# Fuzzes the parsers that meet the network with libFuzzer and AddressSanitizer.
#
#   FUZZ_SECONDS=600 scripts/fuzz.sh [RTMP AMF FLV HTTP WebSocket]
#
# What it learns stays in fuzz-corpus/; an input that crashes is left in .build-fuzz/ and the script fails.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-60}
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(RTMP AMF FLV HTTP WebSocket)
out=.build-fuzz
mkdir -p "$out"

flags=(-O -wmo -parse-as-library -swift-version 6 -sanitize=fuzzer,address -I "$out"
  -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
  -enable-upcoming-feature MemberImportVisibility -enable-upcoming-feature NonisolatedNonsendingByDefault)

module() {
  local name=$1
  mapfile -t sources < <(find "Sources/$name" -name '*.swift')
  swiftc "${flags[@]}" -module-name "$name" -emit-module -emit-module-path "$out/$name.swiftmodule" \
    -c "${sources[@]}" -o "$out/$name.o"
}
for name in Bytes Media RTMP HTTP; do module "$name"; done

# A crash must end the process at once: the backtracer would wait for a debugger that is not there.
export SWIFT_BACKTRACE=enable=no
for target in "${targets[@]}"; do
  # The linker warns of each helper of the sanitizer that it hides; nothing of ours can be among these lines.
  swiftc "${flags[@]}" "Fuzz/${target}Fuzz.swift" "$out"/{Bytes,Media,RTMP,HTTP}.o -o "$out/fuzz-$target" \
    2> >(grep -v 'Cannot export local symbol' >&2)
  mkdir -p "fuzz-corpus/$target"
  echo "fuzzing $target for $seconds s"
  "$out/fuzz-$target" "fuzz-corpus/$target" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="$out/$target-" -print_final_stats=1 2>"$out/$target.log" || {
    tail -n 40 "$out/$target.log"
    exit 1
  }
  grep -E 'stat::number_of_executed_units|stat::peak_rss_mb' "$out/$target.log"
done
