//! What the decoder of Arrow IPC takes on trust about a message, checked before it sees it: it panics where a broken file
//! lies, and asks for as much memory as the file says.

use arrow::datatypes::{DataType, UnionMode};
use arrow::ipc;

/// How many times its size a buffer may become: a block of Zstandard repeats one byte over 128 KiB.
const LARGEST_RATIO: u64 = 1 << 15;

/// Checks that the buffers of a batch stand within its message, are of whole values, and do not become absurdly long
/// when they are decompressed.
pub(super) fn check(
    batch: ipc::RecordBatch<'_>,
    body: &[u8],
    types: &[&DataType],
    version: ipc::MetadataVersion,
) -> Result<(), String> {
    let records = batch.length();
    u32::try_from(records).map_err(|_| format!("a batch cannot have {records} records"))?;
    for node in batch.nodes().into_iter().flatten() {
        if !(0..=i64::from(u32::MAX)).contains(&node.length()) || !(0..=node.length()).contains(&node.null_count()) {
            return Err("the length of a column is absurd".to_owned());
        }
    }
    let views = batch.variadicBufferCounts().into_iter().flatten();
    let mut widths = Widths { found: vec![], views: views.collect(), version };
    widths.views.reverse();
    for ty in types {
        widths.of(ty);
    }
    let is_compressed = batch.compression().is_some();
    for (at, buffer) in batch.buffers().into_iter().flatten().enumerate() {
        let place = usize::try_from(buffer.offset()).ok().zip(usize::try_from(buffer.length()).ok());
        let bytes = place.and_then(|(start, length)| body.get(start..start.checked_add(length)?));
        let bytes = bytes.ok_or("a column stands past the end of its batch")?;
        let mut length = bytes.len() as u64;
        if let Some(prefix) = bytes.first_chunk::<8>().filter(|_| is_compressed) {
            // A negative length tells that what follows is not compressed.
            let unpacked = u64::try_from(i64::from_le_bytes(*prefix)).unwrap_or(length - 8);
            if unpacked / LARGEST_RATIO > length {
                return Err("a compressed column is absurdly long".to_owned());
            }
            length = unpacked;
        }
        if !length.is_multiple_of(widths.found.get(at).copied().unwrap_or(1)) {
            return Err("a column ends in the middle of a value".to_owned());
        }
    }
    Ok(())
}

/// The widths of the values that buffers are made of, where the decoder insists on whole ones; else 1.
struct Widths {
    found: Vec<u64>,
    /// How many buffers of texts each column of views has, the next one last.
    views: Vec<i64>,
    version: ipc::MetadataVersion,
}

impl Widths {
    fn of(&mut self, ty: &DataType) {
        match ty {
            DataType::Null => {}
            DataType::Utf8 | DataType::Binary => self.found.extend([1, 4, 1]),
            DataType::LargeUtf8 | DataType::LargeBinary => self.found.extend([1, 8, 1]),
            DataType::Utf8View | DataType::BinaryView => {
                self.found.extend([1, 16]);
                // A count that is more than there are buffers is told by the decoder.
                let texts = self.views.pop().and_then(|count| u16::try_from(count).ok()).unwrap_or(0);
                self.found.extend(std::iter::repeat_n(1, texts.into()));
            }
            DataType::List(inner) | DataType::Map(inner, _) => {
                self.found.extend([1, 4]);
                self.of(inner.data_type());
            }
            DataType::LargeList(inner) => {
                self.found.extend([1, 8]);
                self.of(inner.data_type());
            }
            DataType::ListView(inner) | DataType::LargeListView(inner) => {
                self.found.extend([1, 1, 1]);
                self.of(inner.data_type());
            }
            DataType::FixedSizeList(inner, _) => {
                self.found.push(1);
                self.of(inner.data_type());
            }
            DataType::Struct(fields) => {
                self.found.push(1);
                fields.iter().for_each(|field| self.of(field.data_type()));
            }
            DataType::Dictionary(keys, _) => {
                let width = keys.primitive_width().and_then(|width| u64::try_from(width).ok());
                self.found.extend([1, width.unwrap_or(1)]);
            }
            DataType::RunEndEncoded(ends, values) => {
                self.of(ends.data_type());
                self.of(values.data_type());
            }
            DataType::Union(fields, mode) => {
                let buffers = usize::from(self.version < ipc::MetadataVersion::V5) + 1;
                let offsets = usize::from(*mode == UnionMode::Dense);
                self.found.extend(std::iter::repeat_n(1, buffers + offsets));
                fields.iter().for_each(|(_, field)| self.of(field.data_type()));
            }
            _ => self.found.extend([1, 1]),
        }
    }
}

/// Whether a type is decoded without taking more on trust than [`check`] looks at.
pub(super) fn is_sound(ty: &DataType) -> bool {
    match ty {
        DataType::Union(..) | DataType::RunEndEncoded(..) | DataType::ListView(_) | DataType::LargeListView(_) => false,
        DataType::FixedSizeBinary(length) => *length >= 0,
        DataType::List(element) | DataType::LargeList(element) => is_sound(element.data_type()),
        DataType::FixedSizeList(element, length) => *length >= 0 && is_sound(element.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_sound(field.data_type())),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(fields) => fields.len() == 2 && fields.iter().all(|f| is_sound(f.data_type())),
            _ => false,
        },
        DataType::Dictionary(_, values) => !values.is_nested() && is_sound(values),
        _ => true,
    }
}
