//! Well-typed SQL expressions over a scope of columns; every operator and function of the language comes up.

use super::prng::Random;
use crate::oracle::value::Kind;

/// A column that expressions may name, with some literals worth comparing it with.
#[derive(Clone)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) literals: Vec<String>,
}

/// Grows expressions. Integers stay far below 2⁶³: products are of two plain columns, or by a small literal.
pub(super) struct Grower<'a> {
    pub(super) random: &'a mut Random,
    pub(super) columns: &'a [Named],
    /// Whether two columns may be multiplied.
    pub(super) products: bool,
}

const COMPARISONS: [&str; 7] = ["=", "<>", "!=", "<", "<=", ">", ">="];
const PATTERNS: [&str; 9] = ["F%", "%r%", "_", "__", "%e", "a_b", "%%", "_t_", "%é%"];

impl Grower<'_> {
    fn of_kind(&self, kinds: &[Kind]) -> Vec<Named> {
        self.columns.iter().filter(|column| kinds.contains(&column.kind)).cloned().collect()
    }

    fn column(&mut self, kinds: &[Kind]) -> Option<Named> {
        let columns = self.of_kind(kinds);
        (!columns.is_empty()).then(|| self.random.pick(&columns).clone())
    }

    fn literal(&mut self, kind: Kind) -> String {
        let column = self.column(&[kind]);
        column.map_or_else(|| "1".to_owned(), |column| self.literal_of(&column))
    }

    fn literal_of(&mut self, column: &Named) -> String {
        self.random.pick(&column.literals).clone()
    }

    /// A condition.
    pub(super) fn truth(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.condition(0);
        }
        let less = depth - 1;
        match self.random.below(12) {
            0..=2 => format!("({} AND {})", self.truth(less), self.truth(less)),
            3..=5 => format!("({} OR {})", self.truth(less), self.truth(less)),
            6 => format!("NOT ({})", self.truth(less)),
            // Without brackets: AND binds before OR, NOT before both.
            7 => format!("{} OR NOT {} AND {}", self.condition(0), self.condition(0), self.condition(0)),
            8 => format!("({}) IS {}", self.truth(less), self.random.pick(&["NULL", "NOT NULL"])),
            _ => self.condition(less),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        let kinds: Vec<Kind> = self.columns.iter().map(|column| column.kind).collect();
        match self.random.pick(&kinds) {
            Kind::Text | Kind::Null => self.text_condition(depth),
            Kind::Date => self.date_condition(depth),
            Kind::Bool => self.bool_condition(),
            Kind::Int | Kind::Float => self.number_condition(depth),
        }
    }

    fn text_condition(&mut self, depth: usize) -> String {
        let Some(column) = self.column(&[Kind::Text]) else {
            return "TRUE".to_owned();
        };
        let text = self.text(&column, depth);
        let [a, b, c] = [(); 3].map(|()| self.literal_of(&column));
        match self.random.below(8) {
            0 | 1 => format!("{text} {} {a}", self.random.pick(&COMPARISONS)),
            2 => {
                let other = self.column(&[Kind::Text]).unwrap_or(column);
                format!("{text} {} {}", self.random.pick(&COMPARISONS), self.text(&other, depth))
            }
            3 | 4 => format!("{text} {}IN ({a}, {b}, {c})", self.maybe("NOT ")),
            5 => format!("{text} {}LIKE '{}'", self.maybe("NOT "), self.random.pick(&PATTERNS)),
            6 => format!("{text} {}BETWEEN {} AND {}", self.maybe("NOT "), (&a).min(&b), (&a).max(&b)),
            _ => format!("{text} IS {}NULL", self.maybe("NOT ")),
        }
    }

    fn date_condition(&mut self, depth: usize) -> String {
        let date = self.date(depth);
        let (a, b) = (self.date_literal(), self.date_literal());
        match self.random.below(6) {
            0..=2 => format!("{date} {} {a}", self.random.pick(&COMPARISONS)),
            3 => format!("{date} {}IN ({a}, {b})", self.maybe("NOT ")),
            4 => {
                let (a, b) = (self.literal(Kind::Date), self.literal(Kind::Date));
                format!("{date} {}BETWEEN DATE {} AND {}", self.maybe("NOT "), (&a).min(&b), (&a).max(&b))
            }
            _ => format!("{date} IS {}NULL", self.maybe("NOT ")),
        }
    }

    fn bool_condition(&mut self) -> String {
        let Some(Named { name, .. }) = self.column(&[Kind::Bool]) else {
            return "TRUE".to_owned();
        };
        match self.random.below(6) {
            0 => format!("{name} = TRUE"),
            1 => format!("{name} <> FALSE"),
            2 => format!("NOT {name}"),
            3 => format!("{name} IS {}NULL", self.maybe("NOT ")),
            4 => format!("COALESCE({name}, {})", self.random.pick(&["TRUE", "FALSE"])),
            _ => name,
        }
    }

    fn number_condition(&mut self, depth: usize) -> String {
        let (mut number, mut a, b) = (self.number(depth), self.number_literal(), self.number_literal());
        if self.random.chance(60) {
            // A column with a literal of its own size.
            if let Some(column) = self.column(&[Kind::Int, Kind::Float]) {
                a = self.literal_of(&column);
                number = column.name;
            }
        }
        match self.random.below(8) {
            0..=2 => format!("{number} {} {a}", self.random.pick(&COMPARISONS)),
            3 => format!("{number} {} {}", self.random.pick(&COMPARISONS), self.number(depth)),
            4 => format!("{number} {}IN ({a}, {b})", self.maybe("NOT ")),
            5 => format!("{number} {}IN ({a}, NULL)", self.maybe("NOT ")),
            6 if self.random.chance(70) => {
                format!("{number} {}BETWEEN {} AND {a}", self.maybe("NOT "), -7)
            }
            6 => format!("{number} {}BETWEEN {a} AND {b}", self.maybe("NOT ")),
            _ => format!("{number} IS {}NULL", self.maybe("NOT ")),
        }
    }

    fn maybe(&mut self, word: &'static str) -> &'static str {
        if self.random.chance(40) {
            word
        } else {
            ""
        }
    }

    fn text(&mut self, column: &Named, depth: usize) -> String {
        let name = &column.name;
        if depth == 0 || self.random.chance(50) {
            return name.clone();
        }
        let (a, b) = (self.literal_of(column), self.literal_of(column));
        match self.random.below(6) {
            0 => format!("LOWER({name})"),
            1 => format!("UPPER({name})"),
            2 => {
                let other = self.column(&[Kind::Text]).unwrap_or_else(|| column.clone());
                format!("COALESCE({name}, {})", self.text(&other, depth - 1))
            }
            3 => format!("NULLIF({name}, {a})"),
            4 => format!("CASE WHEN {} THEN {name} ELSE {a} END", self.truth(depth - 1)),
            _ => format!("CASE {name} WHEN {a} THEN {b} WHEN {b} THEN {a} END"),
        }
    }

    fn date(&mut self, depth: usize) -> String {
        let Named { name, .. } = self.column(&[Kind::Date]).expect("a scope with a date");
        if depth == 0 || self.random.chance(60) {
            return name;
        }
        let literal = self.literal(Kind::Date);
        match self.random.below(3) {
            0 => format!("COALESCE({name}, DATE {literal})"),
            1 => format!("NULLIF({name}, DATE {literal})"),
            _ => format!("CASE WHEN {} THEN {name} ELSE DATE {literal} END", self.truth(depth - 1)),
        }
    }

    fn date_literal(&mut self) -> String {
        format!("{}{}", if self.random.chance(50) { "DATE " } else { "" }, self.literal(Kind::Date))
    }

    fn number_literal(&mut self) -> String {
        match self.random.below(4) {
            0 => format!("{}", self.random.between(-2, 60)),
            1 => self.random.pick(&["0.5", "1.25", "-3.75", "100.0"]).to_string(),
            2 => self.literal(Kind::Int),
            _ => self.literal(Kind::Float),
        }
    }

    /// A number of either kind that names a column.
    pub(super) fn number(&mut self, depth: usize) -> String {
        if self.of_kind(&[Kind::Float]).is_empty() || (self.random.chance(50) && self.has_integers()) {
            return self.integer(depth);
        }
        let Named { name, .. } = self.column(&[Kind::Int, Kind::Float]).expect("a scope with numbers");
        if depth == 0 || self.random.chance(20) {
            return name;
        }
        let less = depth - 1;
        match self.random.below(11) {
            0 => format!("{} + {}", self.number(less), self.number(less)),
            1 => format!("({} - {})", self.number(less), self.number(less)),
            2 => format!("{name} * {}", self.random.pick(&["0.5", "3", "1.1", "-2"])),
            3 if self.products => {
                let other = self.number(0);
                // The square of a large amount is too large to be added up.
                let other = if other == name { "3".to_owned() } else { other };
                format!("{name} * {other}")
            }
            3 | 4 => format!("{name} / {}", self.number(0)),
            5 => format!("({}) / ({})", self.number(less), self.number(less)),
            6 => format!("-({})", self.number(less)),
            7 => format!("ABS({})", self.number(less)),
            8 => {
                format!("CASE WHEN {} THEN {} ELSE {} END", self.truth(less), self.number(less), self.number_or_null())
            }
            9 => format!("SUM_KNOWN({}, {}, {name})", self.number(less), self.number(less)),
            _ => format!("COALESCE({}, {})", self.number(less), self.number_or_null()),
        }
    }

    fn number_or_null(&mut self) -> String {
        if self.random.chance(20) {
            "NULL".to_owned()
        } else {
            self.number_literal()
        }
    }

    fn has_integers(&self) -> bool {
        !self.of_kind(&[Kind::Int, Kind::Date]).is_empty()
    }

    /// An integer that names a column, or a part of a date.
    fn integer(&mut self, depth: usize) -> String {
        let name = match self.column(&[Kind::Int]) {
            Some(column) if self.random.chance(85) => column.name,
            Some(column) if self.of_kind(&[Kind::Date]).is_empty() => column.name,
            _ => self.part_of_date(depth),
        };
        if depth == 0 || self.random.chance(20) {
            return name;
        }
        let less = depth - 1;
        let literal = self.random.between(-5, 9);
        match self.random.below(12) {
            0 => format!("{name} + {}", self.integer(less)),
            1 => format!("({} - {})", self.integer(less), self.integer(less)),
            2 => format!("{name} * {literal}"),
            3 if self.products => format!("{name} * {}", self.integer(0)),
            3 | 4 => format!("({}) % {literal}", self.integer(less)),
            5 => format!("{name} % {}", self.integer(0)),
            6 => format!("-{name}"),
            7 => format!("ABS({})", self.integer(less)),
            8 => format!("CASE WHEN {} THEN {} ELSE {literal} END", self.truth(less), self.integer(less)),
            9 => format!("CASE {name} WHEN {literal} THEN {} WHEN 0 THEN 7 END", self.integer(less)),
            10 => format!("SUM_KNOWN({}, {})", self.integer(less), self.integer(less)),
            _ => format!("COALESCE(NULLIF({name}, {literal}), {})", self.integer(less)),
        }
    }

    fn part_of_date(&mut self, depth: usize) -> String {
        const NAMES: [&str; 6] = ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "DAYOFWEEK"];
        let date = self.date(depth.saturating_sub(1));
        match *self.random.pick(&NAMES) {
            "DAYOFWEEK" if self.random.chance(50) => format!("EXTRACT(ISODOW FROM {date})"),
            name if name != "DAYOFWEEK" && self.random.chance(50) => {
                format!("EXTRACT({name} FROM {date})")
            }
            name => format!("{name}({date})"),
        }
    }
}
