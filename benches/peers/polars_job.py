"""The anchor job in Polars.

usage: polars_job.py DATA OUT MODE
  naive    a query for each report, over the files: what one writes first
  rollup   each segment added up to days first, and the reports from there
  all      as rollup, all segments in one go: Polars shares the scan
"""
import os
import sys

import polars as pl
from polars import col

from job import GRAINS, MEASURES, SEGMENTS, WINDOWS, files, timed

EVERY = {"day": "1d", "week": "1w", "month": "1mo", "quarter": "1q"}  # weeks start on Monday
ENGAGEMENTS = col("likes") + col("comments") + col("shares") + col("saves")


def over(numerator: pl.Expr, denominator: str) -> pl.Expr:
    """Numerator / denominator; null where the denominator is 0."""
    return numerator / pl.when(col(denominator) != 0).then(col(denominator))


KPIS = {
    "engagement_rate": over(ENGAGEMENTS, "impressions"),
    "amplification_rate": over(col("shares"), "impressions"),
    "ctr": over(col("clicks"), "impressions"),
    "cpm": over(col("spend"), "impressions") * 1000,
    "cpc": over(col("spend"), "clicks"),
    "bounce_rate": over(col("bounces"), "sessions"),
    "conversion_rate": over(col("conversions"), "sessions"),
    "roas": over(col("revenue"), "spend"),
    "roi": over(col("revenue") - col("spend"), "spend"),
    "net_followers": col("new_followers") - col("unfollows"),
}

WINDOW_KPIS = {
    "impressions_growth": col("impressions") / col("impressions").shift(1) - 1,
    "cum_followers": (col("new_followers") - col("unfollows")).cum_sum(),
    "rolling3_er": ENGAGEMENTS.rolling_sum(3, min_samples=1) / col("impressions").rolling_sum(3, min_samples=1),
}


def report(base: pl.LazyFrame, grain: str, dimensions: list[str]) -> pl.LazyFrame:
    period = col("date").dt.truncate(EVERY[grain]).alias("period")
    sums = base.group_by(period, *dimensions).agg(pl.sum(MEASURES)).sort("period", *dimensions)
    kpis = sums.with_columns(**KPIS)
    if not WINDOWS:
        return kpis
    return kpis.with_columns(**{name: kpi.over(dimensions) for name, kpi in WINDOW_KPIS.items()})


def anchor(source: pl.LazyFrame, out: str, mode: str) -> None:
    reports = {}
    filtered = [source.filter(pl.sql_expr(condition)) for condition, _ in SEGMENTS.values()]
    if mode == "naive":
        for (segment, (_, dimensions)), base in zip(SEGMENTS.items(), filtered):
            for grain in GRAINS:
                reports[segment, grain] = report(base, grain, dimensions).collect(engine="streaming")
    else:
        days = [
            base.group_by("date", *dimensions).agg(pl.sum(MEASURES))
            for (_, dimensions), base in zip(SEGMENTS.values(), filtered)
        ]
        if mode == "all":
            days = pl.collect_all(days, engine="streaming")
        else:
            days = [frame.collect(engine="streaming") for frame in days]
        for (segment, (_, dimensions)), base in zip(SEGMENTS.items(), days):
            for grain in GRAINS:
                reports[segment, grain] = report(base.lazy(), grain, dimensions).collect()
    for (segment, grain), frame in reports.items():
        frame.write_parquet(f"{out}/{segment}_{grain}.parquet", compression="zstd")
        frame.write_csv(f"{out}/{segment}_{grain}.csv")


def main(data: str, out: str, mode: str) -> None:
    if mode not in ("naive", "rollup", "all"):
        sys.exit(__doc__)
    os.makedirs(out, exist_ok=True)
    format, glob = files(data)
    source = pl.scan_parquet(glob) if format == "parquet" else pl.scan_csv(glob, try_parse_dates=True)
    timed(mode, lambda: anchor(source, out, mode))


if __name__ == "__main__":
    main(*sys.argv[1:])
