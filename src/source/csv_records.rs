//! A plain CSV record reader that knows physical lines: for samples and for telling where a bad record stands.
//!
//! The scan itself uses `arrow::csv`, which is fast but counts records, not lines, and takes an unclosed quote for
//! one long field. This reader follows the same rules (RFC 4180; a quote inside an unquoted field is ordinary).

use memchr::{memchr, memchr3, memchr_iter};
use std::borrow::Cow;
use std::io::{BufRead, Read};

/// A record in one piece of memory, to be read into again and again.
#[derive(Debug, Default)]
pub(super) struct Raw {
    /// Physical line on which it starts, from 1.
    pub line: u64,
    /// The line of a quote that is still open where the input ends.
    pub unclosed: Option<u64>,
    /// Its fields, unquoted, one after another.
    text: Vec<u8>,
    /// Where each field ends.
    ends: Vec<usize>,
}

impl Raw {
    /// How many fields it has.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The bytes of a field; empty when there is none.
    pub(super) fn bytes(&self, index: usize) -> &[u8] {
        let Some(end) = self.ends.get(index) else { return &[] };
        &self.text[index.checked_sub(1).map_or(0, |before| self.ends[before])..*end]
    }

    /// The text of a field; empty when there is none.
    pub(super) fn field(&self, index: usize) -> Cow<'_, str> {
        let bytes = self.bytes(index);
        // Mostly it is text; looking for what is not costs more.
        std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
    }

    fn end_field(&mut self) {
        self.ends.push(self.text.len());
    }

    /// Length of the field that is being read.
    fn open_len(&self) -> usize {
        self.text.len() - self.ends.last().unwrap_or(&0)
    }
}

/// Reads records one after another.
pub(super) struct Records<R> {
    input: R,
    separator: u8,
    line: u64,
    /// A quoted field longer than this is taken for an unclosed quote.
    limit: usize,
    /// Whether empty lines are told, as records without fields.
    tells_blanks: bool,
    /// Whether the last record was ended by a carriage return, whose line feed is still to come.
    line_feed_is_due: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

/// A record on its way.
struct Progress {
    state: State,
    quote_line: u64,
    /// Whether there was anything but line ends.
    any: bool,
    tells_blanks: bool,
    ended_by_return: bool,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(input: R, separator: u8) -> Self {
        let limit = super::csv::LONGEST_RECORD;
        Self { input, separator, line: 1, limit, tells_blanks: false, line_feed_is_due: false }
    }

    /// Counts lines from another one than the first.
    pub(super) fn starting_at(mut self, line: u64) -> Self {
        self.line = line;
        self
    }

    /// Tells empty lines too, as records without fields.
    pub(super) fn with_blanks(mut self) -> Self {
        self.tells_blanks = true;
        self
    }

    /// The line that the reader has come to.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Reads the next record into `record`; `false` at the end. Empty lines are not records, unless asked for.
    pub(super) fn read(&mut self, record: &mut Raw) -> std::io::Result<bool> {
        record.text.clear();
        record.ends.clear();
        (record.line, record.unclosed) = (self.line, None);
        let mut progress = Progress {
            state: State::FieldStart,
            quote_line: self.line,
            any: false,
            tells_blanks: self.tells_blanks,
            ended_by_return: false,
        };
        loop {
            let buffer = self.input.fill_buf()?;
            if std::mem::take(&mut self.line_feed_is_due) && buffer.first() == Some(&b'\n') {
                self.line += 1;
                (record.line, progress.quote_line) = (self.line, self.line);
                self.input.consume(1);
                continue;
            }
            if buffer.is_empty() {
                if progress.state == State::Quoted {
                    record.unclosed = Some(progress.quote_line);
                }
                if progress.any {
                    record.end_field();
                }
                return Ok(progress.any);
            }
            let (used, done) = progress.take(buffer, record, (&mut self.line, self.separator, self.limit));
            self.input.consume(used);
            if done {
                self.line_feed_is_due = progress.ended_by_return;
                return Ok(true);
            }
        }
    }
}

impl Progress {
    /// Goes on with the bytes of a buffer: how many were used, and whether the record has ended.
    fn take(
        &mut self,
        buffer: &[u8],
        record: &mut Raw,
        (line, separator, limit): (&mut u64, u8, usize),
    ) -> (usize, bool) {
        let mut at = 0;
        while let Some(byte) = buffer.get(at).copied() {
            if self.state == State::Quoted {
                let end = memchr(b'"', &buffer[at..]).map_or(buffer.len(), |length| at + length);
                record.text.extend_from_slice(&buffer[at..end]);
                *line += memchr_iter(b'\n', &buffer[at..end]).count() as u64;
                at = end + 1;
                if record.open_len() > limit {
                    record.unclosed = Some(self.quote_line);
                    return (end, true);
                }
                if end < buffer.len() {
                    self.state = State::QuoteInQuoted;
                }
                continue;
            }
            at += 1;
            if byte == b'"' && self.state == State::QuoteInQuoted {
                record.text.push(b'"');
                self.state = State::Quoted;
            } else if byte == b'"' && self.state == State::FieldStart {
                (self.any, self.quote_line, self.state) = (true, *line, State::Quoted);
            } else if byte == separator {
                record.end_field();
                (self.any, self.state) = (true, State::FieldStart);
            } else if byte == b'\n' || byte == b'\r' {
                *line += u64::from(byte == b'\n');
                self.ended_by_return = byte == b'\r';
                if self.any {
                    record.end_field();
                }
                if self.any || self.tells_blanks {
                    return (at, true);
                }
                record.line = *line;
            } else {
                let end = memchr3(separator, b'\n', b'\r', &buffer[at..]).map_or(buffer.len(), |length| at + length);
                record.text.extend_from_slice(&buffer[at - 1..end]);
                (self.any, self.state, at) = (true, State::Plain, end);
            }
        }
        (at.min(buffer.len()), false)
    }
}

/// Leaves out a UTF-8 byte order mark at the start of the input.
pub(super) fn without_bom<R: Read>(mut input: R) -> std::io::Result<impl Read> {
    let mut start = [0u8; 3];
    let mut filled = 0;
    while filled < 3 {
        match input.read(&mut start[filled..])? {
            0 => break,
            n => filled += n,
        }
    }
    let head = if start[..filled] == *b"\xEF\xBB\xBF" { vec![] } else { start[..filled].to_vec() };
    Ok(std::io::Cursor::new(head).chain(input))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One record.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    struct Record {
        /// Physical line on which it starts, from 1.
        line: u64,
        /// Its fields, unquoted.
        fields: Vec<String>,
        /// The line of a quote that is still open where the input ends.
        unclosed: Option<u64>,
    }

    impl<R: BufRead> Records<R> {
        /// The next record; `None` at the end. Empty lines are not records.
        fn next(&mut self) -> std::io::Result<Option<Record>> {
            let mut raw = Raw::default();
            if !self.read(&mut raw)? {
                return Ok(None);
            }
            let fields = (0..raw.len()).map(|i| raw.field(i).into_owned()).collect();
            Ok(Some(Record { line: raw.line, fields, unclosed: raw.unclosed }))
        }
    }

    fn all(text: &str) -> Vec<Record> {
        let mut records = Records::new(text.as_bytes(), b',');
        std::iter::from_fn(|| records.next().expect("no I/O")).collect()
    }

    #[test]
    fn records_know_their_physical_line() {
        let records = all("a,b\r\n\"x\ny\",1\r\n\r\nz,\"say \"\"hi\"\"\"\r\n");
        let lines: Vec<u64> = records.iter().map(|r| r.line).collect();
        assert_eq!(lines, [1, 2, 5]);
        assert_eq!(records[1].fields, ["x\ny", "1"]);
        assert_eq!(records[2].fields, ["z", "say \"hi\""]);
    }

    #[test]
    fn an_open_quote_is_told_with_its_line_and_a_stray_one_is_text() {
        assert_eq!(all("a,b\n1,\"2\n3,4\n")[1].unclosed, Some(2));
        let stray = all("a,b\n5\" wide,1\n");
        assert_eq!((stray[1].fields[0].as_str(), stray[1].unclosed), ("5\" wide", None));
    }

    #[test]
    fn the_size_of_buffers_does_not_matter() {
        let text = "a,b\r\n\r\n\"x\ny\"\"\",1\n\"\",\"q\"tail\n5\" wide,\n,\r\"z\n";
        let whole = all(text);
        for size in 1..text.len() {
            let mut records = Records::new(std::io::BufReader::with_capacity(size, text.as_bytes()), b',');
            let found: Vec<Record> = std::iter::from_fn(|| records.next().expect("no I/O")).collect();
            assert_eq!(found, whole, "buffers of {size}");
        }
        assert_eq!(whole.last().and_then(|r| r.unclosed), Some(7));
    }

    #[test]
    fn empty_lines_are_told_where_asked_for() {
        for end in ["\n", "\r\n"] {
            let text = ["a,b", "", "1,2", "", "", "3"].join(end);
            for size in 1..4 {
                let input = std::io::BufReader::with_capacity(size, text.as_bytes());
                let mut records = Records::new(input, b',').with_blanks();
                let found: Vec<Record> = std::iter::from_fn(|| records.next().expect("no I/O")).collect();
                let shapes: Vec<(u64, usize)> = found.iter().map(|r| (r.line, r.fields.len())).collect();
                assert_eq!(shapes, [(1, 2), (2, 0), (3, 2), (4, 0), (5, 0), (6, 1)], "{end:?} in buffers of {size}");
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_left_out() {
        let read = |bytes: &[u8]| {
            let mut text = String::new();
            without_bom(bytes).and_then(|mut r| r.read_to_string(&mut text)).expect("no I/O");
            text
        };
        assert_eq!(read(b"\xEF\xBB\xBFab"), "ab");
        assert_eq!(read(b"a"), "a");
    }
}
