"""Write sample exports: the same invented quarter of an outdoor-gear brand, as each network lets it be downloaded.

    python3.11 -m venv /tmp/sample-exports
    /tmp/sample-exports/bin/pip install xlwt==1.3.0 pyarrow==26.0.1
    /tmp/sample-exports/bin/python sample_data/exports/generate.py [FOLDER]

Files go beside this script, or into FOLDER. One seed draws everything: the same versions of the
packages (and of the zlib in Python) write the same bytes. What each file holds is told in README.md;
`expected.csv` holds the sums of what was drawn, taken before any file was written.
"""

import calendar
import csv
import io
import math
import random
import re
import struct
import sys
import zipfile
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import xlwt
from xlwt.Row import StrCell

SEED = "cirrus-outdoor-2025-Q1"
BRAND, SITE, USER = "Cirrus Outdoor", "cirrus-outdoor.example", "cirrusoutdoor"
FIRST, LAST, EXPORTED = date(2025, 1, 1), date(2025, 3, 31), date(2025, 4, 1)
DAYS = [FIRST + timedelta(days=i) for i in range((LAST - FIRST).days + 1)]
NBSP = "\u00a0"
MONTHS_FR = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
MONTHS_FR_SHORT = "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.".split()
MONTHS_ES = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre".split()

OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent
EXPECTED = []

# ---------------------------------------------------------------- draws and the oracle


def rng_for(*names):
    """A generator for one file or network, so that adding one does not change the others."""
    return random.Random("/".join((SEED, ) + names))


def poisson(rng, mean):
    if mean <= 0:
        return 0
    if mean > 40:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def expect(file, profile, records, measures, member="", sheet="", title="", totals=0, bad=0):
    """Note what a reader should find: sums over the data rows, without totals and bad rows."""
    known = {}
    for name, values in measures.items():
        values = [v for v in values if v is not None]
        if values:
            total = math.fsum(values)
            known[name] = str(sum(values)) if all(isinstance(v, int) for v in values) else repr(round(total, 6))
    for name, total in (known or {"": ""}).items():
        EXPECTED.append([file, member, sheet, profile, title, records, totals, bad, name, total])


def column(rows, name):
    return [row[name] for row in rows]


# ---------------------------------------------------------------- ways to write


def save(path, data):
    target = OUT / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)


def csv_text(rows, eol="\n", separator=",", quote="minimal", last_eol=True):
    """`quote`: minimal, all, or spaces (as Meta does: also where a field has a space)."""
    if quote == "spaces":
        needs = re.compile(r'[ ,"\n\r\t]')
        lines = [
            separator.join('"' + c.replace('"', '""') + '"' if needs.search(c) else c for c in map(text_of, row))
            for row in rows
        ]
        text = eol.join(lines) + eol
    else:
        buffer = io.StringIO()
        style = csv.QUOTE_ALL if quote == "all" else csv.QUOTE_MINIMAL
        writer = csv.writer(buffer, delimiter=separator, quoting=style, lineterminator=eol)
        writer.writerows([text_of(c) for c in row] for row in rows)
        text = buffer.getvalue()
    return text if last_eol else text[:-len(eol)]


def text_of(value):
    return "" if value is None else str(value)


def utf8(text, bom=False):
    return (b"\xef\xbb\xbf" if bom else b"") + text.encode("utf-8")


def utf16(text):
    return b"\xff\xfe" + text.encode("utf-16-le")


def zip_of(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, date_time=(2025, 4, 1, 9, 0, 0))
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(info, data)
    return buffer.getvalue()


def letters(index):
    name = ""
    while index >= 0:
        name, index = chr(65 + index % 26) + name, index // 26 - 1
    return name


def xlsx(sheets):
    """A workbook as networks write it: shared strings, empty strings kept as cells, no styles to speak of."""
    strings, order = {}, []

    def cell(reference, value):
        if value is None:
            return ""
        if isinstance(value, str):
            if value not in strings:
                strings[value] = len(order)
                order.append(value)
            return f'<c r="{reference}" t="s"><v>{strings[value]}</v></c>'
        return f'<c r="{reference}"><v>{value!r}</v></c>'

    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = []
    for number, (_, rows) in enumerate(sheets, 1):
        body = "".join(f'<row r="{r}">' + "".join(cell(f"{letters(c)}{r}", v) for c, v in enumerate(row)) + "</row>"
                       for r, row in enumerate(rows, 1))
        size = f"A1:{letters(len(rows[0]) - 1)}{len(rows)}"
        parts.append((f"xl/worksheets/sheet{number}.xml", head + f'<worksheet xmlns="{main}">'
                      f'<dimension ref="{size}"/><sheetData>{body}</sheetData></worksheet>'))
    numbers = range(1, len(sheets) + 1)
    shared = "".join(f'<si><t xml:space="preserve">{escape(s)}</t></si>' for s in order)
    members = [
        ("[Content_Types].xml", head + f'<Types xmlns="{package}/content-types">'
         '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
         '<Default Extension="xml" ContentType="application/xml"/>'
         f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>' + "".join(
             f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
             for n in numbers) + f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/>'
         f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/></Types>'),
        ("_rels/.rels", head + f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
         f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>'),
        ("xl/workbook.xml", head + f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>' +
         "".join(f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"/>'
                 for n, (name, _) in enumerate(sheets, 1)) + "</sheets></workbook>"),
        ("xl/_rels/workbook.xml.rels", head + f'<Relationships xmlns="{package}/relationships">' +
         "".join(f'<Relationship Id="rId{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
                 for n in numbers) +
         f'<Relationship Id="rId{len(sheets) + 1}" Type="{office}/sharedStrings" Target="sharedStrings.xml"/>'
         f'<Relationship Id="rId{len(sheets) + 2}" Type="{office}/styles" Target="styles.xml"/></Relationships>'),
        ("xl/styles.xml",
         head + f'<styleSheet xmlns="{main}"><fonts count="1"><font><sz val="11"/><name val="Calibri"/></font>'
         '</fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/>'
         '</fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
         '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
         '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
         ), ("xl/sharedStrings.xml", head + f'<sst xmlns="{main}" uniqueCount="{len(order)}">{shared}</sst>'),
    ] + parts
    return zip_of([(name, text.encode("utf-8")) for name, text in members])


def xls(sheets):
    """The same in BIFF8; xlwt writes an empty string as a blank cell, the real files have a string cell."""
    book = xlwt.Workbook(encoding="utf-8")
    plain = book.add_style(xlwt.Style.default_style)
    for name, rows in sheets:
        sheet = book.add_sheet(name)
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if value == "":
                    sheet.row(r).insert_cell(c, StrCell(r, c, plain, book.add_str("")))
                elif value is not None:
                    sheet.write(r, c, value)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def float32(value):
    """What is left of a number that was kept in 32 bits."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def percent(part, whole):
    """As Search Console prints a share: two decimals at most, no trailing zero."""
    share = f"{100 * part / whole:.2f}".rstrip("0").rstrip(".") if whole else "0"
    return share + "%"


def us_date(day):
    return f"{day.month}/{day.day}/{day.year}"


def month_day(day):
    return f"{calendar.month_name[day.month]} {day.day}"


def x_date(day):
    return f"{calendar.day_abbr[day.weekday()]}, {calendar.month_abbr[day.month]} {day.day}, {day.year}"


def youtube_date(day):
    return f"{calendar.month_abbr[day.month]} {day.day}, {day.year}"


# ---------------------------------------------------------------- what was published

TOPICS = [  # (what a post is about, its second paragraph, its hashtags)
    ("Winter layering, explained in three pieces", "Base, fleece, shell: start cold, stay dry.", "#layering #winter"),
    ("Réparer plutôt que jeter", "Notre atelier de Grenoble a rendu 212 vestes en janvier.", "#réparation #durable"),
    ('Behind the scenes: the "Cirrus" shell', 'Two years of tests, and one rule: "no shortcut at the seams".',
     "#madeinalps #gear"),
    ("5 itinéraires faciles\u202f; niveau débutant", "Raquettes, soleil, refuge\u00a0: on vous emmène.",
     "#raquettes #rando"),
    ("Soldes d’hiver : jusqu’à -40 %", "Dernières tailles en boutique et en ligne.", "#soldes #outdoor"),
    ("How to wash a waterproof jacket", "30 °C, no softener, tumble dry low. That's it.", "#care #howto"),
    ("Sunday view from the Col du Galibier", "Where were you this weekend?", "#alps #sunday"),
    ("Meet Nadia, patrol and mother of two", "She has skied 140 days a year for a decade.", "#people #skipatrol"),
    ("New: the Stratus 32 pack", "980 g, one big zip, no dangling strap.", "#newgear #packs"),
    ("Ask our fitters anything", "Boots, poles, packs: live on Thursday, 18:00.", "#askus #live"),
    ("Trail de printemps : le plan d’entraînement", "Huit semaines, trois sorties, zéro excuse.", "#trail #running"),
    ("Which stove for which trip?", "We boiled 60 litres of snow to answer.", "#camping #test"),
    ("Avalanche kit: check the batteries", "Beacon, shovel, probe - and a partner who knows how.",
     "#safety #backcountry"),
    ("Thank you for 5,000 repairs", "Counting: one patch, one zip, one seam at a time.", "#repair #thanks"),
    ("Your best photo of February", "Post it with our tag, win a Nimbus tent.", "#contest #community"),
    ("La tente Nimbus sous la tempête", "Rafales à 90 km/h : elle a tenu, nous un peu moins.", "#bivouac #test"),
    ("Women's trail shoes: what changed", "A narrower heel, a softer tongue, the same grip.", "#trailrunning #shoes"),
    ("What goes into 1 kg of down?", "Traceability, from farm to jacket: the numbers.", "#down #transparency"),
    ("Weekend plan: hut, stars, fondue", "Book early; the Refuge des Écrins fills up fast.", "#huts #weekend"),
    ("Trail & running: spring collection", "In shops on 18 March.", "#spring #trail"),
    ("Spot the mistake in this knot", "Answer tomorrow. Be kind in the comments.", "#climbing #quiz"),
    ("Recyclage : ramenez vos vieilles cordes", "Elles deviennent des laisses et des porte-clés.",
     "#recyclage #escalade"),
    ("Packing list for three days out", "Print it, tick it, forget nothing.", "#packing #hiking"),
    ("Our impact report is out", "What worked, what did not, what it cost.", "#impact #report"),
]
EMOJI = [
    "\U0001f3d4\ufe0f", "\u2744\ufe0f", "\U0001f9e5", "\U0001f525", "\U0001f97e", "\U0001f9d7\U0001f3fd", "\u26fa", ""
]


def caption(index, salt=0):
    title, body, tags = TOPICS[index % len(TOPICS)]
    bold = "".join(chr(0x1D5D4 + ord(c) - 65) for c in "NEW") + " " if title.startswith("New") else ""
    mark = EMOJI[(index + salt + index // len(TOPICS) * 3) % len(EMOJI)]  # what is posted again has another emoji
    return f"{bold}{title} {mark}".strip() + f"\n\n{body}\n\n{tags} #cirrusoutdoor"


def flat(text):
    return re.sub(r"\s*\n+\s*", " ", text)


def schedule(rng, count, hours, first=FIRST, last=LAST):
    """Moments of publication over the quarter, oldest first, one a day at most."""
    chosen = sorted(rng.sample(range((last - first).days + 1), count))
    return [
        datetime(first.year, first.month, first.day) +
        timedelta(days=d, hours=rng.choice(hours), minutes=rng.randrange(60)) for d in chosen
    ]


def quality(rng):
    return rng.lognormvariate(-0.15, 0.55)


def long_id(rng, digits, prefix=""):
    return prefix + str(rng.randrange(1, 10)) + "".join(str(rng.randrange(10)) for _ in range(digits - 1 - len(prefix)))


def base36(rng, length, letters_="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"):
    return "".join(rng.choice(letters_) for _ in range(length))


# ---------------------------------------------------------------- Facebook and Instagram (Meta Business Suite)

PAGE_ID, INSTAGRAM_ID = "100482915573021", "17841405822304914"


def facebook_posts():
    rng, posts = rng_for("facebook"), []
    kinds = ["Photos", "Links", "Reels", "Photos", "Videos", "Photos", "Text", "Links", "Photos", "Reels"]
    for i, moment in enumerate(schedule(rng, 32, [0, 1, 2, 3, 5, 7, 8, 9, 10])):  # Pacific hours of a European day
        kind, good, boosted = kinds[i % 10], quality(rng), i % 7 == 3
        organic, paid = poisson(rng, 4200 * good), poisson(rng, 9000) if boosted else 0
        reach = organic + paid - poisson(rng, min(organic, paid) * 0.1)
        video = kind in ("Reels", "Videos")
        p = {
            "id": str(122_093_000_000_000_017 + i * 97_531_246_802), "time": moment, "kind": kind, "text": caption(i),
            "reach": reach, "organic_reach": organic, "paid_reach": paid,
            "views": round(reach * rng.uniform(1.15, 1.45)), "likes": poisson(rng, reach * 0.019),
            "comments": poisson(rng, reach * 0.0022), "shares": poisson(rng, reach * 0.0024),
            "link_clicks": poisson(rng, reach * 0.017) if kind == "Links" else poisson(rng, reach * 0.0015),
            "other_clicks": poisson(rng, reach * 0.009),
            "photo_clicks": poisson(rng, reach * 0.011) if kind == "Photos" else 0,
            "duration": rng.randrange(18, 95) if video else 0,
        }
        p["engagements"] = p["likes"] + p["comments"] + p["shares"]
        p["clicks"] = p["link_clicks"] + p["other_clicks"] + p["photo_clicks"]
        p["organic_views"] = round(p["views"] * organic / (organic + paid))
        p["paid_views"] = p["views"] - p["organic_views"]
        p["video_views_3s"] = poisson(rng, reach * 0.34) if video else 0
        p["viewers_3s"] = round(p["video_views_3s"] * 0.86)
        p["video_views_60s"] = poisson(rng, reach * 0.02) if kind == "Videos" and p["duration"] > 60 else 0
        p["watch_time"] = round(p["views"] * min(p["duration"], 11) * rng.uniform(0.5, 0.8)) if video else None
        p["average_watch"] = round(p["watch_time"] / p["views"], 6) if video else None
        p["earnings"] = round(p["watch_time"] / 42000, 2) if kind == "Reels" else (0 if video else None)
        tail = base36(rng, 52, "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ123456789")
        p["permalink"] = {
            "Reels": f"https://www.facebook.com/reel/{long_id(rng, 16)}/",
            "Videos": f"https://www.facebook.com/{PAGE_ID}/videos/{long_id(rng, 16)}/",
        }.get(kind, f"https://www.facebook.com/permalink.php?story_fbid=pfbid0{tail}&id={PAGE_ID}")
        if i == 12:  # a reel that is typed as a video: only the permalink tells
            p["kind"] = "Videos"
        posts.append(p)
    return posts[::-1]  # newest first


FACEBOOK_42 = [
    "Post ID", "Page ID", "Page name", "Title", "Description", "Duration (secs)", "Publish time", "Caption type",
    "Permalink", "Is crosspost", "Is share", "Post type", "Languages", "Custom labels", "Funded content status",
    "Data comment", "Date", "Views", "Reach", "Reactions, comments and shares", "Reactions", "Comments", "Shares",
    "Total clicks", "Views", "Reach from Organic posts", "Reach from Boosted posts", "3-second video views",
    "1-minute video views", "3-second viewers", "1-minute viewers", "3-second video views from Boosted posts",
    "3-second video views from Organic posts", "Engaged users", "Negative feedback from users",
    "Unique negative feedback from users", "Seconds viewed", "Average Seconds viewed", "Estimated earnings (USD)",
    "Ad CPM (USD)", "Ad impressions", "Other clicks"
]
FACEBOOK_31 = [
    "Post ID", "Page ID", "Page name", "Title", "Description", "Duration (sec)", "Publish time", "Caption type",
    "Permalink", "Is crosspost", "Is share", "Post type", "Languages", "Custom labels", "Funded content status",
    "Data comment", "Date", "Views", "Reach", "Reactions, Comments and Shares", "Reactions", "Comments", "Shares",
    "Total clicks", "Link Clicks", "Other Clicks", "Matched Audience Targeting Consumption (Photo Click)",
    "Seconds viewed", "Average Seconds viewed", "Estimated earnings (USD)", "Ad impressions"
]
FACEBOOK_FR = [
    "Identifiant de la publication", "ID de la Page", "Nom de la page", "Titre", "Description", "Durée",
    "Heure de publication", "Permalien", "Est un crosspostage", "Est un partage", "Type de publication", "Date", "Vues",
    "Couverture", "Réactions, commentaires et partages", "Réactions", "Commentaires", "Partages", "Total des clics",
    "Clics sur un lien", "Vues de Publications organiques", "Vues de Publications boostées",
    "Couverture de Publications organiques", "Couverture de Publications boostées",
    "Vues de vidéo de 3 secondes de Publications organiques", f"Spectateurs de 3{NBSP}secondes",
    "Vues de vidéo d’une minute", "Revenus estimés (USD)"
]
TYPES_FR = {
    "Photos": "Photos", "Videos": "Vidéos", "Reels": "Reels", "Links": "Liens", "Text": "Texte",
    "IG reel": "Reel Instagram", "IG image": "Image Instagram", "IG carousel": "Carrousel Instagram"
}
FACEBOOK_MEASURES = ["views", "reach", "engagements", "likes", "comments", "shares", "clicks"]


def minutes(moment):
    return moment.strftime("%m/%d/%Y %H:%M")


def texts_of(p):
    """Title and description: near copies, and which of them holds the caption depends on the type."""
    return (p["text"], p["text"]) if p["kind"] in ("Reels", "Videos") else (p["text"], "")


def facebook_files(posts):
    rows, earlier = [FACEBOOK_42], [FACEBOOK_31]
    for n, p in enumerate(posts):
        video = p["kind"] in ("Reels", "Videos")
        reel = p["kind"] == "Reels"
        title, description = texts_of(p)
        measured = 0 if not video else None  # a photo: measured zeros in the first video columns, then nothing
        paid_3s = round(p["video_views_3s"] * p["paid_reach"] / (p["paid_reach"] + p["organic_reach"]))
        rows.append([
            p["id"], PAGE_ID, BRAND, title, description, p["duration"],
            minutes(p["time"]), "N/A", p["permalink"], 0, 0, p["kind"], "", "", "", "", "Lifetime", p["views"],
            p["reach"], p["engagements"], p["likes"], p["comments"], p["shares"], p["clicks"], "", p["organic_reach"],
            p["paid_reach"], p["video_views_3s"] if video else measured, p["video_views_60s"] if video and not reel else
            (None if reel else 0), p["viewers_3s"] if video else measured,
            None if reel else round(p["video_views_60s"] * 0.9), paid_3s, p["video_views_3s"] - paid_3s,
            None if reel else round(p["reach"] * 0.031), 0, 0, p["watch_time"], p["average_watch"], p["earnings"], None,
            0 if video else None, p["other_clicks"]
        ])
        if n == 20:  # a record that Meta could not compute
            rows.append([""] * 15 + ["An error occurred while computing metadata for content with ID 1227700431"] +
                        ["Lifetime", "", 3] + [""] * 23)
    name = "Jan-01-2025_Mar-31-2025_613168904417283.csv"
    save(f"meta_business_suite/{name}", utf8(csv_text(rows, quote="spaces"), bom=True))
    measures = {
        m: column(posts, m)
        for m in FACEBOOK_MEASURES + ["organic_reach", "paid_reach", "video_views_3s", "watch_time", "earnings"]
    }
    expect(f"meta_business_suite/{name}", "meta_business_suite.facebook_posts", len(posts), measures, bad=1)

    seen = []
    until = date(2025, 2, 15)
    for p in posts:
        if p["time"].date() > until:
            continue
        age = (until - p["time"].date()).days
        share = 0.985 if age > 7 else 0.55 + 0.06 * age
        then = dict(p)
        for m in ("views", "reach", "likes", "comments", "shares", "link_clicks", "other_clicks", "photo_clicks",
                  "watch_time"):
            then[m] = None if p[m] is None else int(p[m] * share)
        then["engagements"] = then["likes"] + then["comments"] + then["shares"]
        then["clicks"] = then["link_clicks"] + then["other_clicks"] + then["photo_clicks"]
        then["earnings"] = None if p["earnings"] is None else round(int(p["earnings"] * share * 100) / 100, 2)
        seen.append(then)
    for n, p in enumerate(seen):
        title, description = texts_of(p)
        row = [
            p["id"], PAGE_ID, BRAND, title, description, p["duration"],
            minutes(p["time"]), "N/A", p["permalink"], 0, 0, p["kind"], "", "", "", "", "Lifetime", p["views"],
            p["reach"], p["engagements"], p["likes"], p["comments"], p["shares"], p["clicks"], p["link_clicks"],
            p["other_clicks"], p["photo_clicks"]
        ]
        if n < len(seen) - 2:
            row += [
                p["watch_time"],
                round(p["watch_time"] / p["views"], 6) if p["watch_time"] else None, p["earnings"],
                0 if p["watch_time"] else None
            ]
        else:  # the layout of the months before: four columns fewer
            p["watch_time"] = p["earnings"] = None
        earlier.append(row)
    name = "Jan-01-2025_Feb-15-2025_598120377465910.csv"
    save(f"meta_business_suite/{name}", utf8(csv_text(earlier, quote="spaces"), bom=True))
    whole = seen[:-2]  # nobody knows which fields the others lack
    measures = {m: column(whole, m) for m in FACEBOOK_MEASURES + ["link_clicks", "watch_time", "earnings"]}
    expect(f"meta_business_suite/{name}", "meta_business_suite.facebook_posts", len(whole), measures, bad=2)

    rows = [FACEBOOK_FR]
    organic_3s = []
    for p in posts:
        video = p["kind"] in ("Reels", "Videos")
        title, description = texts_of(p)
        paid_3s = round(p["video_views_3s"] * p["paid_reach"] / (p["paid_reach"] + p["organic_reach"]))
        organic_3s.append(p["video_views_3s"] - paid_3s)
        rows.append([
            p["id"], PAGE_ID, BRAND, title, description, p["duration"],
            minutes(p["time"]), p["permalink"], 0, 0, TYPES_FR[p["kind"]], "Global", p["views"], p["reach"],
            p["engagements"], p["likes"], p["comments"], p["shares"], p["clicks"], p["link_clicks"], p["organic_views"],
            p["paid_views"], p["organic_reach"], p["paid_reach"], organic_3s[-1], p["viewers_3s"] if video else 0,
            None if p["kind"] == "Reels" else p["video_views_60s"], p["earnings"]
        ])
    name = "fr/Jan-01-2025_Mar-31-2025_613168904417284.csv"
    save(f"meta_business_suite/{name}", utf8(csv_text(rows, quote="spaces"), bom=True))
    measures = {
        m: column(posts, m)
        for m in FACEBOOK_MEASURES +
        ["link_clicks", "organic_views", "paid_views", "organic_reach", "paid_reach", "earnings"]
    }
    expect(f"meta_business_suite/{name}", "meta_business_suite.facebook_posts", len(posts), measures)


def instagram_posts():
    rng, posts = rng_for("instagram"), []
    kinds = ["IG reel", "IG carousel", "IG image", "IG reel", "IG carousel", "IG reel", "IG image"]
    for i, moment in enumerate(schedule(rng, 36, [0, 2, 3, 4, 8, 9, 10, 11])):
        kind, good = kinds[i % 7], quality(rng)
        lift = {"IG reel": 1.9, "IG carousel": 1.1, "IG image": 0.8}[kind]
        reach = poisson(rng, 6100 * good * lift)
        code = base36(rng, 11)
        posts.append({
            "id": str(18_041_000_000_000_000 + i * 28_713_331_007), "time": moment, "kind": kind, "text": caption(
                i + 5, 3), "permalink": f"https://www.instagram.com/{'reel' if kind == 'IG reel' else 'p'}/{code}/",
            "duration": rng.randrange(9, 75) if kind == "IG reel" else 0, "views": round(reach * rng.uniform(1.3, 1.8)),
            "reach": reach, "likes": poisson(rng, reach * 0.041), "shares": poisson(rng, reach * 0.0046),
            "comments": poisson(rng, reach * 0.0021), "saves": poisson(rng, reach * 0.0063),
            "new_followers": poisson(rng, reach * 0.0009), "profile_visits": poisson(rng, reach * 0.007)
        })
    return posts[::-1]


INSTAGRAM_EN = [
    "Post ID", "Account ID", "Account username", "Account name", "Description", "Duration (sec)", "Publish time",
    "Permalink", "Post type", "Data comment", "Date", "Views", "Reach", "Likes", "Shares", "Comments", "Saves",
    "Follows"
]
INSTAGRAM_FR = [
    "Identifiant de la publication", "ID du compte", "Nom du compte", "Nom de profil du compte", "Description", "Durée",
    "Heure de publication", "Permalien", "Type de publication", "Date", "Vues", "Couverture", "Mentions J’aime",
    "Partages", "Commentaires", "Enregistrements", "Followers en plus", "Visites du profil"
]


def instagram_files(posts):
    measures = ["views", "reach", "likes", "shares", "comments", "saves", "new_followers"]
    english, french = [INSTAGRAM_EN], [INSTAGRAM_FR]
    for p in posts:
        same = [p["id"], INSTAGRAM_ID, USER, BRAND, p["text"], p["duration"], minutes(p["time"]), p["permalink"]]
        figures = [p[m] for m in measures]
        english.append(same + [p["kind"], "", "Lifetime"] + figures)
        french.append(same + [TYPES_FR[p["kind"]], "Global"] + figures + [p["profile_visits"]])
    name = "meta_business_suite/Jan-01-2025_Mar-31-2025_947210558316642.csv"
    save(name, utf8(csv_text(english, quote="spaces"), bom=True))
    expect(name, "meta_business_suite.instagram_posts", len(posts), {m: column(posts, m) for m in measures})
    name = "meta_business_suite/fr/Jan-01-2025_Mar-31-2025_947210558316643.csv"
    save(name, utf8(csv_text(french, quote="spaces"), bom=True))
    expect(name, "meta_business_suite.instagram_posts", len(posts),
           {m: column(posts, m)
            for m in measures + ["profile_visits"]})


def daily_level(rng, posts, base, per_post, measure):
    """A daily series that rises on the days of publication and the two that follow."""
    lift = dict.fromkeys(DAYS, 0.0)
    for p in posts:
        for age, share in enumerate((0.55, 0.25, 0.1)):
            day = p["time"].date() + timedelta(days=age)
            if day in lift:
                lift[day] += p[measure] * share * per_post
    return [poisson(rng, base * (0.85 if d.weekday() > 4 else 1.0) + lift[d]) for d in DAYS]


def meta_series(facebook, instagram):
    rng = rng_for("meta daily")
    series = [  # (file, French file, measure, title and values of each block)
        ("Reach", "Couverture", "reach", [("Facebook reach", daily_level(rng, facebook, 950, 1, "reach")),
                                          ("Instagram reach", daily_level(rng, instagram, 1400, 1, "reach"))]),
        ("Visits", "Visites", "profile_visits", [("Facebook visits", daily_level(rng, facebook, 70, 0.01, "reach")),
                                                 ("Instagram profile visits",
                                                  daily_level(rng, instagram, 55, 1, "profile_visits"))]),
        ("Follows", "Followers en plus", "new_followers",
         [("Facebook follows", daily_level(rng, facebook, 6, 0.0004, "reach")),
          ("Instagram follows", daily_level(rng, instagram, 9, 1, "new_followers"))]),
        ("Interactions", "Interactions", "engagements",
         [("Facebook content interactions", daily_level(rng, facebook, 12, 1, "engagements")),
          ("Instagram content interactions", daily_level(rng, instagram, 25, 1.3, "likes"))]),
        ("Views", "Vues", "views", [("Facebook views", daily_level(rng, facebook, 1500, 1, "views")),
                                    ("Instagram views", daily_level(rng, instagram, 2100, 1, "views"))]),
    ]
    for english, french, measure, blocks in series:
        text = "sep=,\n" + "\n".join(f'"{title}"\n' + csv_text(
            [["Date", "Primary"]] + [
                # midnight in California, printed at a fixed offset: the hour flips when summer time begins there
                [f"{d.isoformat()}T{'01' if d <= date(2025, 3, 9) else '00'}:00:00", v] for d, v in zip(DAYS, values)
            ],
            quote="all") for title, values in blocks)
        for name in (f"meta_business_suite/{english}.csv", f"meta_business_suite/fr/{french}.csv"):
            save(name, utf16(text))
            for title, values in blocks:
                expect(name, "meta_business_suite.daily_series", len(values), {measure: values}, title=title)


def meta_audience():
    ages = ["18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
    cities = [
        "Paris, France", "Lyon, France", "Grenoble, France", "London, United Kingdom", "Genève, Suisse",
        "Bruxelles, Belgique", "Annecy, France", "München, Deutschland"
    ]
    countries = ["France", "United Kingdom", "Germany", "Belgium", "Switzerland", "Canada", "Spain", "Italy"]
    blocks = [
        ("Facebook followers", [["FB_PAGE,FOLLOW,UNIQUE_USERS"], ["48216"]]),
        ("Facebook age & gender",
         [["", "Women", "Men"]] + [[a, w, m]
                                   for a, w, m in zip(ages, ["2.9%", "9.4%", "13.1%", "11.2%", "7.0%", "3.1%"],
                                                      ["3.8%", "12.6%", "15.2%", "11.9%", "6.6%", "3.2%"])]),
        ("Facebook top towns/cities", [cities, ["8.7%", "4.2%", "3.9%", "2.8%", "2.2%", "2.1%", "1.9%", "1.4%"]]),
        ("Facebook top countries", [countries, ["51.3%", "12.4%", "9.8%", "7.1%", "6.0%", "4.4%", "3.1%", "2.7%"]]),
        ("Instagram followers", [["IG_ACCOUNT,FOLLOW,UNIQUE_USERS"], ["39874"]]),
        ("Instagram age & gender",
         [["", "Women", "Men"]] + [[a, w, m]
                                   for a, w, m in zip(ages, ["8.2%", "20.1%", "14.3%", "6.9%", "2.8%", "1.0%"],
                                                      ["7.9%", "17.2%", "12.4%", "6.0%", "2.3%", "0.9%"])]),
        ("Instagram top towns/cities", [cities, ["9.9%", "4.8%", "4.1%", "3.0%", "2.6%", "2.2%", "2.0%", "1.7%"]]),
        ("Instagram top countries", [countries, ["47.9%", "11.8%", "11.1%", "7.6%", "6.6%", "4.7%", "3.9%", "3.3%"]]),
    ]
    text = "sep=,\n" + "\n".join(f'"{title}"\n' + csv_text(rows, quote="all") for title, rows in blocks)
    for name in ("meta_business_suite/Audience.csv", "meta_business_suite/fr/Audience.csv"):
        save(name, utf16(text))
        for title, rows in blocks:
            if not title.endswith("age & gender"):
                continue
            measures = {m: [float(row[n][:-1]) / 100 for row in rows[1:]] for n, m in ((1, "women"), (2, "men"))}
            expect(name, "meta_business_suite.audience", len(rows) - 1, measures, title=title)


# ---------------------------------------------------------------- Facebook Insights, the layout of 2013 to 2021

GENDER_AGE = [f"{g}.{a}" for g in "FMU" for a in ("13-17", "18-24", "25-34", "35-44", "45-54", "55-64", "65+")]
COUNTRY_CODES = ("FR GB DE BE CH CA US ES IT NL AT PT SE PL JP IE DK NO FI LU MA TN DZ SN RE AU NZ BR AR CL "
                 "MX CO PE RO HU CZ SK SI HR GR TR IN").split()
CITY_NAMES = [
    "Paris, Île-de-France, France", "Lyon, Rhône-Alpes, France", "Grenoble, Rhône-Alpes, France",
    "London, England, United Kingdom", "Genève, Genève, Switzerland", "Brussels, Brussels Region, Belgium",
    "Annecy, Rhône-Alpes, France", "München, Bayern, Germany", "Chambéry, Rhône-Alpes, France",
    "Toulouse, Midi-Pyrénées, France", "Montréal, Quebec, Canada", "Torino, Piemonte, Italy"
]
LANGUAGES = "fr_FR en_GB en_US de_DE es_ES it_IT nl_NL fr_CA pt_PT pl_PL sv_SE ja_JP".split()
LIKE_SOURCES = (
    "api fan_context_story favorites hovercard invitations like_story mobile mobile_ads page_browser page_profile "
    "page_suggestion recommended_pages registration search ticker timeline wizard_suggestion").split()


def facebook_page(posts):
    rng = rng_for("facebook page")
    reach = daily_level(rng, posts, 950, 1, "reach")
    paid = [poisson(rng, r * 0.28) for r in reach]
    impressions = [round(r * rng.uniform(1.2, 1.6)) for r in reach]
    paid_impressions = [round(i * p / r) for i, p, r in zip(impressions, paid, reach)]
    new, lost = [poisson(rng, 9 + r * 0.0005) for r in reach], [poisson(rng, 3) for _ in DAYS]
    likes, level = [], 47_630
    for gained, left in zip(new, lost):
        level += gained - left
        likes.append(level)
    engaged = [poisson(rng, r * 0.045) for r in reach]
    clicks = [poisson(rng, r * 0.038) for r in reach]

    def trail(values, length, share):
        """Windows that end on each day; the days before the export are taken to be ordinary ones."""
        padded = [sum(values) / len(values)] * (length - 1) + values
        return [round(sum(padded[i:i + length]) * share) for i in range(len(values))]

    columns = [  # (name, description, values)
        ("Lifetime Total Likes", "Lifetime: The total number of people who have liked your Page. (Unique Users)",
         likes), ("Daily New Likes", "Daily: The number of new people who have liked your Page (Unique Users)", new),
        ("Daily Unlikes", "Daily: The number of Unlikes of your Page (Unique Users)", lost)
    ]

    def windows(name, noun, values, unique):
        for label, length in (("Daily", 1), ("Weekly", 7), ("28 Days", 28)):
            share = {1: 1, 7: 0.72, 28: 0.51}[length] if unique else 1
            columns.append((f"{label} {name}", f"{label}: {noun} ({'Unique Users' if unique else 'Total Count'})",
                            trail(values, length, share)))

    def breakdown(label, name, keys, filled):
        for key in keys:
            some = [poisson(rng, 2) or None if rng.random() < filled else None for _ in DAYS]
            columns.append((f"{label} {name} - {key}", f"{label}: {name}", some))

    windows("Page Engaged Users",
            "The number of people who engaged with your Page. Engagement includes any click or story created.", engaged,
            True)
    breakdown("Daily", "Like Sources", LIKE_SOURCES, 0.08)
    windows("Total Reach", "The number of people who have seen any content associated with your Page.", reach, True)
    windows("Organic Reach", "The number of people who saw your page unpaid.", [r - p for r, p in zip(reach, paid)],
            True)
    windows("Paid Reach", "The number of people who saw a sponsored story or Ad pointing to your Page.", paid, True)
    windows("Total Impressions", "The number of impressions seen of any content associated with your Page.",
            impressions, False)
    windows("Organic impressions", "The number of times your posts were seen unpaid.",
            [i - p for i, p in zip(impressions, paid_impressions)], False)
    windows("Paid Impressions", "The number of impressions of sponsored stories or Ads pointing to your Page.",
            paid_impressions, False)
    windows("Total Consumers", "The number of people who clicked on any of your content.",
            [round(c * 0.7) for c in clicks], True)
    windows("Page Consumptions", "The number of clicks on any of your content.", clicks, False)
    for label in ("Daily", "Weekly", "28 Days"):
        breakdown(label, "Page consumptions by type", ["link clicks", "other clicks", "photo view", "video play"], 0.2)
        breakdown(label, "Reach Demographics", GENDER_AGE, 0.01)
        breakdown(label, "Country", COUNTRY_CODES, 0.01)
        breakdown(label, "City", CITY_NAMES, 0.01)
        breakdown(label, "Language", LANGUAGES, 0.01)
        breakdown(label, "Negative Feedback From Users by Type",
                  ["hide_all_clicks", "hide_clicks", "report_spam_clicks", "unlike_page_clicks"], 0.01)
        breakdown(label, "Total frequency distribution", [*map(str, range(1, 11)), "11-20", "21+"], 0.01)
        breakdown(label, "Viral Reach by story type",
                  ["checkin", "coupon", "event", "fan", "mention", "other", "page post", "question", "user post"], 0.01)
        breakdown(label, "Viral impressions by story type",
                  ["checkin", "coupon", "event", "fan", "mention", "other", "page post", "question", "user post"], 0.0)
        breakdown(label, "People Talking About This by Demographics", GENDER_AGE, 0.01)
        breakdown(label, "People Talking About This by Country", COUNTRY_CODES, 0.0)
    for name, keys in (("Likes by Gender and Age", GENDER_AGE), ("Likes by Country", COUNTRY_CODES),
                       ("Likes by City", CITY_NAMES), ("Likes by Language", LANGUAGES)):
        breakdown("Lifetime", name, keys, 0.0)
    doubled = [c for c in columns if c[0].startswith("Weekly Reach Demographics")
               ][:14] + [c for c in columns if c[0] == "Daily Total Consumers"]
    columns += doubled  # names that the export repeats
    rows = [["Date"] + [c[0] for c in columns], [""] + [c[1] for c in columns]]
    rows += [[us_date(d)] + [c[2][i] for c in columns] for i, d in enumerate(DAYS)]
    name = "facebook_insights/Facebook Insights Data Export - Cirrus Outdoor - 2025-04-01 (Page).csv"
    save(name, utf8(csv_text(rows, eol="\r\n")))
    expect(
        name, "facebook_insights.page", len(DAYS), {
            "followers": likes, "new_followers": new, "unfollows": lost, "reach": reach,
            "organic_reach": [r - p for r, p in zip(reach, paid)], "paid_reach": paid, "impressions": impressions,
            "organic_impressions": [i - p for i, p in zip(impressions, paid_impressions)
                                    ], "paid_impressions": paid_impressions, "engaged_users": engaged, "clicks": clicks
        })


def facebook_post_level(posts):
    rng = rng_for("facebook post level")
    names = [
        ("Post ID", ""), ("Permalink", ""), ("Post Message", ""), ("Type", ""), ("Countries", ""), ("Languages", ""),
        ("Posted", ""), ("Audience Targeting", ""),
        ("Lifetime Post Total Reach",
         "Lifetime: The total number of people your Page post was served to. (Unique Users)"),
        ("Lifetime Post organic reach",
         "Lifetime: The number of people who saw your Page post in news feed or ticker, or on your Page's timeline. (Unique Users)"
         ),
        ("Lifetime Post Paid Reach",
         "Lifetime: The number of people your advertised Page post was served to. (Unique Users)"),
        ("Lifetime Post Total Impressions", "Lifetime: The number of impressions of your Page post. (Total Count)"),
        ("Lifetime Post Organic Impressions",
         "Lifetime: The number of impressions of your post in News Feed, Ticker, or on your Page's Timeline. (Total Count)"
         ),
        ("Lifetime Post Paid Impressions",
         "Lifetime: The number of impressions of your Page post in an Ad or Sponsored Story. (Total Count)"),
        ("Lifetime Engaged Users", "Lifetime: The number of people who engaged with your Page post. (Unique Users)"),
        ("Lifetime Talking About This",
         "Lifetime: The number of people who created a story by interacting with your Page post. (Unique Users)"),
        ("Lifetime Post Consumers",
         "Lifetime: The number of people who clicked anywhere in your posts. (Unique Users)"),
        ("Lifetime Post Consumptions", "Lifetime: The number of clicks anywhere in your posts. (Total Count)"),
        ("Lifetime Negative feedback",
         "Lifetime: The number of times people have given negative feedback to your post. (Total Count)"),
        ("Lifetime Negative Feedback from Users",
         "Lifetime: The number of people who have given negative feedback to your post. (Unique Users)"),
        ("Lifetime Post Impressions by people who have liked your Page",
         "Lifetime: The number of impressions of your Page post to people who have liked your Page. (Total Count)"),
        ("Lifetime Post reach by people who like your Page",
         "Lifetime: The number of people who saw your Page post because they've liked your Page (Unique Users)"),
        ("Lifetime Post Paid Impressions by people who have liked your Page",
         "Lifetime: The number of paid impressions by people who have liked your Page. (Total Count)"),
        ("Lifetime Paid reach of a post by people who like your Page",
         "Lifetime: The number of people who have liked your Page and saw your Page post in an Ad or Sponsored Story. (Unique Users)"
         ),
        ("Lifetime People who have liked your Page and engaged with your post",
         "Lifetime: The number of people who have liked your Page and clicked anywhere in your posts. (Unique Users)"),
    ]
    for what, unit in (("watches", "Unique Users"), ("views", "Total Count")):
        for kind in ("Organic", "Paid"):
            names.append((f"Lifetime {kind} {what} to 95%",
                          f"Lifetime: The number of times your video was played to 95% of its length. ({unit})"))
    names += [
        ("Lifetime Organic Video Views", "Lifetime: Number of times your video was viewed organically. (Total Count)"),
        ("Lifetime Paid Video Views",
         "Lifetime: Number of times your video was viewed after a paid impression. (Total Count)"),
        ("Lifetime Average time video viewed", "Lifetime: Average time video viewed (Total Count)"),
        ("Lifetime Video length", "Lifetime: Length of a video post (Total Count)"),
    ]
    actions, kinds_of_click = ("share", "like", "comment"), ("other clicks", "link clicks", "photo view")
    for name, noun, keys in (
        ("Talking About This (Post) by action type", "people who created a story about your Page post", actions),
        ("Post Stories by action type", "stories created about your Page post", actions),
        ("Post consumers by type", "people who clicked anywhere in your post", kinds_of_click),
        ("Post Consumptions by type", "clicks anywhere in the post", kinds_of_click),
    ):
        unit = "Unique Users" if noun.startswith("people") else "Total Count"
        names += [(f"Lifetime {name} - {key}", f"Lifetime: The number of {noun}, by type. ({unit})") for key in keys]
    rows = [[n for n, _ in names], [d for _, d in names]]
    impressions, paid_impressions, engaged = [], [], []
    for p in posts:
        video = p["kind"] in ("Reels", "Videos")
        paid = round(p["views"] * p["paid_reach"] / (p["paid_reach"] + p["organic_reach"]))
        impressions.append(p["views"])
        paid_impressions.append(paid)
        engaged.append(round(p["reach"] * 0.031))
        fans = round(p["reach"] * 0.4)
        blank = lambda v: v or None  # this export leaves a zero of a type out
        stories = round(p["engagements"] * 0.93)
        rows.append([
            f"{PAGE_ID}_{p['id']}", p["permalink"], p["text"], {"Photos": "Photo", "Links": "Link", "Text": "Status"}.
            get(p["kind"], "Video"), "", "", p["time"].strftime("%m/%d/%Y %I:%M:") + f"{rng.randrange(60):02d}" +
            p["time"].strftime(" %p"), "", p["reach"], p["organic_reach"], p["paid_reach"], p["views"], p["views"] -
            paid, paid, engaged[-1], stories,
            round(p["clicks"] * 0.8), p["clicks"],
            poisson(rng, 0.4), 0,
            round(fans * 1.3), fans,
            round(paid * 0.2),
            round(p["paid_reach"] * 0.2),
            round(fans * 0.04)
        ] + ([0, 0, 0, 0, 0, 0, 0, 0] if not video else [
            round(p["video_views_3s"] * 0.1),
            round(p["video_views_3s"] * 0.11), 0, 0, p["video_views_3s"], 0,
            round(p["average_watch"] * 1000), p["duration"] * 1000
        ]) + [blank(round(p[m] * 0.95))
              for m in ("shares", "likes", "comments")] + [blank(p[m]) for m in ("shares", "likes", "comments")] +
                    [blank(round(p[m] * 0.9)) for m in ("other_clicks", "link_clicks", "photo_clicks")] +
                    [blank(p[m]) for m in ("other_clicks", "link_clicks", "photo_clicks")])
    name = "facebook_insights/Facebook Insights Data Export - Cirrus Outdoor - 2025-04-01 (Post).csv"
    save(name, utf8(csv_text(rows, eol="\r\n", quote="spaces"), bom=True))
    expect(
        name, "facebook_insights.post", len(posts), {
            "reach": column(posts, "reach"), "organic_reach": column(posts, "organic_reach"), "paid_reach": column(
                posts, "paid_reach"), "impressions": impressions, "organic_impressions": [
                    i - p for i, p in zip(impressions, paid_impressions)
                ], "paid_impressions": paid_impressions, "engaged_users": engaged, "clicks": column(posts, "clicks"),
            "likes": column(posts, "likes"), "comments": column(posts, "comments"), "shares": column(
                posts, "shares"), "link_clicks": column(posts, "link_clicks")
        })


# ---------------------------------------------------------------- Meta Ads Manager


def meta_ads():
    rng = rng_for("meta ads")
    plan = [  # (campaign, platform, what it is paid for, ad sets, ads of each, euros of an ad)
        ("Winter sale 2025", "facebook", "actions:offsite_conversion.fb_pixel_purchase", ["FR 25-54", "Retargeting"],
         ["Carousel - shells", "Video - sale"], 640),
        ("Spring trail launch", "instagram", "actions:offsite_conversion.fb_pixel_purchase",
         ["FR runners", "DE-AT-CH runners"], ["Reel - Women's trail", "Carousel - shoes"], 820),
        ("Repair week", "facebook", "actions:link_click", ["Rhône-Alpes"], ["Photo - atelier", "Video - sale"], 180),
        ("Awareness, always on", "instagram", "reach", ["Broad 18-44"], ["Reel - Galibier", "Story - \"Cirrus\""], 450),
    ]
    ads = []
    for campaign, platform, goal, sets, names, euros in plan:
        for ad_set in sets:
            for name in names:
                spend = round(euros * rng.uniform(0.7, 1.3), 2)
                impressions = round(spend / rng.uniform(5.5, 8.5) * 1000)
                clicks = poisson(rng, impressions * 0.0125)
                links = poisson(rng, clicks * 0.71)
                buys = poisson(rng, links * 0.021) if "purchase" in goal else 0
                reach = round(impressions / rng.uniform(1.7, 2.6))
                ads.append({
                    "campaign": campaign, "platform": platform, "goal": goal, "set": ad_set, "ad": name, "spend": spend,
                    "impressions": impressions, "reach": reach, "clicks": clicks, "link_clicks": links,
                    "purchases": buys, "conversions": {"reach": reach, "actions:link_click": links
                                                     }.get(goal, buys), "comments": poisson(rng, impressions * 0.0001),
                    "likes": poisson(rng, impressions * 0.0035), "shares": poisson(rng, impressions * 0.0003),
                    "page_likes": poisson(rng, impressions * 0.0001) if platform == "facebook" else None,
                    "new_followers": poisson(rng, impressions * 0.0004) if platform == "instagram" else None,
                    "video_views_3s": poisson(rng, impressions * 0.2) if name[0] in "VR" else None,
                    "carts": poisson(rng, links * 0.07) if buys else None,
                    "leads": poisson(rng, links * 0.006) if campaign == "Repair week" else None,
                    "content": poisson(rng, links * 0.8), "value": round(buys * rng.uniform(82, 121), 2)
                })
    span = [FIRST.isoformat(), LAST.isoformat()]
    header = [
        "Reporting starts", "Reporting ends", "Ad name", "Ad delivery", "Ad Set Name", "Bid", "Bid type",
        "Ad set budget", "Ad set budget type", "Last significant edit", "Attribution setting", "Results",
        "Result indicator", "Reach", "Impressions", "Cost per results", "Quality ranking", "Engagement rate ranking",
        "Conversion rate ranking", "Amount spent (EUR)", "Ends"
    ]
    total_reach = round(sum(column(ads, "reach")) * 0.53)  # the same people saw several ads
    spend = round(math.fsum(column(ads, "spend")), 2)
    rows = [
        header, span + [None] * 11 +
        [total_reach, sum(column(ads, "impressions")), None, None, None, None, spend, None]
    ]
    for n, a in enumerate(ads):
        budget = ("Using campaign budget", "0") if a["campaign"].startswith("Spring") else (25, "Daily")
        ranks = ("-", "-", "-") if n % 4 == 2 else ("Average", "Above average",
                                                    "Average" if n % 3 else "Below average - Bottom 35% of ads")
        rows.append(span + [
            a["ad"], "active" if n > 7 else "inactive", a["set"], 0, "ABSOLUTE_OCPM", *budget,
            f"2025-0{1 + n % 3}-0{2 + n % 7}T14:51:11+0100", "7-day click or 1-day view", a["conversions"], a["goal"],
            a["reach"], a["impressions"],
            round(a["spend"] /
                  a["conversions"], 8) if a["conversions"] else None, *ranks, a["spend"], "Ongoing" if n > 7 else "2025-03-31"
        ])
    name = "meta_ads/Cirrus-Outdoor-Ads-Jan-1-2025-Mar-31-2025.xlsx"
    save(name, xlsx([("Raw Data Report", rows)]))
    expect(name,
           "meta_ads.report",
           len(ads), {m: column(ads, c)
                      for m, c in (("results", "conversions"), ("reach", "reach"), ("impressions", "impressions"),
                                   ("spend", "spend"))},
           sheet="Raw Data Report",
           totals=1)

    french = [
        "Début des rapports", "Fin des rapports", "Nom de la campagne", "Plateforme", "Résultats",
        "Indicateur de résultats", "Couverture", "Impressions", "Répétition", "Montant dépensé (EUR)",
        f"CPM (Coût pour 1{NBSP}000{NBSP}impressions) (EUR)", "Clics (tous)", "CTR (tous)", "CPC (tous) (EUR)",
        "Interactions avec la publication", "Commentaires sur la publication", "Réactions à une publication",
        "Partages de publications", "J’aime sur Facebook", "Coût par interaction avec la Page (EUR)", "ThruPlays",
        "Coût par ThruPlay (EUR)", "Lectures de vidéo de 3 secondes", "Coût par lecture de vidéo de 3 secondes (EUR)",
        "Followers sur Instagram", "Clics sur un lien", "CPC (coût par clic sur un lien) (EUR)",
        "Conversations par messages démarrées", "Achats", "Ajouts au panier", "Ajouts d’informations de paiement",
        "Paiements initiés", "Prospects", "Vues de contenu", "ROAS (retour sur les dépenses publicitaires) des achats",
        "Conversion rate", "Coût par résultat", "mois", "annee"
    ]
    english = [
        "Reporting starts", "Reporting ends", "Campaign name", "Platform", "Results", "Result indicator", "Reach",
        "Impressions", "Frequency", "Amount spent (EUR)", "CPM (cost per 1,000 impressions) (EUR)", "Clicks (all)",
        "CTR (all)", "CPC (all) (EUR)", "Post engagements", "Post comments", "Post reactions", "Post shares",
        "Facebook likes", "Cost per Page engagement (EUR)", "ThruPlays", "Cost per ThruPlay (EUR)",
        "3-second video plays", "Cost per 3-second video play (EUR)", "Instagram follows", "Link clicks",
        "CPC (cost per link click) (EUR)", "Messaging conversations started", "Purchases", "Adds to cart",
        "Adds of payment info", "Checkouts initiated", "Leads", "Content views", "Purchase ROAS (return on ad spend)",
        "Conversion rate", "Cost per result", "month", "year"
    ]
    over = lambda a, b, n: round(a / b, n) if a is not None and b else None

    def line(part, first, month):
        add = lambda m: sum(v for v in column(part, m) if v is not None) if any(v is not None
                                                                                for v in column(part, m)) else None
        spent, engagements = round(math.fsum(column(part, "spend")),
                                   2), sum(add(m) for m in ("likes", "comments", "shares", "link_clicks"))
        same = len({a["goal"] for a in part}) == 1
        reach = round(sum(column(part, "reach")) * (0.78 if first[0] else 0.53))
        results = (reach if part[0]["goal"] == "reach" else add("conversions")) if same else None
        thru = over(add("video_views_3s"), 5, 0)
        thru = None if thru is None else int(thru)
        figures = {
            "results": results, "reach": reach, "impressions": add("impressions"), "spend": spent,
            "clicks": add("clicks"), "engagements": engagements, "comments": add("comments"), "likes": add("likes"),
            "shares": add("shares"), "video_views_3s": add("video_views_3s"), "new_followers": add("new_followers"),
            "link_clicks": add("link_clicks"), "conversions": add("purchases") or None
        }
        f = figures
        row = span + first + [
            results, part[0]["goal"] if same else None, reach, f["impressions"],
            over(f["impressions"], reach, 6), spent,
            over(1000 * spent, f["impressions"], 6), f["clicks"],
            over(100 * f["clicks"], f["impressions"], 6),
            over(spent, f["clicks"], 6), engagements, f["comments"], f["likes"], f["shares"],
            add("page_likes"),
            over(spent, engagements, 6), thru,
            over(spent, thru, 6), f["video_views_3s"],
            over(spent, f["video_views_3s"], 6), f["new_followers"], f["link_clicks"],
            over(spent, f["link_clicks"], 6), None, f["conversions"],
            add("carts"),
            over(add("carts"), 3, 0) and int(add("carts") // 3),
            over(add("carts"), 2, 0) and int(add("carts") // 2),
            add("leads"),
            add("content"),
            over(math.fsum(column(part, "value")), spent, 6) if f["conversions"] else None,
            over(f["conversions"], f["link_clicks"], 6),
            over(spent, results, 6), month, 2025 if month else None
        ]
        return row, figures

    for name, header, month in (("Cirrus-Outdoor-Campaigns-Jan-1-2025-Mar-31-2025.csv", english, "March"),
                                ("Cirrus-Outdoor-Campagnes-1-janv.-2025-31-mars-2025.csv", french, "mars")):
        lines = [line([a for a in ads if a["campaign"] == c[0]], [c[0], c[1]], month) for c in plan]
        rows = [header, line(ads, [None, None], None)[0]] + [row for row, _ in lines]
        save(f"meta_ads/{name}", utf8(csv_text(rows)))
        figures = [f for _, f in lines]
        expect(f"meta_ads/{name}",
               "meta_ads.report",
               len(figures), {m: column(figures, m)
                              for m in figures[0]},
               totals=1)


# ---------------------------------------------------------------- X, and the same account as Twitter showed it


def x_posts():
    rng, posts = rng_for("x"), []
    for i, moment in enumerate(schedule(rng, 40, range(7, 20))):
        good = quality(rng)
        impressions = poisson(rng, 2300 * good)
        link, video = i % 3 == 0, i % 6 == 2
        p = {
            "id": str(1_874_250_000_000_000_000 + int((moment - datetime(2025, 1, 1)).total_seconds()) * 4_194_304_000 +
                      rng.randrange(10**6)), "time": moment, "text": flat(caption(i + 11, 1)) +
            (" https://t.co/" + base36(rng, 10, "abcdefghijkmnopqrstuvwxyz0123456789") if link else ""),
            "impressions": impressions, "likes": poisson(rng, impressions * 0.009),
            "bookmarks": poisson(rng, impressions * 0.0006), "sent": poisson(rng, impressions * 0.0004),
            "follows": poisson(rng, impressions * 0.0003), "replies": poisson(rng, impressions * 0.0011),
            "reposts": poisson(rng, impressions * 0.0019), "visits": poisson(rng, impressions * 0.002),
            "expands": poisson(rng, impressions * 0.008), "urls": poisson(rng, impressions * 0.012) if link else 0,
            "tags": poisson(rng, impressions * 0.0003), "perma": poisson(rng, impressions * 0.0002),
            "media": poisson(rng, impressions * 0.3) if video else 0
        }
        p["engagements"] = sum(p[m] for m in ("likes", "bookmarks", "sent", "follows", "replies", "reposts", "visits",
                                              "expands", "urls", "tags", "perma"))
        posts.append(p)
    return posts[::-1]


def x_files(posts):
    rows = [[
        "Post id", "Date", "Post text", "Post Link", "Impressions", "Likes", "Engagements", "Bookmarks", "Shares",
        "New follows", "Replies", "Reposts", "Profile visits", "Detail Expands", "URL Clicks", "Hashtag Clicks",
        "Permalink Clicks"
    ]]
    for p in posts:
        rows.append([p["id"], x_date(p["time"].date()), p["text"], f"https://x.com/{USER}/status/{p['id']}"] + [
            p[m] for m in ("impressions", "likes", "engagements", "bookmarks", "sent", "follows", "replies", "reposts",
                           "visits", "expands", "urls", "tags", "perma")
        ])
    name = "x/account_analytics_content_2025-01-01_2025-03-31.csv"
    save(name, utf8(csv_text(rows, last_eol=False)))
    expect(
        name, "x.content", len(posts), {
            "impressions": column(posts, "impressions"), "likes": column(posts, "likes"), "engagements": column(
                posts, "engagements"), "saves": column(posts, "bookmarks"), "shares": column(posts, "reposts"),
            "shares_sent": column(posts, "sent"), "new_followers": column(posts, "follows"), "comments": column(
                posts, "replies"), "profile_visits": column(posts, "visits"), "link_clicks": column(posts, "urls")
        })

    rng, days = rng_for("x daily"), []
    for day in DAYS:
        d = {"day": day, "published": sum(p["time"].date() == day for p in posts)}
        for m in ("impressions", "likes", "bookmarks", "sent", "follows", "replies", "reposts", "visits", "expands",
                  "urls", "tags", "perma", "media"):
            own = sum(p[m] * share for p in posts for age, share in enumerate((0.7, 0.25))
                      if p["time"].date() + timedelta(days=age) == day)
            d[m] = poisson(rng, own) + poisson(
                rng, {"impressions": 420, "likes": 3, "visits": 6, "expands": 3, "media": 20}.get(m, 0.3))
        d["unfollows"], d["video"] = poisson(rng, 0.7), round(d["media"] * 0.8)
        d["engagements"] = sum(d[m] for m in ("likes", "bookmarks", "sent", "follows", "replies", "reposts", "visits",
                                              "expands", "urls", "tags", "perma"))
        days.append(d)
    rows = [[
        "Date", "Impressions", "Likes", "Engagements", "Bookmarks", "Shares", "New follows", "Unfollows", "Replies",
        "Reposts", "Profile visits", "Create Post", "Video views", "Media views"
    ]]
    rows += [[x_date(d["day"])] + [
        d[m] for m in ("impressions", "likes", "engagements", "bookmarks", "sent", "follows", "unfollows", "replies",
                       "reposts", "visits", "published", "video", "media")
    ] for d in reversed(days)]
    name = "x/account_overview_analytics.csv"
    save(name, utf8(csv_text(rows, last_eol=False)))
    expect(
        name, "x.overview", len(days), {
            "impressions": column(days, "impressions"), "likes": column(days, "likes"), "engagements": column(
                days, "engagements"), "saves": column(days, "bookmarks"), "shares": column(days, "reposts"),
            "shares_sent": column(days, "sent"), "new_followers": column(days, "follows"), "unfollows": column(
                days, "unfollows"), "comments": column(days, "replies"), "profile_visits": column(
                    days, "visits"), "video_views": column(days, "video")
        })
    return days


def twitter_files(posts, days):
    promoted = (
        "impressions,engagements,engagement rate,retweets,replies,likes,user profile clicks,url clicks,hashtag clicks,detail expands,"
        "permalink clicks,app opens,app installs,follows,email tweet,dial phone,media views,media engagements"
    ).split(",")
    tail = promoted + ["promoted " + p for p in promoted]

    def figures(p, kind):
        rate = p["engagements"] / p["impressions"] if p["impressions"] else 0.0
        counts = [
            p["impressions"], p["engagements"], None, p["reposts"], p["replies"], p["likes"], p["visits"], p["urls"],
            p["tags"], p["expands"], p["perma"], 0, 0, p["follows"], 0, 0, p["media"],
            round(p["media"] * 0.1)
        ]
        return [repr(rate) if c is None else kind(c) for c in counts] + ["-"] * 18

    rows = [["Tweet id", "Tweet permalink", "Tweet text", "time"] + tail]
    rows += [[
        p["id"], f"https://twitter.com/{USER}/status/{p['id']}", p["text"], p["time"].strftime("%Y-%m-%d %H:%M +0000")
    ] + figures(p, float) for p in posts]
    names = {
        "impressions": "impressions", "engagements": "engagements", "shares": "reposts", "comments": "replies",
        "likes": "likes", "profile_visits": "visits", "link_clicks": "urls", "new_followers": "follows",
        "media_views": "media"
    }
    name = f"twitter/tweet_activity_metrics_{USER}_20250101_20250401_en.csv"
    save(name, utf8(csv_text(rows, quote="all")))
    expect(name, "twitter.tweets", len(posts), {m: column(posts, c) for m, c in names.items()})
    rows = [["Date", "Tweets published"] + tail] + [[d["day"].isoformat(), d["published"]] + figures(d, int)
                                                    for d in days]
    name = f"twitter/daily_tweet_activity_metrics_{USER}_20250101_20250401_en.csv"
    save(name, utf8(csv_text(rows, quote="all")))
    expect(name, "twitter.daily", len(days), {m: column(days, c) for m, c in names.items()})


# ---------------------------------------------------------------- LinkedIn


def linkedin():
    rng, posts = rng_for("linkedin"), []
    for i, moment in enumerate(schedule(rng, 22, range(7, 17))):
        sponsored, video, good = i % 6 == 4, i % 5 == 1, quality(rng)
        impressions = poisson(rng, 2600 * good) + (poisson(rng, 6000) if sponsored else 0)
        p = {
            "time": moment, "text": caption(i + 17, 5), "sponsored": sponsored, "video": video,
            "impressions": impressions, "views": poisson(rng, impressions * 0.21) if video else None,
            "clicks": poisson(rng, impressions * 0.024), "likes": poisson(rng, impressions * 0.019),
            "comments": poisson(rng, impressions * 0.0014), "shares": poisson(rng, impressions * 0.0012),
            "new_followers": poisson(rng, impressions * 0.0008) if sponsored else None,
            "link": "https://www.linkedin.com/feed/update/urn:li:activity:" +
            str(7_280_000_000_000_000_000 + int((moment - datetime(2025, 1, 1)).total_seconds()) * 4_194_304_000 +
                rng.randrange(10**6))
        }
        p["engagements"] = p["clicks"] + p["likes"] + p["comments"] + p["shares"]
        posts.append(p)
    posts.reverse()
    metrics, days = ["impressions", "clicks", "likes", "comments", "shares"], []
    for day in DAYS:
        d = {"day": day}
        for m in metrics:
            base = {"impressions": 210, "clicks": 5, "likes": 2}.get(m, 0.15) * (0.4 if day.weekday() > 4 else 1)
            own = {True: 0.0, False: 0.0}
            for p in posts:
                for age, share in enumerate((0.45, 0.3, 0.15)):
                    if p["time"].date() + timedelta(days=age) == day:
                        own[p["sponsored"]] += p[m] * share
            d["organic " + m], d["paid " + m] = poisson(rng, base + own[False] + own[True] * 0.3), poisson(
                rng, own[True] * 0.7)
            d[m] = d["organic " + m] + d["paid " + m]
        d["unique"] = round(d["organic impressions"] * rng.uniform(0.55, 0.7))
        days.append(d)
    names = {
        "impressions": "Impressions", "clicks": "Clicks", "likes": "Reactions", "comments": "Comments",
        "shares": "Reposts"
    }
    header = ["Date"]
    for m in metrics:
        header += [f"{names[m]} ({kind})" for kind in ("organic", "sponsored", "total")
                   ] + (["Unique impressions (organic)"] if m == "impressions" else [])
    header += [f"Engagement rate ({kind})" for kind in ("organic", "sponsored", "total")]
    rate = lambda part, whole: float32(part / whole) if whole else 0
    daily = [header]
    for d in days:
        row = [d["day"].strftime("%m/%d/%Y")]
        for m in metrics:
            row += [d["organic " + m], d["paid " + m], d[m]] + ([d["unique"]] if m == "impressions" else [])
        for kind in ("organic ", "paid ", ""):
            row.append(rate(sum(d[kind + m] for m in metrics[1:]), d[kind + "impressions"]))
        daily.append(row)
    per_post = [[
        "Post title", "Post link", "Post type", "Campaign name", "Posted by", "Created date", "Campaign start date",
        "Campaign end date", "Audience", "Impressions", "Views", "Offsite Views", "Clicks", "Click through rate (CTR)",
        "Likes", "Comments", "Reposts", "Follows", "Engagement rate", "Content Type"
    ]]
    for p in posts:
        start = p["time"].date()
        campaign = [
            "Spring trail - sponsored",
            start.strftime("%m/%d/%Y"), (start + timedelta(days=6)).strftime("%m/%d/%Y")
        ] if p["sponsored"] else ["", "", ""]
        per_post.append([
            p["text"], p["link"], "Sponsored" if p["sponsored"] else "Organic", campaign[0], "Camille Arnaud",
            start.strftime("%m/%d/%Y"), campaign[1], campaign[2], "All followers", p["impressions"],
            "" if p["views"] is None else p["views"], 0 if p["video"] else "", p["clicks"],
            rate(p["clicks"], p["impressions"]), p["likes"], p["comments"], p["shares"],
            "" if p["new_followers"] is None else p["new_followers"],
            rate(p["engagements"], p["impressions"]), "Video" if p["video"] else ""
        ])
    stamp = int(datetime(2025, 4, 1, 8, tzinfo=timezone.utc).timestamp()) * 1000
    for ending, write in (("xls", xls), ("xlsx", xlsx)):
        name = f"linkedin/cirrus-outdoor_content_{stamp}.{ending}"
        save(name, write([("Metrics", daily), ("All posts", per_post)]))
        sums = {m: column(days, m) for m in metrics}
        sums |= {
            "organic_impressions": column(days, "organic impressions"),
            "paid_impressions": column(days, "paid impressions"), "organic_reach": column(days, "unique")
        }
        expect(name, "linkedin.page_content", len(days), sums, sheet="Metrics")
        expect(name,
               "linkedin.page_posts",
               len(posts), {
                   m: column(posts, m)
                   for m in ("impressions", "views", "clicks", "likes", "comments", "shares", "new_followers")
               },
               sheet="All posts")


# ---------------------------------------------------------------- Pinterest


def pinterest():
    rng = rng_for("pinterest")
    pins = []
    for i in range(24):
        impressions = poisson(rng, 5200 * quality(rng))
        p = {
            "link": f"https://www.pinterest.com/pin/{long_id(rng, 18)}/",
            "kind": ["Pin", "Pin", "Video Pin", "Pin",
                     "Carousel"][i % 5], "source": "Your Pins" if i % 4 else "Other Pins", "impressions": impressions,
            "clicks": poisson(rng, impressions * 0.013), "link_clicks": poisson(rng, impressions * 0.0085),
            "saves": poisson(rng, impressions * 0.0105)
        }
        p["engagements"] = p["clicks"] + p["link_clicks"] + p["saves"]
        pins.append(p)
    pins.sort(key=lambda p: -p["impressions"])
    boards = []
    for n, board in enumerate(
        ["Winter layering", "Trail running", "Huts & bivouacs", "Packing lists", "Réparer, recycler"]):
        part = pins[n::5]
        boards.append([f"https://www.pinterest.com/{USER}/{re.sub('[^a-z]+', '-', board.lower())}/"] +
                      [sum(column(part, m)) for m in ("impressions", "engagements", "clicks", "link_clicks", "saves")])
    total = sum(column(pins, "impressions"))
    days = [poisson(rng, total * 1.25 / len(DAYS) * (1.2 if d.weekday() > 4 else 0.92)) for d in DAYS]
    text = csv_text([["Analytics overview"], [f"{FIRST} - {LAST}"], ["Content type", "All"],
                     ["Claimed account", "All accounts"], ["Device", "All"], ["Source", "All"]])
    text += "\n" + csv_text([["Date", "Impressions"]] + [[d.isoformat(), v] for d, v in zip(DAYS, days)])
    text += "\nTop Boards\n" + csv_text(
        [["Board link", "Impressions", "Engagement", "Pin clicks", "Outbound clicks", "Saves"]] + boards)
    text += "\nTop Pins\n" + csv_text(
        [["Pin link", "Content type", "Source", "Engagement", "Pin clicks", "Outbound clicks", "Saves", "Impressions"]]
        + [[p[m] for m in ("link", "kind", "source", "engagements", "clicks", "link_clicks", "saves", "impressions")]
           for p in pins])
    name = f"pinterest/Pinterest Analytics overview {FIRST}-{LAST}.csv"
    save(name, utf8(text))
    expect(name, "pinterest.overview", len(days), {"impressions": days}, title="Impressions")
    expect(name,
           "pinterest.pins",
           len(pins), {m: column(pins, m)
                       for m in ("impressions", "engagements", "clicks", "link_clicks", "saves")},
           title="Top Pins")


# ---------------------------------------------------------------- TikTok Studio


def tiktok():
    rng, posts = rng_for("tiktok"), []
    for i, moment in enumerate(schedule(rng, 26, range(10, 21))):
        views = poisson(rng, 9800 * quality(rng) * (4 if i == 9 else 1))
        posts.append({
            "time": moment, "title": "" if i == 7 else flat(caption(i + 3, 2)), "views": views,
            "likes": poisson(rng, views * 0.052), "comments": poisson(rng, views * 0.0013),
            "shares": poisson(rng, views * 0.0036),
            "link": f"https://www.tiktok.com/@{USER}/video/{7_455_000_000_000_000_000 + i * 3_071_882_114_337_023}"
        })
    folder = f"tiktok/{FIRST}_{LAST}"
    rows = [[
        "Time", "Video title", "Video link", "Post time", "Total likes", "Total comments", "Total shares", "Total views"
    ]]
    rows += [[
        month_day(EXPORTED), p["title"], p["link"],
        month_day(p["time"]), p["likes"], p["comments"], p["shares"], p["views"]
    ] for p in reversed(posts)]
    save(f"{folder}/Content.csv", utf8(csv_text(rows, quote="all"), bom=True))
    expect(f"{folder}/Content.csv", "tiktok.content", len(posts),
           {m: column(posts, m)
            for m in ("likes", "comments", "shares", "views")})

    days = []
    for day in DAYS:
        d = {"day": day}
        for m in ("views", "likes", "comments", "shares"):
            own = sum(p[m] * s for p in posts for age, s in enumerate((0.4, 0.3, 0.15, 0.07))
                      if p["time"].date() + timedelta(days=age) == day)
            d[m] = poisson(rng, own + {"views": 380, "likes": 15}.get(m, 0.4))
        d["visits"] = poisson(rng, 18 + d["views"] * 0.009)
        days.append(d)
    days[3] |= {"views": 0, "likes": 0, "comments": 0, "shares": 0, "visits": 0}  # measured zeros
    for path, name_of in ((f"{folder}/Overview.csv", month_day), (f"tiktok/es/{FIRST}_{LAST}/Overview.csv",
                                                                  lambda d: f"{d.day} de {MONTHS_ES[d.month - 1]}")):
        rows = [["Date", "Video Views", "Profile Views", "Likes", "Comments", "Shares"]]
        rows += [[name_of(d["day"]), d["views"], d["visits"], d["likes"], d["comments"], d["shares"]] for d in days]
        save(path, utf8(csv_text(rows, quote="all"), bom=True))
        expect(
            path, "tiktok.overview", len(days), {
                "views": column(days, "views"), "profile_visits": column(days, "visits"), "likes": column(
                    days, "likes"), "comments": column(days, "comments"), "shares": column(days, "shares")
            })
    viewers, rows = [], [["Date", "Total Viewers", "New Viewers", "Returning Viewers"]]
    for n, d in enumerate(days):
        new, back = (0, 0) if n == 0 else (poisson(rng, d["views"] * 0.6), poisson(rng, d["views"] * 0.14))
        viewers.append({"viewers": None if n == 0 else new + back, "new_viewers": new, "returning_viewers": back})
        rows.append([month_day(d["day"]), "undefined" if n == 0 else new + back, new, back])
    save(f"{folder}/Viewers.csv", utf8(csv_text(rows, quote="all"), bom=True))
    expect(f"{folder}/Viewers.csv", "tiktok.viewers", len(viewers), {m: column(viewers, m) for m in viewers[0]})
    level, levels, steps, rows = 51_240, [], [], [["Date", "Followers", "Difference in followers from previous day"]]
    for n, d in enumerate(days):
        step = poisson(rng, 6 + d["views"] * 0.0012) - poisson(rng, 3)
        level += step
        shown = step - 18 if n in (30, 61) else step  # levels and differences do not always agree
        levels.append(None if n == 0 else level)
        steps.append(0 if n == 0 else shown)
        rows.append([month_day(d["day"]), "undefined" if n == 0 else level, steps[-1]])
    save(f"{folder}/FollowerHistory.csv", utf8(csv_text(rows, quote="all"), bom=True))
    expect(f"{folder}/FollowerHistory.csv", "tiktok.follower_history", len(levels),
           {"followers": levels, "net_followers": steps})
    active, rows = [], [["Date", "Hour", "Active followers"]]
    for day in DAYS[-7:]:
        for hour in range(24):
            active.append(poisson(rng, 2600 + 2300 * math.sin((hour - 11) / 24 * 2 * math.pi)))
            rows.append([month_day(day), hour, active[-1]])
    save(f"{folder}/FollowerActivity.csv", utf8(csv_text(rows, quote="all"), bom=True))
    expect(f"{folder}/FollowerActivity.csv", "tiktok.follower_activity", len(active), {"active_followers": active})


# ---------------------------------------------------------------- YouTube Studio

GEOGRAPHIES = {
    "FR": 39, "GB": 9, "DE": 8, "BE": 6, "CH": 6, "CA": 5, "US": 5, "ES": 3, "IT": 3, "NL": 2, "AT": 1.6, "PT": 1,
    "SE": 1, "PL": 1, "JP": 0.7, "MA": 0.9, "NO": 0.6, "DK": 0.5, "CZ": 0.5, "NA": 0.4, "AU": 0.6, "NZ": 0.3, "RE": 0.4,
    "SN": 0.2, "VG": 0
}


def clock(seconds):
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def youtube():
    rng, videos = rng_for("youtube"), []
    for i, moment in enumerate(schedule(rng, 18, range(9, 19), last=date(2025, 3, 27))):
        published, good, short = moment.date(), quality(rng), i % 3 == 1
        daily = [
            0 if d < published else poisson(rng, 1900 * good * (1 + (d - published).days)**-0.9 + 12) for d in DAYS
        ]
        views, length = sum(daily), rng.randrange(24, 58) if short else rng.randrange(190, 1100)
        watched = round(length * rng.uniform(0.62, 0.8) if short else length * rng.uniform(0.3, 0.45))
        v = {
            "id": base36(rng, 11), "title": TOPICS[(i * 5 + 2) % 24][0].replace("\u202f", " "), "published": published,
            "length": length, "daily": daily, "views": views, "average": watched,
            "hours": round(views * watched / 3600,
                           4), "viewers": round(views * rng.uniform(0.62, 0.8)), "gained": poisson(rng, views * 0.0021),
            "lost": poisson(rng,
                            views * 0.0003), "likes": poisson(rng,
                                                              views * 0.034), "dislikes": poisson(rng, views * 0.0005),
            "shares": poisson(rng, views * 0.0042), "comments": None if i == 6 else poisson(rng, views * 0.0027),
            "impressions": None if short else round(views * rng.uniform(9, 16))
        }
        v["ctr"] = None if short else round(100 * views * 0.62 / v["impressions"], 2)
        videos.append(v)
    videos.sort(key=lambda v: -v["views"])
    totals = [sum(v["daily"][n] for v in videos) + poisson(rng, 95)
              for n in range(len(DAYS))]  # older videos are in no row
    views = sum(totals)
    whole = {
        m: round(sum(x for x in column(videos, m) if x is not None) * 1.05)
        for m in ("gained", "lost", "likes", "dislikes", "shares", "comments", "impressions")
    }
    whole |= {
        "hours": round(math.fsum(column(videos, "hours")) * 1.06, 4),
        "viewers": round(sum(column(videos, "viewers")) * 0.71)
    }
    average = round(whole["hours"] * 3600 / views)
    span = f"{FIRST}_{EXPORTED} {BRAND}"
    publish_fr = lambda d: f"{d.day} {MONTHS_FR_SHORT[d.month - 1]} {d.year}"

    table = [[
        "Content", "Video title", "Video publish time", "Duration", "Average percentage viewed (%)", "Unique viewers",
        "Subscribers gained", "Subscribers lost", "Likes", "Dislikes", "Shares", "Comments added", "Views",
        "Watch time (hours)", "Subscribers", "Average view duration", "Impressions",
        "Impressions click-through rate (%)"
    ],
             [
                 "Total", "", "", "", 41.07, whole["viewers"], whole["gained"], whole["lost"], whole["likes"],
                 whole["dislikes"], whole["shares"], whole["comments"], views, whole["hours"],
                 whole["gained"] - whole["lost"],
                 clock(average), whole["impressions"], 5.12
             ]]
    table += [[
        v["id"], v["title"],
        youtube_date(v["published"]), v["length"],
        round(100 * v["average"] / v["length"], 2), v["viewers"], v["gained"], v["lost"], v["likes"], v["dislikes"],
        v["shares"], v["comments"], v["views"], v["hours"], v["gained"] - v["lost"],
        clock(v["average"]), v["impressions"], v["ctr"]
    ] for v in videos]
    chart = [["Date", "Content", "Video title", "Video publish time", "Duration", "Views"]]
    chart += [[d, v["id"], v["title"], youtube_date(v["published"]), v["length"], v["daily"][n]] for v in videos
              for n, d in enumerate(DAYS)]
    daily = [["Date", "Views"]] + [[d, t] for d, t in zip(DAYS, totals)]
    french = [[
        "Contenu", "Titre de la vidéo", "Heure de publication de la vidéo", "Durée", "Vues",
        "Durée de visionnage (heures)", "Nouveaux abonnés", "Partages", "Spectateurs uniques", "Impressions",
        "Taux de clics par impression (%)", "Durée moyenne d'une vue", "Pourcentage moyen de vidéo regardé (%)"
    ],
              [
                  "Total", "", "", "", views, whole["hours"], whole["gained"], whole["shares"], whole["viewers"],
                  whole["impressions"], 5.12,
                  clock(average), 41.07
              ]]
    french += [[
        v["id"], v["title"],
        publish_fr(v["published"]), v["length"], v["views"], v["hours"], v["gained"], v["shares"], v["viewers"],
        v["impressions"], v["ctr"],
        clock(v["average"]),
        round(100 * v["average"] / v["length"], 2)
    ] for v in videos]
    chart_fr = [["Date", "Contenu", "Titre de la vidéo", "Heure de publication de la vidéo", "Durée", "Vues"]]
    chart_fr += [[d, v["id"], v["title"],
                  publish_fr(v["published"]), v["length"], v["daily"][n]] for v in videos for n, d in enumerate(DAYS)]
    few = {
        "views": column(videos, "views"), "watch_time": [round(h * 3600, 4) for h in column(videos, "hours")],
        "new_followers": column(videos, "gained"), "shares": column(videos, "shares"),
        "viewers": column(videos, "viewers"), "impressions": column(videos, "impressions")
    }
    more = {
        "unfollows": column(videos, "lost"), "likes": column(videos, "likes"), "dislikes": column(videos, "dislikes"),
        "comments": column(videos, "comments")
    }
    for name, parts, measures in ((f"youtube_studio/Content {span}.zip",
                                   (("Table data.csv", table), ("Chart data.csv", chart), ("Totals.csv",
                                                                                           daily)), few | more),
                                  (f"youtube_studio/fr/Contenu {span}.zip",
                                   (("Données du tableau.csv", french), ("Données du graphique.csv", chart_fr),
                                    ("Totaux.csv", [["Date", "Vues"]] + daily[1:])), few)):
        save(name, zip_of([(member, utf8(csv_text(rows))) for member, rows in parts]))
        expect(name, "youtube_studio.table", len(videos), measures, member=parts[0][0], totals=1)
        expect(name,
               "youtube_studio.chart",
               len(chart) - 1, {"views": [row[5] for row in chart[1:]]},
               member=parts[1][0])
        expect(name, "youtube_studio.totals", len(totals), {"views": totals}, member=parts[2][0])

    share = sum(GEOGRAPHIES.values())
    by_country = {
        g: [int(t * 0.94 * weight / share * rng.uniform(0.85, 1.05)) for t in totals]
        for g, weight in GEOGRAPHIES.items()
    }
    seen = sorted(by_country, key=lambda g: -sum(by_country[g]))
    table, hours, counts = [["Geography", "Views", "Average view duration", "Watch time (hours)"],
                            ["Total", views, clock(average), whole["hours"]]], [], []
    for g in seen:
        watched = round(average * rng.uniform(0.7, 1.25))
        counts.append(sum(by_country[g]))
        hours.append(round(counts[-1] * watched / 3600, 4) if counts[-1] else 0)
        table.append([g, counts[-1], clock(watched) if counts[-1] else "", hours[-1]])
    chart = [["Date", "Geography", "Views"]] + [[d, g, by_country[g][n]] for g in seen for n, d in enumerate(DAYS)]
    folder = f"youtube_studio/Geography {span}"
    for member, rows in (("Table data.csv", table), ("Chart data.csv", chart), ("Totals.csv", daily)):
        save(f"{folder}/{member}", utf8(csv_text(rows)))
    expect(f"{folder}/Table data.csv",
           "youtube_studio.breakdown",
           len(seen), {"views": counts, "watch_time": [round(h * 3600, 4) for h in hours]},
           totals=1)
    expect(f"{folder}/Chart data.csv", "youtube_studio.chart_breakdown", len(chart) - 1, {"views": [row[2] for row in chart[1:]]})
    expect(f"{folder}/Totals.csv", "youtube_studio.totals", len(totals), {"views": totals})


# ---------------------------------------------------------------- Google Analytics 4

SOURCES = [  # (source / medium, sessions of an ordinary day, share engaged, orders per session)
    ("google / organic", 208, 0.64, 0.017), ("(direct) / (none)", 121, 0.55, 0.021), ("google / cpc", 74, 0.61, 0.026),
    ("instagram / paid_social", 52, 0.41, 0.012), ("facebook / paid_social", 44, 0.38, 0.013),
    ("newsletter / email", 21, 0.69, 0.034), ("m.facebook.com / referral", 14, 0.43, 0.009),
    ("pinterest.com / referral", 12, 0.52, 0.011), ("l.instagram.com / referral", 11, 0.47, 0.008),
    ("linkedin.com / referral", 9, 0.58, 0.004), ("trail-magazine.example / referral", 8, 0.66, 0.019),
    ("facebook.com / referral", 6, 0.46, 0.01), ("tiktok.com / referral", 6, 0.33, 0.005),
    ("youtube.com / referral", 5, 0.57, 0.012), ("instagram / social", 4, 0.5, 0.01), ("t.co / referral", 4, 0.4, 0.004)
]
RULE = "# ----------------------------------------"


def ga4_traffic():
    rng, rows = rng_for("ga4 traffic"), []
    for source, usual, engaged_share, order_rate in SOURCES:
        for day in DAYS:
            season = 1 + 0.25 * (day.month == 1 and day.day > 8) + 0.2 * (day >= date(2025, 3, 18))
            mail = (3.4 if day.weekday() == 1 else 0.55) if source.startswith("newsletter") else 1
            sessions = poisson(rng, usual * season * mail * (1.12 if day.weekday() > 4 else 0.95))
            if not sessions:
                continue  # the report has no row for a day without a session
            engaged = sum(rng.random() < engaged_share for _ in range(sessions))
            users = max(1, round(sessions * rng.uniform(0.84, 0.97)))
            orders = poisson(rng, sessions * order_rate)
            rows.append({
                "source": source, "day": day, "sessions": sessions, "engaged_sessions": engaged,
                "events": poisson(rng, sessions * 7.4), "key_events": orders,
                "revenue": round(sum(rng.lognormvariate(4.3, 0.5) for _ in range(orders)), 2), "users": users,
                "active_users": max(1, round(users * 0.97)), "new_users": round(users * rng.uniform(0.55, 0.75))
            })
    rows.sort(key=lambda r: (-r["sessions"], r["day"], r["source"]))
    head = [("Traffic_acquisition_Session_source_medium.csv", "Traffic acquisition: Session source / medium", "Account",
             "Property", "All Users", "Start date", "End date", [
                 "Session source / medium", "Date", "Sessions", "Engaged sessions", "Engagement rate", "Event count",
                 "Key events", "Total revenue", "Total users", "Active users", "New users"
             ]),
            ("fr/Acquisition_de_trafic_Source_Support_de_la_session.csv",
             "Acquisition de trafic: Source/Support de la session", "Compte", "Propriété", "Tous les utilisateurs",
             "Date de début", "Date de fin", [
                 "Source/Support de la session", "Date", "Sessions", "Sessions avec engagement", "Taux d'engagement",
                 "Nombre d'événements", "Événements clés", "Revenu total", "Nombre total d'utilisateurs",
                 "Utilisateurs actifs", "Nouveaux utilisateurs"
             ])]
    for name, report, account, prop, everyone, start, end, header in head:
        lines = [
            RULE, f"# {report}", f"# {account}: {BRAND}", f"# {prop}: {SITE}", RULE, "# ", f"# {everyone}",
            f"# {start}: {FIRST:%Y%m%d}", f"# {end}: {LAST:%Y%m%d}"
        ]
        body = [header] + [[
            r["source"], f"{r['day']:%Y%m%d}", r["sessions"], r["engaged_sessions"], r["engaged_sessions"] /
            r["sessions"], r["events"], r["key_events"], r["revenue"], r["users"], r["active_users"], r["new_users"]
        ] for r in rows]
        save(f"ga4/{name}", utf8("\r\n".join(lines) + "\r\n" + csv_text(body, eol="\r\n")))
        expect(
            f"ga4/{name}", "ga4.report_by_day", len(rows), {
                m: column(rows, c)
                for m, c in [("sessions", "sessions"), ("engaged_sessions", "engaged_sessions"), ("events", "events"),
                             ("key_events", "key_events"), ("revenue", "revenue"), ("total_users", "users"),
                             ("active_users", "active_users"), ("new_users", "new_users")]
            })


PATHS = [
    "/", "/sale/winter", "/product/cirrus-shell", "/product/stratus-32", "/product/nimbus-tent",
    "/category/trail-shoes", "/repair", "/blog/layering", "/blog/wash-a-waterproof-jacket", "/blog/avalanche-kit",
    "/fr/", "/fr/reparation", "/fr/trail/plan-entrainement", "/stores", "/cart", "/checkout", "/account/login",
    "/impact-report", "#size-guide", "", "/blog/packing-list-three-days", "/category/packs", "/gift-card", "/fr/soldes"
]


def ga4_pages():
    rng, rows = rng_for("ga4 pages"), []
    for i, path in enumerate(PATHS):
        views = poisson(rng, 21000 / (i + 1.5))
        users = round(views * rng.uniform(0.55, 0.8))
        sessions = round(users * rng.uniform(1.05, 1.3))
        engaged = round(sessions * rng.uniform(0.45, 0.75))
        active = round(users * 0.97)
        rows.append({
            "path": path, "page_views": views, "active_users": active, "users": users, "sessions": sessions,
            "engaged": engaged, "time": rng.uniform(9, 160), "events": round(views * rng.uniform(2.5, 4.2)),
            "key_events": 0, "length": rng.uniform(40, 260), "revenue": 0
        })
    rows[15] |= {"key_events": 1010, "revenue": 84612.4}  # /checkout
    rows.sort(key=lambda r: -r["page_views"])
    lines = [
        RULE, "# Pages and screens: Page path and screen class", f"# Account: {BRAND}", f"# Property: {SITE}", RULE,
        "# ", "# All Users", f"# Start date: {FIRST:%Y%m%d}", f"# End date: {LAST:%Y%m%d}"
    ]
    body = [[
        "Page path and screen class", "Views", "Active users", "Views per active user",
        "Average engagement time per active user", "Event count", "Key events", "Total revenue", "Engagement rate",
        "Bounce rate", "Total users", "Sessions", "Average session duration"
    ]]
    body += [[
        r["path"], r["page_views"], r["active_users"], r["page_views"] / r["active_users"], r["time"], r["events"],
        r["key_events"], r["revenue"], r["engaged"] / r["sessions"], 1 - r["engaged"] / r["sessions"], r["users"],
        r["sessions"], r["length"]
    ] for r in rows]
    name = "ga4/Pages_and_screens_Page_path_and_screen_class.csv"
    save(name, utf8("\r\n".join(lines) + "\r\n" + csv_text(body, eol="\r\n")))
    expect(name, "ga4.report", len(rows), {
        m: column(rows, c)
        for m, c in [("page_views", "page_views"), ("active_users", "active_users"), ("events", "events"),
                     ("key_events", "key_events"), ("revenue", "revenue"), ("total_users", "users"),
                     ("sessions", "sessions")]
    })

    sessions = sum(column(rows, "sessions"))
    some = [r for r in rows if r["path"]]
    total = [
        "",
        round(sum(column(some, "users")) * 0.6),
        round(sessions * 2 / 3), 131.4096188,
        sum(column(some, "key_events")), 0.41337,
        round(sessions * 0.66), "Grand total"
    ]
    body = [[
        "Page path + query string", "Total users", "Sessions", "Average session duration", "Key events", "Bounce rate",
        "Exits"
    ], total]
    body += [[
        r["path"] + ("?utm_source=newsletter" if n == 3 else ""), r["users"], r["sessions"], r["length"],
        r["key_events"], 1 - r["engaged"] / r["sessions"],
        round(r["sessions"] * 0.37)
    ] for n, r in enumerate(some)]
    lines = [RULE, f"# {SITE} - GA4", "# Untitled exploration-Free form 1", f"# {FIRST:%Y%m%d}-{LAST:%Y%m%d}", RULE, ""]
    name = "ga4/Untitled_exploration-Free_form_1.csv"
    save(name, utf8("\n".join(lines) + "\n" + csv_text(body)))
    expect(name, "ga4.report", len(some), {m: column(some, m) for m in ("users", "sessions", "key_events")}, totals=1)


def ga4_snapshot():
    rng = rng_for("ga4 snapshot")
    users = [poisson(rng, 520) for _ in DAYS]
    new = [poisson(rng, u * 0.66) for u in users]
    channels = [["Organic Search", 19210], ["Direct", 11204], ["Paid Social", 9023], ["Paid Search", 6890],
                ["Organic Social", 5410], ["Email", 2120], ["Referral", 771]]
    countries = [["France", 24120], ["United Kingdom", 4377], ["Germany", 3961], ["Belgium", 2790],
                 ["Switzerland", 2544], ["(not set)", 96]]
    pages = [["Cirrus Outdoor - Vestes, sacs, tentes", 17730], ["Soldes d'hiver | Cirrus Outdoor", 9120],
             ['La veste "Cirrus"', 6033], ["Réparation", 4212]]
    events = [["page_view", 131208], ["session_start", 54628], ["user_engagement", 48011], ["first_visit", 31055],
              ["scroll", 29743], ["purchase", 1010]]
    cohorts = [["1 ene - 7 ene", 1, 0.0412, 0.0231, 0.0188], ["8 ene - 14 ene", 1, 0.0397, 0.0207, -1],
               ["15 ene - 21 ene", 1, 0.0421, -1, -1]]
    tables = [("ga4.report_by_day", "users", [["Día N", "Usuarios"]] + [[f"{n:04d}", v] for n, v in enumerate(users)]),
              ("ga4.report_by_day", "new_users", [["Día N", "Usuarios nuevos"]] + [[f"{n:04d}", v]
                                                                                   for n, v in enumerate(new)]),
              ("ga4.report", "sessions", [["Grupo de canales predeterminado de la sesión", "Sesiones"]] + channels),
              ("ga4.report", "users", [["País", "Usuarios"]] + countries),
              ("ga4.report", "page_views", [["Título de página y clase de pantalla", "Vistas"]] + pages),
              ("ga4.report", "events", [["Nombre del evento", "Número de eventos"]] + events),
              ("", "", [["Cohorte", "Semana 0", "Semana 1", "Semana 2", "Semana 3"]] + cohorts)]
    range_ = f"# Fecha de inicio: {FIRST:%Y%m%d}\r\n# Fecha de finalización: {LAST:%Y%m%d}\r\n"
    head = "\r\n".join(
        [RULE, "# Exportar informe en formato CSV", f"# Cuenta: {BRAND}", f"# Propiedad: {SITE}", RULE, "#  "]) + "\r\n"
    name = "ga4/es/Resumen_de_informes.csv"
    save(name, utf8(head + "\r\n".join(range_ + csv_text(rows, eol="\r\n") for _, _, rows in tables)))
    for profile, measure, rows in tables:
        if profile:
            expect(name, profile, len(rows) - 1, {measure: [r[1] for r in rows[1:]]}, title=rows[0][1])


def ga4_bigquery():
    rng = rng_for("ga4 bigquery")
    value = pa.struct([("string_value", pa.string()), ("int_value", pa.int64()), ("float_value", pa.float64()),
                       ("double_value", pa.float64())])
    params = pa.list_(pa.struct([("key", pa.string()), ("value", value)]))
    text = lambda *names: pa.struct([(n, pa.string()) for n in names])
    schema = pa.schema([("event_date", pa.string()), ("event_timestamp", pa.int64()), ("event_name", pa.string()),
                        ("event_params", params), ("event_previous_timestamp", pa.int64()),
                        ("event_value_in_usd", pa.float64()), ("event_bundle_sequence_id", pa.int64()),
                        ("event_server_timestamp_offset", pa.int64()), ("user_id", pa.string()),
                        ("user_pseudo_id", pa.string()),
                        ("privacy_info", text("analytics_storage", "ads_storage", "uses_transient_token")),
                        ("user_properties", params), ("user_first_touch_timestamp", pa.int64()),
                        ("user_ltv", pa.struct([("revenue", pa.float64()), ("currency", pa.string())])),
                        ("device",
                         pa.struct([("category", pa.string()), ("operating_system", pa.string()),
                                    ("language", pa.string()), ("time_zone_offset_seconds", pa.int64()),
                                    ("web_info", text("browser", "hostname"))])),
                        ("geo", text("continent", "sub_continent", "country", "region", "city", "metro")),
                        ("traffic_source", text("name", "medium", "source")), ("stream_id", pa.string()),
                        ("platform", pa.string()),
                        ("ecommerce",
                         pa.struct([("total_item_quantity", pa.int64()), ("purchase_revenue", pa.float64()),
                                    ("transaction_id", pa.string())])),
                        ("items",
                         pa.list_(
                             pa.struct([("item_id", pa.string()), ("item_name", pa.string()), ("price", pa.float64()),
                                        ("quantity", pa.int64())]))),
                        ("collected_traffic_source",
                         text("manual_source", "manual_medium", "manual_campaign_name", "gclid", "dclid", "srsltid")),
                        ("session_traffic_source_last_click",
                         pa.struct([("manual_campaign",
                                     text("campaign_id", "campaign_name", "source", "medium", "term", "content"))]))])
    places = [("Europe", "Western Europe", "France", "Ile-de-France", "Paris"),
              ("Europe", "Western Europe", "France", "Auvergne-Rhone-Alpes", "Grenoble"),
              ("Europe", "Northern Europe", "United Kingdom", "England", "London"),
              ("Europe", "Western Europe", "Germany", "Bavaria", "Munich")]
    devices = [("mobile", "iOS", "fr-fr", "Safari"), ("mobile", "Android", "fr", "Chrome"),
               ("desktop", "Windows", "en-gb", "Chrome"), ("tablet", "iOS", "de-de", "Safari")]
    weights = [s[1] for s in SOURCES]
    param = lambda key, s=None, i=None, d=None: {
        "key": key, "value": {"string_value": s, "int_value": i, "float_value": None, "double_value": d}
    }
    events, sessions, revenue, people = [], set(), [], []
    for n in range(62):
        back = n > 20 and rng.random() < 0.15
        if back:
            who = rng.choice(people)
        else:
            source, medium = rng.choices(SOURCES, weights)[0][0].split(" / ")
            who = {
                "id": f"{rng.randrange(10**9)}.{rng.randrange(10**9)}", "source": source, "medium": medium,
                "place": rng.choice(places), "device": rng.choice(devices), "first": None
            }
            people.append(who)
        start = datetime(2025, 1, 1,
                         tzinfo=timezone.utc) + timedelta(minutes=int((n + rng.random()) * 89.8 * 24 * 60 / 62))
        stamp = int(start.timestamp()) * 1_000_000 + rng.randrange(10**6)
        visit = stamp // 1_000_000
        new, who["first"] = who["first"] is None, who["first"] or stamp
        sessions.add((who["id"], visit))
        names = (["first_visit"] if new else []) + ["session_start", "page_view"] + rng.choice(
            [[], ["scroll"], ["user_engagement", "page_view"], ["page_view", "view_item", "user_engagement"],
             ["view_item", "add_to_cart", "page_view", "purchase"]])
        for name in names:
            engaged = rng.randrange(900, 42_000) if name in ("user_engagement", "scroll", "purchase") else None
            price = round(rng.lognormvariate(4.3, 0.4), 2)
            shop = name in ("view_item", "add_to_cart", "purchase")
            page = rng.choice(PATHS[:18])
            utc = datetime.fromtimestamp(stamp // 10**6, timezone.utc)  # the property keeps Paris time, the stamps UTC
            hours = 2 if utc >= datetime(2025, 3, 30, 1, tzinfo=timezone.utc) else 1
            events.append({
                "event_date": f"{utc + timedelta(hours=hours):%Y%m%d}", "event_timestamp": stamp, "event_name": name,
                "event_params": [
                    param("ga_session_id", i=visit),
                    param("ga_session_number", i=1 if new else 2),
                    param("page_location", s=f"https://{SITE}{page}"),
                    param("page_title", s=page.strip("/") or BRAND)
                ] + ([param("engagement_time_msec", i=engaged)] if engaged else []) +
                ([param("value", d=price), param("currency", s="EUR")] if name == "purchase" else []),
                "event_previous_timestamp": None,
                "event_value_in_usd": round(price * 1.05, 4) if name == "purchase" else None,
                "event_bundle_sequence_id": rng.randrange(10**9), "event_server_timestamp_offset": None,
                "user_id": None, "user_pseudo_id": who["id"],
                "privacy_info": {"analytics_storage": "Yes", "ads_storage": "Yes", "uses_transient_token": "No"
                                 }, "user_properties": [], "user_first_touch_timestamp": who["first"],
                "user_ltv": {"revenue": price if name == "purchase" else 0.0, "currency": "EUR"}, "device": {
                    "category": who["device"][0], "operating_system": who["device"][1], "language": who["device"][2],
                    "time_zone_offset_seconds": 3600 * hours,
                    "web_info": {"browser": who["device"][3], "hostname": SITE}
                }, "geo": dict(
                    zip(("continent", "sub_continent", "country", "region", "city", "metro"),
                        who["place"] + ("(not set)", ))), "traffic_source": {
                            "name": f"({'direct' if who['medium'] == '(none)' else who['medium']})",
                            "medium": who["medium"], "source": who["source"]
                        }, "stream_id": "4470913528", "platform": "WEB", "ecommerce": {
                            "total_item_quantity": 1 if name == "purchase" else None,
                            "purchase_revenue": price if name == "purchase" else None,
                            "transaction_id": f"CO-{10_000 + n}" if name == "purchase" else None
                        }, "items": [{"item_id": "CS-01", "item_name": "Cirrus shell", "price": price, "quantity": 1}]
                if shop else [], "collected_traffic_source": {
                    "manual_source": who["source"], "manual_medium": who["medium"], "manual_campaign_name": None,
                    "gclid": "Cj0K" + str(n) if who["medium"] == "cpc" else None, "dclid": None, "srsltid": None
                } if name == "session_start" and who["medium"] != "(none)" else None,
                "session_traffic_source_last_click": {
                    "manual_campaign": {
                        "campaign_id": None, "campaign_name": "(not set)", "source": who["source"],
                        "medium": who["medium"], "term": None, "content": None
                    }
                }
            })
            if name == "purchase":
                revenue.append(price)
            stamp += rng.randrange(400_000, 30_000_000)
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(events, schema=schema), buffer, compression="zstd")
    name = "ga4/bigquery/events_20250101_20250331.parquet"
    save(name, buffer.getvalue())
    count = lambda wanted: [1] * sum(e["event_name"] == wanted for e in events)
    expect(
        name, "ga4.bigquery", len(events), {
            "events": [1] * len(events), "page_views": count("page_view"), "sessions": [len(sessions)],
            "new_users": count("first_visit"), "conversions": count("purchase"), "revenue": revenue
        })


# ---------------------------------------------------------------- Google Search Console


def search_console():
    rng = rng_for("search console")
    days = []
    for d in DAYS:
        shown = poisson(rng, 5600 * (1.1 if d.weekday() > 4 else 0.96))
        days.append([d.isoformat(), poisson(rng, shown * 0.035), shown, round(rng.uniform(12.5, 15.5), 2)])
    clicks, shown = sum(r[1] for r in days), sum(r[2] for r in days)

    def split(names, weights, part=1.0, best=3.0, worst=22.0):
        """Rows that add up to `part` of the whole, exactly."""
        goal, rows, left = (round(clicks * part), round(shown * part)), [], [0, 0]
        for name, weight in zip(names, weights):
            share = weight / sum(weights)
            rows.append([
                name,
                int(goal[0] * share * rng.uniform(0.9, 1.0)),
                int(goal[1] * share * rng.uniform(0.94, 1.0)),
                round(rng.uniform(best, worst), 2)
            ])
        for n in (1, 2):
            rows[0][n] += goal[n - 1] - sum(r[n] for r in rows)
        return sorted(rows, key=lambda r: -r[1])

    words = [
        "cirrus outdoor", "cirrus shell", "veste imperméable femme", "nimbus tent review", "layering for winter hiking",
        "réparer veste goretex", "trail shoes women", "sac à dos 32 l", "how to wash a waterproof jacket",
        "plan entraînement trail 8 semaines", "avalanche kit list", "soldes outdoor", "stratus 32 pack",
        "raquettes débutant itinéraire", "best stove for snow", "recyclage corde escalade", "down jacket traceability",
        "packing list 3 days hike", "refuge des écrins réservation", "ski patrol jacket", "tente 4 saisons légère",
        "boot fitting grenoble", "waterproof spray", "chaussures trail boue"
    ]
    queries = split(words, [1 / (n + 1.2) for n in range(len(words))], part=0.57, best=1.05)
    pages = split([f"https://{SITE}{p}" for p in PATHS if p.startswith("/")], [1 / (n + 2) for n in range(22)],
                  part=0.96)
    countries = [("France", "France", 52), ("United Kingdom", "Royaume-Uni", 9), ("Germany", "Allemagne", 8),
                 ("Belgium", "Belgique", 7), ("Switzerland", "Suisse", 6.5), ("Canada", "Canada", 5),
                 ("United States", "États-Unis", 5), ("Spain", "Espagne", 2.5), ("Italy", "Italie", 2),
                 ("Netherlands", "Pays-Bas", 1.5), ("Austria", "Autriche", 1), ("Namibia", "Namibie", 0.1)]
    devices = [("Mobile", "Mobile", 58), ("Desktop", "Ordinateur", 39), ("Tablet", "Tablette", 3)]
    looks = [("Product snippets", "Extraits de produits", 80), ("Review snippet", "Extrait d'avis", 20)]
    by_country = split([c[0] for c in countries], [c[2] for c in countries], best=11.0, worst=17.0)
    by_device = split([c[0] for c in devices], [c[2] for c in devices], best=12.0, worst=16.0)
    by_look = split([c[0] for c in looks], [c[2] for c in looks], part=0.21)
    french = {e: f for e, f, _ in countries + devices + looks}
    tables = [("queries", "Queries.csv", "Requêtes.csv", "Top queries", "Requêtes les plus fréquentes", queries),
              ("pages", "Pages.csv", "Pages.csv", "Top pages", "Pages les plus populaires", pages),
              ("countries", "Countries.csv", "Pays.csv", "Country", "Pays", by_country),
              ("devices", "Devices.csv", "Appareils.csv", "Device", "Appareil", by_device),
              ("appearance", "Search appearance.csv", "Apparence dans les résultats de recherche.csv",
               "Search Appearance", "Apparence dans les résultats de recherche", by_look),
              ("dates", "Chart.csv", "Graphique.csv", "Date", "Date", days)]
    for language in ("en", "fr"):
        name = f"search_console/{'' if language == 'en' else 'fr/'}{SITE}-Performance-on-Search-{EXPORTED}.zip"
        members = []
        for profile, english_file, french_file, english_key, french_key, rows in tables:
            header = [english_key, "Clicks", "Impressions", "CTR", "Position"
                      ] if language == "en" else [french_key, "Clics", "Impressions", "CTR", "Position"]
            body = [[french.get(k, k) if language == "fr" else k, c, i, percent(c, i), p] for k, c, i, p in rows]
            member = english_file if language == "en" else french_file
            members.append((member, utf8(csv_text([header] + body))))
            expect(name,
                   f"search_console.{profile}",
                   len(rows), {
                       "clicks": [r[1] for r in rows], "impressions": [r[2] for r in rows],
                       "weighted_position": [r[3] * r[2] for r in rows]
                   },
                   member=member)
        filters = ([["Filter", "Value"], ["Search type", "Web"], ["Date", "Last 3 months"]] if language == "en" else
                   [["Filtre", "Valeur"], ["Type de recherche", "Web"], ["Date", "Les 3 derniers mois"]])
        members.insert(5, ("Filters.csv" if language == "en" else "Filtres.csv", utf8(csv_text(filters))))
        save(name, zip_of(members))


# ---------------------------------------------------------------- Google Ads


def google_ads():
    rng = rng_for("google ads")
    plan = [("Brand - Search", "Search", 1210, 9380, 0.92, 148.0, "Maximise Conversion Value (Target ROAS)", "Activée"),
            ("Shells - Performance Max", "Performance Max", 2440, 112_530, 0.71, 71.5, "Maximise Conversion Value",
             "Activée"),
            ("Winter sale, all products", "Performance Max", 1985, 86_204, 0.64, 58.0, "Maximise Conversion Value",
             "Activée"), ("Trail shoes - Search", "Search", 871, 15_462, 1.12, 17.0, "Maximise Clicks", "Activée"),
            ("Old pack test", "Search", 0, 0, 0, 0.0, "Maximise Clicks", "Suspendue")]
    campaigns = []
    for n, (name, kind, clicks, shown, cpc, orders, bid, status) in enumerate(plan):
        cost = round(clicks * cpc * rng.uniform(0.97, 1.03), 2)
        campaigns.append({
            "name": name, "kind": kind, "clicks": clicks, "impressions": shown, "spend": cost, "conversions": orders,
            "revenue": round(orders * rng.uniform(74, 96),
                             2), "bid": bid, "status": status, "budget": [15.0, 25.0, 20.0, 12.0, 5.0][n],
            "score": [87.9, 15.61, 71.2, 64.05, None][n], "share": ["62.40%", "< 10%", "< 10%", "18.75%", " --"][n]
        })
    whole = lambda rows: {
        m: round(math.fsum(column(rows, m)), 2) if m in ("spend", "revenue", "conversions") else sum(column(rows, m))
        for m in ("clicks", "impressions", "spend", "conversions", "revenue")
    }
    ratio = lambda a, b, times=1, sign="": f"{times * a / b:.2f}{sign}" if b else " --"
    number = lambda v: f"{v:,.2f}" if isinstance(v, float) else f"{v:,}"
    quote = lambda v: '"' + v.replace('"', '""') + '"' if "," in v or '"' in v else v

    def cells(c, columns, first, rest):
        known = {
            "Clicks": number(c["clicks"]), "Impr.": number(c["impressions"]), "CTR": ratio(
                c["clicks"], c["impressions"], 100, "%"), "Cost": f"{c['spend']:.2f}", "Avg. CPC": ratio(
                    c["spend"], c["clicks"]), "Conversions": number(float(c["conversions"])), "Cost / conv.": ratio(
                        c["spend"], c["conversions"]), "Conv. rate": ratio(c["conversions"], c["clicks"], 100, "%"),
            "Conv. value": number(float(c["revenue"])), "Currency code": "EUR", "Conv. value / cost": ratio(
                c["revenue"], c["spend"]), "Original conv. value": number(float(c["revenue"]))
        } | first
        return [quote(known.get(name, rest)) for name in columns]

    plain = [
        "Campaign status", "Campaign", "Budget", "Budget name", "Budget type", "Currency code", "Status",
        "Status reasons", "Optimisation score", "Clicks", "Impr.", "CTR", "Cost", "Avg. CPC", "Conversions",
        "Cost / conv.", "Bid strategy type", "Conv. rate", "Conv. value", "Conv. value / cost", "Original conv. value"
    ]
    excel = [
        "Campaign status", "Campaign", "Budget", "Budget name", "Budget type", "Currency code", "Status",
        "Status reasons", "Optimisation score", "Campaign type", "Clicks", "Impr.", "CTR", "Avg. CPC", "Cost",
        "Target CPA", "Avg. target CPA", "Target ROAS", "Avg. target ROAS", "Search impr. share", "Bid strategy type",
        "Conv. rate", "Conv. value", "Conv. value / cost", "Conversions", "Cost / conv.", "Original conv. value"
    ]
    measures = {m: column(campaigns, m) for m in ("clicks", "impressions", "spend", "conversions", "revenue")}
    performance = whole([c for c in campaigns if c["kind"] == "Performance Max"])
    for name, columns, separator, levels, encode in (("google_ads/Campaign report.csv", plain, ",", [
        ("Total: Account", whole(campaigns)), ("Total: Performance Max", performance)
    ], utf8), ("google_ads/Campaign report - Excel.csv", excel, "\t", [("Total: Account", whole(campaigns)),
                                                                       ("Total: Display", whole([]))], utf16)):
        lines = ["Campaign report", f"{FIRST.day} January 2025 - {LAST.day} March 2025", separator.join(columns)]
        for c in campaigns:
            stopped = c["status"] == "Suspendue"
            lines.append(
                separator.join(
                    cells(
                        c, columns, {
                            "Campaign status": "Paused" if stopped else "Enabled", "Campaign": c["name"],
                            "Budget": f"{c['budget']:.2f}", "Budget type": "Daily", "Status": "Paused"
                            if stopped else "Eligible (Limited)" if c["score"] == 15.61 else "Eligible",
                            "Status reasons": "campaign paused"
                            if stopped else "limited by budget; unknown" if c["score"] == 15.61 else "unknown",
                            "Optimisation score": " --" if c["score"] is None else f"{c['score']:.2f}",
                            "Campaign type": c["kind"], "Search impr. share": c["share"], "Bid strategy type": c["bid"]
                        }, " --")))
        share = {"Search impr. share": "< 10%"}
        lines.append(
            separator.join(
                cells(whole(campaigns), columns, {"Campaign status": "Total: Campaigns", "Status reasons": ""} | share,
                      " --")))
        lines += [
            separator.join(
                cells(figures, columns,
                      {"Campaign status": title, "Avg. target CPA": " --", "Avg. target ROAS": " --"} | share, ""))
            for title, figures in levels
        ]
        save(name, encode("\n".join(lines) + "\n"))
        expect(name, "google_ads.report", len(campaigns), measures, totals=3)

    french = [
        "État de la campagne", "Campagne", "Budget", "Coût", "Impr.", "Clics", "Interactions", "Résultats",
        "Conversions", "Coût/conv.", "CPC moy.", "Coût moy.", "CTR", "Valeur des résultats"
    ]
    comma = lambda v: (f"{v:,.2f}" if isinstance(v, float) else f"{v:,}").replace(",", NBSP).replace(".", ",")
    part = lambda a, b, times=1, sign="": (comma(float(times * a / b)) + sign) if b else "--"

    def figures_fr(c):
        result = f"Achat : {comma(float(c['conversions']))}" if c["conversions"] else "--"
        return [
            comma(float(c["spend"])),
            comma(c["impressions"]),
            comma(c["clicks"]),
            comma(c["clicks"]), result,
            comma(float(c["conversions"])),
            part(c["spend"], c["conversions"]),
            part(c["spend"], c["clicks"]),
            part(c["spend"], c["clicks"]),
            part(c["clicks"], c["impressions"], 100, "%"),
            comma(float(c["revenue"]))
        ]

    rows = [french] + [[c["status"], c["name"], comma(c["budget"])] + figures_fr(c) for c in campaigns]
    rows += [[f"Total{NBSP}: {what}", "--", "--"] + figures_fr(figures)
             for what, figures in (("Campagnes", whole(campaigns)), ("Compte", whole(campaigns)), ("Performance Max",
                                                                                                   performance))]
    name = "google_ads/fr/Rapport sur les campagnes.csv"
    save(
        name,
        utf16(f"Rapport sur les campagnes\n{FIRST.day} {MONTHS_FR[0]} 2025 - {LAST.day} {MONTHS_FR[2]} 2025\n" +
              "\n".join("\t".join(r) for r in rows) + "\n"))
    expect(name,
           "google_ads.report_fr",
           len(campaigns),
           measures | {"interactions": column(campaigns, "clicks")},
           totals=3)


# ---------------------------------------------------------------- all of it


def main():
    facebook, instagram, x = facebook_posts(), instagram_posts(), x_posts()
    facebook_files(facebook)
    instagram_files(instagram)
    meta_series(facebook, instagram)
    meta_audience()
    facebook_page(facebook)
    facebook_post_level(facebook)
    meta_ads()
    twitter_files(x, x_files(x))
    linkedin()
    pinterest()
    tiktok()
    youtube()
    ga4_traffic()
    ga4_pages()
    ga4_snapshot()
    ga4_bigquery()
    search_console()
    google_ads()
    header = ["file", "member", "sheet", "profile", "table_title", "records", "totals", "bad", "measure", "sum"]
    save("expected.csv", utf8(csv_text([header] + EXPECTED)))


if __name__ == "__main__":
    main()
