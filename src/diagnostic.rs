//! Errors as data: a code, a severity, a message, a place and hints. Text is made once, at the edge (`cli/render.rs`).
//!
//! A message is a lowercase fragment with the user's own names in backticks. It says what was found; `help` says what
//! would do. Rooms push into [`Diagnostics`] and go on, so that a pipeline's mistakes are told all at once.

use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A thought for whoever writes the pipeline; told by `check` only.
    Hint,
    /// Something to know; the run goes on.
    Warning,
    /// The run stops.
    Error,
}

/// Whose fault it is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// A check of the data that the pipeline itself declares (exit code 1).
    Check,
    /// The pipeline file (exit code 2).
    Pipeline,
    /// The data (exit code 3).
    Data,
    /// An engine, or the machine under it: memory, disk, permissions (exit code 4).
    Engine,
    /// jalon itself (exit code 70).
    Bug,
}

impl Blame {
    /// The process exit code that this blame stands for.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Check => 1,
            Self::Pipeline => 2,
            Self::Data => 3,
            Self::Engine => 4,
            Self::Bug => 70,
        }
    }
}

/// A step of a path into the YAML document.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Step {
    /// A mapping key.
    Key(String),
    /// A position in a sequence, from 0.
    Index(usize),
}

/// Where in the YAML document something stands, e.g. `metrics.ctr.denominator`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct YamlPath(pub Vec<Step>);

impl YamlPath {
    /// The document itself.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// One mapping key further down.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Key(key.to_owned()));
        Self(steps)
    }

    /// One sequence element further down.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut steps = self.0.clone();
        steps.push(Step::Index(index));
        Self(steps)
    }

    /// The path without its last step; the root stays the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        let mut steps = self.0.clone();
        steps.pop();
        Self(steps)
    }
}

impl fmt::Display for YamlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(k) if i == 0 => write!(f, "{k}")?,
                Step::Key(k) => write!(f, ".{k}")?,
                Step::Index(n) => write!(f, "[{n}]")?,
            }
        }
        Ok(())
    }
}

/// Which part of the place is meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The key of the entry.
    Key,
    /// The value of the entry.
    Value,
    /// A byte range inside the scalar's text, as in a SQL expression.
    Within(Range<usize>),
    /// A byte range of the file, for mistakes that have no path (YAML syntax).
    Bytes(Range<usize>),
}

/// A place in the pipeline file, with what to write under the caret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The path in the document.
    pub path: YamlPath,
    /// The part of it.
    pub part: Part,
    /// Short text under the caret; may be empty.
    pub label: String,
}

/// One thing to tell the user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Stable kebab-case identifier, for scripts and documentation.
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// Whose fault.
    pub blame: Blame,
    /// What was found: a lowercase fragment.
    pub message: String,
    /// Where; the first is the main place. Empty when it is not about the pipeline's text.
    pub places: Vec<Place>,
    /// Facts that explain it.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
}

impl Diagnostic {
    fn new(code: &'static str, severity: Severity, blame: Blame, message: impl Into<String>) -> Self {
        Self { code, severity, blame, message: message.into(), places: vec![], notes: vec![], help: vec![] }
    }

    /// The data fails a check that the pipeline declares.
    #[must_use]
    pub fn check(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, Blame::Check, message)
    }

    /// The pipeline is wrong at `path`.
    #[must_use]
    pub fn pipeline(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, Blame::Pipeline, message)
    }

    /// The data is wrong.
    #[must_use]
    pub fn data(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, Blame::Data, message)
    }

    /// An engine or the machine failed.
    #[must_use]
    pub fn engine(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Error, Blame::Engine, message)
    }

    /// jalon broke a promise to itself.
    #[must_use]
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new("internal", Severity::Error, Blame::Bug, message)
            .help("this is a bug in jalon: please report it with the pipeline and the command")
    }

    /// Something to know that does not stop the run.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Warning, Blame::Pipeline, message)
    }

    /// A thought for whoever writes the pipeline.
    #[must_use]
    pub fn hint(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, Severity::Hint, Blame::Pipeline, message)
    }

    /// Points at the value of `path`.
    #[must_use]
    pub fn at(self, path: &YamlPath) -> Self {
        self.place(path, Part::Value, "")
    }

    /// Points at the key of `path`.
    #[must_use]
    pub fn at_key(self, path: &YamlPath) -> Self {
        self.place(path, Part::Key, "")
    }

    /// Points at a part of `path`, with a label under the caret.
    #[must_use]
    pub fn place(mut self, path: &YamlPath, part: Part, label: impl Into<String>) -> Self {
        self.places.push(Place { path: path.clone(), part, label: label.into() });
        self
    }

    /// Adds an explaining fact.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds "did you mean …" when `found` is near one of `known`, and the list of what is known.
    #[must_use]
    pub fn suggest<'a>(mut self, found: &str, what: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<&str> = known.into_iter().collect();
        if let Some(near) = nearest(found, &known) {
            self.help.push(format!("did you mean `{near}`?"));
        }
        if known.is_empty() {
            self.notes.push(format!("there are no {what}"));
        } else {
            self.notes.push(format!("{what}: {}", short_list(&known)));
        }
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}", self.code, self.message)
    }
}

impl std::error::Error for Diagnostic {}

/// Names joined by commas, cut after a dozen.
#[must_use]
pub fn short_list(names: &[&str]) -> String {
    const SHOWN: usize = 16;
    if names.len() <= SHOWN {
        return names.join(", ");
    }
    format!("{}, and {} more", names[..SHOWN].join(", "), names.len() - SHOWN)
}

/// `1 record`, `2 records`: a count with its noun, thousands separated.
#[must_use]
pub fn count(n: u64, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(n))
}

/// A size in bytes for people: `4.2 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    let mut x = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if x < 1000.0 {
            break;
        }
        x /= 1000.0;
        unit = next;
    }
    if unit == "B" {
        format!("{x:.0} {unit}")
    } else {
        format!("{x:.1} {unit}")
    }
}

/// A number with commas between thousands.
#[must_use]
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// The known name within distance 2 (or a third of its length) of `found`, ignoring case.
#[must_use]
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    let wanted = found.to_lowercase();
    let limit = (wanted.chars().count() / 3).clamp(1, 3);
    known
        .iter()
        .map(|name| (strsim::osa_distance(&wanted, &name.to_lowercase()), *name))
        .filter(|(distance, name)| *distance <= limit && *name != found)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A list of diagnostics under way.
#[derive(Debug, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.list.contains(&diagnostic) {
            self.list.push(diagnostic);
        }
    }

    /// Adds several.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Diagnostic>) {
        for diagnostic in more {
            self.push(diagnostic);
        }
    }

    /// Whether any is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|d| d.severity == Severity::Error)
    }

    /// All of them, in the order they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.list
    }

    /// `Ok` with the warnings when there is no error, else everything.
    ///
    /// # Errors
    /// The whole list, when one of them is an error.
    pub fn finish<T>(self, value: T) -> Result<(T, Vec<Diagnostic>), Vec<Diagnostic>> {
        if self.has_errors() {
            Err(self.list)
        } else {
            Ok((value, self.list))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_takes_the_closest_name_and_never_a_far_one() {
        assert_eq!(nearest("impresions", &["clicks", "impressions"]), Some("impressions"));
        assert_eq!(nearest("spend", &["clicks", "impressions"]), None);
        assert_eq!(nearest("Reach", &["reach"]), Some("reach"));
    }

    #[test]
    fn counts_read_well() {
        assert_eq!(count(1, "record"), "1 record");
        assert_eq!(count(1_234_567, "record"), "1,234,567 records");
    }
}
