//! A plain CSV record reader that knows physical lines: for samples and for telling where a bad record stands.
//!
//! The scan itself uses `arrow::csv`, which is fast but counts records, not lines, and takes an unclosed quote for
//! one long field. This reader follows the same rules (RFC 4180; a quote inside an unquoted field is ordinary).

use std::io::{BufRead, Read};

/// One record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// Physical line on which it starts, from 1.
    pub line: u64,
    /// Its fields, unquoted.
    pub fields: Vec<String>,
    /// The line of a quote that is still open where the input ends.
    pub unclosed: Option<u64>,
}

/// Reads records one after another.
pub(super) struct Records<R> {
    input: R,
    separator: u8,
    line: u64,
    /// A quoted field longer than this is taken for an unclosed quote.
    limit: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    FieldStart,
    Plain,
    Quoted,
    QuoteInQuoted,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(input: R, separator: u8) -> Self {
        Self { input, separator, line: 1, limit: super::csv::LONGEST_RECORD }
    }

    /// The input, where the reader has come to.
    pub(super) fn into_input(self) -> R {
        self.input
    }

    /// The line that the reader has come to.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// The next record; `None` at the end. Empty lines are not records.
    pub(super) fn next(&mut self) -> std::io::Result<Option<Record>> {
        let mut record = Record { line: self.line, ..Record::default() };
        let mut field: Vec<u8> = vec![];
        let mut state = State::FieldStart;
        let mut quote_line = self.line;
        let mut any = false;
        while let Some(byte) = next_byte(&mut self.input)? {
            let line_end = byte == b'\n';
            self.line += u64::from(line_end);
            if state == State::Quoted {
                if byte == b'"' {
                    state = State::QuoteInQuoted;
                } else {
                    field.push(byte);
                    if field.len() > self.limit {
                        record.unclosed = Some(quote_line);
                        return Ok(Some(record));
                    }
                }
                continue;
            }
            if byte == b'"' && state == State::QuoteInQuoted {
                field.push(b'"');
                state = State::Quoted;
            } else if byte == b'"' && state == State::FieldStart {
                any = true;
                quote_line = self.line;
                state = State::Quoted;
            } else if byte == self.separator {
                any = true;
                record.fields.push(text(&mut field));
                state = State::FieldStart;
            } else if line_end || byte == b'\r' {
                if any {
                    record.fields.push(text(&mut field));
                    return Ok(Some(record));
                }
                record.line = self.line;
            } else {
                any = true;
                field.push(byte);
                state = State::Plain;
            }
        }
        if state == State::Quoted {
            record.unclosed = Some(quote_line);
        }
        if any {
            record.fields.push(text(&mut field));
        }
        Ok(any.then_some(record))
    }
}

fn text(bytes: &mut Vec<u8>) -> String {
    String::from_utf8_lossy(&std::mem::take(bytes)).into_owned()
}

fn next_byte(input: &mut impl BufRead) -> std::io::Result<Option<u8>> {
    let buffer = input.fill_buf()?;
    let Some(byte) = buffer.first().copied() else { return Ok(None) };
    input.consume(1);
    Ok(Some(byte))
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
