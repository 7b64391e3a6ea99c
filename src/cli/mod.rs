//! The command line: arguments, printing and exit codes. Results go to standard output, messages and progress to
//! standard error.

mod figure;
mod kpis;
mod profiles;
mod render;
mod scorecard;
mod start;
mod summary;

use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{explain, explain_json, DayRange};
use crate::rollup::{Engine, Options, Progress, ENGINES};
use crate::run::{self, Checked, Overrides, Question};
use crate::spec::{Goal, Lang};
use clap::builder::PossibleValue;
use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// KPI pipelines declared in YAML: one pass over large metric exports, Parquet and CSV reports for BI tools.
#[derive(Debug, Parser)]
#[command(
    name = "jalon",
    version,
    about,
    after_help = "Exit codes: 0 ok, 1 a target or check was missed, 2 the pipeline is wrong, 3 the data is wrong, 4 an engine or the machine failed, 70 a bug in jalon."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How tables and messages are printed.
    #[arg(long, global = true, value_enum, default_value_t = OutputFormat::Text)]
    format: OutputFormat,
    /// Print errors only.
    #[arg(long, short, global = true)]
    quiet: bool,
}

/// How tables and messages are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// The language of names and descriptions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Language {
    /// English.
    En,
    /// French.
    Fr,
}

impl Language {
    fn spec(self) -> Lang {
        match self {
            Self::En => Lang::En,
            Self::Fr => Lang::Fr,
        }
    }
}

fn goals() -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(Goal::ALL.iter().map(|goal| PossibleValue::new(goal.as_str())))
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run pipelines and write their reports.
    Run {
        /// Pipeline files.
        #[arg(required = true)]
        pipelines: Vec<PathBuf>,
        #[command(flatten)]
        overrides: OverrideArgs,
        /// Threads that decode and accumulate. Default: one a core.
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
        threads: Option<u16>,
        /// Records decoded at a time.
        #[arg(long, hide = true, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
        batch_rows: Option<u32>,
        #[command(flatten)]
        engine: EngineArgs,
        /// The most memory for the states of all roll-ups, as `512MB` or `8GB`; past it the run stops. Default: three
        /// quarters of the machine's.
        #[arg(long, value_name = "SIZE", value_parser = size)]
        max_memory: Option<u64>,
        /// End with 0 even when a target with `level: fail` is missed.
        #[arg(long)]
        no_enforce: bool,
    },
    /// Tell all mistakes of pipelines, without running them.
    Check {
        /// Pipeline files.
        #[arg(required = true)]
        pipelines: Vec<PathBuf>,
        #[command(flatten)]
        overrides: OverrideArgs,
    },
    /// Print what a pipeline would do: scans, roll-ups, reports; or with `--number` what is behind one figure.
    Explain {
        /// A pipeline file.
        pipeline: PathBuf,
        #[command(flatten)]
        overrides: OverrideArgs,
        #[command(flatten)]
        engine: EngineArgs,
        #[command(flatten)]
        figure: FigureArgs,
    },
    /// Show the ready KPIs that a pipeline may use as `{library: id}`, or one of them whole.
    Kpis {
        /// A KPI.
        id: Option<String>,
        /// Only those that serve a goal.
        #[arg(long, value_parser = goals(), conflicts_with = "id")]
        goal: Option<String>,
        /// Language of names and descriptions.
        #[arg(long, value_enum, default_value_t = Language::En)]
        lang: Language,
    },
    /// Show the layouts of networks' exports that a source may name as `profile: name`, or one of them whole: what it expects and
    /// gives, how the export is obtained, what its traps are.
    Profiles {
        /// A profile, or a network for all of its.
        name: Option<String>,
        /// Language of titles and texts.
        #[arg(long, value_enum, default_value_t = Language::En)]
        lang: Language,
    },
    /// Look at exports and write a first pipeline over them, which runs as it is.
    Init(start::InitArgs),
    /// Show the first records of a source as the pipeline sees them; or those of an export, as `init` would read it.
    Preview(start::PreviewArgs),
    /// Print the JSON Schema of pipeline files, for editors.
    Schema,
    /// Print a completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Which figure is explained.
#[derive(Debug, clap::Args)]
struct FigureArgs {
    /// Explain one figure of this metric: what it is made of, and which records of which files are behind it.
    #[arg(long, value_name = "METRIC", requires = "period")]
    number: Option<String>,
    /// The report; needed where several show the metric.
    #[arg(long, value_name = "REPORT", requires = "number")]
    report: Option<String>,
    /// The period as reports label it: 2025-03, 2025-W05, 2025-Q1, all.
    #[arg(long, value_name = "LABEL", requires = "number")]
    period: Option<String>,
    /// The grain, where two have a period of that label.
    #[arg(long, value_name = "GRAIN", requires = "number")]
    grain: Option<String>,
    /// The segment. Default: the report's only one, or `all`.
    #[arg(long, value_name = "SEGMENT", requires = "number")]
    segment: Option<String>,
    /// An SQL condition on the report's dimensions that one group passes: "network = 'facebook'".
    #[arg(long = "where", value_name = "SQL", requires = "number")]
    condition: Option<String>,
}

impl FigureArgs {
    fn question(self) -> Option<Question> {
        Some(Question {
            metric: self.number?,
            report: self.report,
            period: self.period?,
            grain: self.grain,
            segment: self.segment,
            condition: self.condition,
        })
    }
}

/// What wins over the pipeline.
#[derive(Debug, clap::Args)]
struct OverrideArgs {
    /// Folder that export paths are relative to; wins over the pipeline's `output_root`.
    #[arg(long, value_name = "FOLDER")]
    output_root: Option<PathBuf>,
    /// First day of all reports; wins over their `start`.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    start: Option<i32>,
    /// Last day of all reports; wins over their `end`.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    end: Option<i32>,
    /// The last day that counts: later records are left out, and periods that end later are open.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    as_of: Option<i32>,
}

impl OverrideArgs {
    fn overrides(self) -> Overrides {
        let range = DayRange { start: self.start, end: self.end };
        Overrides { output_root: self.output_root, range, as_of: self.as_of, report: None }
    }
}

fn day(text: &str) -> Result<i32, String> {
    crate::calendar::parse_date(text).ok_or_else(|| "write a date as YYYY-MM-DD".to_owned())
}

#[derive(Debug, clap::Args)]
struct EngineArgs {
    /// What rolls up: `auto` is the fastest. Reports are the same to the byte.
    #[arg(long, default_value = "auto", value_parser = engines())]
    engine: String,
}

fn engines() -> clap::builder::PossibleValuesParser {
    let known = ENGINES.iter().map(|e| PossibleValue::new(e.name()).help(e.doc()));
    clap::builder::PossibleValuesParser::new([PossibleValue::new("auto")].into_iter().chain(known))
}

impl EngineArgs {
    /// The engine asked for; `None` for `auto`.
    fn engine(&self) -> Option<&'static dyn Engine> {
        ENGINES.iter().copied().find(|e| e.name() == self.engine)
    }
}

/// A size in bytes, with a unit of powers of 1000.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u64 = match text[digits.len()..].to_ascii_uppercase().as_str() {
        "" | "B" => 1,
        "K" | "KB" => 1_000,
        "M" | "MB" => 1_000_000,
        "G" | "GB" => 1_000_000_000,
        "T" | "TB" => 1_000_000_000_000,
        other => return Err(format!("`{other}` is no unit: write `512MB` or `8GB`")),
    };
    let number: u64 =
        digits.trim().parse().map_err(|_| "write a whole number and a unit: `512MB`, `8GB`".to_owned())?;
    number.checked_mul(unit).filter(|size| *size > 0).ok_or_else(|| "the size must be above 0".to_owned())
}

/// Runs the command line; returns the exit code.
#[must_use]
pub fn main() -> u8 {
    let cli = Cli::parse();
    let printer = Printer { format: cli.format, quiet: cli.quiet };
    let result = match cli.command {
        Command::Run { pipelines, overrides, threads, batch_rows, engine, max_memory, no_enforce } => {
            let max_memory = max_memory.or_else(crate::rollup::memory_for_a_run);
            let mut options = Options { engine: engine.engine(), max_memory, ..Options::default() };
            if let Some(threads) = threads {
                options.threads = usize::from(threads);
            }
            if let Some(rows) = batch_rows {
                options.batch_rows = Some(rows as usize);
            }
            // The only way to tell Polars; no thread has been started yet.
            std::env::set_var("POLARS_MAX_THREADS", options.threads.to_string());
            let overrides = overrides.overrides();
            each(&pipelines, |path| run_one(&printer, path, &overrides, &options, !no_enforce))
        }
        Command::Check { pipelines, overrides } => {
            let overrides = overrides.overrides();
            each(&pipelines, |path| check_one(&printer, path, &overrides))
        }
        Command::Explain { pipeline, overrides, engine, figure } => {
            let overrides = overrides.overrides();
            match figure.question() {
                Some(question) => explain_figure(&printer, &pipeline, &overrides, engine.engine(), &question),
                None => explain_one(&printer, &pipeline, &overrides, engine.engine()),
            }
        }
        Command::Kpis { id, goal, lang } => {
            let goal = Goal::ALL.iter().copied().find(|known| Some(known.as_str()) == goal.as_deref());
            kpis::show(&printer, id.as_deref(), goal, lang.spec())
        }
        Command::Profiles { name, lang } => profiles::show(&printer, name.as_deref(), lang.spec()),
        Command::Init(args) => start::init(&printer, args),
        Command::Preview(args) => start::preview(&printer, &args),
        Command::Schema => print_json(&crate::spec::schema()).map(|()| 0),
        Command::Completions { shell } => {
            let mut script = vec![];
            clap_complete::generate(shell, &mut Cli::command(), "jalon", &mut script);
            io::stdout().write_all(&script).map(|()| 0)
        }
    };
    match result {
        Ok(code) => code,
        // Whoever reads us has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: cannot print: {error}");
            4
        }
    }
}

/// Whoever reads our output may have seen enough and closed it; the work and the exit code do not depend on that.
fn unless_closed(printed: io::Result<()>) -> io::Result<()> {
    match printed {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Does all pipelines; the first failure's code is the exit code.
fn each(pipelines: &[PathBuf], mut act: impl FnMut(&Path) -> io::Result<u8>) -> io::Result<u8> {
    let mut code = 0;
    for path in pipelines {
        let this = act(path)?;
        if code == 0 {
            code = this;
        }
    }
    Ok(code)
}

struct Printer {
    format: OutputFormat,
    quiet: bool,
}

impl Printer {
    /// Diagnostics of a pipeline, on standard error.
    fn diagnostics(&self, checked: Option<&Checked>, diagnostics: &[Diagnostic], least: Severity) -> io::Result<()> {
        unless_closed(self.write_diagnostics(checked, diagnostics, least))
    }

    fn write_diagnostics(
        &self,
        checked: Option<&Checked>,
        diagnostics: &[Diagnostic],
        least: Severity,
    ) -> io::Result<()> {
        let least = if self.quiet { Severity::Error } else { least };
        let shown: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.severity >= least).collect();
        let colour = io::stderr().is_terminal() && wants_colour();
        let mut stderr = io::stderr().lock();
        for diagnostic in &shown {
            match self.format {
                OutputFormat::Text => writeln!(stderr, "{}\n", render::text(checked, diagnostic, colour))?,
                OutputFormat::Json => writeln!(stderr, "{}", render::json(checked, diagnostic))?,
            }
        }
        Ok(())
    }

    fn failure(&self, checked: Option<&Checked>, diagnostic: &Diagnostic) -> io::Result<u8> {
        self.diagnostics(checked, std::slice::from_ref(diagnostic), Severity::Error)?;
        Ok(diagnostic.blame.exit_code())
    }
}

/// Whether nobody has asked for no colours.
fn wants_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty())
}

fn print_json(value: &serde_json::Value) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer_pretty(&mut stdout, value).map_err(io::Error::from)?;
    writeln!(stdout)
}

fn run_one(printer: &Printer, path: &Path, overrides: &Overrides, options: &Options, enforce: bool) -> io::Result<u8> {
    let checked = match run::check(path, overrides) {
        Ok(checked) => checked,
        Err(error) => return printer.failure(None, &error),
    };
    printer.diagnostics(Some(&checked), &checked.diagnostics, Severity::Warning)?;
    let Some(plan) = &checked.plan else {
        unless_closed(summary::count_mistakes(printer.format == OutputFormat::Text, &checked))?;
        return Ok(checked.exit_code());
    };
    let progress = Progress::default();
    let total = plan.scans.iter().flat_map(|s| &s.files).map(|f| f.bytes).sum();
    let show = printer.format == OutputFormat::Text && !printer.quiet;
    let finished = summary::with_progress(show, total, &progress, || run::run(&checked, plan, options, &progress));
    match finished {
        Err(error) => printer.failure(Some(&checked), &error),
        Ok(finished) => {
            let seen = checked.diagnostics.iter().filter(|d| d.severity == Severity::Warning).count();
            printer.diagnostics(Some(&checked), &finished.manifest.warnings[seen..], Severity::Warning)?;
            match printer.format {
                OutputFormat::Json => {
                    unless_closed(print_json(&serde_json::to_value(&finished.manifest).map_err(io::Error::from)?))?;
                }
                OutputFormat::Text if printer.quiet => {}
                OutputFormat::Text => {
                    let mut text = summary::text(&finished);
                    if let (Some(targets), Some(card)) = (&plan.scorecard, &finished.scorecard) {
                        let colour = io::stdout().is_terminal() && wants_colour();
                        text += &scorecard::text(plan, targets, card, colour);
                    }
                    unless_closed(io::stdout().write_all(text.as_bytes()))?;
                }
            }
            let Some((targets, card)) = plan.scorecard.as_ref().zip(finished.scorecard.as_ref()) else { return Ok(0) };
            let missed = scorecard::missed(plan, targets, card);
            printer.diagnostics(None, &missed, Severity::Warning)?;
            Ok(u8::from(enforce && !missed.is_empty()))
        }
    }
}

fn check_one(printer: &Printer, path: &Path, overrides: &Overrides) -> io::Result<u8> {
    let checked = match run::check(path, overrides) {
        Ok(checked) => checked,
        Err(error) => return printer.failure(None, &error),
    };
    printer.diagnostics(Some(&checked), &checked.diagnostics, Severity::Hint)?;
    match (&checked.plan, printer.format) {
        (None, _) => unless_closed(summary::count_mistakes(printer.format == OutputFormat::Text, &checked))?,
        (Some(plan), OutputFormat::Text) if !printer.quiet => {
            let mut stdout = io::stdout().lock();
            let shown = plan.reports.iter().filter(|report| !report.is_internal).count();
            let (sources, reports) = (plan.scans.len() as u64, shown as u64);
            let metrics = plan.metrics.values().filter(|metric| metric.part_of.is_none()).count();
            unless_closed(writeln!(
                stdout,
                "{}: ok, {}, {}, {}",
                path.display(),
                crate::diagnostic::count(sources, "source"),
                crate::diagnostic::count(metrics as u64, "metric"),
                crate::diagnostic::count(reports, "report"),
            ))?;
        }
        (Some(_), _) => {}
    }
    Ok(checked.exit_code())
}

fn explain_one(
    printer: &Printer,
    path: &Path,
    overrides: &Overrides,
    engine: Option<&'static dyn Engine>,
) -> io::Result<u8> {
    let checked = match run::check(path, overrides) {
        Ok(checked) => checked,
        Err(error) => return printer.failure(None, &error),
    };
    printer.diagnostics(Some(&checked), &checked.diagnostics, Severity::Error)?;
    if let Some(plan) = &checked.plan {
        let options = Options { engine, ..Options::default() };
        let engine = options.choice();
        match printer.format {
            OutputFormat::Text => io::stdout().write_all(explain(plan, &engine).as_bytes())?,
            OutputFormat::Json => print_json(&explain_json(plan, &engine))?,
        }
    }
    Ok(checked.exit_code())
}

fn explain_figure(
    printer: &Printer,
    path: &Path,
    overrides: &Overrides,
    engine: Option<&'static dyn Engine>,
    question: &Question,
) -> io::Result<u8> {
    let checked = match run::check(path, overrides) {
        Ok(checked) => checked,
        Err(error) => return printer.failure(None, &error),
    };
    printer.diagnostics(Some(&checked), &checked.diagnostics, Severity::Error)?;
    if checked.plan.is_none() {
        return Ok(checked.exit_code());
    }
    let options = Options { engine, max_memory: crate::rollup::memory_for_a_run(), ..Options::default() };
    std::env::set_var("POLARS_MAX_THREADS", options.threads.to_string());
    match run::explain_number(&checked, question, overrides, &options) {
        Ok(answer) => {
            match printer.format {
                OutputFormat::Text => io::stdout().write_all(figure::text(&answer).as_bytes())?,
                OutputFormat::Json => print_json(&serde_json::to_value(&answer).map_err(io::Error::from)?)?,
            }
            Ok(0)
        }
        // What was asked stands on the command line, not in the pipeline.
        Err(error) => printer.failure(None, &error),
    }
}
