"""Write the sample data: two invented years of an outdoor-gear brand on seven networks.

    python3.11 -m venv /tmp/sample-data
    /tmp/sample-data/bin/pip install numpy==2.4.6 pyarrow==26.0.1 zstandard==0.25.0
    /tmp/sample-data/bin/python sample_data/generate.py [FOLDER]

Files go beside this script, or into FOLDER. Everything is drawn from one seed: the same versions of
the packages (and of the zlib in Python) write the same bytes. What each file holds is told in README.md.

Numbers are invented, but their shape is not arbitrary: networks grow at different speeds, weekends
and December differ, campaigns come in bursts, and a cell is empty where the network of that name
does not report the number.
"""

import csv
import gzip
import io
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

SEED = 20240101
FIRST, LAST = date(2024, 1, 1), date(2025, 12, 31)
DAYS = (LAST - FIRST).days + 1
DATES = [FIRST + timedelta(days=i) for i in range(DAYS)]
WEEKDAY = np.array([d.weekday() for d in DATES])
DAY_OF_YEAR = np.array([d.timetuple().tm_yday for d in DATES])

COUNTRIES = ["FR", "DE", "GB", "BE", "CH", "CA", "US", "ES", "IT", "NL", "AT", "PT", "SE", "PL", "JP", None]
AGES = ["13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
GENDERS = ["female", "male", "unknown"]
COUNTRY_WEIGHT = {  # by the audience an account speaks to, in the order of COUNTRIES
    "global": np.array([30, 10, 11, 6, 5, 6, 9, 5, 5, 4, 2, 1.5, 1.5, 1.5, 1, 1.5]),
    "fr": np.array([78, 0.4, 0.3, 9, 6, 4, 0.3, 0.4, 0.3, 0.2, 0.1, 0.2, 0.1, 0.1, 0.1, 0.8]),
    "de": np.array([0.5, 70, 0.4, 0.3, 11, 0.2, 0.4, 0.2, 0.4, 0.8, 14, 0.1, 0.2, 0.3, 0.1, 1.1]),
}


@dataclass(frozen=True)
class Network:
    name: str
    formats: dict  # share of each content format
    accounts: dict  # posts a day of each account
    impressions: int  # of an average post on its first day
    growth: float  # of impressions, a year
    half_life: float  # days after which a post is seen half as much
    lifetime: int  # days a post is reported
    cells: int  # audience cells reported on the first day
    weekend: float  # weekend impressions against weekdays
    rates: dict  # interactions per impression
    frequency: float | None  # impressions per account reached; None: reach not reported
    cpm: float  # euros for 1,000 paid impressions
    view_rate: float
    followers: int  # of the global account on the first day
    ages: tuple | None = (5, 20, 30, 21, 13, 7, 4)  # None: age and gender not reported
    genders: tuple = (50, 46, 4)
    saves: bool = True
    new_followers: bool = True
    unfollows: bool = True
    organic_clicks: bool = True


NETWORKS = [
    Network("facebook", {"image": 38, "video": 22, "link": 25, "carousel": 10, "short_text": 5},
            {"global": 0.45, "fr": 0.5, "de": 0.3}, 26000, 0.04, 1.1, 6, 19, 1.02,
            dict(likes=0.014, comments=0.0016, shares=0.0018, saves=0.0006, clicks=0.011),
            1.32, 7.2, 0.33, 182000, ages=(2, 9, 20, 24, 22, 14, 9)),
    Network("instagram", {"image": 30, "carousel": 27, "video": 28, "story": 15},
            {"global": 0.55, "fr": 0.6, "de": 0.3}, 31000, 0.24, 1.0, 6, 21, 1.13,
            dict(likes=0.031, comments=0.0014, shares=0.0026, saves=0.0041, clicks=0.0042),
            1.24, 8.1, 0.62, 146000, ages=(6, 26, 33, 19, 10, 4, 2), genders=(56, 41, 3)),
    Network("x", {"short_text": 62, "image": 22, "link": 12, "video": 4},
            {"global": 0.9, "fr": 0.7}, 9000, -0.16, 0.5, 3, 11, 0.9,
            dict(likes=0.0085, comments=0.0009, shares=0.0017, saves=0, clicks=0.006),
            None, 5.6, 0.4, 58000, ages=None, saves=False),
    Network("linkedin", {"article": 34, "image": 28, "carousel": 16, "link": 14, "video": 8},
            {"global": 0.45}, 8500, 0.32, 1.8, 9, 11, 0.42,
            dict(likes=0.017, comments=0.0012, shares=0.0011, saves=0, clicks=0.019),
            1.45, 27.0, 0.28, 24000, ages=None, saves=False, new_followers=False, unfollows=False),
    Network("pinterest", {"image": 74, "video": 16, "carousel": 10},
            {"global": 0.4, "fr": 0.25}, 12000, 0.15, 4.5, 14, 10, 1.18,
            dict(likes=0.0022, comments=0.0001, shares=0.0004, saves=0.0105, clicks=0.0085),
            1.18, 4.3, 0.5, 19000, ages=(3, 21, 34, 22, 11, 6, 3), genders=(74, 21, 5), unfollows=False),
    Network("tiktok", {"video": 94, "carousel": 6},
            {"global": 0.35, "fr": 0.35, "de": 0.25}, 38000, 0.75, 1.5, 8, 18, 1.15,
            dict(likes=0.047, comments=0.0011, shares=0.0032, saves=0.0043, clicks=0.006),
            1.12, 4.9, 0.93, 41000, ages=(16, 42, 25, 10, 4, 2, 1), unfollows=False, organic_clicks=False),
    Network("youtube", {"video": 100},
            {"global": 0.2, "fr": 0.15}, 33000, 0.19, 5.0, 15, 13, 1.2,
            dict(likes=0.0036, comments=0.0004, shares=0.0005, saves=0, clicks=0.0016),
            None, 9.8, 0.075, 67000, ages=(7, 22, 27, 19, 12, 8, 5), genders=(34, 62, 4), saves=False),
]
OPENED = {"tiktok_de": date(2024, 9, 2)}  # accounts that did not exist on the first day
VIEWED_FORMATS = {"video", "story"}  # the only ones with a number of views
FORMAT_LIFT = {  # interactions per impression against the network's average
    "image": 1.0, "video": 1.15, "carousel": 1.3, "story": 0.55, "short_text": 0.8, "article": 1.05, "link": 0.65}
BURSTS = [  # (name, first month and day, last month and day): the brand's campaigns, each year
    ("Soldes d'hiver", (1, 10), (1, 31)),
    ("Trail & running", (3, 18), (4, 14)),
    ("Été en montagne, randonnée", (6, 3), (7, 7)),
    ("Back to school", (8, 26), (9, 15)),
    ("Black Friday", (11, 18), (12, 1)),
    ("Cadeaux de Noël", (12, 2), (12, 22)),
]
AVERAGE_ORDER = 78.0  # euros


def bump(centre, width):
    return np.exp(-0.5 * ((DAY_OF_YEAR - centre) / width) ** 2)


SEASON = 1 + 0.25 * bump(170, 28) + 0.15 * bump(262, 14) + 0.75 * bump(343, 13) - 0.12 * bump(12, 12)
BURST = np.array([any(a <= (d.month, d.day) <= b for _, a, b in BURSTS) for d in DATES])


def rng_for(*names):
    """A generator for one table, so that adding a table does not change the others."""
    key = [SEED] + [int.from_bytes(n.encode(), "big") % 2**63 for n in names]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))


def growth(yearly):
    return (1 + yearly) ** (np.arange(DAYS) / 365)


def weekly(weekend):
    """Weekday factors that keep the week's average at 1."""
    factor = np.where(WEEKDAY >= 5, weekend, 1.0)
    return factor * 7 / (5 + 2 * weekend)


# --- posts ---------------------------------------------------------------------------------------


def post_number(network, day, sequence):
    """Ids look like the networks' own: some are larger than a spreadsheet can hold exactly."""
    seconds = 1704067200 + day * 86400 + sequence % 24 * 3600  # fewer than 24 posts a day: never twice the same
    if network == "x":
        return ((seconds * 1000 - 1288834974657) << 22) + sequence
    if network == "linkedin":
        return (seconds * 1000 << 22) + sequence
    if network == "tiktok":
        return (seconds << 32) + sequence
    if network == "instagram":
        return 17_900_000_000_000_000 + seconds * 9_973 + sequence
    prefix = {"facebook": 1, "pinterest": 3, "youtube": 5}[network]
    return prefix * 100_000_000_000_000 + seconds * 7 + sequence


def publish(network):
    """The posts of a network: who published what, when, and how well it did."""
    rng = rng_for("publish", network.name)
    names, shares = list(network.formats), np.array(list(network.formats.values()), float)
    posts = []
    for account, rate in network.accounts.items():
        account_id = f"{network.name}_{account}"
        opened = (OPENED.get(account_id, FIRST) - FIRST).days
        per_day = rng.poisson(rate * weekly(0.6) * (1 + 0.25 * (SEASON - 1)))
        for day in np.repeat(np.arange(DAYS), per_day):
            draw = rng.random(3)
            posts.append({
                "day": int(day), "account": account, "account_id": account_id,
                "format": names[int(np.searchsorted(np.cumsum(shares / shares.sum()), draw[0]))],
                "boosted": bool(draw[1] < (0.34 if BURST[day] else 0.07)),
                "quality": float(rng.lognormal(-0.25, 0.7)), "open": int(day) >= opened})
    posts = sorted((p for p in posts if p["open"]), key=lambda p: (p["day"], p["account_id"]))
    for sequence, post in enumerate(posts):
        post["post_id"] = post_number(network.name, post["day"], sequence)
    return posts


def audience_cells(network, account):
    """Every audience an account is reported by (country, age, gender), and its weight."""
    ages = np.array(network.ages or (1,), float)
    genders = np.array(network.genders if network.ages else (1,), float)
    weight = COUNTRY_WEIGHT[account][:, None, None] * ages[None, :, None] * genders[None, None, :]
    index = np.indices(weight.shape).reshape(3, -1)
    return index, weight.ravel() / weight.sum()


def deliveries(network, posts, paid, rng):
    """One row per post, day, and audience cell it was shown to: indices and expected impressions."""
    lifetime = 7 if paid else network.lifetime
    rows = []
    for account in network.accounts:
        chosen = [i for i, p in enumerate(posts) if p["account"] == account and (p["boosted"] or not paid)]
        if not chosen:
            continue
        post = np.repeat(chosen, lifetime)
        age = np.tile(np.arange(lifetime), len(chosen))
        day = np.array([posts[i]["day"] for i in chosen]).repeat(lifetime) + age
        kept = day < DAYS
        post, age, day = post[kept], age[kept], day[kept]
        decay = 0.5 ** (age / network.half_life)
        if paid:  # an advertiser's budget is spread evenly
            decay = np.full(len(age), 1.5 * (0.5 ** (np.arange(network.lifetime) / network.half_life)).sum() / lifetime)
        index, weight = audience_cells(network, account)
        limit = min(len(weight), 6 if paid else network.cells)
        count = np.full(len(age), limit) if paid else np.maximum(2, np.round(limit * decay**0.45)).astype(int)
        # Gumbel keys: the first n of the order are a weighted draw without replacement.
        order = np.argsort(-(np.log(weight) + rng.gumbel(size=(len(post), len(weight)))), axis=1)[:, :limit]
        taken = np.arange(limit)[None, :] < count[:, None]
        share = np.where(taken, weight[order] ** 0.6, 0)
        share /= share.sum(axis=1, keepdims=True)
        quality = np.array([p["quality"] for p in posts])[post]
        level = network.impressions * quality * decay * (growth(network.growth) * SEASON * weekly(network.weekend))[day]
        expected = level[:, None] * share * rng.lognormal(-0.06, 0.35, share.shape)
        line, place = np.nonzero(taken)
        country, age_band, gender = index[:, order[line, place]]
        rows.append((post[line], day[line], country, age_band, gender, expected[line, place]))
    return [np.concatenate(column) for column in zip(*rows)]


def measure(network, posts, paid):
    """The rows of a network, organic or paid: each measure with the mask of its nulls."""
    rng = rng_for("measure", network.name, "paid" if paid else "organic")
    post, day, country, age, gender, expected = deliveries(network, posts, paid, rng)
    size = len(post)
    impressions = rng.poisson(expected)
    impressions[rng.random(size) < 0.004] = 0  # withdrawn or not delivered, and yet listed
    formats = np.array([p["format"] for p in posts])[post]
    liking = np.array([FORMAT_LIFT[f] for f in formats]) * rng.lognormal(-0.03, 0.25, size)
    if network.ages:
        liking *= np.array([1.1, 1.2, 1.12, 1.0, 0.92, 0.85, 0.8])[age] * np.array([1.08, 0.95, 0.9])[gender]
    seen = impressions * liking * (0.55 if paid else 1.0)
    counts = {name: rng.poisson(seen * rate) for name, rate in network.rates.items()}
    if paid:
        counts["clicks"] = rng.poisson(impressions * 0.0125 * liking)
    reach = np.maximum(rng.binomial(impressions, 1 / (network.frequency or 1)), impressions > 0)
    views = rng.binomial(impressions, network.view_rate)
    new_followers, unfollows = rng.poisson(impressions * 0.0007), rng.poisson(impressions * 0.00022)
    conversions = rng.poisson(counts["clicks"] * (0.027 if paid else 0.016))
    revenue = np.round(rng.gamma(4, AVERAGE_ORDER / 4, size) * conversions, 2)
    spend = np.round(impressions / 1000 * network.cpm * rng.lognormal(0, 0.18, size) * (1 + 0.25 * BURST[day]), 2)
    no_views = ~np.isin(formats, list(VIEWED_FORMATS)) & (network.name not in ("tiktok", "youtube"))
    no_clicks = np.full(size, not paid and not network.organic_clicks)
    every = np.ones(size, bool)
    return {
        "post": post, "day": day, "country": country, "age": age, "gender": gender,
        "paid": every if paid else ~every, "format": formats,
        "impressions": (impressions, ~every),
        "reach": (reach, every if network.frequency is None else ~every),
        "views": (views, no_views),
        "likes": (counts["likes"], ~every), "comments": (counts["comments"], ~every),
        "shares": (counts["shares"], ~every),
        "saves": (counts["saves"], every if not network.saves else ~every),
        "clicks": (counts["clicks"], no_clicks),
        "new_followers": (new_followers, every if not network.new_followers else ~every),
        "unfollows": (unfollows, every if not network.unfollows else ~every),
        "spend": (spend, ~every if paid else every),
        "conversions": (conversions, no_clicks), "revenue": (revenue, no_clicks),
    }


COUNTS_OF_POSTS = ["impressions", "reach", "views", "likes", "comments", "shares", "saves", "clicks",
                   "new_followers", "unfollows", "spend", "conversions", "revenue"]


def posts_table(network, posts, paid):
    rows = measure(network, posts, paid)
    blank = None if network.ages else len(rows["day"]) * [None]
    epoch = (FIRST - date(1970, 1, 1)).days
    columns = {
        "date": pa.array((rows["day"] + epoch).astype("int32"), pa.int32()).cast(pa.date32()),
        "network": pa.array([network.name] * len(rows["day"]), pa.string()),
        "account_id": pa.array([posts[i]["account_id"] for i in rows["post"]], pa.string()),
        "post_id": pa.array([posts[i]["post_id"] for i in rows["post"]], pa.int64()),
        "content_format": pa.array(rows["format"].tolist(), pa.string()),
        "country": pa.array([COUNTRIES[i] for i in rows["country"]], pa.string()),
        "age_band": pa.array(blank or [AGES[i] for i in rows["age"]], pa.string()),
        "gender": pa.array([GENDERS[i] if network.ages else "unknown" for i in rows["gender"]], pa.string()),
        "channel": pa.array(["paid_social" if paid else "organic_social"] * len(rows["day"]), pa.string()),
        "is_paid": pa.array(rows["paid"], pa.bool_()),
    }
    for name in COUNTS_OF_POSTS:
        values, null = rows[name]
        kind = pa.float64() if name in ("spend", "revenue") else pa.int64()
        columns[name] = pa.array(values, kind, mask=null)
    return pa.table(columns)


def write_posts(folder, published):
    parts = [posts_table(n, published[n.name], paid) for n in NETWORKS for paid in (False, True)]
    table = pa.concat_tables(parts).sort_by([(c, "ascending") for c in (
        "date", "network", "account_id", "post_id", "channel", "country", "age_band", "gender")])
    months = np.array([d.isoformat()[:7] for d in table["date"].to_pylist()])
    for month in sorted(set(months)):
        start, end = np.searchsorted(months, month), np.searchsorted(months, month, side="right")
        part = table.slice(start, end - start)
        if month in ("2024-01", "2024-02"):  # the export had no such column yet
            part = part.drop_columns(["saves"])
        if month == "2024-03":  # an export of another width
            place = part.schema.get_field_index("shares")
            part = part.set_column(place, "shares", part["shares"].cast(pa.int32()))
        pq.write_table(part.combine_chunks(), folder / f"{month}.parquet", compression="zstd",
                       compression_level=15, row_group_size=8192)
    return table.num_rows


# --- the other files -----------------------------------------------------------------------------


def as_csv(header, rows, separator=","):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def money(value):
    return f"{value:.2f}"


TITLES = ["Bivouac en Vanoise ; nos conseils", "How to pick a 30 l pack", "Le refuge, mode d'emploi",
          'Behind the scenes: the "Cirrus" shell', "Zustieg zur Hütte", "Sunday ridge walk", "Gear check",
          "Réparer plutôt que jeter", "5 itinéraires faciles ; niveau débutant", "Winter layering"]


def write_calendar(folder, published):
    """The editorial calendar: one line a published post, as a French spreadsheet saves it (`;`)."""
    header = ["published_on", "network", "account_id", "post_id", "format", "boosted", "title"]
    posts = sorted(((p["day"], n.name, p) for n in NETWORKS for p in published[n.name]),
                   key=lambda t: (t[0], t[1], t[2]["post_id"]))
    titles = rng_for("titles").integers(0, len(TITLES), len(posts))
    rows = [[DATES[day].isoformat(), name, p["account_id"], p["post_id"], p["format"],
             "true" if p["boosted"] else "false", TITLES[title]]
            for (day, name, p), title in zip(posts, titles)]
    for year in ("2024", "2025"):
        (folder / f"{year}.csv").write_bytes(as_csv(header, [r for r in rows if r[0].startswith(year)], ";"))
    return len(rows)


FOLLOWER_COUNTRIES = {"global": ["FR", "DE", "GB", "US", "BE", "CH", "CA", "ES", "IT"], "fr": ["FR", "BE"],
                      "de": ["DE", "AT"]}
SIZE = {"global": 1.0, "fr": 0.55, "de": 0.22}


def follower_series(network, account, country, rng):
    """(date, followers, new, lost) of an account in a country, each day's level following from the last."""
    account_id = f"{network.name}_{account}"
    opened = (OPENED.get(account_id, FIRST) - FIRST).days
    weights = COUNTRY_WEIGHT[account]
    share = weights[COUNTRIES.index(country)] / weights.sum()
    level = 0 if opened else int(network.followers * SIZE[account] * share)
    pace = network.followers * SIZE[account] * share * (0.0005 + 0.0009 * max(network.growth, -0.1) + 0.0002)
    expected = np.maximum(pace, 0.15) * growth(network.growth) * SEASON * weekly(network.weekend) * (1 + 0.4 * BURST)
    new = rng.poisson(expected)
    losing = 1.25 if network.growth < 0 else 0.42
    lost = rng.poisson(expected * losing)
    for day in range(opened, DAYS):
        gone = min(int(lost[day]), level + int(new[day]))
        level += int(new[day]) - gone
        yield DATES[day], level, int(new[day]), gone


def write_accounts(folder):
    header = ["date", "account_id", "network", "country", "followers", "new_followers", "unfollows"]
    rows = []
    for network in NETWORKS:
        for account in network.accounts:
            for country in FOLLOWER_COUNTRIES[account]:
                rng = rng_for("accounts", network.name, account, country)
                for day, followers, new, lost in follower_series(network, account, country, rng):
                    if network.name == "pinterest" and date(2024, 8, 14) <= day <= date(2024, 8, 16):
                        continue  # three days the network never delivered
                    if network.name == "youtube" and day == date(2025, 2, 3):
                        followers = ""  # the level alone is missing that day
                    rows.append([day.isoformat(), f"{network.name}_{account}", network.name, country, followers,
                                 new, lost if network.unfollows else ""])
    rows.sort(key=lambda r: (r[0], r[2], r[1], r[3]))
    for year in ("2024", "2025"):
        (folder / f"{year}.csv").write_bytes(as_csv(header, [r for r in rows if r[0].startswith(year)]))
    return len(rows)


WEB_COUNTRIES = {"FR": 46, "DE": 12, "GB": 9, "BE": 8, "CH": 7, "CA": 6, "US": 5, "": 3}
DEVICES = {"mobile": (0.56, 0.86), "desktop": (0.40, 0.11), "tablet": (0.04, 0.03)}  # elsewhere, social networks
# (network, source, medium, channel group, sessions a day, growth, engaged share, conversion rate)
WEB_SOURCES = [
    ("", "google", "organic", "Organic Search", 1150, 0.10, 0.66, 0.021),
    ("", "bing", "organic", "Organic Search", 85, 0.05, 0.64, 0.019),
    ("", "(direct)", "(none)", "Direct", 760, 0.07, 0.58, 0.026),
    ("", "newsletter", "email", "Email", 290, 0.12, 0.71, 0.034),
    ("", "gear-reviews.example", "referral", "Referral", 95, 0.10, 0.69, 0.024),
    ("", "trail-magazine.example", "referral", "Referral", 70, 0.02, 0.67, 0.017),
    ("facebook", "facebook.com", "referral", "Organic Social", 130, -0.05, 0.47, 0.010),
    ("instagram", "l.instagram.com", "referral", "Organic Social", 150, 0.28, 0.49, 0.011),
    ("x", "t.co", "referral", "Organic Social", 42, -0.30, 0.43, 0.006),
    ("linkedin", "linkedin.com", "referral", "Organic Social", 26, 0.30, 0.60, 0.008),
    ("pinterest", "pinterest.com", "referral", "Organic Social", 88, 0.15, 0.52, 0.013),
    ("tiktok", "tiktok.com", "referral", "Organic Social", 34, 0.80, 0.38, 0.005),
    ("youtube", "youtube.com", "referral", "Organic Social", 48, 0.20, 0.57, 0.012),
    ("facebook", "facebook", "paid_social", "Paid Social", 95, 0.05, 0.44, 0.018),
    ("instagram", "instagram", "paid_social", "Paid Social", 115, 0.25, 0.45, 0.019),
    ("tiktok", "tiktok", "paid_social", "Paid Social", 46, 0.70, 0.35, 0.008),
    ("pinterest", "pinterest", "paid_social", "Paid Social", 30, 0.15, 0.48, 0.015),
]
OUTAGE = (date(2025, 5, 13), date(2025, 5, 15))  # the shop's conversion tag was down


def web_rows(line):
    network, source, medium, channel, volume, yearly, engaged_share, rate = line
    rng = rng_for("web", source, medium)
    level = volume * growth(yearly) * (0.8 * SEASON + 0.2) * weekly(1.08)
    if channel in ("Paid Social", "Email"):
        level = level * np.where(BURST, 2.1, 0.7)
    total = sum(WEB_COUNTRIES.values())
    for country, weight in WEB_COUNTRIES.items():
        part = weight / total * rng.lognormal(-0.03, 0.25)  # no two countries have the same habits
        for device, shares in DEVICES.items():
            share = shares[bool(network)]
            sessions = rng.poisson(level * part * share * rng.lognormal(-0.02, 0.2, DAYS))
            engaged = rng.binomial(sessions, engaged_share * (1.08 if device == "desktop" else 0.97))
            users = np.maximum(rng.binomial(sessions, 0.86), sessions > 0)
            pages = sessions + rng.poisson(engaged * 2.6)
            orders = rng.poisson(sessions * rate * (1.5 if device == "desktop" else 0.75))
            revenue = rng.gamma(4, AVERAGE_ORDER / 4, DAYS) * orders
            for i in np.nonzero(sessions)[0]:  # an analytics export lists no line without a session
                measured = not OUTAGE[0] <= DATES[i] <= OUTAGE[1]
                yield [DATES[i].isoformat(), network, source, medium, channel, country, device,
                       sessions[i], engaged[i], users[i], pages[i], sessions[i] - engaged[i],
                       orders[i] if measured else "", money(revenue[i]) if measured else ""]


def write_web(folder):
    header = ["date", "network", "source", "medium", "channel_group", "country", "device", "sessions",
              "engaged_sessions", "users", "page_views", "bounces", "conversions", "revenue"]
    rows = sorted((r for line in WEB_SOURCES for r in web_rows(line)), key=lambda r: tuple(r[:7]))
    for quarter in (f"{y}-Q{q}" for y in (2024, 2025) for q in (1, 2, 3, 4)):
        part = [r for r in rows if f"{r[0][:4]}-Q{(int(r[0][5:7]) + 2) // 3}" == quarter]
        packed = gzip.compress(as_csv(header, part), compresslevel=9, mtime=0)
        (folder / f"{quarter}.csv.gz").write_bytes(packed)
    return len(rows)


# (network, country, currency, spend a day, click rate): where the brand buys advertising
AD_MARKETS = [
    ("facebook", "FR", "EUR", 130, 0.012), ("facebook", "DE", "EUR", 60, 0.011), ("facebook", "CH", "EUR", 22, 0.012),
    ("instagram", "FR", "EUR", 155, 0.009), ("instagram", "DE", "EUR", 65, 0.009),
    ("instagram", "GB", "GBP", 55, 0.009), ("instagram", "US", "USD", 70, 0.008),
    ("tiktok", "FR", "EUR", 60, 0.007), ("tiktok", "GB", "GBP", 30, 0.007),
    ("pinterest", "FR", "EUR", 28, 0.006), ("pinterest", "US", "USD", 24, 0.006),
    ("youtube", "FR", "EUR", 75, 0.004), ("linkedin", "FR", "EUR", 35, 0.005), ("x", "FR", "EUR", 14, 0.006)]
AD_LINES = [("Always-on", 0.45, False), ("Retargeting", 0.20, False), ("burst", 1.0, True)]
CONVERSION_OF_CLICKS = {"Always-on": 0.024, "Retargeting": 0.062, "burst": 0.035}


def burst_name(day):
    return next((name for name, a, b in BURSTS if a <= (day.month, day.day) <= b), None)


def ads_rows(market, line):
    network, country, currency, spend_a_day, click_rate = market
    label, part, bursting = line
    rng = rng_for("ads", network, country, label)
    cpm = next(n.cpm for n in NETWORKS if n.name == network)
    noise = rng.lognormal(-0.03, 0.25, DAYS)
    for i, day in enumerate(DATES):
        burst = burst_name(day)
        if bursting and burst is None:
            continue
        spend = spend_a_day * part * noise[i] * (growth(0.12) * SEASON)[i]
        impressions = int(rng.poisson(spend / (cpm * (1.2 if burst else 1.0)) * 1000))
        clicks = int(rng.binomial(impressions, click_rate * (2.2 if label == "Retargeting" else 1.0)))
        orders = int(rng.poisson(clicks * CONVERSION_OF_CLICKS[label]))
        revenue = rng.gamma(4, AVERAGE_ORDER / 4) * orders
        if rng.random() < 0.006:  # paused for the day, and yet listed
            impressions, clicks, spend, orders, revenue = 0, 0, 0.0, 0, 0.0
        blind = network == "youtube" and label != "Retargeting"  # awareness films carry no conversion tag
        campaign = f"{burst if bursting else label} | {country}"
        yield [day.isoformat(), network, campaign, country, currency, impressions, clicks, money(spend),
               "" if blind else orders, "" if blind else money(revenue)]


def write_ads(folder):
    header = ["date", "network", "campaign", "country", "currency", "impressions", "clicks", "spend",
              "conversions", "revenue"]
    rows = sorted((r for m in AD_MARKETS for line in AD_LINES for r in ads_rows(m, line)), key=lambda r: tuple(r[:4]))
    for year in ("2024", "2025"):
        text = as_csv(header, [r for r in rows if r[0].startswith(year)])
        (folder / f"{year}.csv.zst").write_bytes(zstandard.ZstdCompressor(level=19, write_checksum=True).compress(text))
    return len(rows)


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
    published = {network.name: publish(network) for network in NETWORKS}
    jobs = {"posts": lambda f: write_posts(f, published), "content_calendar": lambda f: write_calendar(f, published),
            "accounts": write_accounts, "web": write_web, "ads": write_ads}
    for name, write in jobs.items():
        folder = root / name
        folder.mkdir(parents=True, exist_ok=True)
        rows = write(folder)
        size = sum(f.stat().st_size for f in folder.iterdir())
        print(f"{name:17} {rows:8,} rows {size:11,} bytes")


if __name__ == "__main__":
    main()
