//! The pipeline language, one type a block of the YAML. Field docs are the manual: `jalon schema` prints them.

use super::{
    Analysis, Check, CsvSpec, Currency, Dimension, Expect, IncompletePeriods, Limit, Lookup, LookupUse, Metric,
    NameOrPlace, NamesOr, NumberSpec, Objective, OnBadRow, OneOrMany, PeriodSpec, PeriodType, Quarantine, Report,
    Scorecard, Segment, SnapshotSpec,
};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A jalon pipeline: sources of metric exports, segments, metrics (KPIs) and the reports made of them.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "jalon pipeline")]
pub struct Pipeline {
    /// Version of the pipeline language; always 1.
    pub version: u32,
    /// Name of the pipeline: letters, digits, `_` and `-`. The run manifest is named after it.
    pub name: String,
    /// What the pipeline is for.
    #[serde(default)]
    pub description: Option<String>,
    /// Language of the labels and descriptions of KPIs from the library. Default: en.
    #[serde(default)]
    pub lang: Option<Lang>,
    /// Folder that every export path is relative to, and may not leave. Default: the working directory.
    #[serde(default)]
    pub output_root: Option<String>,
    /// Reporting zone, weeks and fiscal year.
    #[serde(default)]
    pub calendar: CalendarSpec,
    /// The exports that are read, by name.
    pub sources: IndexMap<String, Source>,
    /// Small tables that are joined to the records of sources, by name.
    #[serde(default)]
    pub lookups: IndexMap<String, Lookup>,
    /// Named filters, by name. `all` (every record) is built in.
    #[serde(default)]
    pub segments: IndexMap<String, Segment>,
    /// The KPIs, by name.
    pub metrics: IndexMap<String, Metric>,
    /// What is to be reached: targets of metrics by period.
    #[serde(default)]
    pub objectives: Vec<Objective>,
    /// How the targets stand, in a table of its own.
    #[serde(default)]
    pub scorecard: Option<Scorecard>,
    /// Questions about figures, answered in tables of their own.
    #[serde(default)]
    pub analyses: Vec<Analysis>,
    /// Where rows that cannot be read are written.
    #[serde(default)]
    pub quarantine: Option<Quarantine>,
    /// The reports to write.
    pub reports: Vec<Report>,
}

/// A language that KPIs of the library are named in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

/// A text in the languages that jalon speaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// English.
    pub en: String,
    /// French.
    pub fr: String,
}

impl Texts {
    /// The text in a language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Fr => &self.fr,
        }
    }
}

/// How days become weeks, months and years.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarSpec {
    /// IANA time zone in which instants become days, e.g. `Europe/Paris`. Default: UTC.
    #[serde(default)]
    pub timezone: Option<String>,
    /// Default: monday (ISO weeks).
    #[serde(default)]
    pub first_day_of_week: Option<Weekday>,
    /// First month of the fiscal year. Default: january.
    #[serde(default)]
    pub first_month_of_year: Option<Month>,
    /// What becomes of rows whose period is not complete, in reports that do not say it themselves. Default: flag.
    #[serde(default)]
    pub incomplete_periods: Option<IncompletePeriods>,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// A month of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Month {
    January,
    February,
    March,
    April,
    May,
    June,
    July,
    August,
    September,
    October,
    November,
    December,
}

/// A set of files with the same columns, or a union of other sources.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The layout of a network's export, which says how the files are read and what their columns are: `x.content`.
    /// What stands beside it wins. `jalon profiles` lists them.
    #[serde(default)]
    pub profile: Option<String>,
    /// A file, a glob (`data/*.csv`), a folder, or a list of these. `${NAME}` is taken from the environment,
    /// `${NAME:-default}` with a default.
    #[serde(default)]
    pub path: Option<OneOrMany>,
    /// The file format. Default: from the file's extension.
    #[serde(default)]
    pub format: Option<FileFormat>,
    /// How CSV files are written.
    #[serde(default)]
    pub csv: Option<CsvSpec>,
    /// In a `.zip`: the file in it to read. Default: the only one.
    #[serde(default)]
    pub member: Option<String>,
    /// In a workbook: the sheet to read, by name or place. Default: the first.
    #[serde(default)]
    pub sheet: Option<NameOrPlace>,
    /// In a file that holds several tables, parted by blank lines: the one to read, by its title or place; `all` for all that
    /// have the declared columns, whose titles the column `table_title` tells.
    #[serde(default)]
    pub table: Option<NameOrPlace>,
    /// In text and workbooks: how many rows after the header describe the columns and are no data. Default: 0.
    #[serde(default)]
    pub description_rows: Option<u64>,
    /// In JSON and nested Parquet or Arrow: the path to a list, each element of which is a record.
    #[serde(default)]
    pub unnest: Option<String>,
    /// How numbers are written in files of text.
    #[serde(default)]
    pub numbers: Option<NumberSpec>,
    /// The days that the exports cover, for dates without a year, day numbers, and records without a date. Default: what
    /// the lines above the table say, else the file's name.
    #[serde(default)]
    pub period: Option<PeriodSpec>,
    /// SQL condition that tells rows of totals, which are left out: `Content = 'Total'`. `none`: there are none.
    /// Default: rows named a total that have nothing else but numbers.
    #[serde(default)]
    pub total_rows: Option<String>,
    /// What becomes of rows that cannot be read. Default: quarantine.
    #[serde(default)]
    pub on_bad_row: Option<OnBadRow>,
    /// How many rows may be bad before the run fails: a share or a number. Default: `1 %`.
    #[serde(default)]
    pub max_bad_rows: Option<Limit>,
    /// What is known of the files from elsewhere.
    #[serde(default)]
    pub expect: Option<Expect>,
    /// What the records tell: activity (default) or lifetime snapshots.
    #[serde(default)]
    pub period_type: Option<PeriodType>,
    /// For lifetime snapshots: when the exports were made.
    #[serde(default)]
    pub snapshot: Option<SnapshotSpec>,
    /// Checks of the records; a failed one stops publishing.
    #[serde(default)]
    pub checks: Vec<Check>,
    /// The column that dates a record, and its grain.
    #[serde(default)]
    pub time: Option<TimeSpec>,
    /// Columns to group and filter by: a list of names, or names with details.
    #[serde(default)]
    pub dimensions: NamesOr<Dimension>,
    /// Columns to aggregate: a list of names, or names with details.
    #[serde(default)]
    pub measures: NamesOr<Measure>,
    /// Columns that together identify one record, e.g. `[date, account_id]`.
    #[serde(default)]
    pub primary_key: Vec<String>,
    /// SQL condition: other records of the source are left out.
    #[serde(default, rename = "where")]
    pub filter: Option<String>,
    /// Lookups whose columns are joined to the records: a list of names, or names with details.
    #[serde(default)]
    pub lookups: NamesOr<LookupUse>,
    /// What the measures of `unit: money` are in: a code such as `EUR`, or the column that tells it.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Names of other sources whose records are read as one source.
    #[serde(default)]
    pub union: Vec<String>,
}

impl Source {
    /// The lookup that its exchange rates are in.
    #[must_use]
    pub fn rates(&self) -> Option<&str> {
        match &self.currency {
            Some(Currency::Told(told)) => told.rates.as_deref(),
            _ => None,
        }
    }

    /// The declared separator of its CSV files.
    #[must_use]
    pub fn declared_separator(&self) -> Option<u8> {
        self.csv.as_ref()?.separator.as_ref()?.bytes().next()
    }
}

/// A file format that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    #[default]
    Parquet,
    /// Text: `.csv`, `.tsv`, plain, gzip or zstd, or several in a `.zip`.
    Csv,
    /// Workbooks: `.xlsx`, `.xls`, `.xlsm`, `.xlsb`, `.ods`.
    Excel,
    /// JSON, one object a line: `.ndjson`, `.jsonl`, plain, gzip or zstd.
    Ndjson,
    /// Arrow IPC, file or stream: `.arrow`, `.feather`, `.ipc`, `.arrows`.
    Arrow,
}

impl FileFormat {
    /// Whether its columns have no types but those that their cells look like.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Excel | Self::Ndjson)
    }
}

/// The column that dates a record.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSpec {
    /// Name of a date or timestamp column. May be left out with `grain: range`: then every record covers the period of
    /// its export.
    #[serde(default = "export_start")]
    pub column: String,
    /// How the column's dates are written in files of text: `MM/DD/YYYY HH:mm`, `D MMMM`, or a list of these. Default:
    /// `ISO`, as in `2025-01-31` and `2025-01-31 12:30:00+01:00`.
    #[serde(default)]
    pub format: Option<OneOrMany>,
    /// What span one record covers. Default: day.
    #[serde(default)]
    pub grain: Option<SourceGrain>,
    /// Zone of the timestamps in the column, where the column does not say it itself. Default: the reporting zone.
    #[serde(default)]
    pub timezone: Option<String>,
    /// With `grain: range`: the column of the last day that a record covers, inclusive.
    #[serde(default)]
    pub end_column: Option<String>,
    /// Where a record goes that straddles two periods of a report.
    #[serde(default)]
    pub assign: Option<Assign>,
}

impl TimeSpec {
    /// The column alone.
    #[must_use]
    pub fn of(column: &str) -> Self {
        Self { column: column.to_owned(), format: None, grain: None, timezone: None, end_column: None, assign: None }
    }
}

/// The column that every file has without holding it: the first day that its export covers.
pub const EXPORT_START: &str = "export_start";

/// The last day that its export covers.
pub const EXPORT_END: &str = "export_end";

/// The day that an export of lifetime figures was made on.
pub const SNAPSHOT_DAY: &str = "snapshot_day";

/// The title of the table that a record stands in, where all tables of a file are read.
pub const TABLE_TITLE: &str = "table_title";

/// Whether a column is one that every file has without holding it.
#[must_use]
pub fn is_told_by_export(column: &str) -> bool {
    matches!(column, EXPORT_START | EXPORT_END | SNAPSHOT_DAY | TABLE_TITLE)
}

fn export_start() -> String {
    EXPORT_START.to_owned()
}

/// What span of time one record of a source covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceGrain {
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    /// From `column` to `end_column`, which may differ from record to record.
    Range,
}

/// Where a record goes that straddles two periods of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Assign {
    /// To the period of its first day.
    Start,
    /// To the period of its last day.
    End,
    /// To the period of its middle day: the one that holds most of it (the earlier one when equal).
    Majority,
}

/// Type of a dimension's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DimensionType {
    Text,
    Integer,
    Boolean,
    Date,
}

/// Details of a measure.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Name of the column in the files. Default: the measure's own name.
    #[serde(default)]
    pub column: Option<String>,
    /// SQL expression over the source's columns, instead of `column`: `hours * 3600`.
    #[serde(default)]
    pub expr: Option<String>,
    /// Whether the column may be missing in all files; it is null then. Default: false.
    #[serde(default)]
    pub optional: bool,
    /// Type of the column in CSV files. Default: from a sample.
    #[serde(default, rename = "type")]
    pub data_type: Option<MeasureType>,
    /// What adds up. Default: known for well-known names (`reach`, `followers`, `ctr` …), else additive.
    #[serde(default)]
    pub additivity: Option<Additivity>,
    /// How its numbers are written, where not as in the rest of the source.
    #[serde(default)]
    pub numbers: Option<NumberSpec>,
    /// Unit of the values: `count`, `accounts`, `EUR`, `seconds` … Default: count.
    #[serde(default)]
    pub unit: Option<String>,
    /// Allows a measure that does not add up to be aggregated all the same, openly: the output column is marked.
    #[serde(default)]
    pub reaggregate: Option<Reaggregate>,
    /// What it is.
    #[serde(default)]
    pub description: Option<String>,
}

/// Type of a measure's column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MeasureType {
    Integer,
    Number,
}

/// Over what a measure or a metric may be added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Additivity {
    /// Over everything: impressions, clicks, spend.
    Additive,
    /// Over everything but time: followers, stock levels.
    SemiAdditive,
    /// Over nothing: unique counts (reach, users) and rates.
    NonAdditive,
}

impl Additivity {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Additive => "additive",
            Self::SemiAdditive => "semi_additive",
            Self::NonAdditive => "non_additive",
        }
    }
}

/// How a measure that does not add up may be aggregated all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reaggregate {
    /// Add it up; the output is marked and the run warns.
    SumWithWarning,
    /// Take the largest value: a lower bound of the unique count.
    Max,
}
