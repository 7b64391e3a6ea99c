//! The traps of the exports that people really have, a test each: what would have become a wrong number.

mod ads;
mod analytics;
mod anywhere;
mod layouts;
mod meta;
mod money;
mod networks;

use crate::harness::{rows, Done, Place};

/// An export of some files, how it is read, and what is asked of it.
pub(super) struct Export {
    profile: &'static str,
    files: Vec<(String, Vec<u8>)>,
    says: String,
    lookups: String,
    figures: &'static str,
    by: &'static str,
    grain: &'static str,
}

/// What a run made of an export.
pub(super) struct Read {
    place: Place,
    done: Done,
    columns: Vec<&'static str>,
}

/// An export that a profile knows.
pub(super) fn export(profile: &'static str) -> Export {
    Export { profile, files: vec![], says: String::new(), lookups: String::new(), figures: "", by: "", grain: "all" }
}

/// One that none knows: the source says all.
pub(super) fn any_export(says: &str) -> Export {
    export("").says(says)
}

impl Export {
    pub(super) fn file(mut self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), bytes.as_ref().to_vec()));
        self
    }

    /// Lines of the source beside the profile.
    pub(super) fn says(mut self, lines: &str) -> Self {
        self.says.extend(lines.lines().map(|line| format!("    {line}\n")));
        self
    }

    /// A lookup `fx` of rates by some columns.
    pub(super) fn rates(mut self, key: &str, text: &str) -> Self {
        self.files.push(("../fx.csv".to_owned(), text.as_bytes().to_vec()));
        self.lookups = format!("lookups:\n  fx: {{path: fx.csv, key: [{key}], columns: [rate]}}\n");
        self
    }

    /// Sums; `reach:max` is another aggregate.
    pub(super) fn figures(mut self, names: &'static str) -> Self {
        self.figures = names;
        self
    }

    pub(super) fn by(mut self, dimensions: &'static str) -> Self {
        self.by = dimensions;
        self
    }

    pub(super) fn grain(mut self, grain: &'static str) -> Self {
        self.grain = grain;
        self
    }

    fn pipeline(&self) -> String {
        let (mut metrics, mut names) = (String::new(), vec![]);
        for figure in self.figures.split_whitespace() {
            let (name, aggregate) = figure.split_once(':').unwrap_or((figure, "sum"));
            metrics.push_str(&format!("  {name}: {{type: simple, source: s, agg: {aggregate}, expr: {name}}}\n"));
            names.push(name);
        }
        let profile = if self.profile.is_empty() { String::new() } else { format!("    profile: {}\n", self.profile) };
        let path = if self.files[0].0.contains('/') { "data/*/*" } else { "data" };
        format!(
            "version: 1\nname: t\nsources:\n  s:\n{profile}    path: {path}\n{}{}metrics:\n{metrics}reports:\n  - name: r\n    \
             metrics: [{}]\n    group_by: [{}]\n    grains: [{}]\n    exports: [{{format: csv, path: r.csv, layout: wide}}]\n",
            self.says,
            self.lookups,
            names.join(", "),
            self.by.split_whitespace().collect::<Vec<_>>().join(", "),
            self.grain
        )
    }

    fn place(&self) -> Place {
        let place = Place::new();
        for (name, bytes) in &self.files {
            place.write(&format!("data/{name}"), bytes);
        }
        place.write("pipeline.yaml", self.pipeline());
        place
    }

    /// Reads the export, which must succeed; each of its records must be accounted for.
    pub(super) fn read(&self) -> Read {
        let place = self.place();
        let done = place.run(&[]);
        let names = self.figures.split_whitespace().filter_map(|figure| figure.split(':').next());
        let columns = ["period_label"].into_iter().chain(self.by.split_whitespace()).chain(names).collect();
        let read = Read { place, done, columns };
        let parts = ["used", "unused", "pruned", "out_of_range", "totals", "superseded", "quarantined"];
        assert_eq!(parts.iter().map(|part| read.count(part)).sum::<u64>(), read.count("records"));
        read
    }

    /// The rows of the report, what is not known as `-`.
    pub(super) fn holds(&self, expected: &[&str]) -> Read {
        let read = self.read();
        assert_eq!(read.rows(), expected, "{}", self.profile);
        read
    }

    /// Refuses the export by an error code of the language, with words.
    pub(super) fn refused(&self, code: i32, words: &[&str]) {
        let done = self.place().jalon(&["run", "pipeline.yaml"]);
        assert_eq!(done.code, code, "{}{}", done.stdout, done.stderr);
        tells(&done, words);
    }

    /// Checks the pipeline, which is sound.
    pub(super) fn checked(&self, words: &[&str]) {
        let done = self.place().jalon(&["check", "pipeline.yaml"]);
        assert_eq!(done.code, 0, "{}", done.stderr);
        tells(&done, words);
    }
}

impl Read {
    fn rows(&self) -> Vec<String> {
        let known = |cell: String| if cell.is_empty() { "-".to_owned() } else { cell };
        rows(&self.place, "r.csv", &self.columns)
            .into_iter()
            .map(|row| row.into_iter().map(known).collect::<Vec<_>>().join(" "))
            .collect()
    }

    fn count(&self, key: &str) -> u64 {
        let manifest: serde_json::Value = serde_json::from_str(&self.place.read("t.manifest.json")).expect("JSON");
        manifest["inputs"][0]["total"][key].as_u64().expect("a count")
    }

    /// What became of the records.
    pub(super) fn counts(self, expected: &[(&str, u64)]) -> Self {
        for (key, count) in expected {
            assert_eq!(self.count(key), *count, "{key}");
        }
        self
    }

    pub(super) fn tells(self, words: &[&str]) -> Self {
        tells(&self.done, words);
        self
    }

    pub(super) fn tells_nothing(self) -> Self {
        assert_eq!(self.done.stderr, "");
        self
    }

    /// A column of what could not be read.
    pub(super) fn kept_apart(&self, column: &str) -> Vec<String> {
        rows(&self.place, "quarantine/t.csv", &[column]).into_iter().flatten().collect()
    }
}

fn tells(done: &Done, words: &[&str]) {
    for word in words {
        assert!(done.stderr.contains(word), "no `{word}` in\n{}", done.stderr);
    }
}

/// UTF-16LE with a byte order mark.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// An archive.
pub(super) fn zip(members: &[(&str, &str)]) -> Vec<u8> {
    use std::io::Write;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, text) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).expect("begun");
        archive.write_all(text.as_bytes()).expect("written");
    }
    archive.finish().expect("finished").into_inner()
}

/// A workbook of one sheet; every cell is text.
pub(super) fn workbook(sheet: &str, lines: &str) -> Vec<u8> {
    let mut book = rust_xlsxwriter::Workbook::new();
    let cells = book.add_worksheet().set_name(sheet).expect("a name");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(lines.as_bytes());
    for (row, record) in (0..).zip(reader.records()) {
        for (column, cell) in (0..).zip(record.expect("a record").iter()) {
            cells.write(row, column, cell).expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}
