"""Sources: files to tables of typed records, one `source_<name>` each, with the day of every record in `__day`."""
from __future__ import annotations

import datetime as dt
import glob
import itertools
import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import duckdb

from .sql import LeftOut, comma, name, sql, text, trimmed

Yaml = dict[str, Any]
TYPES = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE"}
WIDER = {"FLOAT": "DOUBLE", "UBIGINT": "HUGEINT"} | dict.fromkeys(["UINTEGER", "INTEGER", "SMALLINT", "TINYINT"], "BIGINT")
PARQUET, CSV = (".parquet",), (".csv", ".csv.gz", ".csv.zst", ".tsv")
# How a text column's type is told, the narrowest first. A leading zero makes digits a text.
NARROWER = {
    "BIGINT": r"[+-]?(0|[1-9][0-9]*)",
    "DOUBLE": r"[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?",
    "BOOLEAN": "(?i)true|false",
    "DATE": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
}
INSTANT = r":.*([zZ]|[+-][0-9]{2}(:?[0-9]{2})?)$"  # a time of day, and what makes an instant of it


def named(items: list[str] | Yaml | None) -> Yaml:
    """The two spellings of dimensions and measures, a list of names or a map, as a map."""
    return {key: value or {} for key, value in items.items()} if isinstance(items, dict) else {key: {} for key in items or []}


class Records:
    """The sources of a pipeline."""

    def __init__(self, con: duckdb.DuckDBPyConnection, spec: Yaml, folder: Path, as_of: dt.date | None) -> None:
        self.con, self.spec, self.folder = con, spec, folder
        self.zone: str = (spec.get("calendar") or {}).get("timezone", "UTC")
        self.columns: dict[str, dict[str, str]] = {}  # by source: the type of each column
        self.known: dict[str, tuple[dt.date | None, dt.date | None]] = {}  # by source: its first and last day
        self.left_out: dict[str, str] = {}
        self.fresh = itertools.count()  # numbers for the names of tables
        for key, source in spec["sources"].items():
            try:
                self.load(key, source)
            except LeftOut as reason:
                self.left_out[key] = str(reason)
                continue
            self.known[key] = con.execute(f"SELECT min(__day), max(__day) FROM {self.table(key)}").fetchall()[0]
        for key, (first, last) in self.known.items():
            if as_of and last and last > as_of:
                # The day is the last one even where nothing is recorded on it.
                con.execute(f"DELETE FROM {self.table(key)} WHERE __day > ?", [as_of])
                self.known[key] = first, as_of

    @staticmethod
    def table(source: str) -> str:
        return name(f"source_{source}")

    def described(self, query: str) -> dict[str, str]:
        return {row[0]: row[1] for row in self.con.execute(f"DESCRIBE {query}").fetchall()}

    def load(self, key: str, source: Yaml) -> None:
        members = source.get("union")
        for member in members or []:
            if member in self.left_out:
                raise LeftOut(self.left_out[member])
        rows = " UNION ALL BY NAME ".join(f"FROM {self.table(member)}" for member in members or [])
        rows = self.joined(rows or self.records(key, source), source)
        columns = self.described(rows)
        where = sql(source.get("where", "TRUE"), {c: name(c) for c in columns})
        self.con.execute(f"CREATE TABLE {self.table(key)} AS FROM ({rows}) WHERE {where}")
        self.columns[key] = columns

    # ---- Files
    def files(self, source: Yaml) -> list[Path]:
        found: set[Path] = set()
        for path in [source["path"]] if isinstance(source["path"], str) else source["path"]:
            expanded = re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda m: os.environ.get(m[1]) or m[2] or "", path)
            place = self.folder / expanded
            inside = place.rglob("*") if place.is_dir() else map(Path, glob.glob(str(place), recursive=True))
            found |= {file for file in inside if file.name.endswith(PARQUET + CSV)}
        return sorted(found)

    def raw(self, key: str, source: Yaml) -> tuple[str, dict[str, str]]:
        """A table of the cells of all files, those of the time column as days, and their types."""
        time = source.get("time") or {}
        parts, folders, files = [], set(), self.files(source)
        is_csv = source.get("format", "parquet" if files[0].name.endswith(PARQUET) else "csv") == "csv"
        for file in files:
            separator = (source.get("csv") or {}).get("separator", "\t" if file.name.endswith(".tsv") else ",")
            options = (f"{text(file)}, header = true, all_varchar = true, skip = 0, comment = '', nullstr = '', "
                       f"delim = {text(separator)}, quote = '\"', escape = '\"', hive_partitioning = false")
            scan = f"read_csv({options})" if is_csv else f"read_parquet({text(file)}, hive_partitioning = false)"
            has = self.described(f"FROM {scan}")
            extra = ""
            for folder in file.relative_to(self.folder).parts[:-1]:
                column, equals, value = folder.partition("=")
                if equals and column not in has:
                    folders.add(column)
                    cell = "NULL" if value == "__HIVE_DEFAULT_PARTITION__" else text(unquote(value))
                    cell = f"CAST({cell} AS VARCHAR)"
                    extra += f", {self.day(cell, 'VARCHAR', time) if column == time.get('column') else cell} AS {name(column)}"
            # A folder's value meets typed cells of other files: all become texts, and get their type back below.
            parts.append((has, extra, scan))
        texts = {column for column in folders if any(column in has for has, _, _ in parts)} if not is_csv else set()
        kinds = {c: WIDER.get(has[c], has[c]) for has, _, _ in parts for c in has if c in texts}
        rows = []
        for has, extra, scan in parts:
            cells = {c: f"CAST({name(c)} AS VARCHAR)" if c in texts else name(c) for c in has}
            if time.get("column") in has:
                # File by file: dates in one and timestamps in another would become timestamps of no zone.
                cells[time["column"]] = self.day(name(time["column"]), has[time["column"]], time)
            rows.append(f"SELECT {comma(f'{cell} AS {name(c)}' for c, cell in cells.items())}{extra} FROM {scan}")
        table = name(f"raw_{key}")
        self.con.execute(f"CREATE OR REPLACE TABLE {table} AS {' UNION ALL BY NAME '.join(rows)}")
        found = self.described(f"FROM {table}")
        for column, kind in found.items():
            found[column] = WIDER.get(kind, kind)
            if column != time.get("column") and (is_csv or column in folders):
                found[column] = kinds.get(column) or self.told(table, column)
        return table, found

    def day(self, cell: str, kind: str, time: Yaml) -> str:
        """The day of a time, in the calendar's zone: a date is a day in every zone, wall times are of the source's."""
        here, there = text(self.zone), text(time.get("timezone", self.zone))
        instant = f"CAST(CAST({cell} AS TIMESTAMPTZ) AT TIME ZONE {here} AS DATE)"
        wall = f"CAST((CAST({cell} AS TIMESTAMP) AT TIME ZONE {there}) AT TIME ZONE {here} AS DATE)"
        if here == there:
            # There and back again would be another time of the day where the clocks skip this one.
            wall = f"CAST(CAST({cell} AS TIMESTAMP) AS DATE)"
        if kind == "VARCHAR":
            return (f"CASE WHEN regexp_full_match({cell}, {text(NARROWER['DATE'])}) THEN CAST({cell} AS DATE) "
                    f"WHEN regexp_matches({cell}, {text(INSTANT)}) THEN {instant} WHEN {cell} <> '' THEN {wall} END")
        return {"DATE": cell}.get(kind, wall if kind.startswith("TIMESTAMP") and "Z" not in kind else instant)

    def told(self, table: str, column: str) -> str:
        """The narrowest type that all texts of a column are of."""
        for kind, pattern in NARROWER.items():
            fits = f"regexp_full_match({name(column)}, {text(pattern)}) AND TRY_CAST({name(column)} AS {kind}) IS NOT NULL"
            if self.con.execute(f"SELECT bool_and({fits}) FROM {table} WHERE {name(column)} IS NOT NULL").fetchall()[0][0]:
                return kind
        return "VARCHAR"

    # ---- Records
    def records(self, key: str, source: Yaml) -> str:
        """The query of a source's records: its day, its dimensions and measures, and every other column."""
        time = source["time"]
        if time.get("grain", "day") != "day" or set(time) - {"column", "grain", "timezone"}:
            raise LeftOut("records that cover more or less than a day")
        table, found = self.raw(key, source)
        dimensions, cells, computed = named(source.get("dimensions")), {}, {}
        for logical, spec in (dimensions | named(source.get("measures"))).items():
            if isinstance(spec, str):
                computed[logical] = spec
                continue
            column = spec.get("column", logical)
            kind = TYPES[spec["type"]] if "type" in spec else found.get(column, "VARCHAR")
            cell = f"CAST({name(column)} AS {kind})" if column in found else f"CAST(NULL AS {kind})"
            is_text = kind == "VARCHAR" and logical in dimensions
            cells[logical] = self.in_one_form(cell, spec) if is_text else cell
        for column, kind in found.items():
            if column.lower() not in {c.lower() for c in cells}:
                cells[column] = f"CAST({name(column)} AS {kind})"
        rows = f"SELECT {comma(f'{cell} AS {name(c)}' for c, cell in cells.items())} FROM {table}"
        for logical, expression in computed.items():
            made = sql(expression, {c: name(c) for c in cells})
            rows = f"SELECT *, {made} AS {name(logical)} FROM ({rows})"
            cells[logical] = made
        return f"SELECT *, {name(time['column'])} AS __day FROM ({rows})"

    @staticmethod
    def in_one_form(cell: str, spec: Yaml) -> str:
        for step in spec.get("normalise", ["trim", "nfc"]):
            cell = trimmed(cell) if step == "trim" else f"{'nfc_normalize' if step == 'nfc' else step}({cell})"
        cell = f"nullif({cell}, '')"
        mapped = spec.get("map") or {}
        if mapped:
            whens = " ".join(f"WHEN {text(old)} THEN {'NULL' if new is None else text(new)}" for old, new in mapped.items())
            cell = f"CASE {cell} {whens} ELSE {cell} END"
        return cell

    def joined(self, rows: str, source: Yaml) -> str:
        """The records with the columns of the source's lookups beside them; what matches no row has nulls."""
        lookups = source.get("lookups") or {}
        for key, how in (lookups.items() if isinstance(lookups, dict) else ((key, {}) for key in lookups)):
            lookup = self.spec["lookups"][key]
            keys, columns = named(lookup["key"]), named(lookup["columns"])
            table, found = self.raw(f"lookup {key}", lookup)
            cells = []
            for logical, spec in (keys | columns).items():
                column = spec.get("column", logical)
                kind = TYPES[spec["type"]] if "type" in spec else found[column]
                cell = f"CAST({name(column)} AS {kind})"
                cells.append(f"{self.in_one_form(cell, spec) if kind == 'VARCHAR' else cell} AS {name(logical)}")
            mine = (how or {}).get("on") or list(keys)
            # Dimensions are in one form already.
            texts = {c for c, kind in self.described(rows).items() if kind == "VARCHAR"} - named(source.get("dimensions")).keys()
            sides = {k: self.in_one_form(f"s.{name(m)}", {}) if m in texts else f"s.{name(m)}" for k, m in zip(keys, mine)}
            on = " AND ".join(f"{cell} = l.{name(k)}" for k, cell in sides.items())
            rows = (f"SELECT s.*, {comma(f'l.{name(c)}' for c in columns)} FROM ({rows}) s "
                    f"LEFT JOIN (SELECT {comma(cells)} FROM {table}) l ON {on}")
        return rows

    # ---- What the YAML says of sources
    def measures(self, source: str) -> Yaml:
        spec = self.spec["sources"][source]
        mine = named(spec.get("measures"))
        return mine | {m: v for member in spec.get("union", []) for m, v in self.measures(member).items()}

    def kind(self, source: str, expression: str) -> str:
        columns = {c: name(c) for c in self.columns[source]}
        return self.described(f"SELECT {sql(expression, columns)} AS x FROM {self.table(source)}")["x"]
