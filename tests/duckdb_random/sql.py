"""SQL text: quoting, a pipeline's expressions in DuckDB's words, and the calendar as macros."""
from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping

TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+|\d+[eE][+-]?\d+|\w+|\s+|.""", re.DOTALL)
INTEGERS = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MONTHS = ["january", "february", "march", "april", "may", "june",
          "july", "august", "september", "october", "november", "december"]
MONTHS_IN = {"month": 1, "quarter": 3, "year": 12}
# Python's isspace() minus the separators that Unicode does not call White_Space.
SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and not "\x1c" <= c <= "\x1f")
# A float as an integer of 2^-64ths: exact for what the language adds up (it stops at 4.6e18), with the rest beside it.
FINE = "18446744073709551616.0::DOUBLE"


class LeftOut(Exception):
    """What the script does not recompute, and says so."""


def text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def comma(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def trimmed(cell: str) -> str:
    return f"trim({cell}, {text(SPACES)})"


def words(expression: object) -> set[str]:
    """The names in an expression."""
    return {token.strip('"') for token in TOKEN.findall(str(expression)) if re.match(r'[^\W\d]|"', token)}


def sql(expression: object, columns: Mapping[str, str]) -> str:
    """An expression in DuckDB's words: `columns` in place of names, floats for decimals, LIKE with its escape."""
    tokens = TOKEN.findall(str(expression))
    dense = [at for at, token in enumerate(tokens) if not token.isspace()]
    after = {at: tokens[later] for at, later in itertools.pairwise(dense)}
    before = {later: tokens[at].upper() for at, later in itertools.pairwise(dense)}
    out = []
    for at, token in enumerate(tokens):
        follows, precedes = after.get(at, ""), before.get(at, "")
        is_part = precedes == "(" and follows.upper() == "FROM"  # EXTRACT(day FROM ...), were a column called `day`
        is_word = follows == "(" or token.upper() == "DATE" and follows.startswith("'") or is_part
        if re.match(r"\.?\d", token) and not token.isdigit():
            token = f"CAST({token} AS DOUBLE)"
        elif token.startswith('"') or not is_word and token in columns:
            token = columns[token.strip('"')]
        elif token.upper() == "DAYOFWEEK":
            token = "isodow"
        elif token.startswith("'") and precedes == "LIKE":
            token += " ESCAPE '\\'"
        out.append(token)
    return "(" + "".join(out) + ")"


def exact_sum(cell: str) -> str:
    """The sum of floats rounded once, so that what cancels out leaves no trace of the order of addition."""
    whole = f"trunc({cell} * {FINE})"
    return f"(CAST(sum(CAST({whole} AS HUGEINT)) AS DOUBLE) + fsum({cell} * {FINE} - {whole})) / {FINE}"


def macros(calendar: Mapping[str, str]) -> list[str]:
    """`begins(grain, day)`, `ends`, `labelled`: the periods of a calendar. `all` is never asked for."""
    week = WEEKDAYS.index(calendar.get("first_day_of_week", "monday"))
    month = MONTHS.index(calendar.get("first_month_of_year", "january"))
    into = f"((month(d) + 11 - {month}) % 12)"
    start = "CAST(date_trunc('month', d) - to_months(CAST({} AS INTEGER)) AS DATE)"
    last = "CAST(begins({0}, d) + to_months({1}) AS DATE) - 1"
    # A fiscal year is named by the calendar year that its last month is in.
    year = f"CAST(year({start.format(into)} + INTERVAL 11 MONTH) AS VARCHAR)"
    year = f"'FY' || {year}" if month else year
    week_label = "strftime(begins('week', d), '%Y-%m-%d')" if week else "strftime(d, '%G-W%V')"
    forms = (comma(f"x{i}" for i in range(count)) for count in range(1, 17))
    return [
        "CREATE MACRO moved(d, days) AS d + CAST(days AS INTEGER)",
        f"""CREATE MACRO begins(grain, d) AS CASE grain WHEN 'day' THEN d
            WHEN 'week' THEN moved(d, -((isodow(d) + 6 - {week}) % 7)) WHEN 'month' THEN {start.format(0)}
            WHEN 'quarter' THEN {start.format(into + ' % 3')} ELSE {start.format(into)} END""",
        f"""CREATE MACRO ends(grain, d) AS CASE grain WHEN 'day' THEN d WHEN 'week' THEN begins('week', d) + 6
            WHEN 'month' THEN {last.format("'month'", 1)} WHEN 'quarter' THEN {last.format("'quarter'", 3)}
            ELSE {last.format("'year'", 12)} END""",
        f"""CREATE MACRO labelled(grain, d) AS CASE grain WHEN 'day' THEN strftime(d, '%Y-%m-%d')
            WHEN 'week' THEN {week_label} WHEN 'month' THEN strftime(d, '%Y-%m')
            WHEN 'quarter' THEN {year} || '-Q' || CAST({into} // 3 + 1 AS VARCHAR)
            ELSE {year} END""",
        # The same day so many months later; the 31st becomes the month's last day.
        "CREATE MACRO same_day(d, months) AS CAST(d + to_months(CAST(months AS INTEGER)) AS DATE)",
        "CREATE MACRO first_monday(y) AS CAST(date_trunc('week', make_date(CAST(y AS INTEGER), 1, 4)) AS DATE)",
        "CREATE MACRO sum_known " + comma(f"({form}) AS list_sum([{form}])" for form in forms),
    ]
