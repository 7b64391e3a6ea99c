"""Checks that jalon's reports hold the same numbers as a peer's.

usage: same.py JALON_FOLDER PEER_FOLDER

Compares the wide Parquet files of the same name: the same rows by period and dimensions, whole numbers exactly, others
to TOLERANCE, because peers add floats up in an order of their own. Exits with 1 where something differs.
"""
import sys
from pathlib import Path

import duckdb

TOLERANCE = 1e-9  # relative
# The least size that the tolerance is relative to. roi is revenue / spend - 1: where the two are nearly equal, only
# rounding errors are left of it, and they are as large as those of the 1.
LEAST = {"roi": 1, "impressions_growth": 1}
# KPIs over time. The peers take the row before for the period before, jalon the calendar: where a group has no records on
# a day, or the data begins within a period, they differ by design. They are compared where neither is so.
WINDOWS = {"impressions_growth", "cum_followers", "rolling3_er"}


def schema(db: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    return {row[0]: row[1] for row in db.execute(f"DESCRIBE FROM '{path}'").fetchall()}


def differs(measure: str, type: str) -> str:
    """SQL that is true where the two sides of a measure differ."""
    ours, theirs = f"ours.{measure}", f"theirs.{measure}"
    if type == "DOUBLE":
        near = f"abs({ours} - {theirs}) <= {TOLERANCE} * greatest(abs({ours}), abs({theirs}), {LEAST.get(measure, 0)})"
        return f"({ours} IS DISTINCT FROM {theirs} AND NOT coalesce({near}, false))"
    # DuckDB writes sums of integers as floats, which are exact up to 2^53.
    return f"({ours} IS DISTINCT FROM {theirs} OR abs({ours}) > {2**53})"


def differences(db: duckdb.DuckDBPyConnection, ours: Path, theirs: Path) -> str:
    """What differs between two files of a report, in words; nothing where they are the same."""
    types = schema(db, ours)
    names = list(types)
    dimensions, measures = names[names.index("level") + 1 : names.index("segment")], names[names.index("segment") + 1 :]
    if ["period", *dimensions, *measures] != list(schema(db, theirs)):
        return "other columns"
    keys = " AND ".join(f"ours.{d} IS NOT DISTINCT FROM theirs.{d}" for d in dimensions)
    compared = [m for m in measures if m not in WINDOWS or whole(db, ours)]
    wrong = {m: f"count(*) FILTER (theirs.period IS NOT NULL AND {differs(m, types[m])})" for m in compared}
    # Rows of our own are of days without records, on which windows look back.
    both, one, other, *counts = db.execute(f"""
        SELECT count(*) FILTER (ours.period_start IS NOT NULL AND theirs.period IS NOT NULL),
            (SELECT count(*) FROM '{ours}' WHERE impressions IS NOT NULL OR 'cum_followers' NOT IN ({', '.join(f"'{m}'" for m in measures)})),
            (SELECT count(*) FROM '{theirs}'), {', '.join(wrong.values())}
        FROM '{ours}' ours FULL JOIN '{theirs}' theirs ON ours.period_start = theirs.period AND {keys}""").fetchone()
    if not both == one == other or not both:
        return f"{one} rows here, {other} there, {both} pairs"
    return ", ".join(f"{count} of {both} values of {m}" for m, count in zip(compared, counts) if count)


def whole(db: duckdb.DuckDBPyConnection, ours: Path) -> bool:
    """Whether every group has records in every period, and the data begins with a whole one."""
    if "cum_followers" not in schema(db, ours):
        return True
    return db.execute(f"""
        SELECT bool_and(impressions IS NOT NULL) AND bool_and(is_complete) FILTER (period_start = first)
        FROM '{ours}', (SELECT min(period_start) AS first FROM '{ours}')""").fetchone()[0]


def main(ours: str, theirs: str) -> None:
    db, same = duckdb.connect(), 0
    reports = sorted(Path(theirs).glob("*.parquet"))
    for report in reports:
        mine = Path(ours) / report.name
        found = differences(db, mine, report) if mine.exists() else "not there"
        same += not found
        if found:
            print(f"{report.stem} differs: {found}", file=sys.stderr)
    print(f"same numbers: {same} of {len(reports)} reports")
    if not reports or same < len(reports):
        sys.exit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
