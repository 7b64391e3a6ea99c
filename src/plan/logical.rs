//! Sources as metrics see them: logical columns with types and roles, over one physical source or several.

use super::quality::Quality;
use super::types::{Covers, Made, TimeColumn};
use crate::calendar::Grain;
use crate::diagnostic::{Diagnostic, Diagnostics, YamlPath};
use crate::expr::{Expr, Scope, Type};
use crate::spec::{Additivity, Assign, Reaggregate};
use indexmap::IndexMap;

/// A source as metrics see it.
#[derive(Clone, Debug)]
pub struct LogicalSource {
    /// Its name.
    pub name: String,
    /// The physical sources that are read: itself, or the members of a union.
    pub members: Vec<String>,
    /// Its columns.
    pub columns: IndexMap<String, LogicalColumn>,
    /// What dates the records of each member.
    pub times: Vec<SourceTime>,
    /// Columns that identify a record.
    pub primary_key: Vec<String>,
    /// Its `where`.
    pub filter: Option<Expr>,
    /// What it says of its records; nothing for a union, whose members say it.
    pub quality: Quality,
    /// Whether its measures are lifetime figures, dated by publication.
    pub is_lifetime: bool,
}

/// What dates the records of a physical source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceTime {
    /// Name of the time column in expressions.
    pub name: String,
    /// The column.
    pub column: TimeColumn,
    /// The end column.
    pub end: Option<TimeColumn>,
    /// What a record covers.
    pub covers: Covers,
    /// Where straddling records go.
    pub assign: Option<Assign>,
}

impl SourceTime {
    /// The finest grain that a report on the source may have.
    #[must_use]
    pub fn finest(&self) -> Grain {
        match self.covers {
            Covers::Hour => Grain::Hour,
            Covers::Day | Covers::Range => Grain::Day,
            Covers::Week => Grain::Week,
            Covers::Period(grain) => grain,
        }
    }
}

/// A column of a source.
#[derive(Clone, Debug, PartialEq)]
pub struct LogicalColumn {
    /// Its type.
    pub ty: Type,
    /// What it is for.
    pub role: ColumnRole,
    /// For each member of the source, its name in the files; `None` where a member lacks it.
    pub raw: Vec<Option<String>>,
    /// For each member of the source, how its values come about.
    pub made: Vec<Made>,
    /// Nothing but nulls were seen: in a union the type is the other members'.
    pub empty: bool,
    /// For text in CSV: the cell that made it text.
    pub text_because: Option<String>,
}

/// What a column is for.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnRole {
    /// To group by.
    Dimension,
    /// To aggregate.
    Measure {
        /// Over what it adds up.
        additivity: Additivity,
        /// Its unit, where known.
        unit: Option<String>,
        /// How it may be aggregated although it does not add up.
        reaggregate: Option<Reaggregate>,
    },
    /// The time column, as its day.
    Time,
    /// In the files but not declared.
    Raw,
}

impl Scope for LogicalSource {
    fn column(&self, name: &str) -> Option<Type> {
        self.columns.get(name).map(|c| c.ty)
    }
    fn names(&self) -> Vec<&str> {
        self.columns.keys().map(String::as_str).collect()
    }
    fn noun(&self) -> &'static str {
        "column"
    }
}

impl LogicalSource {
    /// The shortest period that all members can be reported by.
    #[must_use]
    pub fn finest(&self) -> Grain {
        self.times.iter().map(SourceTime::finest).max().unwrap_or(Grain::Day)
    }

    /// Whether it is made of other sources instead of files of its own.
    #[must_use]
    pub fn is_union(&self) -> bool {
        self.members.len() != 1 || self.members[0] != self.name
    }

    /// The day of a record, as an expression: its time column. Of the members of a union each has its own.
    ///
    /// # Errors
    /// A time column of one member is an ordinary column of another.
    pub fn day(&self) -> Result<Expr, Diagnostic> {
        let mut names: Vec<&str> = vec![];
        for time in &self.times {
            if !names.contains(&time.name.as_str()) {
                names.push(&time.name);
            }
        }
        let strange = |name: &str| {
            let column = self.columns.get(name);
            let has = |(member, time): (usize, &SourceTime)| {
                time.name != name && column.is_some_and(|c| c.raw.get(member).is_some_and(Option::is_some))
            };
            self.times.iter().enumerate().any(has) || column.is_none_or(|c| c.role != ColumnRole::Time)
        };
        if let Some(name) = names.iter().find(|name| strange(name)) {
            let message = format!("the day of a record of `{}` cannot be told by `{name}`", self.name);
            let note = "it is the time column of one member of the union and an ordinary column of another";
            return Err(Diagnostic::pipeline("clashing-columns", message).note(note));
        }
        let mut columns: Vec<Expr> =
            names.into_iter().map(|name| Expr::Column { name: name.to_owned(), ty: Type::Date }).collect();
        if columns.len() > 1 {
            return Ok(Expr::Coalesce(columns));
        }
        columns.pop().ok_or_else(|| Diagnostic::bug(format!("`{}` has no time column", self.name)))
    }

    /// Whether it has a dimension of that name.
    #[must_use]
    pub fn has_dimension(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(|c| c.role == ColumnRole::Dimension)
    }

    /// The type of a dimension.
    ///
    /// # Errors
    /// Why it cannot be one.
    pub fn dimension(&self, name: &str) -> Result<Type, Diagnostic> {
        let known: Vec<&str> =
            self.columns.iter().filter(|(_, c)| c.role == ColumnRole::Dimension).map(|(n, _)| n.as_str()).collect();
        match self.columns.get(name) {
            Some(column) if column.role == ColumnRole::Dimension => Ok(column.ty),
            Some(column) if column.role == ColumnRole::Time => Err(Diagnostic::pipeline(
                "not-a-dimension",
                format!("`{name}` is the time column of `{}`: periods come from `grains`", self.name),
            )
            .help("leave it out of `group_by`; `grains: [day]` gives a row a day")),
            Some(_) => Err(Diagnostic::pipeline(
                "not-a-dimension",
                format!("`{name}` is not declared as a dimension of source `{}`", self.name),
            )
            .help(format!("add it to `sources.{}.dimensions`", self.name))),
            None => Err(Diagnostic::pipeline(
                "unknown-dimension",
                format!("source `{}` has no dimension `{name}`", self.name),
            )
            .suggest(name, "dimensions there", known)),
        }
    }

    /// Tells that something is no dimension.
    pub fn require_dimension(&self, name: &str, at: &YamlPath, errors: &mut Diagnostics) {
        if let Err(error) = self.dimension(name) {
            errors.push(error.at(at));
        }
    }
}
