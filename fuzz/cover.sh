#!/bin/sh
# Cargo calls it in place of rustc (RUSTC_WRAPPER). Only jalon itself tells libFuzzer which branches an input takes: its
# dependencies are taken as they are built anyway, which saves a quarter of an hour.
rustc=$1
shift
case " $* " in
*" --crate-name jalon "*)
    exec "$rustc" "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
*) exec "$rustc" "$@" ;;
esac
