//! A random table in a random dialect: what it holds, the bytes of its file, and how a pipeline declares it.

use super::values::{civil, number, text, Amount, Dates, Dress, Numbers, DATES, THOUSANDS};
use super::writing::{write, Cell, Encoding, Layout, Line, Packing, WRONG};
use crate::oracle::Random;
use jiff::civil::date;

/// A record as it is to be read.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) day: i32,
    pub(super) label: Option<String>,
    pub(super) clicks: Option<i64>,
    pub(super) cost: Option<f64>,
}

/// A file, and what is in it.
pub(super) struct Case {
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
    /// The source, as YAML.
    pub(super) source: String,
    pub(super) records: Vec<Record>,
    /// The lines of the rows that cannot be read.
    pub(super) bad: Vec<u64>,
    pub(super) totals: u64,
}

/// What a line of the table is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Nothing of the table: a title, a blank line, another table.
    Other,
    Record(Record),
    Total,
    Bad,
}

/// How the file is written, as far as its cells depend on it.
struct Dialect {
    layout: Layout,
    numbers: Numbers,
    clicks: Dress,
    cost: Dress,
    dates: Dates,
    /// Days are of this period.
    period: (i32, i32),
    nulls: usize,
    /// What the columns are, from left to right: `date`, `label`, `clicks`, `cost`, and others.
    columns: Vec<&'static str>,
    /// Some rows cannot be read.
    is_bad: bool,
}

/// Where the period of an export is told.
#[derive(Clone, Copy, PartialEq)]
enum Told {
    Declared,
    Above,
    InName,
}

/// Where another table stands, and how this one is asked for.
#[derive(Clone, Copy, PartialEq)]
enum Stacked {
    No,
    /// Above; the columns tell which one is meant.
    AboveUnasked,
    Above,
    Below,
}

const MONEY: [(&str, bool); 7] =
    [("$", true), ("US$", true), ("€", true), ("EUR ", true), ("€", false), ("CHF", false), ("\u{a3}", true)];

const NULLS: [&str; 5] = ["-", "--", "N/A", "undefined", "(not set)"];

const NAMES: [[&str; 5]; 4] = [
    ["date", "Day", " Date ", "Jour, semaine", "Fecha"],
    ["label", "Network", "Ad name \"x\"", "Réseau", "Campaign; ad set"],
    ["clicks", "Clicks (all)", "Link clicks", "Clics", " Clicks"],
    ["cost", "Amount spent (EUR)", "Coût", "Cost / day", "Spend\u{a0}"],
];

impl Case {
    /// The case of a seed; `is_bad`: some of its rows cannot be read.
    pub(super) fn random(seed: u64, is_bad: bool) -> Self {
        let mut random = Random::new(seed);
        let random = &mut random;
        let mut dialect = dialect(random, is_bad);
        let told = *random.pick(&[Told::Declared, Told::Above, Told::InName]);
        let needs = dialect.dates.needs_period;
        let width = dialect.columns.len();
        let rows = if is_bad { 20 + random.below(40) } else { 1 + random.below(30) };
        let mut lines = rows_of(&dialect, rows, random);
        let totals = totals(&mut lines, &dialect, random);
        // Titles.
        let mut above = vec![];
        let stacked = *random.pick(&[Stacked::No, Stacked::No, Stacked::AboveUnasked, Stacked::Above, Stacked::Below]);
        let stacked =
            if stacked == Stacked::AboveUnasked && needs && told == Told::Above { Stacked::Above } else { stacked };
        match random.below(4) {
            0 => above.extend(["Campaign report", "All accounts, all time"].map(str::to_owned)),
            1 => above.extend(["# ----", "# Report: ads"].map(str::to_owned)),
            _ => {}
        }
        if needs && told == Told::Above {
            let (start, end) = (civil(dialect.period.0), civil(dialect.period.1));
            above.extend(match random.below(3) {
                0 => vec![
                    format!("# Start date: {}", start.strftime("%Y%m%d")),
                    format!("# End date: {}", end.strftime("%Y%m%d")),
                ],
                1 => vec![format!("{} - {}", start.strftime("%B %-d, %Y"), end.strftime("%B %-d, %Y"))],
                _ => vec![format!("{start} / {end}")],
            });
        }
        let by_title = random.chance(50);
        if by_title && stacked != Stacked::No {
            above.push("Ads by day".to_owned());
        }
        let mut names = names(&dialect.columns, random);
        let header: Vec<Cell> = names.iter().map(|name| Cell::Text(name.clone())).collect();
        let title = |title: String| Line { kind: Kind::Other, cells: vec![Cell::Text(title)], is_aside: true };
        let blank = || Line { kind: Kind::Other, cells: vec![], is_aside: true };
        let mut all: Vec<Line> = above.into_iter().map(title).collect();
        if !all.is_empty() && random.chance(30) {
            all.push(blank());
        }
        all.push(Line { kind: Kind::Other, cells: header, is_aside: false });
        all.append(&mut lines);
        let same = stacked != Stacked::AboveUnasked && random.chance(50);
        match stacked {
            Stacked::No => {}
            Stacked::Above | Stacked::AboveUnasked => {
                let mut other = other_table(&all, same, random);
                other.push(blank());
                other.append(&mut all);
                all = other;
            }
            Stacked::Below => {
                all.push(blank());
                all.extend(other_table(&all, same, random));
            }
        }
        let table = match stacked {
            Stacked::No | Stacked::AboveUnasked => None,
            _ if by_title => Some(random.pick(&["Ads by day", "ads BY day"]).to_string()),
            Stacked::Above => Some("2".to_owned()),
            Stacked::Below => Some("1".to_owned()),
        };
        number_names(&mut names);
        let raw = |column: &str| {
            let at = dialect.columns.iter().position(|c| *c == column).expect("a column");
            serde_json::to_string(&names[at]).expect("JSON")
        };
        dialect.layout.width = width;
        let (bytes, bad) = write(&all, &dialect.layout, random);
        let mut source = dialect.source(&all, [raw("date"), raw("label"), raw("clicks"), raw("cost")], random);
        if let Some(table) = table {
            source += &format!("table: {table}\n");
        }
        let (start, end) = (civil(dialect.period.0), civil(dialect.period.1));
        if needs && told == Told::Declared {
            source += &format!("period: {{start: {start}, end: {end}}}\n");
        }
        let prefix = if needs && told == Told::InName { format!("Overview {start}_{end}") } else { "data".to_owned() };
        let file = format!("{prefix}{}", dialect.layout.extension());
        let records = all.into_iter().filter_map(|line| match line.kind {
            Kind::Record(record) => Some(record),
            _ => None,
        });
        let source = format!("path: \"{file}\"\n{source}");
        Self { records: records.collect(), file, bytes, source, bad, totals }
    }
}

fn dialect(random: &mut Random, is_bad: bool) -> Dialect {
    let is_workbook = random.chance(12);
    let encoding = if is_workbook { Encoding::Utf8 } else { *random.pick(&Encoding::ALL) };
    let separator = *random.pick(&[',', ',', ';', '\t']);
    let layout = Layout {
        is_workbook,
        encoding,
        is_encoding_declared: encoding == Encoding::Windows1252 || random.chance(20),
        packing: *random.pick(&Packing::ALL),
        separator,
        is_separator_declared: random.chance(25),
        has_sep_line: random.chance(15),
        is_tsv: separator == '\t' && random.chance(30),
        quotes_all: random.chance(30),
        line_end: if random.chance(40) { "\r\n" } else { "\n" },
        ends_with_line_end: random.chance(80),
        is_padded: random.chance(25),
        width: 0,
    };
    let fits = |c: char| layout.fits(c);
    let decimal = *random.pick(&['.', '.', ',']);
    let mut thousands = if random.chance(45) { 0 } else { random.below(THOUSANDS.len()) };
    if THOUSANDS[thousands].1.contains(&decimal) {
        thousands = 0;
    }
    let marks: Vec<char> = THOUSANDS[thousands].1.iter().copied().filter(|c| fits(*c)).collect();
    let minus = if random.chance(10) && fits('\u{2212}') { '\u{2212}' } else { '-' };
    let some = if random.chance(40) { 1 + random.below(3) } else { 0 };
    let nulls = random.sample(&NULLS, some);
    let dress = |random: &mut Random, percent: bool| match random.below(10) {
        0 if percent => Dress::Percent,
        1 => {
            let (mark, before) = *random.pick(&MONEY);
            if mark.chars().all(fits) {
                Dress::Money(mark, before)
            } else {
                Dress::Bare
            }
        }
        2 => Dress::Thousand,
        _ => Dress::Bare,
    };
    let (clicks, cost) = (dress(random, false), dress(random, true));
    let dates = loop {
        let dates = *random.pick(&DATES);
        // A machine's file more often than a person's.
        if !is_bad || !dates.needs_period || random.chance(50) {
            break dates;
        }
    };
    let start = number(date(2023, 1, 1)) + random.between(0, 700);
    let period = (start, start + random.between(0, 364));
    let count = random.below(5);
    let mut columns = random.sample(&["date", "label", "clicks", "cost"], 4);
    for _ in 0..count {
        columns.insert(random.below(columns.len() + 1), "other");
    }
    let nulls_share = if is_bad { 5 } else { *random.pick(&[0, 10, 60]) };
    let numbers = Numbers { decimal, thousands, marks, minus, nulls };
    Dialect { layout, numbers, clicks, cost, dates, period, nulls: nulls_share, columns, is_bad }
}

/// The names of the header; those of other columns may stand twice, or have none.
fn names(columns: &[&str], random: &mut Random) -> Vec<String> {
    let own: Vec<&str> = NAMES.iter().map(|names| *random.pick(names)).collect();
    let mut names: Vec<String> = columns
        .iter()
        .map(|column| match ["date", "label", "clicks", "cost"].iter().position(|c| c == column) {
            Some(place) => own[place].to_owned(),
            None if random.chance(20) => (*random.pick(&own)).to_owned(),
            None => (*random.pick(&["Note", "Views", "Reach (7 days)", "", "Identifiant é"])).to_owned(),
        })
        .collect();
    // A table ends where its header ends.
    if let Some(last) = names.last_mut().filter(|name| name.is_empty()) {
        "Last".clone_into(last);
    }
    names
}

/// What the columns are called once repeated names are numbered.
fn number_names(names: &mut [String]) {
    let written: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    for (at, name) in names.iter_mut().enumerate() {
        let before = written[..at].iter().filter(|other| **other == written[at]).count();
        *name = if before > 0 && !written[at].is_empty() {
            format!("{} ({})", written[at], before + 1)
        } else {
            written[at].clone()
        };
    }
}

fn rows_of(dialect: &Dialect, count: usize, random: &mut Random) -> Vec<Line> {
    let mut lines = vec![];
    for at in 0..count {
        if dialect.is_bad && at > 0 && random.chance(20) {
            lines.push(bad_row(dialect, random));
        }
        lines.push(dialect.row(at == 0, random));
    }
    lines
}

/// A row that cannot be read.
fn bad_row(dialect: &Dialect, random: &mut Random) -> Line {
    let mut line = dialect.row(true, random);
    line.kind = Kind::Bad;
    let place = |column: &str| dialect.columns.iter().position(|c| *c == column).expect("a column");
    let is_workbook = dialect.layout.is_workbook;
    loop {
        match random.below(6) {
            0 if !is_workbook && line.cells.len() > 2 => {
                line.cells.truncate(1 + random.below(line.cells.len() - 1));
                // A line of one empty cell is none.
                line.cells[0] = Cell::Text("cut".to_owned());
            }
            // In a sheet it would stand beside the table.
            1 if !is_workbook => (0..=random.below(3)).for_each(|_| line.cells.push(Cell::Text("more".to_owned()))),
            2 => {
                let column = *random.pick(&["clicks", "cost"]);
                let wrong = ["abc", "#DIV/0!", "n.d.", "1.2.3.4", "12 apples", "1,2,3,4", "0x10", "1e", "+-1"];
                line.cells[place(column)] = Cell::Text((*random.pick(&wrong)).to_owned());
            }
            3 => {
                let wrong = ["2025-02-30", "yesterday", "31/31/2025", "2025-W03", "x0", "#REF!"];
                line.cells[place("date")] = Cell::Text((*random.pick(&wrong)).to_owned());
            }
            4 if is_workbook => {
                let column = *random.pick(&["date", "label", "clicks", "cost"]);
                line.cells[place(column)] = Cell::Error;
            }
            5 if !is_workbook && dialect.layout.encoding.can_be_wrong() => {
                line.cells[place("label")] = Cell::Text(format!("caf{WRONG}"));
            }
            _ => continue,
        }
        return line;
    }
}

/// Puts rows of totals into the table; how many.
fn totals(lines: &mut Vec<Line>, dialect: &Dialect, random: &mut Random) -> u64 {
    let width = dialect.columns.len();
    let total = |word: &str, random: &mut Random| {
        let mut cells = dialect.row(true, random).cells;
        for (cell, column) in cells.iter_mut().zip(&dialect.columns) {
            match *column {
                "date" => *cell = Cell::Text((*random.pick(&["", "--", " "])).to_owned()),
                "clicks" | "cost" => {}
                _ => *cell = Cell::Text(String::new()),
            }
        }
        cells[0] = Cell::Text(word.to_owned());
        Line { kind: Kind::Total, cells, is_aside: false }
    };
    match random.below(6) {
        0 => {
            let word = *random.pick(&["Total", "TOTAL", "Grand total", "Totaux", "Gesamt"]);
            lines.insert(0, total(word, random));
            1
        }
        1 => {
            for word in ["Total: Campaigns", "Total: Account"] {
                lines.push(total(word, random));
            }
            2
        }
        2 => {
            let mut line = total("", random);
            line.cells.truncate(width);
            line.cells.push(Cell::Text("Grand total".to_owned()));
            lines.insert(0, line);
            1
        }
        _ => 0,
    }
}

/// Another table of the file, with its title.
fn other_table(own: &[Line], same: bool, random: &mut Random) -> Vec<Line> {
    let line = |cells: Vec<Cell>, is_aside| Line { kind: Kind::Other, cells, is_aside };
    let texts = |texts: &[&str]| texts.iter().map(|text| Cell::Text((*text).to_owned())).collect();
    let mut lines = vec![];
    if random.chance(60) {
        lines.push(line(texts(&["Ads by country"]), true));
    }
    let header = own.iter().find(|line| !line.is_aside).expect("a header");
    lines.push(if same { header.clone() } else { line(texts(&["Country", "Users", "First seen"]), false) });
    for _ in 0..3 + random.below(3) {
        lines.push(line(texts(&["France", "12", "2025-01-05"]), false));
    }
    lines
}

impl Dialect {
    /// A row of the table; `is_whole`: without cells that are null, and with a text that is one.
    fn row(&self, is_whole: bool, random: &mut Random) -> Line {
        let is_null = |random: &mut Random| !is_whole && random.chance(self.nulls);
        let null = |random: &mut Random| {
            let spelling =
                if self.numbers.nulls.is_empty() || random.chance(50) { "" } else { random.pick(&self.numbers.nulls) };
            let space = if random.chance(10) { " " } else { "" };
            Cell::Text(format!("{space}{spelling}{space}"))
        };
        let fits = |c: char| self.layout.fits(c);
        let mut record = Record { day: 0, label: None, clicks: None, cost: None };
        let mut cells = vec![];
        for column in &self.columns {
            cells.push(match *column {
                "date" => {
                    record.day = random.between(self.period.0, self.period.1);
                    let minutes = u16::try_from(random.below(1440)).expect("minutes");
                    if self.layout.is_workbook && !self.dates.needs_period && random.chance(50) {
                        Cell::Day(record.day, minutes)
                    } else {
                        Cell::Text(self.dates.written(record.day, minutes, self.period.0))
                    }
                }
                "label" => {
                    let label = if is_whole { "Paris".to_owned() } else { text(&fits, random) };
                    let label = if self.layout.is_workbook { label.replace('\r', "") } else { label };
                    let clean: String = unicode_normalization::UnicodeNormalization::nfc(label.trim()).collect();
                    record.label = Some(clean).filter(|clean| !clean.is_empty());
                    Cell::Text(label)
                }
                "clicks" | "cost" if is_null(random) => null(random),
                "clicks" => {
                    let (cell, value) = self.clicks(random);
                    record.clicks = Some(value);
                    cell
                }
                "cost" => {
                    let (cell, value) = self.cost(random);
                    record.cost = Some(value);
                    cell
                }
                _ if !self.layout.is_workbook
                    && self.is_bad
                    && self.layout.encoding.can_be_wrong()
                    && random.chance(3) =>
                {
                    // Nobody reads it.
                    Cell::Text(WRONG.to_string())
                }
                _ => Cell::Text(match random.below(4) {
                    0 => String::new(),
                    1 => random.below(1000).to_string(),
                    _ => text(&fits, random),
                }),
            });
        }
        Line { kind: Kind::Record(record), cells, is_aside: false }
    }

    fn clicks(&self, random: &mut Random) -> (Cell, i64) {
        let most =
            10u64.pow(u32::try_from(1 + random.below(if self.layout.is_workbook { 14 } else { 17 })).expect("few"));
        let digits = u64::try_from(random.below(usize::try_from(most).expect("64 bits"))).expect("64 bits");
        let is_negative = digits > 0 && random.chance(10);
        let (number, value) = match self.clicks {
            Dress::Thousand => {
                let (digits, decimals) = (digits % 10_000_000, random.below(4));
                let whole = i64::try_from(digits).expect("few") * 10i64.pow(3 - u32::try_from(decimals).expect("few"));
                (Amount { digits, decimals, is_negative }, whole)
            }
            _ => (Amount { digits, decimals: 0, is_negative }, i64::try_from(digits).expect("few")),
        };
        let value = if is_negative { -value } else { value };
        // Written by somebody who counts in decimals.
        let is_decimal = self.clicks == Dress::Bare && value.abs() < 1_000_000 && random.chance(3);
        let number = if is_decimal { Amount { digits: digits * 10, decimals: 1, is_negative } } else { number };
        #[allow(clippy::cast_precision_loss, reason = "15 digits at the most")]
        if self.layout.is_workbook && random.chance(60) {
            return (Cell::Number(value as f64), value);
        }
        (self.number(number, self.clicks, random), value)
    }

    fn cost(&self, random: &mut Random) -> (Cell, f64) {
        let most = 10usize.pow(u32::try_from(1 + random.below(15)).expect("few"));
        let decimals = random.below(if self.cost == Dress::Thousand { 4 } else { 7 });
        let digits = u64::try_from(random.below(most)).expect("64 bits");
        // A negative zero is one of whole numbers or of floats, as the column is.
        let number = Amount { digits, decimals, is_negative: digits > 0 && random.chance(10) };
        let power = match self.cost {
            Dress::Percent => -2,
            Dress::Thousand => 3,
            _ => 0,
        };
        let value = number.value(power);
        if self.layout.is_workbook && random.chance(60) {
            return (Cell::Number(value), value);
        }
        (self.number(number, self.cost, random), value)
    }

    fn number(&self, number: Amount, dress: Dress, random: &mut Random) -> Cell {
        let text = number.written(&self.numbers, dress, random);
        // Spaces around a number need a closer look.
        Cell::Text(if random.chance(2) { format!(" {text} ") } else { text })
    }

    /// The source, but for its path, its table and its period.
    fn source(&self, lines: &[Line], [date, label, clicks, cost]: [String; 4], random: &mut Random) -> String {
        let mut source = self.layout.source();
        let mut parts = vec![];
        if self.numbers.decimal == ',' || random.chance(10) {
            parts.push(format!("decimal: {}", if self.numbers.decimal == ',' { "comma" } else { "point" }));
        }
        if self.numbers.thousands > 0 || random.chance(10) {
            parts.push(format!("thousands: {}", THOUSANDS[self.numbers.thousands].0));
        }
        if !self.numbers.nulls.is_empty() {
            parts.push(format!("nulls: {}", serde_json::to_string(&self.numbers.nulls).expect("JSON")));
        }
        let numbers = format!("numbers: {{{}}}", parts.join(", "));
        let own = if parts.is_empty() || random.chance(70) {
            if !parts.is_empty() {
                source += &format!("{numbers}\n");
            }
            String::new()
        } else {
            format!(", {numbers}")
        };
        let format = match self.dates.declared() {
            None if random.chance(80) => String::new(),
            None => ", format: ISO".to_owned(),
            Some(pattern) if random.chance(20) => format!(", format: [\"{pattern}\", ISO]"),
            Some(pattern) => format!(", format: \"{pattern}\""),
        };
        source += &format!("time: {{column: {date}{format}}}\n");
        let texts =
            lines.iter().any(|line| matches!(&line.kind, Kind::Record(r) if r.label.as_deref() == Some("Paris")));
        let ty = if texts && random.chance(50) { "" } else { ", type: text" };
        source += &format!("dimensions: {{label: {{column: {label}{ty}}}}}\n");
        // Cells of a measure that has none but nulls say nothing of its type.
        let has_some = |some: fn(&Record) -> bool| {
            lines.iter().any(|line| matches!(&line.kind, Kind::Record(record) if some(record)))
        };
        let clicks_ty = if has_some(|r| r.clicks.is_some()) && random.chance(70) { "" } else { ", type: integer" };
        let cost_ty = if has_some(|r| r.cost.is_some()) && random.chance(70) { "" } else { ", type: number" };
        source += &format!(
            "measures: {{clicks: {{column: {clicks}{clicks_ty}{own}}}, cost: {{column: {cost}{cost_ty}{own}}}}}\n"
        );
        source
    }
}
