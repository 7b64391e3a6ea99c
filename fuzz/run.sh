#!/bin/sh
# Fuzzes a reader: fuzz/run.sh TARGET [SECONDS]. Targets are the folders of tests/corpus. A panic, 10 seconds for one
# input, or 1 GB of memory end it, and the input is in fuzz/artifacts; put it into tests/corpus/TARGET without its first
# byte (which says how the source is declared) once the fault is gone. Needs a C++ compiler, and no nightly toolchain.
set -eu
cd "$(dirname "$0")"
target=$1
seconds=${2:-60}
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
# The versions that jalon is built with.
cp ../Cargo.lock .
RUSTC_WRAPPER="$PWD/cover.sh" cargo build --release --quiet
work=${JALON_FUZZ_WORK:-$PWD/work}/$target
mkdir -p "$work" artifacts
# Each file of the corpus once for each way of declaring it.
corpus=../tests/corpus/$target
[ "$target" = sniffer ] && corpus=../tests/corpus/csv
JALON_FUZZ=$target "$CARGO_TARGET_DIR/release/readers" --seeds "$corpus" "$work"
JALON_FUZZ=$target exec nice -n 15 "$CARGO_TARGET_DIR/release/readers" "$work" \
    -max_total_time="$seconds" -timeout=10 -max_len=8192 -print_final_stats=1 -dict=tokens.dict \
    -artifact_prefix="artifacts/$target-" ${JALON_FUZZ_ARGS:-}
