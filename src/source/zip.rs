//! CSV files inside a `.zip`, read one after another as streams.

use super::unreadable;
use crate::diagnostic::Diagnostic;
use flate2::bufread::DeflateDecoder;
use flate2::Crc;
use std::fs::File;
use std::io::{BufReader, Error, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

const BUFFER: usize = 256 * 1024;

/// The names of the files inside, in the order of the archive: without folders, hidden files, and what macOS adds.
///
/// # Errors
/// The file is no ZIP archive, or cannot be read.
pub(super) fn members(path: &Path) -> Result<Vec<String>, Diagnostic> {
    let archive = archive(path)?;
    let mut names = vec![];
    for index in 0..archive.len() {
        let member = archive.by_index_data(index).map_err(|e| damaged(path, &e))?;
        let name = member.name().map_err(|e| damaged(path, &e))?;
        let hidden = name.split(['/', '\\']).any(|part| part.starts_with('.') || part == "__MACOSX");
        if member.is_file() && !hidden {
            names.push(name.into_owned());
        }
    }
    Ok(names)
}

/// The bytes of a file inside. That they are whole is known where they end: else the last read gives
/// [`ErrorKind::InvalidData`].
///
/// # Errors
/// The archive cannot be read, has no such file, or holds it encrypted or compressed in another way than usual.
pub(super) fn open(path: &Path, member: &str) -> Result<Box<dyn Read + Send>, Diagnostic> {
    let mut archive = archive(path)?;
    let found = (0..archive.len())
        .find(|index| archive.by_index_data(*index).is_ok_and(|entry| entry.name().is_ok_and(|name| name == member)));
    let Some(index) = found else {
        let names = members(path)?;
        let message = format!("`{}` holds no file `{member}`", path.display());
        let known = names.iter().map(String::as_str);
        return Err(Diagnostic::data("unreadable-file", message).suggest(member, "files inside", known));
    };
    let raw = archive.by_index_raw(index).map_err(|e| damaged(path, &e))?;
    let refused = |what: &str| {
        Diagnostic::data("unreadable-file", format!("`{member}` in `{}` is {what}", path.display()))
            .help("unpack it, and give the path of the file itself")
    };
    if raw.encrypted() {
        return Err(refused("encrypted"));
    }
    let start = raw.data_start().ok_or_else(|| damaged(path, &"a file inside has no beginning"))?;
    let (size, packed, crc, method) = (raw.size(), raw.compressed_size(), raw.crc32(), raw.compression());
    drop(raw);
    let mut file = archive.into_inner().into_inner();
    file.seek(SeekFrom::Start(start)).map_err(|e| unreadable(path, &e))?;
    let bytes = BufReader::with_capacity(BUFFER, file.take(packed));
    let bytes: Box<dyn Read + Send> = match method {
        CompressionMethod::Stored => Box::new(bytes),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(bytes)),
        other => return Err(refused(&format!("compressed by a method that is not read ({other:?})"))),
    };
    Ok(Box::new(Whole { bytes, size, crc, read: 0, sum: Crc::new() }))
}

fn archive(path: &Path) -> Result<ZipArchive<BufReader<File>>, Diagnostic> {
    let file = File::open(path).map_err(|e| unreadable(path, &e))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| match error {
        ZipError::Io(error) if error.kind() != ErrorKind::UnexpectedEof => unreadable(path, &error),
        error => damaged(path, &error),
    })
}

fn damaged(path: &Path, error: &dyn std::fmt::Display) -> Diagnostic {
    Diagnostic::data("unreadable-file", format!("`{}` is not a whole ZIP archive: {error}", path.display()))
        .help("export or copy the file again: the end of it is missing, or it is another format")
}

/// Checks that a file inside is as long as the archive says, and has its checksum.
struct Whole {
    bytes: Box<dyn Read + Send>,
    size: u64,
    crc: u32,
    read: u64,
    sum: Crc,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = match self.bytes.read(buffer) {
            // What ends too early is as broken as what is no deflated stream.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Err(invalid("its end is missing")),
            read => read?,
        };
        self.sum.update(&buffer[..read]);
        self.read += read as u64;
        if self.read > self.size {
            return Err(invalid("it is longer than the archive says"));
        }
        if read == 0 && !buffer.is_empty() {
            if self.read < self.size {
                return Err(invalid("its end is missing"));
            }
            if self.sum.sum() != self.crc {
                return Err(invalid("its checksum is wrong"));
            }
        }
        Ok(read)
    }
}

fn invalid(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("a file in the ZIP archive is damaged: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::path::PathBuf;
    use zip::write::SimpleFileOptions;
    use zip::ZipWriter;

    /// An archive with `a.csv` (deflated), `b/é.csv` (stored) and things that are no data.
    fn example(folder: &Path) -> PathBuf {
        let path = folder.join("x.zip");
        let mut writer = ZipWriter::new(File::create(&path).expect("a file"));
        let options = |method| SimpleFileOptions::default().compression_method(method);
        writer.add_directory("b/", SimpleFileOptions::default()).expect("a folder");
        for (name, method) in [
            ("a.csv", CompressionMethod::Deflated),
            ("b/é.csv", CompressionMethod::Stored),
            ("__MACOSX/a.csv", CompressionMethod::Stored),
            (".DS_Store", CompressionMethod::Stored),
            ("b/.hidden/a.csv", CompressionMethod::Stored),
        ] {
            writer.start_file(name, options(method)).expect("a member");
            writer.write_all(&text(name)).expect("bytes");
        }
        writer.finish().expect("the end");
        path
    }

    fn text(name: &str) -> Vec<u8> {
        format!("day,{name}\n2025-01-01,1\n").repeat(100).into_bytes()
    }

    fn read(path: &Path, member: &str) -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![];
        open(path, member).map_err(|e| Error::other(e.message))?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn files_inside_are_listed_and_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = example(folder.path());
        assert_eq!(members(&path).expect("names"), ["a.csv", "b/é.csv"]);
        assert_eq!(read(&path, "a.csv").expect("bytes"), text("a.csv"));
        assert_eq!(read(&path, "b/é.csv").expect("bytes"), text("b/é.csv"));
        let error = open(&path, "aa.csv").err().expect("an error");
        assert!(error.help.iter().any(|help| help.contains("`a.csv`")), "{error:?}");
    }

    #[test]
    fn names_without_a_mark_are_of_the_old_code_page() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = example(folder.path());
        let mut bytes = std::fs::read(&path).expect("bytes");
        // `a.csv` becomes `é.csv` as DOS wrote it, in both places where the name stands.
        for at in 0..bytes.len() - 5 {
            if &bytes[at..at + 5] == b"a.csv" && (at < 100 || bytes[at - 46..].starts_with(b"PK\x01\x02")) {
                bytes[at] = 0x82;
            }
        }
        std::fs::write(&path, bytes).expect("written");
        assert_eq!(members(&path).expect("names")[0], "é.csv");
        assert_eq!(read(&path, "é.csv").expect("bytes"), text("a.csv"));
    }

    #[test]
    fn a_changed_byte_is_found_at_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = example(folder.path());
        let mut bytes = std::fs::read(&path).expect("bytes");
        let stored = text("b/é.csv");
        let at = bytes.windows(stored.len()).position(|w| w == stored).expect("stored bytes");
        bytes[at + 7] ^= 1;
        std::fs::write(&path, bytes).expect("written");
        let error = read(&path, "b/é.csv").expect_err("a wrong checksum");
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn broken_archives_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = example(folder.path());
        let whole = std::fs::read(&path).expect("bytes");
        for length in (0..whole.len()).step_by(7) {
            std::fs::write(&path, &whole[..length]).expect("written");
            assert!(members(&path).is_err(), "{length} bytes");
        }
        for at in (0..whole.len()).step_by(5) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x55;
            std::fs::write(&path, &bytes).expect("written");
            for name in members(&path).into_iter().flatten() {
                let _ = read(&path, &name);
            }
        }
    }
}
