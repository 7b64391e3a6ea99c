"""Top lists and attributes: which groups a report keeps, what the others are, and what is shown beside a group."""
from __future__ import annotations

from collections.abc import Iterator

from .metrics import DROPPED, UNKNOWN, Evaluation, inputs, shown
from .sql import INTEGERS, comma, name, text


class Lists(Evaluation):
    """What a report says of its groups of details."""

    def kind_of(self, dimension: str) -> str:
        """A dimension's type; a source that lacks it may be read all the same, through `ignore_dimensions`."""
        return next(columns[dimension] for columns in self.records.columns.values() if dimension in columns)

    def sorted_by(self, dimension: str) -> str:
        """How reports are sorted: by the values themselves, of which the cells have the texts, nulls last."""
        cell, kind = name(f"g_{dimension}"), self.kind_of(dimension)
        if kind == "VARCHAR":
            plain = f"regexp_replace(nullif({cell}, {text(UNKNOWN)}), '^''([=+@\\t\\r-])', '\\1')"
        else:
            plain = f"TRY_CAST({cell} AS {kind})"
        return f"{plain} NULLS LAST"

    # ---- Top lists
    def listed(self, rows: str) -> str:
        """The rows that are shown, with their `rank`: a top list takes some away and adds the others."""
        top = self.report.get("top")
        if not top:
            return self.table(f"SELECT *, CAST(NULL AS BIGINT) AS rank FROM {rows}")
        per = [d for d in self.dimensions if d in (top.get("per") or [])]
        list_of = comma(["grain", "p_lo", "p_hi", "seg", *(name(f"g_{d}") for d in per)])
        values = self.value(top["by"], rows)
        direction = "ASC" if top.get("order") == "ascending" else "DESC"
        order = comma([f"v {direction}", *map(self.sorted_by, self.dimensions)])
        ranked = self.table(
            f"SELECT cid, row_number() OVER (PARTITION BY {list_of} ORDER BY {order}) AS rank "
            f"FROM {rows} JOIN {values} USING (cid) "
            "WHERE level_name = 'detail' AND v IS NOT NULL")
        first = f"(FROM {ranked} WHERE rank <= {top['n']})"
        listed = self.table(f"SELECT r.*, k.rank FROM {rows} r LEFT JOIN {first} k USING (cid)")
        kept = self.table(f"SELECT {list_of}, list({self.whole_group()}) AS kept FROM {listed} "
                          "WHERE rank IS NOT NULL GROUP BY ALL")
        shown_rows = f"FROM {listed} WHERE level_name <> 'detail' OR rank IS NOT NULL"
        if not top.get("others"):
            return self.table(shown_rows)
        further = f"SELECT DISTINCT ON ({list_of}) * FROM {listed} WHERE level_name = 'detail' AND rank IS NULL"
        # All that is not in the groups kept, in this period or another: hence no list of the further groups.
        changed = [f"{text(DROPPED)} AS {name(f'g_{d}')}" for d in self.dimensions if d not in per]
        changed += [f"{text(self.level(set(per)))} AS level", "'others' AS level_name", "-cid AS cid",
                    "coalesce(k.kept, CAST([] AS VARCHAR[])) AS kept"]
        others = f"SELECT f.* REPLACE ({comma(changed)}) FROM ({further}) f LEFT JOIN {kept} k USING ({list_of})"
        return self.table(f"{shown_rows} UNION ALL BY NAME {others}")

    # ---- Attributes
    def readers(self, key: str) -> Iterator[str]:
        """The sources that a metric reads by all of its own dimensions."""
        metric = self.metrics[key]
        if metric["type"] == "simple" and not metric.get("ignore_dimensions"):
            yield metric["source"]
        for part in inputs(metric, self.metrics):
            yield from self.readers(part)

    def attribute(self, column: str) -> str:
        """A table of the groups' values, as CSV has them, or as floats."""
        read = {source for key in self.report["metrics"] for source in self.readers(key)}
        source = next(s for s in self.spec["sources"] if s in read and column in self.records.columns[s])
        kind, cell = self.records.columns[source][column], name(column)
        until = f"__day <= DATE {text(self.end)}" if self.end else "TRUE"
        of_details = f"seg = '*' AND level = {text(self.level(set(self.dimensions)))}"
        latest = (f"SELECT __group, {cell} AS a FROM {self.base(source)} WHERE {of_details} AND {until} AND {cell} IS NOT NULL "
                  "QUALIFY rank() OVER (PARTITION BY __group ORDER BY __day DESC) = 1")
        cell = "min(a)" if kind in INTEGERS | {"DOUBLE"} else shown("min(a)", kind)
        return self.table(f"SELECT __group, {cell} AS a FROM ({latest}) GROUP BY __group")
