#!/usr/bin/env python3
"""Recompute kept cases of the random differential test with DuckDB, and compare every figure with what jalon wrote.

    JALON_KEEP_CASES=/tmp/cases cargo test --release --test suite random_pipelines
    python tests/duckdb_random.py /tmp/cases [SEED...]

A case is FOLDER/<seed>/pipeline.yaml with its data, long CSV reports in FOLDER/<seed>/out and perhaps a last day in as_of.txt.
The SQL is generated from the YAML by what docs/ say; nothing is shared with jalon or with the oracle in Rust. What is not
recomputed is counted by reason, never passed over. Both sides must have the same rows.
"""
from __future__ import annotations

import argparse
import csv
import math
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from duckdb_random.reports import PARTS, Figures, Key, Pipeline, Report

TOLERANCE = 1e-9  # of floats, relative to the larger side
PROCESSES = 2  # each with up to 1 GB of memory for DuckDB
SHOWN = 5  # differences printed for each case
OF_THE_ROW = {"is_complete", "days", "is_break", "rank"}
FIGURES = OF_THE_ROW | {"value", "numerator", "denominator"}
COMPARED = tuple(f"_{part}" for part in PARTS)
HEAD = ["grain", "period_start", "period_end", "period_label", "level"]


@dataclass
class Outcome:
    seed: str
    compared: Counter[str] = field(default_factory=Counter)  # by type of metric
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)  # by type and reason
    problems: list[str] = field(default_factory=list)


def number(cell: str) -> Any:
    if cell in ("true", "false"):
        return cell == "true"
    return float(cell) if cell else None


def written(path: Path, dimensions: list[str], attributes: list[str]) -> dict[str, dict[Key, Figures]]:
    """A long report, by metric and row."""
    found: dict[str, dict[Key, Figures]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            figures = {column: number(cell) for column, cell in row.items() if column in FIGURES or column.endswith(COMPARED)}
            figures |= {column: row[column] or None for column in attributes}
            if row["value_int"]:
                figures["value"] = int(row["value_int"])
            key = tuple(row[column] for column in [*HEAD, *dimensions, "segment"])
            if key in found.setdefault(row["metric"], {}):
                raise ValueError(f"{path.name}: {row['metric']} has the row {key} twice")
            found[row["metric"]][key] = figures
    return found


def same(expected: Any, actual: Any) -> bool:
    if expected is not None and isinstance(actual, str):
        actual = type(expected)(actual)  # attributes of any type; booleans are texts on both sides
    if expected is None or actual is None or isinstance(expected, (bool, int, str)):
        return expected == actual
    return math.isclose(expected, actual, rel_tol=TOLERANCE)


def kind_of(metric: dict[str, Any]) -> str:
    if "non_additive_dimension" in metric:
        return "simple, semi-additive"
    return "ratio, mean of ratios" if metric.get("ratio_agg") == "mean_of_ratios" else metric["type"]


def differences(expected: dict[Key, Figures], actual: dict[Key, Figures]) -> Iterator[str]:
    for row in sorted(expected.keys() | actual.keys()):
        mine, theirs = expected.get(row), actual.get(row)
        if mine is None or theirs is None:
            yield f"{'|'.join(row)}: {'a row too many' if mine is None else f'a row missing, with {mine}'}"
            continue
        if theirs["value"] is not None and isinstance(theirs["value"], int) != mine["is_integer"]:
            yield f"{'|'.join(row)}: {theirs['value']} is {'not ' if mine['is_integer'] else ''}in value_int"
        for column, figure in theirs.items():
            if not same(mine.get(column), figure):
                yield f"{'|'.join(row)}: {column} expected {mine.get(column)} found {figure}"


def check_report(outcome: Outcome, pipeline: Pipeline, spec: dict[str, Any], folder: Path) -> None:
    metrics = pipeline.spec["metrics"]
    layouts = {(e["format"], e.get("layout", "long"), e.get("dialect", "rfc4180")): e["path"] for e in spec.get("exports") or []}
    actual = written(folder / layouts["csv", "long", "rfc4180"], spec.get("group_by") or [], spec.get("attributes") or [])
    of_the_row = OF_THE_ROW.union(spec.get("attributes") or [])
    # A value that is null is a figure too: it says that there is none. What is said of the row is compared, and not counted.
    counts = {key: sum(column == "value" or figure is not None and column not in of_the_row
                       for row in rows.values() for column, figure in row.items()) for key, rows in actual.items()}
    report = Report(pipeline, spec)
    reason = report.reason()
    if reason:
        for key, count in counts.items():
            outcome.left_out[kind_of(metrics[key]), reason] += count
        return
    for key, expected in report.figures():
        outcome.problems += [f"{spec['name']} {key} {problem}" for problem in differences(expected, actual.pop(key, {}))]
        outcome.compared[kind_of(metrics[key])] += counts.get(key, 0)
    outcome.problems += [f"{spec['name']}: unknown metric {key}" for key in actual]


def check(folder: Path) -> Outcome:
    outcome = Outcome(folder.name)
    try:
        pipeline = Pipeline(folder)
        for spec in pipeline.spec["reports"]:
            check_report(outcome, pipeline, spec, folder)
    except (duckdb.Error, OSError, KeyError, ValueError, IndexError, AttributeError, TypeError) as error:
        outcome.problems.append(f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description="compare kept random cases with DuckDB")
    parser.add_argument("folder", type=Path)
    parser.add_argument("seeds", nargs="*", help="default: all")
    parser.add_argument("--all", action="store_true", help="print every difference")
    options = parser.parse_args()
    kept = [place.name for place in options.folder.iterdir() if (place / "pipeline.yaml").exists()]
    seeds = options.seeds or sorted(kept, key=lambda seed: (len(seed), seed))
    with multiprocessing.Pool(PROCESSES) as pool:
        outcomes = pool.map(check, [options.folder / seed for seed in seeds], chunksize=1)
    for outcome in outcomes:
        if outcome.problems:
            print(f"seed {outcome.seed}: {len(outcome.problems)} differences")
            print(*outcome.problems[: None if options.all else SHOWN], sep="\n", end="\n\n")
    compared, left_out = (sum((getattr(o, part) for o in outcomes), Counter()) for part in ("compared", "left_out"))
    for kind in sorted(compared.keys() | {kind for kind, _ in left_out}):
        reasons = {reason: count for (of, reason), count in sorted(left_out.items()) if of == kind}
        print(f"{kind}: {compared[kind]} figures compared, {sum(reasons.values())} left out",
              f"({', '.join(f'{reason}: {count}' for reason, count in reasons.items())})" if reasons else "")
    total = compared.total() + left_out.total()
    print(f"{compared.total()} of {total} figures compared")
    failed = sum(bool(outcome.problems) for outcome in outcomes)
    print(f"{len(outcomes) - failed} passed, {failed} failed")
    return 1 if failed or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
