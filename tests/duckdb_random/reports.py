"""Reports: which rows there are, and the figures in them."""
from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import yaml

from .lists import Lists
from .metrics import DROPPED, OTHERS
from .sources import Records, Yaml
from .sql import INTEGERS, LeftOut, comma, macros, name, text

UNDERSTOOD = {"name", "description", "metrics", "group_by", "segments", "grains", "start", "end", "compare", "totals",
              "incomplete_periods", "exports", "top", "attributes"}
OFFSETS = {f"previous_{unit}": f"1 {unit}" for unit in ("period", "week", "month", "quarter", "year")}
PARTS = ("value", "abs", "pct", "better")
Key = tuple[str, ...]  # grain, first and last day, label, level, dimensions, segment
Figures = dict[str, Any]  # by column: `value`, `is_integer`, and what else there is


class Loader(yaml.SafeLoader):
    """YAML as of 2009, without the words of 1.1 that are booleans: `on` is a key of lookups."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class Pipeline:
    """A kept case, loaded."""

    def __init__(self, folder: Path) -> None:
        as_of = folder / "as_of.txt"
        day = dt.date.fromisoformat(as_of.read_text(encoding="utf-8").strip()) if as_of.exists() else None
        self.spec: Yaml = yaml.load((folder / "pipeline.yaml").read_text(encoding="utf-8"), Loader)
        self.con = duckdb.connect(config={"threads": 1, "memory_limit": "1GB"})
        self.con.execute("SET ieee_floating_point_ops = false; SET error_on_division_by_zero = false")
        # DuckDB 2.0.0 takes `CASE x WHEN 'a' THEN 'a' END IN ('a', 'q')` for `x IS NOT NULL` with this optimizer.
        self.con.execute("SET disabled_optimizers = 'statistics_propagation'")
        for macro in macros(self.spec.get("calendar") or {}):
            self.con.execute(macro)
        self.records = Records(self.con, self.spec, folder, day)


class Report(Lists):
    def __init__(self, pipeline: Pipeline, report: Yaml) -> None:
        super().__init__(pipeline.con, pipeline.spec, pipeline.records, report)
        self.start: dt.date | None = report.get("start")
        calendar = (pipeline.spec.get("calendar") or {}).get("incomplete_periods", "flag")
        self.drops = report.get("incomplete_periods", calendar) == "drop"
        self.levels: dict[str, str] = {}  # by name: the dimensions kept, as `level` writes them in a cell
        totals = report.get("totals") or []
        sets = [[]] if totals is True else totals
        for kept in [self.dimensions, *sets]:
            level = self.level(set(kept))
            if level not in self.levels.values():
                self.levels["detail" if not self.levels else level or "total"] = level

    def reason(self) -> str | None:
        """Why nothing of the report is recomputed, if so."""
        unknown = sorted(self.report.keys() - UNDERSTOOD)
        try:
            for key in self.report["metrics"]:
                self.check(key)
                for source in self.sources(key):
                    self.base(source)
        except LeftOut as reason:
            return str(reason)
        return f"report with {unknown[0]}" if unknown else "hours" if "hour" in self.report["grains"] else None

    # ---- Rows
    def candidates(self) -> str:
        """Every cell that could be a row: all periods, for all groups that occur anywhere."""
        sources = {source for key in self.report["metrics"] for source in self.sources(key)}
        days = [day for source in sources for day in self.records.known[source] if day]
        first, last = min(days, default=None), max(days, default=None)
        lo, hi = self.start or first, self.end or last
        shown_lo = max(self.start or first, first) if first else None
        shown_hi = min(self.end or last, last) if last else None
        dates = [f"CAST({text(day) if day else 'NULL'} AS DATE)" for day in (shown_lo, shown_hi, lo, hi)]
        shown = "unnest(range({}, {} + 1, INTERVAL 1 DAY))::DATE AS d".format(*dates)
        periods = [f"SELECT DISTINCT '{grain}' AS grain, begins('{grain}', d) AS p_lo, ends('{grain}', d) AS p_hi, "
                   f"labelled('{grain}', d) AS label FROM (SELECT {shown})" for grain in self.report["grains"] if grain != "all"]
        if "all" in self.report["grains"]:
            periods.append(f"SELECT 'all' AS grain, {dates[2]} AS p_lo, {dates[3]} AS p_hi, 'all' AS label "
                           f"WHERE {dates[0]} <= {dates[1]}")
        clipped = (f"{f'greatest(p_lo, {dates[2]})' if self.start else 'p_lo'} AS lo, "
                   f"{f'least(p_hi, {dates[3]})' if self.end else 'p_hi'} AS hi")
        levels = " UNION ALL ".join(f"SELECT {text(label)} AS level_name, {text(level)} AS level"
                                    for label, level in self.levels.items())
        segments = comma(text(s) for s in self.segments)
        groups = " UNION ".join(f"SELECT DISTINCT {comma(self.groups)} FROM {self.base(source)} WHERE seg IN ({segments})"
                                for source in sorted(sources))
        return self.table(f"SELECT row_number() OVER () AS cid, *, {clipped}, CAST([] AS VARCHAR[]) AS kept "
                          f"FROM ({' UNION ALL '.join(periods)}) CROSS JOIN ({groups}) JOIN ({levels}) USING (level)")

    def comparisons(self, key: str) -> list[str]:
        return [] if self.metrics[key]["type"] == "time_comparison" else self.report.get("compare") or []

    def rows(self) -> str:
        candidates = self.candidates()
        spans = [span for key in self.report["metrics"] for span in self.spans(key, candidates)]
        for key in self.report["metrics"]:
            for entry in self.comparisons(key):
                spans += self.compared_spans(key, OFFSETS[entry], "calendar", candidates)
        there = " UNION ".join(f"SELECT c.cid FROM {candidates} c JOIN ({query}) s USING (cid) JOIN {self.base(source)} b "
                               f"ON {self.inside('b.__day BETWEEN s.lo AND s.hi')}" for source, query in dict.fromkeys(spans))
        rows = self.table(f"FROM {candidates} SEMI JOIN ({there}) USING (cid)")
        if any(self.metrics[key].get("join_to_timespine") for key in self.report["metrics"]):
            groups = comma(["grain", "level_name", *self.groups])
            rows = self.table(f"FROM {candidates} SEMI JOIN {rows} USING ({groups})")
        return rows

    # ---- Figures
    def figures(self) -> Iterator[tuple[str, dict[Key, Figures]]]:
        """For each metric, its figures by row."""
        rows = self.listed(self.rows())
        beside = {column: self.attribute(column) for column in self.report.get("attributes") or []}
        shown = [f"g_{d}" for d in self.dimensions]
        keys = ["grain", "p_lo", "p_hi", "label", "level_name", *shown, "seg"]
        for key in self.report["metrics"]:
            first, last = self.known(key)
            values = self.value(key, rows)
            kinds = self.records.described(f"FROM {values}")
            cut = [f"p_lo >= DATE {text(self.start)}"] if self.start else []
            cut += [f"p_hi <= DATE {text(self.end)}"] if self.end else []
            columns = {
                "value": "x.v",
                "numerator": "x.n" if "n" in kinds else "NULL",
                "denominator": "x.d" if "d" in kinds else "NULL",
                "is_complete": " AND ".join([f"coalesce({first} <= p_lo, false)", f"{last} >= p_hi", *cut]),
                "days": f"greatest(least(hi, {last}) - lo + 1, 0)",
            }
            broken = self.broken(self.looks(key, rows), only_incomparable=False)
            columns["is_break"] = f"r.cid IN ({broken})" if broken else "FALSE"
            columns["rank"] = "rank"
            joined = f"{rows} r JOIN {values} x USING (cid)"
            for at, (column, table) in enumerate(beside.items()):
                joined += f" LEFT JOIN {table} a{at} ON level_name = 'detail' AND a{at}.__group = {self.whole_group()}"
                columns[column] = f"a{at}.a"
            for at, entry in enumerate(self.comparisons(key)):
                compared = self.time_comparison(key, {"base_metric": key, "offset_window": OFFSETS[entry]}, rows)
                joined += f" JOIN {compared} c{at} USING (cid)"
                change = f"CASE WHEN NOT c{at}.withheld THEN c{at}.now - c{at}.before END"
                columns |= {f"{entry}_value": f"c{at}.d", f"{entry}_abs": f"CAST({change} AS DOUBLE)",
                            f"{entry}_pct": f"c{at}.v", f"{entry}_better": self.better(key, change)}
            # What the others are over has a word of its own in CSV.
            dropped = "CASE WHEN level_name = 'others' AND {0} = {1} THEN {2} ELSE {0} END"
            cells = {k: dropped.format(name(k), text(DROPPED), text(OTHERS)) for k in shown}
            selected = comma([*(cells.get(k) or f"CAST({name(k)} AS VARCHAR)" for k in keys),
                              *(f"{c} AS {name(a)}" for a, c in columns.items())])
            where = f"WHERE {columns['is_complete']}" if self.drops else ""
            fetched = self.con.execute(f"SELECT {selected} FROM {joined} {where}").fetchall()
            found: dict[Key, Figures] = {
                row[:len(keys)]: dict(zip(columns, row[len(keys):])) | {"is_integer": kinds["v"] in INTEGERS} for row in fetched}
            if len(found) < len(fetched):
                raise ValueError(f"{self.report['name']}: {key} has {len(fetched)} rows, {len(found)} of them distinct")
            yield key, found

    def better(self, key: str, change: str) -> str:
        sign = {"higher_is_better": ">", "lower_is_better": "<"}.get(self.metrics[key].get("direction", "neutral"))
        return f"CASE WHEN {change} <> 0 THEN {change} {sign} 0 END" if sign else "CAST(NULL AS BOOLEAN)"
