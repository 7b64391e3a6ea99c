//! JSON, one object a line: values inside objects are columns by their paths (`geo.country`), and a list may be cut into
//! rows, one an element.
//!
//! A line is parsed piece by piece, and only along the paths that are wanted: what a key leads to is a stretch of text
//! until somebody wants to know. Numbers keep their digits so.

use super::csv_types::{merge, of_cell};
use super::ndjson_parts::{is_list, list, object, string, Line, Lines, Tree};
use super::rows::{Cell, Content, Row, Rows};
use super::text::open_plain as open;
use crate::catalog::Physical;
use crate::diagnostic::Diagnostic;
use crate::expr::Type;
use indexmap::IndexMap;
use std::borrow::Cow;
use std::io::{BufReader, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Bytes that types are told from, at the file's head; the line that they end in is read to its end.
const SAMPLE: usize = 256 * 1024;

/// Objects may be inside each other as deep as `serde_json` follows them.
const DEEPEST: usize = 128;

/// How much of a line that is no object is kept.
const SHOWN: usize = 1000;

/// The columns of a file, as a sample of its lines has them. A list is none, but for the one that is cut into rows.
///
/// # Errors
/// The file cannot be read, or none of the lines is an object.
pub(super) fn columns(path: &Path, unnest: Option<&str>) -> Result<Vec<(String, Physical)>, Diagnostic> {
    let mut lines = Lines::new(BufReader::new(open(path)?));
    let mut sample = Sample { unnest, kinds: IndexMap::new() };
    let (mut read, mut objects, mut first) = (0, 0, None);
    while read < SAMPLE {
        match lines.next().map_err(|e| broken(path, &e))? {
            Line::End => break,
            Line::TooLong(_, head) => {
                first.get_or_insert_with(|| head.first().copied());
                read = SAMPLE;
            }
            Line::Text(_, text) => {
                read += text.len();
                let parsed = std::str::from_utf8(text).ok().and_then(|text| object(text).ok());
                objects += usize::from(parsed.is_some());
                sample.fields("", parsed.into_iter().flatten(), 1);
                first.get_or_insert_with(|| text.first().copied());
            }
        }
    }
    if objects == 0 {
        return Err(no_objects(path, first.flatten()));
    }
    Ok(sample.finish())
}

fn no_objects(path: &Path, first: Option<u8>) -> Diagnostic {
    let file = path.display();
    let Some(first) = first else {
        return Diagnostic::data("empty-file", format!("`{file}` is empty: it has no line"))
            .help("remove the file, or export it again");
    };
    let error = Diagnostic::data("unreadable-file", format!("`{file}` does not hold JSON objects, one a line"));
    match first {
        b'[' => error.help("it seems to be one list: write its elements one a line, as `jq -c '.[]'` does"),
        b'{' => error.help("it seems to be one object over several lines: write it on one, as `jq -c .` does"),
        _ => error.help("export it again as NDJSON (JSON Lines)"),
    }
}

fn broken(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::data("unreadable-file", format!("`{}` cannot be decompressed or read: {error}", path.display()))
        .help("export or copy the file again")
}

/// What the columns look like so far.
struct Sample<'u> {
    unnest: Option<&'u str>,
    kinds: IndexMap<String, Physical>,
}

impl Sample<'_> {
    fn fields<'v>(&mut self, within: &str, fields: impl IntoIterator<Item = (Cow<'v, str>, &'v str)>, depth: usize) {
        for (key, value) in fields {
            let path = if within.is_empty() { key.into_owned() } else { format!("{within}.{key}") };
            self.value(path, value, depth);
        }
    }

    fn value(&mut self, path: String, value: &str, depth: usize) {
        if value.starts_with('{') && depth < DEEPEST {
            self.fields(&path, object(value).into_iter().flatten(), depth + 1);
            return;
        }
        if is_list(value) && self.unnest == Some(path.as_str()) {
            for element in list(value).into_iter().flatten() {
                match element {
                    object_text if object_text.starts_with('{') => {
                        self.fields(&path, object(object_text).into_iter().flatten(), depth + 1);
                    }
                    value => self.value_of_column(path.clone(), value),
                }
            }
            return;
        }
        self.value_of_column(path, value);
    }

    fn value_of_column(&mut self, path: String, value: &str) {
        let found = kind(value);
        let known = self.kinds.entry(path).or_insert(Physical::Empty);
        *known = match (&*known, &found) {
            (Physical::Unusable(_), _) => return,
            (_, Physical::Unusable(_)) => found,
            (known, found) => merge(known, found),
        };
    }

    /// The columns; those that are null wherever they are no object are none.
    fn finish(self) -> Vec<(String, Physical)> {
        let paths: Vec<String> = self.kinds.keys().cloned().collect();
        let has_more =
            |path: &str| paths.iter().any(|other| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
        let mut columns: Vec<(String, Physical)> = self.kinds.into_iter().collect();
        columns.retain(|(path, kind)| *kind != Physical::Empty || !has_more(path));
        columns
    }
}

/// What a value holds.
fn kind(value: &str) -> Physical {
    match cell(value) {
        Cell::Empty => Physical::Empty,
        Cell::Int(_) => Physical::Typed(Type::Int),
        Cell::Float(_) => Physical::Typed(Type::Float),
        Cell::Bool(_) => Physical::Typed(Type::Bool),
        // Numbers that are written as texts are ids more often than not.
        Cell::Text(text) => match of_cell(text.trim()) {
            time @ (Physical::Typed(Type::Date) | Physical::Timestamp { .. }) => time,
            _ => Physical::Typed(Type::Text),
        },
        _ if is_list(value) => Physical::Unusable("list column".to_owned()),
        _ => Physical::Unusable("nested column".to_owned()),
    }
}

/// A value as a cell.
fn cell(value: &str) -> Cell<'static> {
    match value.as_bytes().first() {
        None | Some(b'n') => Cell::Empty,
        Some(b't') => Cell::Bool(true),
        Some(b'f') => Cell::Bool(false),
        Some(b'"') => match string(value) {
            text if text.is_empty() => Cell::Empty,
            text => Cell::Text(Cow::Owned(text)),
        },
        Some(b'[' | b'{') => Cell::Broken(Cow::Owned(shown(value))),
        Some(_) => number(value),
    }
}

fn number(value: &str) -> Cell<'static> {
    if value.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        // One with more digits than 64 bits hold would lose some.
        return value.parse().map_or_else(|_| Cell::Text(Cow::Owned(value.to_owned())), Cell::Int);
    }
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() => Cell::Float(number),
        _ => Cell::Text(Cow::Owned(value.to_owned())),
    }
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// The rows of a file: a cell for each of the columns that were asked for.
pub(super) struct JsonRows {
    path: PathBuf,
    lines: Lines<BufReader<Box<dyn Read + Send>>>,
    tree: Tree,
    /// The line whose list is being cut into rows.
    text: String,
    line: u64,
    /// Its cells, without those inside the list.
    outside: Vec<Cell<'static>>,
    /// Where the elements of the list stand in it that are still to come, the next one last.
    elements: Vec<Range<usize>>,
}

impl JsonRows {
    /// Opens a file for columns by their paths.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(super) fn open(path: &Path, wanted: &[&str], unnest: Option<&str>) -> Result<Self, Diagnostic> {
        Ok(Self {
            path: path.to_path_buf(),
            lines: Lines::new(BufReader::with_capacity(SAMPLE, open(path)?)),
            tree: Tree::new(wanted, unnest),
            text: String::new(),
            line: 0,
            outside: vec![],
            elements: vec![],
        })
    }

    /// Hands out an element of the line's list.
    fn element(&mut self, row: &mut Row, element: Range<usize>) {
        let mut cells = cells_of(row);
        cells.clone_from(&self.outside);
        let element = self.text.get(element).unwrap_or_default();
        self.tree.element(element, &mut |slot, value| cells[slot] = cell(value));
        *row = Row { line: self.line, fault: None, content: Content::Cells(cells) };
    }
}

impl Rows for JsonRows {
    fn next(&mut self, row: &mut Row) -> Result<bool, Diagnostic> {
        if let Some(element) = self.elements.pop() {
            self.element(row, element);
            return Ok(true);
        }
        let mut cells = cells_of(row);
        let (line, text) = match self.lines.next().map_err(|e| broken(&self.path, &e))? {
            Line::End => return Ok(false),
            Line::TooLong(line, head) => {
                let fault = format!("it is longer than {} MiB", super::csv::LONGEST_RECORD >> 20);
                *row = faulty(line, fault, &String::from_utf8_lossy(head));
                return Ok(true);
            }
            Line::Text(line, text) => (line, text),
        };
        let text = match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(error) => {
                let fault = format!("it is not UTF-8 (column {})", error.valid_up_to() + 1);
                *row = faulty(line, fault, &String::from_utf8_lossy(text));
                return Ok(true);
            }
        };
        cells.clear();
        cells.resize(self.tree.slots(), Cell::Empty);
        let mut put = |slot: usize, value: &str| cells[slot] = cell(value);
        match self.tree.record(text, &mut put) {
            Ok(elements) => self.elements = elements,
            Err(fault) => {
                *row = faulty(line, fault, text);
                return Ok(true);
            }
        }
        self.elements.reverse();
        match self.elements.pop() {
            Some(element) => {
                text.clone_into(&mut self.text);
                self.line = line;
                self.outside = cells;
                self.element(row, element);
            }
            None => *row = Row { line, fault: None, content: Content::Cells(cells) },
        }
        Ok(true)
    }
}

/// A line that is no object.
fn faulty(line: u64, fault: String, text: &str) -> Row {
    let content = Content::Cells(vec![Cell::Text(Cow::Owned(shown(text)))]);
    Row { line, fault: Some(fault), content }
}

/// The cells of a row, to be used again.
fn cells_of(row: &mut Row) -> Vec<Cell<'static>> {
    match std::mem::take(&mut row.content) {
        Content::Cells(cells) => cells,
        Content::Texts(_) => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::Builder::new().suffix(".ndjson").tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        file
    }

    fn rows(bytes: &[u8], wanted: &[&str], unnest: Option<&str>) -> Vec<(u64, Vec<Cell<'static>>)> {
        let file = file(bytes);
        let mut rows = JsonRows::open(file.path(), wanted, unnest).expect("rows");
        let (mut found, mut row) = (vec![], Row::default());
        while rows.next(&mut row).expect("a row") {
            assert_eq!(row.fault, None);
            found.push((row.line, cells_of(&mut row)));
        }
        found
    }

    fn word(text: &str) -> Cell<'static> {
        Cell::Text(Cow::Owned(text.to_owned()))
    }

    #[test]
    fn columns_are_paths_with_the_types_of_a_sample() {
        let text = br#"{"day":"2025-01-01","geo":{"country":"FR","n":1},"clicks":1,"spend":2,"tags":["a"],"none":null}
            {"day":"2025-01-02","geo":{"country":"NA","n":"x"},"clicks":2,"spend":0.5,"ok":true,"geo2":null,"id":12345678901234567890}

            {"geo":null,"at":"2025-01-01T10:00:00Z","n":"12","clicks":null,"spend":1e2}"#;
        let found = columns(file(text).path(), None).expect("columns");
        let ty = |name: &str| found.iter().find(|(path, _)| path == name).map(|(_, kind)| kind.describe());
        assert_eq!(ty("day").as_deref(), Some("date"));
        assert_eq!(ty("geo.country").as_deref(), Some("text"));
        assert_eq!(ty("geo.n").as_deref(), Some("text"));
        assert_eq!(ty("clicks").as_deref(), Some("integer"));
        assert_eq!(ty("spend").as_deref(), Some("number"));
        assert_eq!(ty("ok").as_deref(), Some("boolean"));
        assert_eq!(ty("id").as_deref(), Some("text"));
        assert_eq!(ty("n").as_deref(), Some("text"));
        assert_eq!(ty("at").as_deref(), Some("timestamp with a zone"));
        assert_eq!(ty("tags").as_deref(), Some("list column"));
        assert_eq!(ty("none").as_deref(), Some("empty column"));
        assert_eq!(ty("geo"), None);
        let cut = columns(file(br#"{"a":1,"l":[{"x":1},{"x":2,"y":"z"}]}"#).path(), Some("l")).expect("columns");
        assert_eq!(cut.iter().map(|(path, _)| path.as_str()).collect::<Vec<_>>(), ["a", "l.x", "l.y"]);
    }

    #[test]
    fn cells_come_in_the_order_that_is_wanted() {
        let text = br#"{"a":{"b":{"c":"x"}},"n":-12,"big":99999999999999999999,"f":1.50,"s":"\u00e9\ud83d","t":true,"l":[1],"o":{}}
            {"n":"1"}"#;
        let found = rows(text, &["n", "a.b.c", "big", "f", "s", "t", "l", "o", "missing"], None);
        let first = vec![
            Cell::Int(-12),
            word("x"),
            word("99999999999999999999"),
            Cell::Float(1.5),
            word("\u{e9}\u{fffd}\u{fffd}\u{fffd}"),
            Cell::Bool(true),
            Cell::Broken(Cow::Borrowed("[1]")),
            Cell::Broken(Cow::Borrowed("{}")),
            Cell::Empty,
        ];
        assert_eq!(found[0], (1, first));
        assert_eq!(found[1].1[..2], [word("1"), Cell::Empty]);
    }

    #[test]
    fn the_last_of_two_keys_counts_and_a_key_with_dots_wins() {
        let text = br#"{"a":{"b":1},"a":{"c":2}}
            {"a.b":3,"a":{"b":4}}
            {"a":{"b":5},"a.b":6}
            {"a":{"b":7,"b":8}}
            {"a":{"b":9},"a":null}"#;
        let found: Vec<Cell<'_>> = rows(text, &["a.b"], None).into_iter().flat_map(|(_, cells)| cells).collect();
        assert_eq!(found, [Cell::Empty, Cell::Int(3), Cell::Int(6), Cell::Int(8), Cell::Empty]);
    }

    #[test]
    fn a_list_is_cut_into_rows_and_an_empty_one_gives_one() {
        let text = br#"{"id":1,"l":[{"x":1},{"x":2},null]}
            {"id":2,"l":[]}
            {"id":3}
            {"l":[{"y":{"z":4}}],"id":4}
            {"id":5,"l":{"x":5}}"#;
        let found = rows(text, &["id", "l.x", "l.y.z"], Some("l"));
        let int = Cell::Int;
        let expected = [
            (1, vec![int(1), int(1), Cell::Empty]),
            (1, vec![int(1), int(2), Cell::Empty]),
            (1, vec![int(1), Cell::Empty, Cell::Empty]),
            (2, vec![int(2), Cell::Empty, Cell::Empty]),
            (3, vec![int(3), Cell::Empty, Cell::Empty]),
            (4, vec![int(4), Cell::Empty, int(4)]),
            (5, vec![int(5), int(5), Cell::Empty]),
        ];
        assert_eq!(found, expected);
        let found = rows(br#"{"a":{"tags":["x","y"]}}"#, &["a.tags"], Some("a.tags"));
        assert_eq!(found, [(1, vec![word("x")]), (1, vec![word("y")])]);
    }

    #[test]
    fn a_line_that_is_no_object_is_told_with_its_text() {
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(17 << 20));
        let text = [b"[1]\n{\"a\":1\n{\"a\":1} {}\n\xFF\n7\n", long.as_bytes(), b"\n{\"a\":2}\n"].concat();
        let file = file(&text);
        let mut rows = JsonRows::open(file.path(), &["a"], None).expect("rows");
        let mut row = Row::default();
        let mut faults = vec![];
        while rows.next(&mut row).expect("a row") {
            faults.push((row.line, row.fault.clone().unwrap_or_default()));
            let Some(Cell::Text(text)) = cells_of(&mut row).pop() else { continue };
            assert!(text.len() <= SHOWN);
        }
        let fault = |at: usize| faults[at].1.as_str();
        assert!(fault(0).contains("column 1"), "{}", fault(0));
        assert_eq!(fault(1), "it is no JSON object: EOF while parsing an object (column 6)");
        assert!(fault(2).contains("trailing characters (column 9)"), "{}", fault(2));
        assert!(fault(3).contains("not UTF-8"));
        assert!(fault(5).contains("longer than 16 MiB"));
        assert_eq!((faults[6].0, fault(6)), (7, ""));
    }

    #[test]
    fn files_without_objects_are_told() {
        let told = |bytes: &[u8]| columns(file(bytes).path(), None).expect_err("no columns");
        assert_eq!(told(b"\n \n").code, "empty-file");
        assert!(told(b"[\n{\"a\":1}x,\n]").help[0].contains("one list"));
        assert!(told(b"{\n\"a\": 1\n}").help[0].contains("several lines"));
        assert_eq!(told(b"day,clicks\n").code, "unreadable-file");
    }

    #[test]
    fn hostile_lines_do_no_harm() {
        let deep = ["{\"a\":".repeat(100_000), "[".repeat(1 << 20), "{\"a\":".to_owned() + &"[".repeat(1 << 20)];
        for text in deep {
            let file = file(text.as_bytes());
            assert!(columns(file.path(), Some("a")).is_err());
            let mut rows = JsonRows::open(file.path(), &["a", "a.a.a"], Some("a")).expect("rows");
            let mut row = Row::default();
            assert!(rows.next(&mut row).expect("a row") && row.fault.is_some());
        }
        let closed = format!("{}1{}", "{\"a\":".repeat(1000), "}".repeat(1000));
        assert_eq!(columns(file(closed.as_bytes()).path(), None).expect("columns").len(), 1);
    }
}
