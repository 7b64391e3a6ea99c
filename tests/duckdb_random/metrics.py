"""Metrics over cells: every value is one SELECT over the records of the cell's span.

A *cell* is a row of a table: `cid`, the period it belongs to (`grain`, `p_lo`, `p_hi`), the days looked at (`lo`, `hi`), and
the group: `level`, `seg` and one text `g_<dimension>` for each dimension of the report. Levels are named by the dimensions
that they keep, so that a total, the whole of a share and a denominator that ignores dimensions are all groups of a coarser
level. The segment `*` holds all records; it is what a denominator that ignores `segment` looks at. The others of a top list
are such a group, too, without the groups of details in `kept`.
"""
from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterable

import duckdb

from .sources import Records, Yaml
from .sql import INTEGERS, MONTHS_IN, LeftOut, comma, exact_sum, name, sql, text, words

UNKNOWN, DROPPED, OTHERS, EVERYTHING = "(unknown)", "(all)", "(others)", "*"
EARLIEST = "DATE '1000-01-01'"
FLOATS = {"DOUBLE", "FLOAT"}
TYPES = {"simple", "ratio", "derived", "cumulative", "time_comparison", "share"}
# Keys that change no figure, and those that are understood. Any other key leaves a metric out.
SILENT = {"type", "label", "description", "unit", "format", "direction"}
UNDERSTOOD = {
    "simple": {"source", "agg", "expr", "filter", "reaggregate", "non_additive_dimension", "carry_forward", "fill_nulls_with",
               "join_to_timespine", "ignore_dimensions", "versions"},
    "ratio": {"numerator", "denominator", "denominator_ignores", "ratio_agg", "ratio_unit"},
    "derived": {"expr"},
    "cumulative": {"input_metric", "window", "grain_to_date", "period_agg"},
    "time_comparison": {"base_metric", "offset_window", "calculation", "align"},
    "share": {"input_metric", "within"},
}
Spans = list[tuple[str, str]]  # a source, and a query of the cells' `cid`, `lo` and `hi` in it


def shown(cell: str, kind: str) -> str:
    """A value as the CSV exports write it, null where it is null."""
    cell = f"CAST({cell} AS VARCHAR)"
    if kind == "VARCHAR":
        cell = f"CASE WHEN regexp_matches({cell}, '^[=+@\\t\\r-]') THEN '''' || {cell} ELSE {cell} END"
    return cell


def written(cell: str, kind: str) -> str:
    """A dimension's value as the CSV exports write it."""
    return f"coalesce({shown(cell, kind)}, {text(UNKNOWN)})"


def inputs(metric: Yaml, metrics: Yaml) -> list[str]:
    if metric["type"] == "derived":
        return sorted(words(metric["expr"]) & metrics.keys())
    return [metric[key] for key in ("numerator", "denominator", "input_metric", "base_metric") if key in metric]


def length(offset: str) -> tuple[int, str]:
    """`28 days` as (28, "day")."""
    count, unit = re.fullmatch(r"(\d+) (\w+?)s?", offset.strip()).groups()
    return int(count), unit


class Evaluation:
    """The metrics of one report."""

    def __init__(self, con: duckdb.DuckDBPyConnection, spec: Yaml, records: Records, report: Yaml) -> None:
        self.con, self.spec, self.metrics, self.records, self.report = con, spec, spec["metrics"], records, report
        self.dimensions: list[str] = report.get("group_by") or []
        self.segments: list[str] = report.get("segments") or ["all"]
        self.end: dt.date | None = report.get("end")
        self.groups = ["level", "seg", *(name(f"g_{d}") for d in self.dimensions)]
        self.fresh = records.fresh
        self.bases: dict[str, str] = {}

    def table(self, query: str) -> str:
        table = f"t{next(self.fresh)}"
        self.con.execute(f"CREATE TEMP TABLE {table} AS {query}")
        return table

    # ---- What metrics are made of
    def check(self, key: str) -> None:
        """Refuses what is not recomputed."""
        metric = self.metrics[key]
        kind = metric["type"]
        if kind not in TYPES:
            raise LeftOut(f"type {kind}")
        for unknown in sorted(metric.keys() - SILENT - UNDERSTOOD[kind]):
            raise LeftOut(unknown)
        if kind == "simple" and metric["source"] in self.records.left_out:
            raise LeftOut(self.records.left_out[metric["source"]])
        for part in inputs(metric, self.metrics):
            self.check(part)

    def sources(self, key: str) -> list[str]:
        metric = self.metrics[key]
        if metric["type"] == "simple":
            return [metric["source"]]
        return sorted({source for part in inputs(metric, self.metrics) for source in self.sources(part)})

    def known(self, key: str) -> tuple[str, str]:
        """The metric's first and last day, as SQL."""
        firsts, lasts = zip(*(self.records.known[source] for source in self.sources(key)))
        if None in firsts:
            return "CAST(NULL AS DATE)", EARLIEST
        last = min([*lasts, self.end] if self.end else lasts)
        return f"DATE {text(max(firsts))}", f"DATE {text(last)}"

    # ---- Records by segment and level
    def base(self, source: str) -> str:
        """The records of a source, once for each segment and level that they belong to."""
        if source not in self.bases:
            columns = self.records.columns[source]
            # A source may lack a dimension that its metrics ignore; its records are of no level that keeps it then.
            available = [d for d in self.dimensions if d in columns]
            plain = {c: name(c) for c in columns}
            parts = []
            for kept in (set(s) for n in range(len(available) + 1) for s in itertools.combinations(available, n)):
                texts = {d: written(name(d), columns[d]) if d in available else text(DROPPED) for d in self.dimensions}
                groups = [f"{cell if d in kept else text(DROPPED)} AS {name(f'g_{d}')}" for d, cell in texts.items()]
                whole = f"{self.whole_group(texts.values())} AS __group"
                cells = comma([f"{text(self.level(kept))} AS level", whole, *groups])
                for segment in {*self.segments, EVERYTHING}:
                    where = "TRUE" if segment in ("all", EVERYTHING) else sql(self.condition(segment, source), plain)
                    rows = f"{self.records.table(source)} WHERE {where}"
                    parts.append(f"SELECT *, {cells}, {text(segment)} AS seg FROM {rows}")
            self.bases[source] = self.table(" UNION ALL ".join(parts))
        return self.bases[source]

    def whole_group(self, cells: Iterable[str] | None = None) -> str:
        """A group of the details as one text, by which top lists leave groups out of the others."""
        return comma(["concat_ws(chr(31), ''", *(cells or (name(f"g_{d}") for d in self.dimensions))]) + ")"

    def condition(self, segment: str, source: str) -> str:
        where = self.spec["segments"][segment]["where"]
        return where[source] if isinstance(where, dict) else where

    def level(self, kept: set[str]) -> str:
        return "+".join(d for d in self.dimensions if d in kept)

    def coarser(self, cells: str, ignored: set[str]) -> str:
        """The same cells without some dimensions, or `segment`."""
        levels = " ".join(f"WHEN {text(self.level(set(kept)))} THEN {text(self.level(set(kept) - ignored))}"
                          for n in range(len(self.dimensions) + 1) for kept in itertools.combinations(self.dimensions, n))
        changed = [f"CASE level {levels} END AS level"]
        changed += [f"{text(DROPPED)} AS {name(f'g_{d}')}" for d in self.dimensions if d in ignored]
        if "segment" in ignored:
            changed.append(f"{text(EVERYTHING)} AS seg")
        if ignored & set(self.dimensions):
            # The others of a top list are held against the whole, too.
            changed.append("CAST([] AS VARCHAR[]) AS kept")
        return self.table(f"SELECT * REPLACE ({comma(changed)}) FROM {cells}")

    # ---- Values: a table of `cid` and `v`, and of some metrics their numerator `n` and denominator `d`
    def value(self, key: str, cells: str) -> str:
        return getattr(self, self.metrics[key]["type"])(key, self.metrics[key], cells)

    def simple(self, key: str, metric: Yaml, cells: str) -> str:
        if metric.get("ignore_dimensions"):
            cells = self.coarser(cells, set(metric["ignore_dimensions"]))
        is_level = "non_additive_dimension" in metric
        values = self.level_of(metric, cells) if is_level else self.aggregate(metric, cells, [])
        if "fill_nulls_with" not in metric:
            return values
        return self.table(f"SELECT * REPLACE (coalesce(v, {sql(metric['fill_nulls_with'], {})}) AS v) FROM {values}")

    def terms(self, metric: Yaml) -> tuple[str, bool]:
        """What a record adds as `x`, null where it does not count; and whether that is an exact number."""
        source, plain = metric["source"], {c: "b." + name(c) for c in self.records.columns[metric["source"]]}
        versions = [metric, *sorted(metric.get("versions") or [], key=lambda version: version["valid_from"])]
        merged = [{"expr": 1, **metric, **version} for version in versions]
        kinds = [self.records.kind(source, m["expr"]) for m in merged]
        is_exact = set(kinds) <= INTEGERS
        is_float = any(kind in FLOATS or kind.startswith("DECIMAL") for kind in kinds)
        term = ""
        for version, kind in zip(merged, kinds):
            value = sql(version["expr"], plain)
            if metric["agg"] == "count":
                # What is counted may change its type with a version.
                known = f"isfinite({value})" if kind in FLOATS else f"{value} IS NOT NULL"
                value = f"CASE WHEN {known} THEN 1 END"
            elif is_float:
                value = f"CASE WHEN isfinite(CAST({value} AS DOUBLE)) THEN CAST({value} AS DOUBLE) END"
            counts = f"CASE WHEN {sql(version.get('filter', 'TRUE'), plain)} THEN {value} END"
            # A record counts by the definition of its day.
            begins = f"b.__day >= DATE {text(version['valid_from'])}" if "valid_from" in version else ""
            term = f"CASE WHEN {begins} THEN {counts} ELSE {term} END" if begins else counts
        # Where no record is joined an expression may still have a value: COALESCE(x, 0).
        return f"CASE WHEN b.__day IS NOT NULL THEN {term} END AS x", is_exact

    def aggregate(self, metric: Yaml, cells: str, unit: list[str]) -> str:
        """A sum, count, minimum, maximum or average of the records; with `unit`, of each unit in the cell."""
        term, is_exact = self.terms(metric)
        agg, measures = metric["agg"], self.records.measures(metric["source"])
        expressions = [m.get("expr", "") for m in [metric, *(metric.get("versions") or [])]]
        used = [metric, *(measures[m] for e in expressions for m in words(e) & measures.keys())]
        if agg in ("sum", "average") and "max" in [m.get("reaggregate") for m in used]:
            agg = "max"
        total = "sum(x)" if is_exact else exact_sum("x")
        columns = {
            "sum": f"{total} AS v",
            "average": f"{total} / count(x) AS v, CAST({total} AS DOUBLE) AS n, "
                       "CASE WHEN count(seen) > 0 THEN CAST(count(x) AS DOUBLE) END AS d",
            # Where the source has no record at all there is no count; where none passes the filter it is 0.
            "count": "CASE WHEN count(seen) > 0 THEN count(x) END AS v",
        }.get(agg, f"{agg}(x) AS v")
        units = comma(["", *(f"{written(f'b.{name(u)}', 'DATE')} AS {name(f'u_{u}')}" for u in unit)])
        joined = (f"SELECT c.cid, b.__day AS seen, {term}{units} FROM {cells} c "
                  f"LEFT JOIN {self.base(metric['source'])} b ON {self.inside()}")
        by = comma(["cid", *(name(f"u_{u}") for u in unit)])
        return self.table(f"SELECT {by}, {columns} FROM ({joined}) GROUP BY {by}")

    def inside(self, days: str = "b.__day BETWEEN c.lo AND c.hi") -> str:
        others = ["NOT list_contains(c.kept, b.__group)"] if self.report.get("top") else []
        return " AND ".join([*(f"b.{g} = c.{g}" for g in self.groups), days, *others])

    def level_of(self, metric: Yaml, cells: str) -> str:
        """A semi-additive measure at one date of each key, which is told by all records of the source."""
        source, dimension, (term, is_exact) = metric["source"], metric["non_additive_dimension"], self.terms(metric)
        total = "sum(x)" if is_exact else exact_sum("x")
        base, agg = self.base(source), dimension["window_agg"]
        if agg == "average":
            days = self.table(f"SELECT c.cid, b.__day, {term} FROM {cells} c JOIN {base} b ON {self.inside()}")
            days = self.table(f"SELECT cid, {total} AS v FROM {days} GROUP BY cid, __day HAVING count(x) > 0")
            mean = f"{exact_sum('CAST(v AS DOUBLE)')} AS n, CAST(nullif(count(v), 0) AS DOUBLE) AS d"
            sums = f"SELECT cid, {mean} FROM {cells} LEFT JOIN {days} USING (cid) GROUP BY cid"
            return self.table(f"SELECT *, n / d AS v FROM ({sums})")
        keys = dimension.get("group_by") or []
        key = " || '|' || ".join(["''", *(written(name(k), "DATE") for k in keys)])
        picked = {"last": "max(s.__day)", "first": "min(s.__day)", "opening": "max(s.__day)"}[agg]
        at = f"s.__day BETWEEN {self.earliest(metric)} AND c.hi" if agg != "opening" else "s.__day < c.lo"
        # Nothing is looked at in a span that holds no day.
        spans = f"(SELECT DISTINCT lo, hi FROM {cells} WHERE lo <= hi)"
        picks = self.table(f"SELECT c.lo, c.hi, {key} AS key, {picked} AS day FROM {spans} c "
                           f"JOIN {self.records.table(source)} s ON {at} GROUP BY ALL")
        rows = (f"SELECT c.cid, {term} FROM {cells} c JOIN {picks} p USING (lo, hi) JOIN (SELECT *, {key} AS key FROM {base}) b "
                f"ON b.key = p.key AND {self.inside('b.__day = p.day')}")
        return self.table(f"SELECT cid, {total} AS v FROM {cells} LEFT JOIN ({rows}) USING (cid) GROUP BY cid")

    @staticmethod
    def earliest(metric: Yaml) -> str:
        count, unit = length(metric.get("carry_forward", "0 days"))
        return f"c.lo - {count * {'day': 1, 'week': 7}[unit]}"

    def ratio(self, key: str, metric: Yaml, cells: str) -> str:
        if metric.get("ratio_agg") == "mean_of_ratios":
            return self.mean_of_ratios(metric, cells)
        numerator = self.value(metric["numerator"], cells)
        ignored = set(metric.get("denominator_ignores") or [])
        denominator = self.value(metric["denominator"], self.coarser(cells, ignored) if ignored else cells)
        return self.divided(numerator, denominator)

    def divided(self, numerator: str, denominator: str) -> str:
        return self.table(f"SELECT cid, CAST(a.v AS DOUBLE) / nullif(CAST(b.v AS DOUBLE), 0) AS v, CAST(a.v AS DOUBLE) AS n, "
                          f"CAST(b.v AS DOUBLE) AS d FROM {numerator} a JOIN {denominator} b USING (cid)")

    def mean_of_ratios(self, metric: Yaml, cells: str) -> str:
        sides = [self.metrics[metric[side]] for side in ("numerator", "denominator")]
        others = {"non_additive_dimension", "fill_nulls_with", "ignore_dimensions"}
        if any(side["type"] != "simple" or others & side.keys() for side in sides):
            raise LeftOut("means of ratios of other than plain metrics")
        unit = metric["ratio_unit"]
        numerator, denominator = (self.aggregate(side, cells, unit) for side in sides)
        by = comma(["cid", *(name(f"u_{u}") for u in unit)])
        ratios = (f"SELECT {by}, CAST(a.v AS DOUBLE) / nullif(CAST(b.v AS DOUBLE), 0) AS r "
                  f"FROM {numerator} a JOIN {denominator} b USING ({by})")
        sums = f"SELECT cid, {exact_sum('r')} AS n, CAST(count(r) AS DOUBLE) AS d FROM ({ratios}) GROUP BY cid"
        return self.table(f"SELECT *, n / nullif(d, 0) AS v FROM ({sums})")

    def derived(self, key: str, metric: Yaml, cells: str) -> str:
        parts = inputs(metric, self.metrics)
        columns = {part: name(f"v_{part}") for part in parts}
        _, last = self.known(key)
        columns["days_in_period"] = f"CAST(greatest(least(hi, {last}) - lo + 1, 0) AS BIGINT)"
        joined = cells
        for part in parts:
            joined += f" JOIN (SELECT cid, v AS {columns[part]} FROM {self.value(part, cells)}) USING (cid)"
        return self.table(f"SELECT cid, {sql(metric['expr'], columns)} AS v FROM {joined}")

    def share(self, key: str, metric: Yaml, cells: str) -> str:
        ignored = set(self.dimensions) - set(metric.get("within") or [])
        return self.divided(*(self.value(metric["input_metric"], c) for c in (cells, self.coarser(cells, ignored))))

    # ---- Windows
    def window(self, metric: Yaml, day: str) -> str:
        """The first day of the window that ends on a day of a cell."""
        if "grain_to_date" in metric:
            return f"begins({text(metric['grain_to_date'])}, {day})"
        if "window" not in metric:
            return EARLIEST
        count, unit = length(metric["window"])
        if unit == "period":
            return self.back("p_lo", count - 1)
        if unit in ("day", "week"):
            return f"{day} - {count * (7 if unit == 'week' else 1) - 1}"
        return f"same_day({day}, {-count * MONTHS_IN[unit]}) + 1"

    @staticmethod
    def back(day: str, count: int) -> str:
        """The first day of the period `count` periods before the one that begins on `day`."""
        months = " ".join(f"WHEN '{grain}' THEN same_day({day}, {-count * months})" for grain, months in MONTHS_IN.items())
        return f"(CASE grain WHEN 'day' THEN {day} - {count} WHEN 'week' THEN {day} - {7 * count} {months} END)"

    def anchors(self, key: str, metric: Yaml) -> tuple[str, str]:
        """The first and the last day that windows end on in a cell."""
        last = f"least(hi, {self.known(key)[1]})"
        how = metric.get("period_agg", "last")
        return last if how == "last" else "lo", "lo" if how == "first" else last

    def cumulative(self, key: str, metric: Yaml, cells: str) -> str:
        first, last = self.anchors(key, metric)
        averages = metric.get("period_agg") == "average"
        days = f"SELECT *, unnest(range({first}, {last} + 1, INTERVAL 1 DAY))::DATE AS anchor FROM {cells}"
        open_cells = f"(FROM {cells} WHERE lo <= least(hi, {self.known(key)[1]}))"
        if not averages:
            days = f"SELECT *, {last} AS anchor FROM {open_cells}"
        changed = f"{self.window(metric, 'anchor')} AS lo, anchor AS hi, row_number() OVER () AS cid"
        looks = self.table(f"SELECT * REPLACE ({changed}), cid AS origin FROM ({days})")
        values = self.value(metric["input_metric"], self.table(f"SELECT * EXCLUDE (origin, anchor) FROM {looks}"))
        found = f"(SELECT l.origin AS cid, x.v FROM {looks} l JOIN {values} x USING (cid))"
        if averages:
            found = f"(SELECT cid, {exact_sum('CAST(v AS DOUBLE)')} / count(v) AS v FROM {found} GROUP BY cid)"
        return self.table(f"SELECT c.cid, v FROM {cells} c LEFT JOIN {found} USING (cid)")

    # ---- Comparisons
    def time_comparison(self, key: str, metric: Yaml, cells: str) -> str:
        current, earlier = self.both(key, metric["offset_window"], metric.get("align", "calendar"), cells)
        now, before = (self.value(metric["base_metric"], side) for side in (current, earlier))
        values = self.table(f"SELECT c.cid, a.v AS now, b.v AS before FROM {cells} c "
                            f"LEFT JOIN {now} a USING (cid) LEFT JOIN {before} b USING (cid)")
        calculated = {
            "difference": "now - before",
            "ratio": "CAST(now AS DOUBLE) / nullif(CAST(before AS DOUBLE), 0)",
            "percent_change": "CAST(now - before AS DOUBLE) / nullif(abs(CAST(before AS DOUBLE)), 0)",
        }[metric.get("calculation", "percent_change")]
        withheld = self.broken(self.compared_looks(metric["base_metric"], current, earlier), only_incomparable=True)
        withheld = f"cid IN ({withheld})" if withheld else "FALSE"
        calculated = f"CASE WHEN NOT {withheld} THEN {calculated} END"
        # A difference has no sides to show: it is not divided.
        sides = "" if metric.get("calculation") == "difference" else "CAST(now AS DOUBLE) AS n, CAST(before AS DOUBLE) AS d, "
        return self.table(f"SELECT cid, {calculated} AS v, {sides}now, before, {withheld} AS withheld FROM {values}")

    def both(self, key: str, offset: str, align: str, cells: str) -> tuple[str, str]:
        """The cells of both sides of a comparison, an open period cut to the days that it has. Of the earlier ones, those
        from before the metric's first day are left out."""
        first, last = self.known(key)
        # Where the current side has no day that is known, nothing is compared, and nothing filled in.
        current = self.table(f"SELECT * REPLACE (least(hi, {last}) AS hi) FROM {cells} WHERE lo <= least(hi, {last})")
        e_lo, e_hi = self.earlier(offset, align)
        moved = f"SELECT *, {e_lo} AS e_lo, {e_hi} AS e_hi FROM {current}"
        is_open = "(hi < p_hi OR lo > p_lo)"
        lo = f"CASE WHEN {is_open} THEN moved(e_lo, lo - p_lo) ELSE e_lo END"
        hi = f"CASE WHEN {is_open} THEN least(moved(e_lo, hi - p_lo), e_hi) ELSE e_hi END"
        cut = f"SELECT * REPLACE (e_lo AS p_lo, e_hi AS p_hi, {lo} AS lo, {hi} AS hi) FROM ({moved}) WHERE e_lo IS NOT NULL"
        return current, self.table(f"SELECT * EXCLUDE (e_lo, e_hi) FROM ({cut}) WHERE lo >= {first}")

    def earlier(self, offset: str, align: str) -> tuple[str, str]:
        """The first and last day of the earlier period, by the cell's grain."""
        count, unit = length(offset)
        months = count * MONTHS_IN.get(unit, 0)
        if align == "iso_week":
            day = f"moved(first_monday(isoyear(p_lo) - {count}), 7 * (week(p_lo) - 1) + isodow(p_lo) - 1)"
            same = f"CASE WHEN isoyear({day}) = isoyear(p_lo) - {count} THEN {day} END"
            return f"({same})", f"moved({same}, p_hi - p_lo)"
        if align == "weekday":
            days = count * {"day": 1, "week": 7, "month": 28, "quarter": 91, "year": 364}[unit]
            return f"(p_lo - {days})", f"(p_hi - {days})"
        if unit == "period":
            whole = f"CASE WHEN grain = 'all' THEN moved({{}}, -{count} * (p_hi - p_lo + 1)) ELSE {{}} END"
            start = whole.format("p_lo", self.back("p_lo", count))
            return f"({start})", f"({whole.format('p_hi', f'ends(grain, {start})')})"
        days = {"day": count, "week": 7 * count}.get(unit)
        if days:
            return f"(p_lo - {days})", f"(p_hi - {days})"
        weeks = 364 * count if unit == "year" else 0
        start = f"CASE WHEN grain = 'week' THEN p_lo - {weeks} ELSE same_day(p_lo, {-months}) END"
        end = (f"CASE WHEN grain = 'week' THEN p_hi - {weeks} WHEN grain IN ('day', 'all') THEN same_day(p_hi, {-months}) "
               f"ELSE ends(grain, {start}) END")
        return f"({start})", f"({end})"

    # ---- Which spans are looked at
    def spans(self, key: str, cells: str) -> Spans:
        """The spans that decide whether a cell is there: those of its own group and segment."""
        metric = self.metrics[key]
        kind = metric["type"]
        if kind == "simple":
            # The opening day and days carried forward are no span: a metric is looked at over the period.
            own = self.own(cells, metric.get("ignore_dimensions") or [])
            return [(metric["source"], f"SELECT cid, lo, hi FROM {own} WHERE lo <= hi")]
        if kind == "cumulative":
            first, last = self.anchors(key, metric)
            is_known = f"lo <= least(hi, {self.known(key)[1]})"
            span = f"{self.window(metric, first)} AS lo, {last} AS hi"
            looks = self.table(f"SELECT * REPLACE ({span}) FROM {cells} WHERE {is_known}")
            return self.spans(metric["input_metric"], looks)
        if kind == "time_comparison":
            return self.compared_spans(metric["base_metric"], metric["offset_window"], metric.get("align", "calendar"), cells)
        if kind == "ratio" and metric.get("denominator_ignores"):
            own = self.own(cells, metric["denominator_ignores"])
            return self.spans(metric["numerator"], cells) + self.spans(metric["denominator"], own)
        return [span for part in inputs(metric, self.metrics) for span in self.spans(part, cells)]

    def own(self, cells: str, ignored: list[str]) -> str:
        """The cells whose group is the same without the dimensions: only these are there for the records of that group."""
        kept = [f"{name(f'g_{d}')} = {text(DROPPED)}" for d in self.dimensions if d in ignored]
        kept += ["FALSE"] if "segment" in ignored else []
        return f"(FROM {cells} WHERE {' AND '.join(kept)})" if kept else cells

    def compared_spans(self, key: str, offset: str, align: str, cells: str) -> Spans:
        return [span for side in self.both(key, offset, align, cells) for span in self.spans(key, side)]

    # ---- Definitions that change
    def has_versions(self, key: str) -> bool:
        metric = self.metrics[key]
        return bool(metric.get("versions")) or any(self.has_versions(part) for part in inputs(metric, self.metrics))

    def looks(self, key: str, cells: str) -> list[tuple[str, str]]:
        """The simple metrics with versions that a metric is made of, each with the days looked at: `cid`, `lo` and `hi`."""
        metric = self.metrics[key]
        if not self.has_versions(key):
            return []
        first, last = self.known(key)
        if metric["type"] == "simple":
            return [(key, f"SELECT cid, lo, least(hi, {last}) AS hi FROM {cells}")]
        if metric["type"] == "cumulative":
            begin, end = self.anchors(key, metric)
            total = "window" not in metric and "grain_to_date" not in metric
            lo = first if total else self.window(metric, begin)
            return self.looks(metric["input_metric"], self.table(f"SELECT * REPLACE ({lo} AS lo, {end} AS hi) FROM {cells}"))
        if metric["type"] == "time_comparison":
            sides = self.both(key, metric["offset_window"], metric.get("align", "calendar"), cells)
            return self.compared_looks(metric["base_metric"], *sides)
        return [look for part in inputs(metric, self.metrics) for look in self.looks(part, cells)]

    def compared_looks(self, key: str, current: str, earlier: str) -> list[tuple[str, str]]:
        """From the first day of the earlier side, where there is one, to the last of the current one."""
        return [(leaf, f"SELECT cid, coalesce(e.lo, c.lo) AS lo, c.hi FROM ({now}) c LEFT JOIN ({early}) e USING (cid)")
                for (leaf, now), (_, early) in zip(self.looks(key, current), self.looks(key, earlier))]

    def broken(self, looks: list[tuple[str, str]], only_incomparable: bool) -> str:
        """The cells within whose days a version begins; empty where there are no versions."""
        parts = []
        for leaf, days in looks:
            counted = [v for v in self.metrics[leaf]["versions"] if not (only_incomparable and v.get("comparable"))]
            begins = [f"DATE {text(v['valid_from'])} > lo AND DATE {text(v['valid_from'])} <= hi" for v in counted]
            parts.append(f"SELECT cid FROM ({days}) WHERE {' OR '.join(begins or ['FALSE'])}")
        return " UNION ".join(parts)
