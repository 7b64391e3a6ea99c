//! Running the built binary as a user does, in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder to run in.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file, with its folders.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a written file");
        self
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// All files below a folder with their bytes, sorted; hidden ones and manifests (which hold timings) apart.
    pub(crate) fn files(&self, below: &str) -> Vec<(String, Vec<u8>)> {
        let mut found = vec![];
        collect(&self.path().join(below), &mut found);
        found.retain(|(name, _)| !name.ends_with(".manifest.json") && !name.contains("/.jalon/"));
        found.sort();
        found
    }

    pub(crate) fn jalon(&self, args: &[&str]) -> Done {
        run_in(self.path(), args)
    }

    /// Runs a pipeline that must succeed.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        let done = self.jalon(&[&["run", "pipeline.yaml"], args].concat());
        assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
        done
    }
}

fn collect(folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            let bytes = std::fs::read(&path).expect("a readable file");
            found.push((path.display().to_string(), bytes));
        }
    }
}

pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
    command.current_dir(folder).env("NO_COLOR", "1").env_remove("RUST_BACKTRACE");
    command
}

pub(crate) fn run_in(folder: &Path, args: &[&str]) -> Done {
    done(&command(folder).args(args).output().expect("jalon starts"))
}

pub(crate) fn done(output: &Output) -> Done {
    Done {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The bytes of a Parquet file of some columns.
pub(crate) fn parquet(columns: Vec<(&str, arrow::array::ArrayRef)>) -> Vec<u8> {
    let batch = arrow::record_batch::RecordBatch::try_from_iter(columns).expect("a batch");
    let mut bytes = vec![];
    let mut writer = parquet::arrow::ArrowWriter::try_new(&mut bytes, batch.schema(), None).expect("a writer");
    writer.write(&batch).expect("written");
    writer.close().expect("closed");
    bytes
}

/// Some columns of a CSV report, row by row.
pub(crate) fn rows(place: &Place, file: &str, columns: &[&str]) -> Vec<Vec<String>> {
    let text = place.read(file);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().expect("a header").clone();
    let at: Vec<usize> = columns.iter().map(|c| names.iter().position(|n| n == *c).expect("a column")).collect();
    let row = |record: csv::StringRecord| at.iter().map(|i| record[*i].to_owned()).collect();
    reader.records().map(|record| row(record.expect("a record"))).collect()
}

/// The same of `r.csv`, a row a text.
pub(crate) fn cells(place: &Place, columns: &[&str]) -> Vec<String> {
    rows(place, "r.csv", columns).into_iter().map(|row| row.join(" ")).collect()
}
