//! Random columns and their cells.

use super::expressions::Named;
use super::prng::Random;
use crate::oracle::calendar::{days, iso};
use crate::oracle::value::{Kind, Value};

/// A dimension or a measure.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) in_file: String,
    pub(super) content: Content,
    pub(super) role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Dimension,
    Additive,
    /// Only summed in reports by day.
    SemiAdditive,
    NonAdditive {
        reaggregate: Option<&'static str>,
    },
    /// A decimal of a lookup: only expressions may name it.
    Looked,
}

/// What the cells of a column look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The first text is plain; a column with it is a text in any reader's eyes.
    Text(&'static [&'static str]),
    Bool,
    Date,
    /// Integers between two bounds.
    Int(i32, i32),
    /// Cents between zero and some thousands.
    Money,
    /// Both signs, 1e-9 … 1e12.
    Wild,
    /// Floats with NaN and infinities among them, only in Parquet.
    Noise,
}

pub(super) const NETWORKS: &[&str] = &["facebook", "x", " linkedin", "linkedin"];
pub(super) const COUNTRIES: &[&str] =
    &["FR", "FR ", "DE", "fr", "Co\u{302}te d'Ivoire", "C\u{f4}te d'Ivoire", "\u{e9}te", "e\u{301}te"];
pub(super) const CHANNELS: &[&str] =
    &["organic", "=SUM(A1)", "a,b;c|d", "say \"hi\"", "+33 x", "-", "@home", "100%", "a_b", "two\nlines", "  ", ""];

impl Content {
    pub(super) fn kind(self) -> Kind {
        match self {
            Content::Text(_) => Kind::Text,
            Content::Bool => Kind::Bool,
            Content::Date => Kind::Date,
            Content::Int(..) => Kind::Int,
            Content::Money | Content::Wild | Content::Noise => Kind::Float,
        }
    }

    /// The name of the kind in a pipeline.
    pub(super) fn declared(self, role: Role) -> &'static str {
        match self.kind() {
            Kind::Text | Kind::Null => "text",
            Kind::Bool => "boolean",
            Kind::Date => "date",
            Kind::Int => "integer",
            Kind::Float => {
                assert_ne!(role, Role::Dimension, "no dimension is a float");
                "number"
            }
        }
    }
}

impl Column {
    pub(super) fn new(name: &str, content: Content, role: Role) -> Self {
        Self { name: name.to_owned(), in_file: name.to_owned(), content, role }
    }

    pub(super) fn is_measure(&self) -> bool {
        !matches!(self.role, Role::Dimension | Role::Looked)
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self.content.kind(), Kind::Int | Kind::Float)
    }

    /// As expressions see the column.
    pub(super) fn named(&self) -> Named {
        let literals = match self.content {
            Content::Text(texts) => {
                use unicode_normalization::UnicodeNormalization;
                let plain = texts.iter().map(|text| text.trim().nfc().collect::<String>());
                let plain = plain.filter(|text| !text.is_empty() && !text.contains('\n'));
                plain.map(|text| format!("'{}'", text.replace('\'', "''"))).collect()
            }
            Content::Date => (0..6).map(|at| format!("'{}'", iso(published(at)))).collect(),
            Content::Int(low, high) => {
                vec![low.to_string(), "0".to_owned(), (high / 3).to_string(), (high / 2).to_string()]
            }
            Content::Money => vec!["250".to_owned(), "1234.5".to_owned(), "2500.0".to_owned()],
            Content::Wild => vec!["0".to_owned(), "0.001".to_owned(), "-1000000.5".to_owned()],
            Content::Bool | Content::Noise => Vec::new(),
        };
        Named { name: self.name.clone(), kind: self.content.kind(), literals }
    }
}

/// A few dates for a dimension.
pub(super) fn published(at: i32) -> i32 {
    days(2024, 2, 27) + at
}

/// One cell; `plain` asks for a value that shows the column's type, `as_integer` for a whole number.
pub(super) fn cell(random: &mut Random, column: &Column, plain: bool, as_integer: bool) -> Value {
    if !plain && random.chance(12) {
        return Value::Null;
    }
    if as_integer {
        return Value::Int(i128::from(random.between(-20, 5000)));
    }
    match column.content {
        Content::Text(texts) if plain => Value::Text(texts[0].to_owned()),
        Content::Text(texts) => Value::Text((*random.pick(texts)).to_owned()),
        Content::Bool => Value::Bool(random.chance(50)),
        Content::Date => Value::Date(published(random.between(0, 5))),
        Content::Int(..) if !plain && random.chance(10) => Value::Int(0),
        Content::Int(low, high) => Value::Int(i128::from(random.between(low, high))),
        Content::Money | Content::Noise if plain => Value::Float(0.25),
        Content::Wild if plain => Value::Float(-1e-9),
        Content::Money => Value::Float(f64::from(random.between(0, 500_000)) / 100.0),
        Content::Wild => Value::Float(wild(random)),
        Content::Noise => {
            Value::Float(*random.pick(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5, -2.5, 3e11, 1e-7]))
        }
    }
}

/// Seven random digits at any magnitude of 1e-9 … 1e12.
fn wild(random: &mut Random) -> f64 {
    let digits = random.between(-9_999_999, 9_999_999);
    let text = format!("{digits}e{}", random.between(-15, 5));
    text.parse().expect("digits and an exponent are a float")
}
