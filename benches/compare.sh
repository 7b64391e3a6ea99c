#!/usr/bin/env bash
# Compares jalon with DuckDB, Polars and ClickHouse on this machine: the same reports, from the same files.
#
#   benches/compare.sh [WORD...]
#
#   parquet   24 reports from 24 M rows of Parquet
#   csv       24 reports from 6 M rows of CSV
#   posts     a report of 1.2 M lines, one for each post and month
#   bad       24 reports from 6 M rows of CSV, one in 10,000 of them bad, against jalon itself over clean files
#   double    24 reports from 48 M rows, against jalon itself: how time and memory grow
#   quick     as parquet, one round against the fastest peers
#   setup     installs the peers (1.2 GB), writes all data (2 GB) and stops; the others do so as they need
#
# Without a word: parquet csv posts double. Prints CPU and wall seconds and peak memory of whole processes, and the
# ratios jalon / peer. Seconds move with the machine and what else it does, ratios much less: the engines take turns,
# and all figures are medians of the rounds. One comparison at a time.
#
#   ROUNDS        rounds, 3 if not set
#   JALON         path of the jalon to compare; if not set, it is built
#   JALON_BENCH   folder for peers, data and reports, ~/.cache/jalon/bench if not set
set -euo pipefail

absolute() { (cd "$(dirname "$1")" && printf '%s/%s' "$PWD" "$(basename "$1")"); }

cache="${JALON_BENCH:-$HOME/.cache/jalon/bench}"
mkdir -p "$cache"
cache="$(absolute "$cache")"
[ -z "${JALON:-}" ] || JALON="$(absolute "$JALON")"
cd "$(dirname "$0")/.."
peers=benches/peers
python="$cache/venv/bin/python"
results="$cache/results.tsv"
export PYTHONDONTWRITEBYTECODE=1 # leaves no `__pycache__` beside the scripts
export BENCH_WINDOWS=1             # the peers compute the windowed KPIs too

main() {
    [ $# -gt 0 ] || set -- parquet csv posts double
    local job data
    for job in "$@"; do
        describe "$job"
    done
    install_peers
    for job in "$@"; do
        describe "$job"
        for data in "${sets[@]}"; do
            generate "$data"
        done
    done
    case " $* " in *" setup "*) return 0 ;; esac

    [ -n "${JALON:-}" ] || build_jalon
    local version
    version="$("$JALON" --version)"
    : >"$results"
    for job in "$@"; do
        compare "$job"
    done
    printf '\n%s beside %s; %s, %s cores\n\n' "$version" "$(pins)" "$(uname -sm)" "$(getconf _NPROCESSORS_ONLN)"
    "$python" $peers/measure.py table "$results"
    own_stages
}

# What a job is made of: its pipeline, its data sets, who does it beside jalon, whose numbers must be the same.
describe() {
    pipeline=anchor sets=(parquet24m) others=() checked="DuckDB rollup" rounds="${ROUNDS:-3}"
    case "$1" in
    parquet)
        title="24 reports, Parquet, 24 M rows"
        others=("DuckDB naive" "DuckDB rollup" "DuckDB load" "Polars all" "ClickHouse rollup")
        ;;
    quick)
        title="24 reports, Parquet, 24 M rows" rounds=1
        others=("DuckDB rollup" "Polars all")
        ;;
    csv)
        title="24 reports, CSV, 6 M rows" sets=(csv6m)
        others=("DuckDB rollup" "DuckDB load" "Polars all")
        ;;
    posts)
        title="posts by month, Parquet, 24 M rows" pipeline=posts checked="DuckDB posts"
        others=("DuckDB posts")
        ;;
    double)
        title="24 reports, Parquet, 48 M rows" sets=(parquet48m parquet24m) checked=
        others=("jalon, 24 M rows")
        ;;
    bad)
        title="24 reports, CSV, 6 M rows, 600 bad" sets=(csv6mbad csv6m) checked=
        others=("jalon, clean rows")
        ;;
    setup)
        sets=(parquet24m csv6m parquet48m)
        ;;
    *)
        echo "compare.sh: \`$1\` is none of parquet, csv, posts, bad, double, quick, setup" >&2
        exit 2
        ;;
    esac
}

# ---- what is needed

install_peers() {
    # The copy says that this list of versions was installed to the end.
    ! cmp -s $peers/requirements.txt "$cache/venv/requirements.txt" || return 0
    echo "installing the peers in $cache/venv" >&2
    python3 -m venv --clear "$cache/venv"
    "$python" -m pip install --quiet --disable-pip-version-check -r $peers/requirements.txt
    cp $peers/requirements.txt "$cache/venv/requirements.txt"
}

generate() {
    local folder="$cache/data/$1" size
    [ ! -d "$folder" ] || return 0
    case "$1" in # rows a month, months
    parquet24m) size=(1000000 24) ;;
    parquet48m) size=(2000000 24) ;;
    csv6m) size=(500000 12) ;;
    esac
    rm -rf "$folder.part"
    if [ "$1" = csv6mbad ]; then
        generate csv6m
        spoil "$cache/data/csv6m" "$folder.part"
        mv "$folder.part" "$folder"
        return 0
    fi
    "$python" $peers/generate.py "${size[@]}" "$folder.part" "$(format_of "$1")" >&2
    mv "$folder.part" "$folder"
}

# The same files with one bad row in 10,000: a word for a number in one half of them, a field too many in the other.
spoil() {
    local file
    mkdir -p "$2"
    for file in "$1"/*.csv; do
        awk -F, -v OFS=, 'NR % 20000 == 5000 { $11 = "oops" } NR % 20000 == 15000 { $0 = $0 ",x" } { print }' \
            "$file" >"$2/${file##*/}"
    done
}

# The name of a data set begins with its format.
format_of() { printf '%s' "${1%%[0-9]*}"; }

build_jalon() {
    cargo build --release
    JALON="${CARGO_TARGET_DIR:-target}/release/jalon"
}

pins() { grep -E '^(duckdb|polars|chdb)==' $peers/requirements.txt | sed 's/==/ /' | paste -sd, - | sed 's/,/, /g'; }

# ---- rounds

compare() {
    local round who data
    describe "$1"
    for data in "${sets[@]}"; do
        cat "$cache/data/$data"/* >/dev/null # so that the first to run does not pay for the disk
    done
    for round in $(seq "$rounds"); do
        for who in jalon "${others[@]}"; do
            echo "$title, round $round: $who" >&2
            run "$1" "$who"
        done
        if [ "$round" = 1 ] && [ -n "$checked" ]; then
            "$python" $peers/same.py "$(folder_of "$1" jalon)" "$(folder_of "$1" "$checked")"
        fi
    done
}

run() {
    local data="$cache/data/${sets[0]}" mode="${2##* }" out command
    out="$(folder_of "$1" "$2")"
    case "$2" in
    jalon*)
        command=("$JALON" run --quiet "benches/$pipeline.yaml")
        [ "$2" = jalon ] || data="$cache/data/${sets[1]}"
        ;;
    DuckDB*) command=("$python" $peers/duckdb_job.py "$data" "$out" "$mode") ;;
    Polars*) command=("$python" $peers/polars_job.py "$data" "$out" "$mode") ;;
    ClickHouse*) command=("$python" $peers/clickhouse_job.py "$data" "$out" "$mode") ;;
    esac
    rm -rf "$out"
    mkdir -p "$out"
    BENCH_DATA="$data/*.$(format_of "$(basename "$data")")" BENCH_OUT="$out" \
        "$python" $peers/measure.py run "$results" "$title" "$2" "$out.log" "${command[@]}"
}

folder_of() { printf '%s' "$cache/out/$1/${2// /-}"; }

# ---- jalon's own stages

# What the stages of jalon's main job cost, each alone. Needs the sources, not only a binary.
own_stages() {
    [ -d "$cache/data/parquet24m" ] && command -v cargo >/dev/null || return 0
    printf '\nStages of jalon, 24 reports from 24 M rows of Parquet:\n\n'
    BENCH_DATA="$cache/data/parquet24m/*.parquet" BENCH_OUT="$cache/out/stages" cargo bench --quiet --bench anchor
}

main "$@"
