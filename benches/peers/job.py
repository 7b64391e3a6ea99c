"""The anchor job, as all peers do it: which records, which columns, which KPIs.

24 reports, a segment and a grain each. A report groups by its segment's dimensions, adds up 15 measures and computes
the KPIs from the sums; it is written as `<segment>_<grain>.parquet` and `.csv`.
"""
import os
import time
from pathlib import Path

GRAINS = ["day", "week", "month", "quarter"]

MEASURES = """impressions reach views likes comments shares saves clicks new_followers unfollows spend sessions bounces
    conversions revenue""".split()

# segment: (condition, dimensions)
SEGMENTS = {
    "all": ("true", ["network"]),
    "fr_women_18_34": (
        "country = 'FR' AND gender = 'female' AND age_band IN ('18-24', '25-34')",
        ["network", "content_format"],
    ),
    "paid": ("is_paid", ["network", "country"]),
    "organic_social": ("channel = 'organic_social' AND NOT is_paid", ["network", "age_band"]),
    "video": ("content_format = 'video'", ["network", "country"]),
    "francophone": ("country IN ('FR', 'BE', 'CH', 'CA', 'MA', 'SN', 'CI')", ["network", "channel"]),
}

# In these engines `/` of integers is a float. A denominator of 0 makes null.
KPIS = {
    "engagement_rate": "(likes + comments + shares + saves) / nullif(impressions, 0)",
    "amplification_rate": "shares / nullif(impressions, 0)",
    "ctr": "clicks / nullif(impressions, 0)",
    "cpm": "spend / nullif(impressions, 0) * 1000",
    "cpc": "spend / nullif(clicks, 0)",
    "bounce_rate": "bounces / nullif(sessions, 0)",
    "conversion_rate": "conversions / nullif(sessions, 0)",
    "roas": "revenue / nullif(spend, 0)",
    "roi": "(revenue - spend) / nullif(spend, 0)",
    "net_followers": "new_followers - unfollows",
}

# BENCH_WINDOWS=1 adds three KPIs that look at earlier periods: growth against the
# period before, a running total, and a rate over three periods.
WINDOWS = os.environ.get("BENCH_WINDOWS", "0") == "1"


def sums() -> str:
    """The measures' sums as SQL, each under its measure's name."""
    return ", ".join(f"sum(t.{m}) AS {m}" for m in MEASURES)


def columns(kpis: dict[str, str]) -> str:
    """KPIs as columns of a SELECT."""
    return "".join(f", {expression} AS {name}" for name, expression in kpis.items())


def files(folder: str) -> tuple[str, str]:
    """The data files of a folder: their format, `parquet` or `csv`, and a glob."""
    format = "parquet" if any(Path(folder).glob("*.parquet")) else "csv"
    return format, f"{os.path.abspath(folder)}/*.{format}"


def timed(name: str, job) -> None:
    """Runs a job and prints its own seconds; those of the whole process are measured from outside."""
    start = time.perf_counter()
    job()
    print(name, round(time.perf_counter() - start, 2), "s")
