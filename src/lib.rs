//! jalon: KPI pipelines declared in YAML; one pass over large metric exports; Parquet and CSV reports for BI tools.
//!
//! # The one idea
//! A pipeline has many reports: segments × dimensions × grains × KPIs. Instead of computing each from the records
//! again, all of them are planned together:
//!
//! ```text
//! pipeline.yaml ─ spec ─→ Spec ─ resolve ─→ Plan ─┬─ rollup ─→ Rollup (small, Arrow) ─┐
//!    text         1:1            all judgement    └───────────────────────────────────┴─ report ─→ ReportTable ─ publish ─→ files
//!                   source ─→ Catalog ↗               engines over source's batches        Polars     Arrow
//! ```
//!
//! 1. **Roll-up.** One pass over each source. Every record is decoded once, every segment is evaluated on it, and it
//!    is added into every roll-up that wants it: partial states keyed by time bucket and dimensions, which merge.
//! 2. **Report.** Whatever is windowed, compared, totalled or a ratio is computed from the roll-ups, which are thousands of
//!    times smaller. Windows are differences of running sums, which is exact because the sums are.
//!
//! This is the data cube's reasoning (Gray et al., 1997): sums, counts, minima and maxima are *distributive*, averages
//! and ratios *algebraic* and carried as their parts.
//!
//! # Rooms
//! | room | from → to |
//! |---|---|
//! | [`diagnostic`] | errors as data; rendered once, in `cli` |
//! | [`calendar`] | days, periods, labels |
//! | [`dialect`] | how exports write numbers and dates |
//! | [`spec`] | YAML text → what the user wrote, with places |
//! | [`channels`] | source, medium and campaign of a visit → its channel; source → social network |
//! | [`expr`] | SQL text → typed expressions |
//! | [`catalog`] | what files hold, as data |
//! | [`plan`] | the plan's types, its print, what adds up; knows no engine, no file system, no Polars |
//! | [`library`] | ready KPIs as data |
//! | [`metric`] | one file a metric type |
//! | [`resolve`] | spec + catalog → plan: every mistake is found here |
//! | `eval` | expressions over columns of records |
//! | [`source`] | files → catalog, and files → batches of records |
//! | [`frame`] | Arrow ↔ Polars, expressions → Polars |
//! | [`rollup`] | plan + batches → roll-ups; engines behind one trait |
//! | [`report`] | roll-ups → report tables |
//! | [`analysis`] | report tables → answers to questions about them |
//! | [`scorecard`] | targets + report tables → how every target stands |
//! | [`publish`] | report tables → files, whole or not at all |
//! | [`init`] | exports of which nothing is declared → a first pipeline over them |
//! | [`run`] | the doors in order |
//! | [`cli`] | the command line |
//!
//! Dependencies point one way, down this list; `tests/suite/tidy.rs` holds the arrows. A metric type, a reader, an
//! engine or a report format is one file and one line in a list.
//!
//! # Numbers
//! Two engines carry roll-ups out and agree to the byte. `fused` is the default: each batch's distinct expressions are
//! computed once, texts stay dictionary codes, sums lie side by side in cache lines. `polars` is plain and the
//! reference; the tests hold one against the other. Parquet is decoded row group by row group, CSV in blocks of whole
//! records, so one large file keeps all threads busy.
//!
//! Sums do not depend on order: integers and fixed-point floats are added in 128 bits ([`rollup::exact`]) and rounded
//! once. So threads, batches, files and engines do not show in a result, and two runs write the same bytes.

pub mod analysis;
pub mod calendar;
pub mod catalog;
pub mod channels;
pub mod cli;
pub mod diagnostic;
pub mod dialect;
mod eval;
pub mod expr;
pub mod frame;
pub mod init;
pub mod library;
pub mod metric;
pub mod plan;
pub mod profiles;
pub mod publish;
pub mod report;
pub mod resolve;
pub mod rollup;
pub mod run;
pub mod scorecard;
pub mod source;
pub mod spec;

pub use run::load;
