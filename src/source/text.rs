//! The bytes of a file of text: unpacked, and as UTF-8 without byte order mark, whatever they were.

use super::csv_records::without_bom;
use super::{advance, unreadable, zip};
use crate::catalog::{Encoding, FileLayout};
use crate::diagnostic::Diagnostic;
use encoding_rs_io::DecodeReaderBytesBuilder;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::atomic::AtomicU64;

pub(super) const BUFFER: usize = 256 * 1024;

/// The text of a file, as its layout says that it is written. `progress` counts bytes read from the disk.
///
/// # Errors
/// The file cannot be opened, or is not packed as its name says.
pub(super) fn open<'p>(
    path: &Path,
    layout: &FileLayout,
    progress: Option<&'p AtomicU64>,
) -> Result<Box<dyn Read + Send + 'p>, Diagnostic> {
    let bytes = bytes(path, layout.member.as_deref(), progress)?;
    Ok(match layout.encoding {
        Encoding::Utf8 => Box::new(without_bom(bytes).map_err(|e| broken(path, &e))?),
        other => {
            let encoding = match other {
                Encoding::Utf16Le => encoding_rs::UTF_16LE,
                Encoding::Utf16Be => encoding_rs::UTF_16BE,
                Encoding::Windows1252 | Encoding::Utf8 => encoding_rs::WINDOWS_1252,
            };
            let mut decoder = DecodeReaderBytesBuilder::new();
            // The byte order mark itself is taken away; what it says was looked at before.
            decoder.encoding(Some(encoding)).bom_override(false).strip_bom(true);
            Box::new(decoder.build(bytes))
        }
    })
}

/// The text of a file that is UTF-8.
///
/// # Errors
/// The file cannot be opened, or is not packed as its name says.
pub(super) fn open_plain(path: &Path) -> Result<Box<dyn Read + Send>, Diagnostic> {
    open(path, &FileLayout::default(), None)
}

/// The bytes of a file, unpacked.
///
/// # Errors
/// The file cannot be opened, or is not packed as its name says.
pub(super) fn bytes<'p>(
    path: &Path,
    member: Option<&str>,
    progress: Option<&'p AtomicU64>,
) -> Result<Box<dyn Read + Send + 'p>, Diagnostic> {
    let fail = |e: std::io::Error| unreadable(path, &e);
    if is_zip(path) {
        let size = std::fs::metadata(path).map_err(fail)?.len();
        if let Some(progress) = progress {
            advance(progress, size);
        }
        return zip::open(path, member.unwrap_or_default());
    }
    let file = Counted { file: File::open(path).map_err(fail)?, progress };
    let name = path.to_string_lossy().to_lowercase();
    Ok(if name.ends_with(".gz") {
        Box::new(flate2::bufread::MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file)))
    } else if name.ends_with(".zst") {
        Box::new(zstd::stream::read::Decoder::new(file).map_err(fail)?)
    } else {
        Box::new(file)
    })
}

/// So many bytes of an input, or all of them.
///
/// # Errors
/// The input cannot be read that far.
pub(super) fn beginning(input: impl Read, limit: u64, path: &Path) -> Result<Vec<u8>, Diagnostic> {
    let mut bytes = vec![];
    input.take(limit).read_to_end(&mut bytes).map_err(|e| broken(path, &e))?;
    Ok(bytes)
}

/// The separator that a `sep=` line says, else the tab of a `.tsv`.
pub(super) fn told_separator(head: &[u8], path: &Path) -> Option<u8> {
    let is_one = |byte: &u8| byte.is_ascii_punctuation() || *byte == b'\t';
    let told = head.strip_prefix(b"sep=").and_then(|rest| rest.first().copied()).filter(is_one);
    let tabs = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("tsv"));
    told.or(tabs.then_some(b'\t'))
}

/// Whether a file is an archive of files.
pub(super) fn is_zip(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("zip"))
}

/// Whether a file cannot be read from its middle on.
pub(super) fn is_compressed(path: &Path) -> bool {
    let name = path.to_string_lossy().to_lowercase();
    name.ends_with(".gz") || name.ends_with(".zst") || is_zip(path)
}

/// What encoding the first bytes of a text tell: by the byte order mark, or by every other byte being zero.
pub(super) fn encoding(head: &[u8]) -> Encoding {
    match head {
        [0xFF, 0xFE, ..] => return Encoding::Utf16Le,
        [0xFE, 0xFF, ..] => return Encoding::Utf16Be,
        _ => {}
    }
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let many = head.len() / 4;
    match head.len() >= 8 {
        // A few characters, `一` among them, have a zero on the other side.
        true if odd > many && even * 4 < odd => Encoding::Utf16Le,
        true if even > many && odd * 4 < even => Encoding::Utf16Be,
        _ => Encoding::Utf8,
    }
}

/// The error for bytes that cannot be unpacked or read to the end.
pub(super) fn broken(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::data("unreadable-file", format!("`{}` cannot be decompressed or read: {error}", path.display()))
        .help("export or copy the file again")
}

/// Counts the bytes that are read from the disk.
struct Counted<'p> {
    file: File,
    progress: Option<&'p AtomicU64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        if let (Some(progress), Ok(bytes)) = (self.progress, u64::try_from(read)) {
            advance(progress, bytes);
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separator_is_told_by_a_line_or_by_the_name() {
        let told = |head: &[u8], name: &str| told_separator(head, Path::new(name));
        assert_eq!(told(b"sep=;\na;b", "x.csv"), Some(b';'));
        assert_eq!(told(b"sep=\t\na\tb", "x.csv"), Some(b'\t'));
        assert_eq!(told(b"a\tb", "x.TSV"), Some(b'\t'));
        assert_eq!(told(b"sep=\na,b", "x.csv"), None);
    }

    #[test]
    fn the_first_bytes_tell_the_encoding() {
        assert_eq!(encoding(b"\xFF\xFEa\0"), Encoding::Utf16Le);
        assert_eq!(encoding(b"\xFE\xFF\0a"), Encoding::Utf16Be);
        assert_eq!(encoding(b"D\0a\0t\0e\0,\0"), Encoding::Utf16Le);
        assert_eq!(encoding(b"\0D\0a\0t\0e"), Encoding::Utf16Be);
        assert_eq!(encoding(b"D\0a\0t\0e\0,\0\0\x4e"), Encoding::Utf16Le);
        assert_eq!(encoding(b"\xEF\xBB\xBFDate"), Encoding::Utf8);
        assert_eq!(encoding(b""), Encoding::Utf8);
    }
}
