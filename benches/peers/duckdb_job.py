"""The anchor job in DuckDB.

usage: duckdb_job.py DATA OUT MODE
  naive    a query for each report, over the files: what one writes first
  rollup   each segment added up to days first, and the reports from there
  load     the columns that are needed loaded into a table first, then as rollup
  posts    another job: one report, a line for each post and month
"""
import os
import sys

import duckdb

from job import GRAINS, KPIS, MEASURES, SEGMENTS, WINDOWS, columns, files, sums, timed

USED = ["date", "network", "content_format", "country", "age_band", "gender", "channel", "is_paid", *MEASURES]

WINDOW_KPIS = {
    "impressions_growth": "impressions / nullif(lag(impressions) OVER w, 0) - 1",
    "cum_followers": "sum(new_followers - unfollows) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
    "rolling3_er": """sum(likes + comments + shares + saves) OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
        / nullif(sum(impressions) OVER (w ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), 0)""",
}


def anchor(db: duckdb.DuckDBPyConnection, source: str, out: str, mode: str) -> None:
    if mode == "load":
        db.execute(f"CREATE TEMP TABLE loaded AS SELECT {', '.join(USED)} FROM {source}")
        source = "loaded"
    kpis = columns(KPIS | WINDOW_KPIS if WINDOWS else KPIS)
    for segment, (condition, dimensions) in SEGMENTS.items():
        by = ", ".join(dimensions)
        base = source
        if mode != "naive":
            rolled_up = f"SELECT date, {by}, {sums()} FROM {source} t WHERE {condition} GROUP BY ALL"
            db.execute(f"CREATE OR REPLACE TEMP TABLE days AS {rolled_up}")
            base, condition = "days", "true"
        for grain in GRAINS:
            # DuckDB's weeks start on Monday.
            query = f"""
                WITH report AS (
                    SELECT date_trunc('{grain}', date)::DATE AS period, {by}, {sums()}
                    FROM {base} t WHERE {condition} GROUP BY ALL)
                SELECT *{kpis} FROM report WINDOW w AS (PARTITION BY {by} ORDER BY period) ORDER BY period, {by}"""
            write(db, query, f"{out}/{segment}_{grain}")


def posts(db: duckdb.DuckDBPyConnection, source: str, out: str) -> None:
    query = f"""
        SELECT date_trunc('month', date)::DATE AS period, post_id,
            sum(t.impressions) AS impressions, sum(t.likes) AS likes, sum(t.shares) AS shares, sum(t.spend) AS spend,
            sum(t.likes + t.comments + t.shares + t.saves) / nullif(sum(t.impressions), 0) AS engagement_rate
        FROM {source} t GROUP BY ALL ORDER BY period, post_id"""
    write(db, query, f"{out}/posts_month")


def write(db: duckdb.DuckDBPyConnection, query: str, path: str) -> None:
    """Writes a report in both formats; it is computed once."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE report AS {query}")
    db.execute(f"COPY report TO '{path}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    db.execute(f"COPY report TO '{path}.csv' (HEADER)")


def main(data: str, out: str, mode: str) -> None:
    if mode not in ("naive", "rollup", "load", "posts"):
        sys.exit(__doc__)
    os.makedirs(out, exist_ok=True)
    format, glob = files(data)
    db, source = duckdb.connect(), f"read_{format}('{glob}')"
    timed(mode, lambda: posts(db, source, out) if mode == "posts" else anchor(db, source, out, mode))


if __name__ == "__main__":
    main(*sys.argv[1:])
