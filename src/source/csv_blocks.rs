//! Cutting CSV into blocks of whole records, so that several threads can decode one file, compressed or not.
//!
//! A line ends a record when the quotes before it are even in number. A stray quote inside an unquoted cell (`5" wide`)
//! breaks that rule; a block is then cut inside a quoted cell, which its decoder notices at the block's end, and the
//! file is read again in one piece ([`super::Failure::CutWrongly`]). A cut that the decoder accepts is right.

use super::csv::LONGEST_RECORD;
use memchr::{memchr_iter, memrchr_iter};
use std::io::Read;

/// Bytes of a block, about: tens of thousands of records, few enough to stay in the cache while they are decoded.
const BLOCK: usize = 2 << 20;

/// Whole records of a file.
#[derive(Debug)]
pub(super) struct Block {
    /// Their text.
    pub(super) bytes: Vec<u8>,
    /// The physical line that they begin in, from 1.
    pub(super) line: u64,
    /// Whether the header is the first of them.
    pub(super) first: bool,
    /// Whether the file ends here.
    pub(super) last: bool,
}

/// What comes next in a file.
pub(super) enum Cut {
    /// Records.
    Block(Block),
    /// Nothing.
    End,
    /// Text without the end of a record in sight.
    Impossible,
}

/// Reads a file block by block.
pub(super) struct Blocks<'s> {
    input: Box<dyn Read + Send + 's>,
    /// What was read after the last cut.
    rest: Vec<u8>,
    /// The physical line that the next block begins in.
    line: u64,
    first: bool,
    ended: bool,
    size: usize,
}

impl<'s> Blocks<'s> {
    pub(super) fn new(input: Box<dyn Read + Send + 's>) -> Self {
        Self { input, rest: vec![], line: 1, first: true, ended: false, size: BLOCK }
    }

    pub(super) fn next(&mut self) -> std::io::Result<Cut> {
        if self.ended {
            return Ok(Cut::End);
        }
        let mut bytes = Vec::with_capacity(self.size + self.rest.len());
        bytes.append(&mut self.rest);
        loop {
            let wanted = self.size as u64;
            self.ended = (&mut self.input).take(wanted).read_to_end(&mut bytes)? < self.size;
            if self.ended {
                break;
            }
            if let Some(cut) = cut(&bytes) {
                self.rest.extend_from_slice(&bytes[cut..]);
                bytes.truncate(cut);
                break;
            }
            if bytes.len() > LONGEST_RECORD {
                return Ok(Cut::Impossible);
            }
        }
        let first = std::mem::take(&mut self.first);
        if bytes.is_empty() {
            return Ok(Cut::End);
        }
        let line = self.line;
        self.line += memchr_iter(b'\n', &bytes).count() as u64;
        Ok(Cut::Block(Block { bytes, line, first, last: self.ended }))
    }
}

/// The place after the last line end that has an even number of quotes before it.
fn cut(bytes: &[u8]) -> Option<usize> {
    let mut odd = memchr_iter(b'"', bytes).count() % 2 == 1;
    let mut end = bytes.len();
    for line_end in memrchr_iter(b'\n', bytes) {
        odd ^= memchr_iter(b'"', &bytes[line_end..end]).count() % 2 == 1;
        end = line_end;
        if !odd {
            return Some(line_end + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(text: &'static str, size: usize) -> Vec<String> {
        let mut blocks = Blocks { size, ..Blocks::new(Box::new(text.as_bytes())) };
        let mut found = vec![];
        while let Cut::Block(block) = blocks.next().expect("no I/O") {
            assert_eq!(block.first, found.is_empty());
            found.push(String::from_utf8(block.bytes).expect("UTF-8"));
        }
        found
    }

    #[test]
    fn blocks_end_where_records_end_and_lose_nothing() {
        let text = "a,b\n1,\"x\ny\"\n2,\"say \"\"hi\"\"\n\"\n3,z";
        for size in 1..text.len() + 2 {
            let blocks = blocks(text, size);
            assert_eq!(blocks.concat(), text, "size {size}");
            for block in &blocks[..blocks.len() - 1] {
                assert!(block.ends_with('\n') && block.matches('"').count() % 2 == 0, "size {size}: {block:?}");
            }
        }
        assert_eq!(blocks(text, 8)[0], "a,b\n");
    }
}
