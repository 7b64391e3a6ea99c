#!/usr/bin/env python3
"""Recompute every report of every pipeline with DuckDB and compare it, number by number, with what `jalon run` wrote.

    python tests/duckdb_check.py --jalon target/release/jalon [PIPELINE...]   # default: pipelines/*.yaml
    python tests/duckdb_check.py --dump [PIPELINE...]                         # print the recomputed numbers, run nothing

Nothing here shares code with jalon and nothing knows a pipeline: the SQL is generated from the YAML. Each source becomes a
table of typed rows; the calendar is plain Python over the distinct dates; a report is one GROUP BY for each source and
segment, joined outer, with ratios and derived metrics computed on the joined cells. Integers must be equal, floats within
`TOLERANCE` of the sum of their absolute terms. Rows that are missing, extra or repeated, other columns and other types are
mismatches. Not compared: row order, is_complete, coverage, days, unit, direction, additivity, as_of (these must only be there).
"""
from __future__ import annotations

import argparse
import datetime as dt
import glob
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import yaml

ROOT = Path(__file__).resolve().parent.parent
TOLERANCE = "1e-12"
SHOWN = 5  # mismatches printed for each export
BEYOND = {"lookups", "top", "attributes", "compare"}  # keys whose reports are not recomputed
PERIOD = ["grain", "period_start", "period_end", "period_label"]
HEAD = ["report", *PERIOD, "is_complete", "coverage", "days", "level"]
NUMBERS = {"value": "DOUBLE", "value_int": "BIGINT", "numerator": "DOUBLE", "denominator": "DOUBLE"}
TAIL = ["metric", *NUMBERS, "unit", "direction", "additivity", "as_of"]
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
TYPES = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
WIDER = {"FLOAT": "DOUBLE", "UBIGINT": "HUGEINT"} | dict.fromkeys(["UINTEGER", "INTEGER", "SMALLINT", "TINYINT"], "BIGINT")
ENDINGS = {"parquet": (".parquet",), "csv": (".csv", ".csv.gz", ".csv.zst")}
WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
MONTHS = "january february march april may june july august september october november december".split()
SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and not "\x1c" <= c <= "\x1f")  # Unicode White_Space
Yaml = dict[str, Any]

# ---- SQL text: `text` and `name` quote, `sql` translates a pipeline's expression
TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+|\d+[eE][+-]?\d+|\w+|\s+|.""", re.S)


def text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def name(*parts: str) -> str:
    return '"' + ".".join(parts).replace('"', '""') + '"'


def sql(expression: object, columns: dict[str, str] | None = None) -> str:
    """An expression in DuckDB's words: floats for decimals, ISO weekdays, and `columns` in place of bare names."""
    out = []
    for token in TOKEN.findall(str(expression)):
        if re.match(r"\.?\d", token) and not token.isdigit():
            token = f"CAST({token} AS DOUBLE)"
        out.append((columns or {}).get(token.strip('"'), "isodow" if token.lower() == "dayofweek" else token))
    return "(" + "".join(out) + ")"


def names_in(expression: object) -> set[str]:
    return {token.strip('"') for token in TOKEN.findall(str(expression)) if re.match(r'[^\W\d]|"', token)}


# ---- Calendar
class Calendar:
    def __init__(self, spec: Yaml) -> None:
        self.zone = ZoneInfo(spec.get("timezone", "UTC"))
        self.week_start = WEEKDAYS.index(spec.get("first_day_of_week", "monday"))
        self.year_start = MONTHS.index(spec.get("first_month_of_year", "january"))

    def period(self, grain: str, day: dt.date, time: dt.datetime | None = None) -> tuple[dt.date, dt.date, str]:
        """First day, last day and label of the period that a day, or an hour of it, is in."""
        if time and grain == "hour":
            return day, day, time.replace(minute=0).isoformat(timespec="minutes")
        if grain == "day":
            return day, day, day.isoformat()
        if grain == "week":
            start = day - dt.timedelta((day.weekday() - self.week_start) % 7)
            return start, start + dt.timedelta(6), start.isoformat() if self.week_start else f"{start:%G-W%V}"
        months = {"month": 1, "quarter": 3, "year": 12}[grain]
        into_year = (day.month - 1 - self.year_start) % 12
        start = add_months(day, -(into_year % months))
        year = add_months(day, 11 - into_year).year  # a fiscal year is named by the calendar year it ends in
        label = f"FY{year}" if self.year_start else str(year)
        labels = {"month": f"{start:%Y-%m}", "quarter": f"{label}-Q{into_year // 3 + 1}", "year": label}
        return start, add_months(start, months) - dt.timedelta(1), labels[grain]


def add_months(day: dt.date, months: int) -> dt.date:
    """The first day of the month `months` after the month of `day`."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, 1)


# ---- Sources: files to a table of typed rows
def named(items: list[str] | Yaml | None) -> dict[str, Yaml]:
    """The two spellings of dimensions and measures, a list of names or a map, as a map."""
    return {key: value or {} for key, value in items.items()} if isinstance(items, dict) else {key: {} for key in items or []}


def expand(path: str) -> str:
    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda m: os.environ.get(m[1]) or m[2] or "", path)


def csv_options(separator: str) -> str:
    return f"header = true, skip = 0, comment = '', nullstr = '', delim = {text(separator)}, quote = '\"', escape = '\"'"


def scans_of(source: Yaml) -> tuple[str, str]:
    """How DuckDB reads a source's files: for Parquet twice the same, for CSV as text and with guessed types."""
    files: list[str] = []
    known = ENDINGS[source["format"]] if source.get("format") else sum(ENDINGS.values(), ())
    paths = [source["path"]] if isinstance(source["path"], str) else source["path"]
    for place in (ROOT / expand(path) for path in paths):
        inside = (str(f) for f in place.rglob("*") if f.name.endswith(known))
        files += sorted(inside if place.is_dir() else glob.glob(str(place), recursive=True))
    options = f"[{', '.join(text(f) for f in files)}], union_by_name = true, hive_partitioning = false"
    if source.get("format", "parquet" if files[0].endswith(".parquet") else "csv") == "parquet":
        return (f"read_parquet({options}, binary_as_string = true)",) * 2
    options += ", " + csv_options((source.get("csv") or {}).get("separator", ","))
    return f"read_csv({options}, all_varchar = true)", f"read_csv({options}, sample_size = -1)"


def typed(raw: str, found: str, declared: str | None, is_dimension: bool, is_csv: bool) -> str:
    """A column as its declared type, else the file's, widened; in CSV dimensions are text, and measures what all cells are."""
    wanted = TYPES[declared] if declared else WIDER.get(found, found)
    if is_csv and not declared and (is_dimension or found not in ("BIGINT", "DOUBLE")):
        wanted = "VARCHAR"
    cell = f"CAST({name(raw)} AS {wanted})"
    return f"nullif(nfc_normalize(trim({cell}, {text(SPACES)})), '')" if wanted == "VARCHAR" and is_dimension else cell


def time_columns(time: Yaml, kind: str) -> str:
    """What the calendar is looked up by: `__at`, a date or a quarter of an hour, and `__until`, later only for ranges."""
    at = f"CAST({name(time['column'])} AS {kind if kind.startswith('TIMESTAMP') else 'DATE'})"
    if time.get("grain") == "hour":
        at = f"time_bucket(INTERVAL 15 MINUTE, {at}{' AT TIME ZONE ' + text('UTC') if kind.endswith('ZONE') else ''})"
    else:
        zone = time.get("timezone") if kind == "TIMESTAMP" else None
        at = f"CAST({at}{' AT TIME ZONE ' + text(zone) if zone else ''} AS DATE)"
    until = f"CAST({name(time['end_column'])} AS DATE)" if time.get("grain") == "range" else at
    return f"{at} AS __at, {until} AS __until"


class Pipeline:
    """A pipeline with its sources loaded: `source.<name>` holds the records that pass the source's `where`."""

    def __init__(self, path: Path) -> None:
        self.spec: Yaml = yaml.safe_load(path.read_text(encoding="utf-8"))
        self.metrics: dict[str, Yaml] = self.spec["metrics"]
        self.calendar = Calendar(self.spec.get("calendar") or {})
        self.con = duckdb.connect()
        self.con.execute("SET ieee_floating_point_ops = false; SET error_on_division_by_zero = false")
        self.con.execute(f"SET TimeZone = {text(self.calendar.zone)}")
        forms = (", ".join(f"x{i}" for i in range(count)) for count in range(1, 17))
        self.con.execute(f"CREATE MACRO sum_known {', '.join(f'({form}) AS list_sum([{form}])' for form in forms)}")
        self.times: dict[str, tuple[Yaml, ZoneInfo]] = {}  # how each source tells time, and the zone its hours are written in
        for key in self.spec["sources"]:
            self.load(key)

    def columns(self, query: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.con.execute(f"DESCRIBE {query}").fetchall()}

    def replace(self, table: str, query: str, values: list[list[Any]] | None = None) -> None:
        self.con.execute(f"CREATE OR REPLACE TABLE {table} AS {query}", values)

    def load(self, key: str) -> None:
        source = self.spec["sources"][key]
        for member in source.get("union", []):
            self.load(member)
            self.times[key] = self.times[member]
        members = (f"SELECT * FROM {name('source', member)}" for member in source.get("union", []))
        rows = " UNION ALL BY NAME ".join(members) or self.records(key, source)
        self.replace(name("source", key), f"FROM ({rows}) WHERE {sql(source.get('where', 'TRUE'))}")

    def records(self, key: str, source: Yaml) -> str:
        """The query that reads a source's files: its time, its dimensions and measures, and every other column."""
        scan, guess = scans_of(source)
        found, time, dimensions = self.columns(f"FROM {guess}"), source["time"], named(source.get("dimensions"))
        cells: dict[str, str] = {}
        for logical, spec in (dimensions | named(source.get("measures"))).items():
            raw = spec.get("column", logical)
            cells[logical] = typed(raw, found[raw], spec.get("type"), logical in dimensions, scan != guess)
        for raw, kind in found.items():
            if raw.lower() not in {c.lower() for c in cells}:
                dated = raw in (time["column"], time.get("end_column")) and time.get("grain") != "hour"
                cells[raw] = typed(raw, kind, "date" if dated else None, False, scan != guess)
        kind = found[time["column"]]
        self.times[key] = time, ZoneInfo("UTC" if kind.endswith("ZONE") else time.get("timezone", self.calendar.zone.key))
        selected = ", ".join(f"{cell} AS {name(logical)}" for logical, cell in cells.items())
        return f"SELECT {time_columns(time, kind)}, {selected} FROM {scan}"

    def covered(self, source: str, at: dt.date, until: dt.date) -> tuple[dt.date, dt.date, dt.datetime | None]:
        """The first and last date of a record, and its hour in the reporting zone if it has one."""
        time, zone = self.times[source]
        if isinstance(at, dt.datetime):
            hour = at.replace(tzinfo=zone).astimezone(dt.timezone.utc).astimezone(self.calendar.zone)
            return hour.date(), hour.date(), hour
        if time.get("grain") == "range":
            return at, until, None
        return *self.calendar.period(time.get("grain", "day"), at)[:2], None

    def fill_calendars(self, report: Yaml, sources: list[str]) -> None:
        """For each source, `calendar.<source>` from its times to the report's periods. Times outside start..end are left out."""
        start, end = (date and dt.date.fromisoformat(str(date)) for date in (report.get("start"), report.get("end")))
        kept: dict[str, list[tuple[Any, ...]]] = {source: [] for source in sources}
        dates: list[dt.date] = []
        for source in sources:
            assign, table = self.times[source][0].get("assign", "start"), name("source", source)
            for at, until in self.con.execute(f"SELECT DISTINCT __at, __until FROM {table} WHERE __at <= __until").fetchall():
                first, last, hour = self.covered(source, at, until)
                dates += [first, last]
                day = {"start": first, "end": last, "majority": first + (last - first) // 2}[assign]
                if (start or day) <= day <= (end or day):
                    kept[source].append((at, until, day, hour))
        whole = (start or min(dates, default=None), end or max(dates, default=None), "all")
        for source, moments in kept.items():
            rows = [(at, until, grain, *(whole if grain == "all" else self.calendar.period(grain, day, hour)))
                    for at, until, day, hour in moments for grain in report["grains"]]
            kind = self.columns(f"FROM {name('source', source)}")["__at"]
            kinds = zip(["__at", "__until", *(name("p", p) for p in PERIOD)], [kind, kind, "VARCHAR", "DATE", "DATE", "VARCHAR"])
            lists = ", ".join(f"unnest(${i}::{k}[]) AS {c}" for i, (c, k) in enumerate(kinds, 1))
            self.replace(name("calendar", source), f"SELECT {lists}", [list(c) for c in zip(*rows)] or [[]] * 6)

    # ---- Cells: the table `cells`, one row a cell. Of each metric it has the columns `v.<metric>` (value) and `t.<metric>`
    # (tolerance), and of ratios and averages `n.`, `u.` (numerator and its tolerance), `d.`, `w.` (the same of the denominator).
    def inputs(self, key: str) -> list[str]:
        metric = self.metrics[key]
        derived = sorted(names_in(metric["expr"]) & self.metrics.keys()) if metric["type"] == "derived" else []
        return [metric["numerator"], metric["denominator"]] if metric["type"] == "ratio" else derived

    def with_inputs(self, keys: list[str]) -> list[str]:
        """`keys` and every metric they are made of, each after its inputs."""
        return list(dict.fromkeys(k for key in keys for k in [*self.with_inputs(self.inputs(key)), key]))

    def measures(self, source: str) -> dict[str, Yaml]:
        spec = self.spec["sources"][source]
        return named(spec.get("measures")) | {m: v for member in spec.get("union", []) for m, v in self.measures(member).items()}

    def aggregates(self, key: str) -> dict[str, str]:
        """The aggregates of a simple metric, by their column in `cells`."""
        metric, value = self.metrics[key], sql(self.metrics[key].get("expr", 1))
        kind = self.columns(f"SELECT {value} AS x FROM {name('source', metric['source'])}")["x"]
        exact, agg, only = kind in INTEGERS, metric["agg"], f" FILTER (WHERE {sql(metric.get('filter', 'TRUE'))})"
        if kind in ("DOUBLE", "FLOAT") or kind.startswith("DECIMAL"):
            value = f"(CASE WHEN isfinite(CAST({value} AS DOUBLE)) THEN CAST({value} AS DOUBLE) END)"
        measures = self.measures(metric["source"])
        used = [measures[m] for m in names_in(metric.get("expr", "")) & measures.keys()]
        if agg in ("sum", "average") and "max" in [m.get("reaggregate") for m in (metric, *used)]:
            agg = "max"
        if agg in ("count", "min", "max"):
            result = f"{agg}({value if 'expr' in metric else '*'}){only}"
            return {f"v.{key}": result, f"t.{key}": "0::DOUBLE" if exact or agg == "count" else f"{TOLERANCE} * abs({result})"}
        total, slack = f"sum({value}){only}", "0::DOUBLE"
        if not exact:
            total, slack = f"fsum({value}){only}", f"{TOLERANCE} * sum(abs({value})){only}"
        if agg == "sum":
            return {f"v.{key}": total, f"t.{key}": slack}
        total, count = f"CAST({total} AS DOUBLE)", f"CAST(count({value}){only} AS DOUBLE)"
        return {f"v.{key}": f"{total} / {count}", f"t.{key}": f"({slack} + {TOLERANCE} * abs({total})) / {count}",
                f"n.{key}": total, f"u.{key}": slack, f"d.{key}": count}

    def compute(self, report: Yaml) -> set[str]:
        """Fills `expected`: the long layout, with `<number>_slack` beside each number. Returns the integer metrics."""
        order, dimensions = self.with_inputs(report["metrics"]), report.get("group_by") or []
        simple = [key for key in order if self.metrics[key]["type"] == "simple"]
        sources = list(dict.fromkeys(self.metrics[key]["source"] for key in simple))
        self.fill_calendars(report, sources)
        keys = {p: name("p", p) for p in PERIOD} | {name("k", d): f"s.{name(d)}" for d in dimensions}
        selected_keys = ", ".join(f"{column} AS {key}" for key, column in keys.items())
        queries: list[str] = []
        merged: dict[str, str] = {}
        for source in sources:
            cells = {c: v for key in simple if self.metrics[key]["source"] == source for c, v in self.aggregates(key).items()}
            merged |= {c: f"max({name(c)}) AS {name(c)}" for c in cells}
            selected = ", ".join(f"{value} AS {name(c)}" for c, value in cells.items())
            for segment in report.get("segments") or ["all"]:
                where = "TRUE" if segment == "all" else sql(self.spec["segments"][segment]["where"])
                queries.append(f"SELECT {selected_keys}, {text(segment)} AS segment, {selected} FROM {name('source', source)} s "
                               f"JOIN {name('calendar', source)} USING (__at, __until) WHERE {where} GROUP BY ALL")
        # A source has a cell at most once: grouping the union of the sources is their outer join, and max() picks the value.
        every = ", ".join([*keys, "segment", *merged.values()])
        self.replace("cells", f"SELECT {every} FROM ({' UNION ALL BY NAME '.join(queries)}) GROUP BY ALL")
        for key in (key for key in order if key not in simple):
            self.finish(key)
        kinds = self.columns("FROM cells")
        integers = {key for key in order if kinds[f"v.{key}"] in INTEGERS}
        selects = []
        for key in report["metrics"]:
            fixed = f"{text(report['name'])} AS report, 'detail' AS level, {', '.join(keys)}, segment, {text(key)} AS metric"
            sides = {"value": "vt", "value_int": "v-" if key in integers else "--", "numerator": "nu", "denominator": "dw"}
            for c, pair in sides.items():
                number, slack = (name(side, key) if f"{side}.{key}" in kinds else "NULL" for side in pair)
                fixed += f", CAST({number} AS {NUMBERS[c]}) AS {c}, coalesce({slack}, 0) AS {c}_slack"
            selects.append(f"SELECT {fixed} FROM cells")
        self.replace("expected", " UNION ALL ".join(selects))
        return integers

    def finish(self, key: str) -> None:
        """Adds a ratio or derived metric to `cells`. Its tolerance is how far those of its inputs can move it, one at a time."""
        inputs, expression, columns = self.inputs(key), self.metrics[key].get("expr"), {}
        plain = {i: name("v", i) for i in inputs}
        if self.metrics[key]["type"] == "ratio":
            expression = " / ".join(name(i) for i in inputs)
            columns = dict(zip("nudw", (name(part, i) for i in inputs for part in "vt")))
        result = sql(expression, plain)
        moved = (sql(expression, plain | {i: f"({cell} + {name('t', i)})"}) for i, cell in plain.items())
        slack = " + ".join([f"{TOLERANCE} * abs({result})", *(f"coalesce(abs({m} - {result}), 0)" for m in moved)])
        columns |= {"v": result, "t": slack}
        self.replace("cells", f"SELECT *, {', '.join(f'{value} AS {name(c, key)}' for c, value in columns.items())} FROM cells")


# ---- Exports: what jalon wrote, read back and compared
class Export:
    def __init__(self, pipeline: Pipeline, report: Yaml, integers: set[str], spec: Yaml, folder: Path) -> None:
        self.con, self.columns, self.replace = pipeline.con, pipeline.columns, pipeline.replace
        self.path = folder / expand(spec["path"])
        self.csv, self.excel_fr = spec["format"] == "csv", spec.get("dialect") == "excel_fr"
        self.wide, self.partitions = spec.get("layout", "long") == "wide", spec.get("partition_by")
        self.dimensions, self.metrics = report.get("group_by") or [], report["metrics"]
        self.kinds = {m: "BIGINT" if m in integers else "DOUBLE" for m in self.metrics} if self.wide else NUMBERS

    def problems(self) -> list[str]:
        if not self.path.exists():
            return [f"{self.path} was not written"]
        hive = "true, hive_types_autocast = false" if self.partitions else "false"
        files = self.path / "**" / "*.parquet" if self.path.is_dir() else self.path
        scan = f"read_parquet({text(files)}, hive_partitioning = {hive})"
        if self.csv:
            scan = f"read_csv({text(files)}, all_varchar = true, {csv_options(';' if self.excel_fr else ',')})"
        return self.layout_problems(self.columns(f"FROM {scan}")) + self.differences(scan)

    def layout_problems(self, found: dict[str, str]) -> list[str]:
        """What is wrong with the columns, types, file names or line ends."""
        wanted = [*HEAD, *self.dimensions, "segment", *(self.metrics if self.wide else TAIL)]
        right = sorted(found) == sorted(wanted) if self.partitions else list(found) == wanted
        problems = [] if right else [f"columns are {list(found)}, expected {wanted}"]
        if self.csv:
            raw = self.path.read_bytes()
            right = raw.startswith(b"\xef\xbb\xbf") == self.excel_fr and raw.endswith(b"\r\n")
            return problems if right else [*problems, "the byte order mark, or the line ends, are not the dialect's"]
        kinds = {"period_start": "DATE", "period_end": "DATE", **self.kinds}
        problems += [f"column {c} is {found[c]}, expected {kind}" for c, kind in kinds.items() if found.get(c, kind) != kind]
        return problems + [f"unexpected file {f}" for f in self.path.rglob("*.parquet") if f.name != "part-0.parquet"]

    def number(self, column: str, kind: str) -> str:
        """A number as written; in CSV an integer must look like one, `12.0` is none."""
        cell = name(column)
        if self.csv and kind == "BIGINT":
            cell = f"CASE WHEN regexp_full_match({cell}, '-?[0-9]+') THEN {cell} END"
        elif self.csv and self.excel_fr:
            cell = f"replace(replace({cell}, '.', '?'), ',', '.')"
        return f"CAST({cell} AS {kind})"

    def read(self, scan: str) -> None:
        """Fills `actual` with the export's rows in the long layout, all keys as text."""
        columns = {k: k for k in ["report", "level", *PERIOD, "segment"]} | {name("k", d): name(d) for d in self.dimensions}
        keys = ", ".join(f"CAST({column} AS VARCHAR) AS {key}" for key, column in columns.items())
        numbers = {c: self.number(c, kind) for c, kind in self.kinds.items()}
        rows = [f"metric, {', '.join(f'{number} AS {c}' for c, number in numbers.items())}"]
        if self.wide:
            rows = [f"{text(m)} AS metric, CAST({number} AS DOUBLE) AS value, "
                    f"{number if self.kinds[m] == 'BIGINT' else 'NULL::BIGINT'} AS value_int" for m, number in numbers.items()]
        self.replace("actual", " UNION ALL ".join(f"SELECT {keys}, {row} FROM {scan}" for row in rows))

    def differences(self, scan: str) -> list[str]:
        """How `actual` differs from `expected`, once the keys of `expected` are written as the export writes them."""
        self.read(scan)
        kinds, written = self.columns("FROM expected"), {}
        keys = [name(c) for c in kinds if c not in NUMBERS and not c.endswith("_slack")]
        for key in keys:
            cell = written[key] = f"CAST({key} AS VARCHAR)"
            if self.csv and kinds[key.strip('"')] == "VARCHAR":
                cell = f"CASE WHEN regexp_matches({cell}, '^[=+@\\t\\r-]') THEN '''' || {cell} ELSE {cell} END"
            written[key] = f"coalesce({cell}, '(unknown)')" if self.csv and key.startswith('"k.') else cell
        replaced = ", ".join(f"{cell} AS {key}" for key, cell in written.items())
        self.replace("wanted", f"SELECT * REPLACE ({replaced}) FROM expected")
        compared = list(NUMBERS)[: 2 if self.wide else 4]
        near = "(e.{0} IS NOT DISTINCT FROM a.{0} OR coalesce(abs(e.{0} - a.{0}) <= e.{0}_slack, false))"
        same_key = " AND ".join(f"e.{key} IS NOT DISTINCT FROM a.{key}" for key in keys)
        joined = (f"FROM wanted e FULL JOIN actual a ON {same_key} "
                  f"WHERE e.metric IS NULL OR a.metric IS NULL OR NOT ({' AND '.join(near.format(c) for c in compared)})")
        counts = ", ".join(f"(SELECT count(*) {rows})" for rows in (joined, "FROM actual", "FROM wanted"))
        count, wrote, wanted = self.con.execute(f"SELECT {counts}").fetchall()[0]
        problems = [f"{count} numbers differ, {wrote} were written, expected {wanted}"] if count or wrote != wanted else []
        shown = [f"coalesce(e.{key}, a.{key})" for key in keys] + [f"{side}.{c}" for c in compared for side in "ea"]
        shown += ["e.metric IS NULL", "a.metric IS NULL"]
        for *cells, extra, missing in self.con.execute(f"SELECT {', '.join(shown)} {joined} ORDER BY ALL LIMIT {SHOWN}").fetchall():
            pairs = zip(compared, cells[len(keys)::2], cells[len(keys) + 1::2])
            what = "extra" if extra else "missing" if missing else "differs"
            values = ", ".join(f"{c} expected {e} found {a}" for c, e, a in pairs if e is not None or a is not None)
            problems.append(f"{what}: {' | '.join(map(str, cells[2:len(keys)]))}: {values}")
        return problems


# ---- Commands
def check(path: Path, jalon: Path | None) -> Iterator[bool]:
    """Runs a pipeline and says of each report whether it is right, printing a line; without jalon, prints its numbers."""
    pipeline = Pipeline(path)
    if beyond := sorted(BEYOND & {*pipeline.spec, *(key for report in pipeline.spec["reports"] for key in report)}):
        print(f"{path.stem}: not recomputed here, because of {', '.join(beyond)} (the suite's own oracle does)")
        return
    with tempfile.TemporaryDirectory(prefix="jalon-check-") as folder:
        command = [str(jalon), "run", str(path), "--output-root", folder, "--quiet"]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False) if jalon else None
        failure = [f"`jalon run` ended with {run.returncode}: {run.stderr}"] if run and run.returncode else []
        for report in pipeline.spec["reports"]:
            integers, exports = pipeline.compute(report), report.get("exports") or []
            if not jalon:
                query = f"SELECT * EXCLUDE ({', '.join(f'{c}_slack' for c in NUMBERS)}) FROM expected ORDER BY ALL"
                for row in pipeline.con.execute(query).fetchall():
                    print(*("" if cell is None else cell for cell in row), sep="\t")
                continue
            problems = failure or ([] if exports else ["no export to compare"])
            for spec in [] if failure else exports:
                export = Export(pipeline, report, integers, spec, Path(folder))
                problems += [f"{spec['path']}: {problem}" for problem in export.problems()]
            count = pipeline.con.execute("SELECT count(*) FROM expected").fetchall()[0][0]
            print(f"{path.stem}/{report['name']}: {count} cells, {'MISMATCH' if problems else 'ok'}", *problems, sep="\n    ")
            yield not problems


def main() -> int:
    parser = argparse.ArgumentParser(description="compare jalon's reports with DuckDB's")
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--jalon", type=lambda path: Path(path).resolve(), help="the binary to run")
    mode.add_argument("--dump", action="store_true", help="print the recomputed numbers instead of comparing")
    parser.add_argument("pipelines", nargs="*", type=Path, metavar="PIPELINE", help="default: pipelines/*.yaml")
    options = parser.parse_args()
    results: list[bool] = []
    for path in [p.resolve() for p in options.pipelines] or sorted((ROOT / "pipelines").glob("*.yaml")):
        if "    profile: " in path.read_text(encoding="utf-8"):
            # DuckDB knows no profiles: these figures are held against sample_data/exports/expected.csv by the tests.
            print(f"{path.stem}: reads exports by profiles, left out")
            continue
        try:
            results.extend(check(path, options.jalon))
        except (duckdb.Error, OSError, KeyError, ValueError, IndexError) as error:
            print(f"{path.stem}: {type(error).__name__}: {error}")
            results.append(False)
    if options.jalon:
        print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) and (results or options.dump) else 1


if __name__ == "__main__":
    sys.exit(main())
