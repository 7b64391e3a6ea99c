"""The anchor job in ClickHouse, in this process (chdb).

usage: clickhouse_job.py DATA OUT MODE
  naive    a query for each report, over the files: what one writes first
  rollup   each segment added up to days first, and the reports from there
"""
import os
import sys

from chdb.session import Session

from job import KPIS, SEGMENTS, WINDOWS, columns, files, sums, timed

PERIOD = {
    "day": "date",
    "week": "toMonday(date)",
    "month": "toStartOfMonth(date)",
    "quarter": "toStartOfQuarter(date)",
}

WINDOW_KPIS = {
    "impressions_growth": "impressions / nullif(lagInFrame(impressions) OVER w, 0) - 1",
    "cum_followers": "sum(new_followers - unfollows) OVER w",
    "rolling3_er": "sum(likes + comments + shares + saves) OVER w3 / nullif(sum(impressions) OVER w3, 0)",
}


def anchor(db: Session, source: str, out: str, mode: str) -> None:
    kpis = columns(KPIS | WINDOW_KPIS if WINDOWS else KPIS)
    for segment, (condition, dimensions) in SEGMENTS.items():
        by = ", ".join(dimensions)
        base = source
        if mode == "rollup":
            rolled_up = f"SELECT date, {by}, {sums()} FROM {source} t WHERE {condition} GROUP BY date, {by}"
            db.query(f"CREATE OR REPLACE TABLE days ENGINE = Memory AS {rolled_up}")
            base, condition = "days", "true"
        for grain, period in PERIOD.items():
            db.query(f"""
                CREATE OR REPLACE TABLE report ENGINE = Memory AS
                WITH report AS (
                    SELECT {period} AS period, {by}, {sums()} FROM {base} t WHERE {condition} GROUP BY period, {by})
                SELECT *{kpis} FROM report
                WINDOW w AS (PARTITION BY {by} ORDER BY period ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
                       w3 AS (PARTITION BY {by} ORDER BY period ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
                ORDER BY period, {by}""")
            for ending, format in [("parquet", "Parquet"), ("csv", "CSVWithNames")]:
                path = f"{out}/{segment}_{grain}.{ending}"
                db.query(f"SELECT * FROM report INTO OUTFILE '{path}' TRUNCATE FORMAT {format}")


def main(data: str, out: str, mode: str) -> None:
    if mode not in ("naive", "rollup"):
        sys.exit(__doc__)
    os.makedirs(out, exist_ok=True)
    format, glob = files(data)
    source = f"file('{glob}', {'Parquet' if format == 'parquet' else 'CSVWithNames'})"
    timed(mode, lambda: anchor(Session(), source, out, mode))


if __name__ == "__main__":
    main(*sys.argv[1:])
