"""Writes invented exports of posts by day, one file a month from January 2022: 25 columns, skewed as such data is.

usage: generate.py ROWS_PER_MONTH MONTHS FOLDER [csv]

Each month has a random generator of its own, which is asked in the order of the code below: moving a draw changes the
data.
"""
import os
import sys
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

NETWORKS = ["facebook", "instagram", "x", "linkedin", "pinterest", "tiktok", "youtube"]
NETWORK_SHARE = [0.25, 0.25, 0.15, 0.1, 0.08, 0.12, 0.05]
COUNTRIES = "FR BE CH CA US GB DE ES IT NL PT MA SN CI BR MX JP IN AU PL".split()
COUNTRY_SHARE = 1 / np.arange(1, len(COUNTRIES) + 1)
COUNTRY_SHARE /= COUNTRY_SHARE.sum()
AGE_BANDS = ["13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
GENDERS = ["female", "male", "unknown"]
CONTENT_FORMATS = ["image", "video", "short_text", "carousel", "article", "story", "link"]
CHANNELS = ["organic_social", "paid_social", "referral", "direct", "email", "organic_search"]


def texts(values: list[str], picks: np.ndarray) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(picks.astype(np.int8)), pa.array(values)).cast(pa.string())


def month(number: int, rows: int) -> tuple[str, pa.Table]:
    """A month's name and records, sorted by day."""
    draw = np.random.default_rng(1000 + number)
    first = date(2022 + number // 12, number % 12 + 1, 1)
    following = date(2022 + (number + 1) // 12, (number + 1) % 12 + 1, 1)

    def part_of(counts: np.ndarray, least: float, most: float) -> np.ndarray:
        return (counts * draw.uniform(least, most, rows)).astype(np.int64)

    def some_of(counts: np.ndarray, probability: float) -> np.ndarray:
        return draw.binomial(counts, probability).astype(np.int64)

    day = np.sort(draw.integers(0, (following - first).days, rows)).astype(np.int32) + (first - date(1970, 1, 1)).days
    impressions = draw.lognormal(6, 1.6, rows).astype(np.int64) + 1
    reach = part_of(impressions, 0.5, 0.98) + 1
    views = part_of(impressions, 0.05, 0.6)
    likes = some_of(impressions, 0.02)
    comments = some_of(impressions, 0.002)
    shares = some_of(impressions, 0.003)
    saves = some_of(impressions, 0.001)
    clicks = some_of(impressions, 0.008)
    new_followers = draw.poisson(0.8, rows).astype(np.int64)
    unfollows = draw.poisson(0.3, rows).astype(np.int64)
    is_paid = draw.random(rows) < 0.2
    spend = np.where(is_paid, np.round(impressions * draw.uniform(0.002, 0.012, rows), 2), 0.0)
    sessions = part_of(clicks, 0.6, 1)
    bounces = part_of(sessions, 0.2, 0.7)
    conversions = some_of(sessions, 0.03)
    revenue = np.round(conversions * draw.uniform(15, 120, rows), 2)
    account = draw.integers(0, 200, rows)
    post = draw.integers(0, max(1000, rows // 20), rows) + number * 10_000_000  # a post lives one month
    return f"{first:%Y-%m}", pa.table({
        "date": pa.array(day, pa.date32()),
        "network": texts(NETWORKS, draw.choice(len(NETWORKS), rows, p=NETWORK_SHARE)),
        "account_id": pa.array(np.char.add("acc_", account.astype(str))),
        "post_id": pa.array(post),
        "content_format": texts(CONTENT_FORMATS, draw.integers(0, len(CONTENT_FORMATS), rows)),
        "country": texts(COUNTRIES, draw.choice(len(COUNTRIES), rows, p=COUNTRY_SHARE)),
        "age_band": texts(AGE_BANDS, draw.integers(0, len(AGE_BANDS), rows)),
        "gender": texts(GENDERS, draw.integers(0, len(GENDERS), rows)),
        "channel": texts(CHANNELS, draw.integers(0, len(CHANNELS), rows)),
        "is_paid": pa.array(is_paid),
        "impressions": impressions, "reach": reach, "views": views, "likes": likes, "comments": comments,
        "shares": shares, "saves": saves, "clicks": clicks, "new_followers": new_followers, "unfollows": unfollows,
        "spend": spend, "sessions": sessions, "bounces": bounces, "conversions": conversions, "revenue": revenue,
    })


def main(rows: str, months: str, folder: str, format: str = "parquet") -> None:
    os.makedirs(folder, exist_ok=True)
    for number in range(int(months)):
        name, table = month(number, int(rows))
        path = f"{folder}/{name}.{format}"
        if format == "parquet":
            pa.parquet.write_table(table, path, compression="zstd", row_group_size=500_000)
        else:
            pa.csv.write_csv(table, path)
        print(path, os.path.getsize(path) >> 20, "MiB", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
