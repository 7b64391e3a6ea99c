//! Arrow IPC (Feather version 2), as a file or as a stream: only the needed columns; one unit a record batch of a file,
//! a stream as a whole.
//!
//! Messages are read here, not by the crate's own readers: these take on trust where buffers stand and how long they
//! are, and panic when a broken file lies about it. What the crate decodes has been [checked](super::arrow_ipc_checks).

use super::arrow_ipc_checks::{check, is_sound};
use super::batch::Canonical;
use super::nested::{self, physical};
use super::{advance, unreadable, Failure, OpenFile, Part, Reader, Sink, Task};
use crate::catalog::{FileInfo, FileLayout, Reading};
use crate::diagnostic::Diagnostic;
use crate::spec::FileFormat;
use arrow::array::{ArrayRef, RecordBatch};
use arrow::buffer::{Buffer, MutableBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::ipc;
use arrow::ipc::reader::{read_dictionary, read_footer_length, RecordBatchDecoder};
use indexmap::IndexMap;
use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

const MAGIC: &[u8; 6] = b"ARROW1";
const CONTINUATION: [u8; 4] = [0xFF; 4];

pub(super) struct ArrowReader;

impl Reader for ArrowReader {
    fn inspect(&self, path: &Path, reading: &Reading) -> Result<FileInfo, Diagnostic> {
        let (layout, _) = Layout::read(path)?;
        let unnest = reading.unnest.as_deref();
        let columns = nested::flatten(&layout.schema, unnest).into_iter().map(|(name, ty)| (name, physical(&ty)));
        Ok(FileInfo {
            path: path.to_path_buf(),
            format: FileFormat::Arrow,
            bytes: layout.size,
            records: None,
            partitions: vec![],
            columns: columns.collect(),
            text_because: IndexMap::new(),
            layout: FileLayout {
                period: reading.period.or_else(|| super::exports::period_of(path)),
                ..FileLayout::default()
            },
            ..FileInfo::default()
        })
    }

    fn open<'s>(&self, task: Task<'s>) -> Result<Box<dyn OpenFile + 's>, Diagnostic> {
        let (layout, mut file) = Layout::read(&task.file.path)?;
        let wanted = task.scan.raw_columns();
        let mut decoder = Decoder::new(&layout.schema, &wanted, task.scan.reading.unnest.as_deref())
            .map_err(|error| corrupt(&task.file.path, &error))?;
        for block in layout.dictionaries.iter().flatten() {
            let message = Message::at(&mut file, *block, layout.size);
            message.and_then(|m| decoder.learn(&m)).map_err(|error| corrupt(&task.file.path, &error))?;
        }
        Ok(Box::new(ArrowFile { task, layout, decoder, wanted, next: AtomicUsize::new(0) }))
    }
}

struct ArrowFile<'s> {
    task: Task<'s>,
    layout: Layout,
    decoder: Decoder,
    wanted: Vec<&'s str>,
    next: AtomicUsize,
}

impl OpenFile for ArrowFile<'_> {
    fn next(&self) -> Result<Option<Part>, Failure> {
        let next = self.next.fetch_add(1, Ordering::Relaxed);
        Ok(match &self.layout.batches {
            Some(blocks) => (next < blocks.len()).then_some(Part::RowGroup(next)),
            None => (next == 0).then_some(Part::Whole),
        })
    }

    fn decode(&self, part: Part, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let path = &self.task.file.path;
        let mut file = File::open(path).map_err(|e| unreadable(path, &e))?;
        let mut canonical = Canonical::new(&self.task);
        match (part, &self.layout.batches) {
            (Part::RowGroup(index), Some(blocks)) => {
                let Some(block) = blocks.get(index) else { return Err(Diagnostic::bug("no such batch").into()) };
                let message = Message::at(&mut file, *block, self.layout.size).map_err(|e| corrupt(path, &e))?;
                self.batch(&message, &self.decoder, &mut canonical, sink)?;
                advance(self.task.progress, block.metadata + block.body);
            }
            (Part::Whole, None) => self.stream(file, &mut canonical, sink)?,
            _ => return Err(Diagnostic::bug("not a part of an Arrow file").into()),
        }
        Ok(())
    }
}

impl ArrowFile<'_> {
    fn stream(&self, file: File, canonical: &mut Canonical<'_>, sink: &mut Sink<'_>) -> Result<(), Failure> {
        let broken = |error: String| corrupt(&self.task.file.path, &error);
        let mut stream = Stream { input: BufReader::new(file), left: self.layout.size };
        let mut decoder = self.decoder.clone();
        while let Some(message) = stream.next().map_err(broken)? {
            match message.kind().map_err(broken)? {
                ipc::MessageHeader::DictionaryBatch => decoder.learn(&message).map_err(broken)?,
                ipc::MessageHeader::RecordBatch => self.batch(&message, &decoder, canonical, sink)?,
                _ => {}
            }
            advance(self.task.progress, message.size());
        }
        Ok(())
    }

    fn batch(
        &self,
        message: &Message,
        decoder: &Decoder,
        canonical: &mut Canonical<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Failure> {
        let broken = |error: &dyn Display| corrupt(&self.task.file.path, error);
        let batch = decoder.batch(message).map_err(|e| broken(&e))?;
        let batch =
            nested::leaves(&batch, &self.wanted, self.task.scan.reading.unnest.as_deref()).map_err(|e| broken(&e))?;
        Ok(canonical.hand_over(&batch, &self.task, sink)?)
    }
}

fn corrupt(path: &Path, error: &dyn Display) -> Diagnostic {
    let size = std::fs::metadata(path).map_or(0, |m| m.len());
    let message = if size == 0 {
        format!("`{}` is empty: an Arrow file has at least a schema", path.display())
    } else {
        format!("`{}` is not a whole Arrow file: {error}", path.display())
    };
    Diagnostic::data("corrupt-file", message)
        .note(format!("its size is {}", crate::diagnostic::count(size, "byte")))
        .help("export or copy the file again: the end of it is missing, or it is another format")
}

/// Where a message of a file stands, and how long its two halves are.
#[derive(Clone, Copy, Debug)]
struct Block {
    offset: u64,
    metadata: u64,
    body: u64,
}

impl Block {
    fn new(block: &ipc::Block) -> Result<Self, String> {
        let length = |length: i64| u64::try_from(length).map_err(|_| "a length is negative".to_owned());
        let (offset, body) = (length(block.offset())?, length(block.bodyLength())?);
        Ok(Self { offset, metadata: length(block.metaDataLength().into())?, body })
    }
}

/// What a file says of itself.
struct Layout {
    schema: SchemaRef,
    size: u64,
    /// Of a file; a stream does not tell.
    dictionaries: Option<Vec<Block>>,
    batches: Option<Vec<Block>>,
}

impl Layout {
    fn read(path: &Path) -> Result<(Self, File), Diagnostic> {
        let fail = |e: std::io::Error| unreadable(path, &e);
        let mut file = File::open(path).map_err(fail)?;
        let size = file.metadata().map_err(fail)?.len();
        let mut start = vec![];
        (&file).take(6).read_to_end(&mut start).map_err(fail)?;
        if start.starts_with(b"FEA1") {
            let message = format!("`{}` is a Feather file of version 1, which is not read", path.display());
            let help = "write it again: `pandas.read_feather(path).to_feather(path)` makes version 2";
            return Err(Diagnostic::data("unreadable-file", message).help(help));
        }
        file.rewind().map_err(fail)?;
        let layout = if start == MAGIC { Self::of_file(&mut file, size) } else { Self::of_stream(&file, size) };
        Ok((layout.map_err(|error| corrupt(path, &error))?, file))
    }

    fn of_file(file: &mut File, size: u64) -> Result<Self, String> {
        // Magic and padding at the start; the length of the footer and magic at the end.
        let room = size.checked_sub(18).ok_or("it ends after its first bytes")?;
        let mut end = [0; 10];
        file.seek(SeekFrom::Start(size - 10)).map_err(text)?;
        file.read_exact(&mut end).map_err(text)?;
        let length = read_footer_length(end).map_err(text)? as u64;
        if length > room {
            return Err("its footer is longer than the file".to_owned());
        }
        file.seek(SeekFrom::Start(size - 10 - length)).map_err(text)?;
        let mut footer = vec![];
        file.take(length).read_to_end(&mut footer).map_err(text)?;
        let footer = ipc::root_as_footer(&footer).map_err(text)?;
        let schema = schema(footer.schema().ok_or("its footer has no schema")?)?;
        let dictionaries: Result<_, String> = footer.dictionaries().into_iter().flatten().map(Block::new).collect();
        let batches: Result<_, String> = footer.recordBatches().into_iter().flatten().map(Block::new).collect();
        Ok(Self { schema, size, dictionaries: Some(dictionaries?), batches: Some(batches?) })
    }

    fn of_stream(file: &File, size: u64) -> Result<Self, String> {
        let mut stream = Stream { input: BufReader::new(file), left: size };
        let message = stream.next()?.ok_or("it has no schema")?;
        let header = message.header()?;
        let schema = schema(header.header_as_schema().ok_or("it does not begin with a schema")?)?;
        Ok(Self { schema, size, dictionaries: None, batches: None })
    }
}

fn schema(schema: ipc::Schema<'_>) -> Result<SchemaRef, String> {
    if !schema.endianness().equals_to_target_endianness() {
        return Err("its bytes are in the order of another kind of machine".to_owned());
    }
    Ok(Arc::new(ipc::convert::try_fb_to_schema(schema).map_err(text)?))
}

fn text(error: impl Display) -> String {
    error.to_string()
}

/// The messages of a stream, one after another.
struct Stream<R> {
    input: R,
    /// How many bytes the file has left.
    left: u64,
}

impl<R: Read> Stream<R> {
    fn next(&mut self) -> Result<Option<Message>, String> {
        let mut length = [0; 4];
        if self.left == 0 {
            return Ok(None);
        }
        self.fill(&mut length)?;
        if length == CONTINUATION {
            self.fill(&mut length)?;
        }
        let length = u64::try_from(i32::from_le_bytes(length)).map_err(|_| "a length is negative")?;
        if length == 0 {
            return Ok(None);
        }
        let metadata = self.take(length)?.as_slice().to_vec();
        let message = Message { metadata, body: Buffer::from_vec(Vec::<u8>::new()) };
        let body = u64::try_from(message.header()?.bodyLength()).map_err(|_| "a length is negative")?;
        Ok(Some(Message { body: self.take(body)?, ..message }))
    }

    fn take(&mut self, length: u64) -> Result<Buffer, String> {
        // Before memory is asked for.
        if length > self.left {
            return Err("it ends in the middle of a message".to_owned());
        }
        let mut buffer = MutableBuffer::from_len_zeroed(usize::try_from(length).map_err(text)?);
        self.fill(buffer.as_slice_mut())?;
        Ok(buffer.into())
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), String> {
        self.input.read_exact(bytes).map_err(|_| "it ends in the middle of a message")?;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Ok(())
    }
}

/// A message: what it is, and the bytes of its arrays.
struct Message {
    metadata: Vec<u8>,
    body: Buffer,
}

impl Message {
    /// Reads a message of a file.
    fn at(file: &mut File, block: Block, size: u64) -> Result<Self, String> {
        let end = block.offset.checked_add(block.metadata).and_then(|end| end.checked_add(block.body));
        if end.is_none_or(|end| end > size) {
            return Err("a batch stands past its end".to_owned());
        }
        file.seek(SeekFrom::Start(block.offset)).map_err(text)?;
        let mut stream = Stream { input: file, left: block.metadata + block.body };
        let metadata = stream.take(block.metadata)?;
        // The length, which old files put first and newer ones after a mark, is known from the footer.
        let prefix = if metadata.starts_with(&CONTINUATION) { 8 } else { 4 };
        let metadata = metadata.get(prefix..).ok_or("a batch is too short")?.to_vec();
        Ok(Self { metadata, body: stream.take(block.body)? })
    }

    fn header(&self) -> Result<ipc::Message<'_>, String> {
        ipc::root_as_message(&self.metadata).map_err(text)
    }

    fn kind(&self) -> Result<ipc::MessageHeader, String> {
        Ok(self.header()?.header_type())
    }

    fn size(&self) -> u64 {
        (self.metadata.len() + self.body.len()) as u64
    }
}

/// Turns messages into batches of the columns that are wanted.
#[derive(Clone)]
struct Decoder {
    schema: SchemaRef,
    /// Which columns at the top to decode.
    roots: Vec<usize>,
    /// Dictionaries that these use.
    used: BTreeSet<i64>,
    dictionaries: HashMap<i64, ArrayRef>,
}

impl Decoder {
    fn new(schema: &SchemaRef, wanted: &[&str], unnest: Option<&str>) -> Result<Self, String> {
        let mut roots = nested::roots(schema, wanted, unnest);
        let fields = schema.fields();
        if roots.is_empty() {
            // Something must tell how many records there are.
            let solid = |field: &Arc<Field>| is_sound(field.data_type()) && *field.data_type() != DataType::Null;
            roots.extend(fields.iter().position(solid));
        }
        let mut used = BTreeSet::new();
        for field in roots.iter().filter_map(|root| fields.get(*root)) {
            if !is_sound(field.data_type()) {
                return Err(format!("column `{}` has a type that is not read: {}", field.name(), field.data_type()));
            }
            dictionaries(field, &mut used);
        }
        Ok(Self { schema: schema.clone(), roots, used, dictionaries: HashMap::new() })
    }

    /// Takes in a dictionary, if anybody uses it.
    fn learn(&mut self, message: &Message) -> Result<(), String> {
        let header = message.header()?;
        let batch = header.header_as_dictionary_batch().ok_or("a dictionary is none")?;
        if !self.used.contains(&batch.id()) {
            return Ok(());
        }
        let values = batch.data().ok_or("a dictionary has no values")?;
        check(values, &message.body, value_type(&self.schema, batch.id()).as_slice(), header.version())?;
        read_dictionary(&message.body, batch, &self.schema, &mut self.dictionaries, &header.version()).map_err(text)
    }

    fn batch(&self, message: &Message) -> Result<RecordBatch, String> {
        let header = message.header()?;
        let batch = header.header_as_record_batch().ok_or("a batch of records is none")?;
        let types: Vec<&DataType> = self.schema.fields().iter().map(|field| field.data_type()).collect();
        check(batch, &message.body, &types, header.version())?;
        let (schema, version) = (self.schema.clone(), header.version());
        let decoder = RecordBatchDecoder::try_new(&message.body, batch, schema, &self.dictionaries, &version);
        decoder.and_then(|d| d.with_projection(Some(&self.roots)).read_record_batch()).map_err(text)
    }
}

/// The type of the values of a dictionary.
fn value_type(schema: &Schema, id: i64) -> Option<&DataType> {
    #[expect(deprecated, reason = "files number their dictionaries, and nothing else tells the numbers")]
    let field = schema.fields_with_dict_id(id).first().copied()?;
    match field.data_type() {
        DataType::Dictionary(_, values) => Some(values),
        _ => None,
    }
}

/// The dictionaries that a field and what is inside it use.
fn dictionaries(field: &Field, used: &mut BTreeSet<i64>) {
    #[expect(deprecated, reason = "files number their dictionaries, and nothing else tells the numbers")]
    used.extend(field.dict_id());
    match field.data_type() {
        DataType::Struct(fields) => fields.iter().for_each(|field| dictionaries(field, used)),
        DataType::List(inner) | DataType::LargeList(inner) => dictionaries(inner, used),
        DataType::FixedSizeList(inner, _) | DataType::Map(inner, _) => dictionaries(inner, used),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Physical, SourceInfo};
    use crate::expr::Type;
    use crate::plan::{Made, ScanColumn};
    use crate::source::lookups;
    use arrow::array::{AsArray, DictionaryArray, Float64Array, Int64Array, NullArray, StringViewArray, StructArray};
    use arrow::datatypes::{Int32Type, Int64Type, Int8Type};
    use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
    use arrow::ipc::CompressionType;

    fn batch(start: i64) -> RecordBatch {
        let city: DictionaryArray<Int8Type> = vec![Some("Paris"), Some("Rome"), None].into_iter().collect();
        let city: ArrayRef = Arc::new(city);
        let geo = StructArray::from(vec![(Arc::new(Field::new("city", city.data_type().clone(), true)), city)]);
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("clicks", Arc::new(Int64Array::from(vec![start, start + 1, start + 2]))),
            ("spend", Arc::new(Float64Array::from(vec![Some(0.5), None, Some(2.0)]))),
            ("geo", Arc::new(geo)),
            ("name", Arc::new(StringViewArray::from(vec![Some("a name longer than twelve"), None, Some("b")]))),
            ("nothing", Arc::new(NullArray::new(3))),
        ];
        let fields: Vec<Field> =
            columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect())
            .expect("a batch")
    }

    fn bytes(stream: bool, compression: Option<CompressionType>) -> Vec<u8> {
        let batches = [batch(0), batch(10)];
        let options = IpcWriteOptions::default().try_with_compression(compression).expect("a codec");
        let schema = batches[0].schema();
        let mut bytes = vec![];
        if stream {
            let mut writer = StreamWriter::try_new_with_options(&mut bytes, &schema, options).expect("a writer");
            batches.iter().try_for_each(|batch| writer.write(batch)).and_then(|()| writer.finish()).expect("written");
        } else {
            let mut writer = FileWriter::try_new_with_options(&mut bytes, &schema, options).expect("a writer");
            batches.iter().try_for_each(|batch| writer.write(batch)).and_then(|()| writer.finish()).expect("written");
        }
        bytes
    }

    fn read(path: &Path) -> Result<lookups::Read, Diagnostic> {
        let info = ArrowReader.inspect(path, &Reading::default())?;
        let column = |raw: &str, ty| ScanColumn {
            name: raw.to_owned(),
            raw: Some(raw.to_owned()),
            ty,
            dimension: true,
            measure: false,
            made: Made::AsRead,
        };
        let columns = [
            column("clicks", Type::Int),
            column("geo.city", Type::Text),
            column("name", Type::Text),
            column("missing", Type::Int),
        ];
        let info = SourceInfo { files: vec![info], ..SourceInfo::default() };
        lookups::read(&lookups::scan(&info, columns.iter()))
    }

    #[test]
    fn files_and_streams_are_read_whatever_the_compression() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.arrow");
        for stream in [false, true] {
            for compression in [None, Some(CompressionType::LZ4_FRAME), Some(CompressionType::ZSTD)] {
                std::fs::write(&path, bytes(stream, compression)).expect("written");
                let info = ArrowReader.inspect(&path, &Reading::default()).expect("columns");
                let names: Vec<&str> = info.columns.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["clicks", "spend", "geo.city", "name", "nothing"]);
                assert_eq!(info.columns[2].1, Physical::Typed(Type::Text));
                let found = read(&path).expect("records");
                assert_eq!((found.rows, found.firsts.len()), (6, 2));
                let clicks = found.arrays[0].as_primitive::<Int64Type>();
                assert_eq!(clicks.values(), &[0, 1, 2, 10, 11, 12]);
                let texts = |at: usize| -> Vec<Option<&str>> {
                    let array = found.arrays[at].as_dictionary::<Int32Type>();
                    array.downcast_dict::<arrow::array::StringArray>().expect("texts").into_iter().collect()
                };
                assert_eq!(texts(1), [Some("Paris"), Some("Rome"), None, Some("Paris"), Some("Rome"), None]);
                assert_eq!(texts(2)[..2], [Some("a name longer than twelve"), None]);
                assert_eq!(found.arrays[3].null_count(), 6);
            }
        }
    }

    #[test]
    fn broken_files_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.arrow");
        let told = |bytes: &[u8]| {
            std::fs::write(&path, bytes).expect("written");
            ArrowReader.inspect(&path, &Reading::default()).expect_err("no columns")
        };
        assert!(told(b"").message.contains("is empty"));
        assert!(told(b"FEA1rest").message.contains("version 1"));
        assert_eq!(told(b"ARROW1").code, "corrupt-file");
        assert_eq!(told(b"day,clicks\n2025-01-01,1\n").code, "corrupt-file");
        for (stream, compression) in [(false, None), (true, None), (false, Some(CompressionType::ZSTD))] {
            let whole = bytes(stream, compression);
            for length in (0..whole.len()).step_by(5) {
                std::fs::write(&path, &whole[..length]).expect("written");
                // Some streams end without saying so.
                assert!(stream || read(&path).is_err(), "{length} bytes");
            }
            for at in (0..whole.len()).step_by(3) {
                let mut bytes = whole.clone();
                bytes[at] ^= [0x01, 0x80, 0xFF][at % 5 % 3];
                std::fs::write(&path, &bytes).expect("written");
                // Some bytes do not matter, and some are values.
                let _ = read(&path);
            }
        }
    }
}
