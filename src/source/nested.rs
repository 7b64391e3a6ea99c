//! Nested columns of Parquet and Arrow files: a value inside a struct is a column by its path (`geo.country`), and a
//! list may be cut into rows, one an element.

use crate::catalog::Physical;
use crate::expr::Type;
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, nullif, take};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use arrow::error::ArrowError;
use std::ops::Range;
use std::sync::Arc;

/// The columns of a file: values by their paths through structs, and through the list that is cut into rows. A name that
/// has a dot itself wins over a path.
pub(super) fn flatten(schema: &Schema, unnest: Option<&str>) -> Vec<(String, DataType)> {
    columns(schema.fields(), unnest).0.into_iter().map(|column| (column.path, column.ty)).collect()
}

/// The columns of `wanted` as flat ones, named by their paths; those that the batch lacks are left out. With `unnest`
/// one row an element of that list: a record whose list is empty or null gives one row, with nulls for what is inside
/// the list, and what is outside repeats.
///
/// # Errors
/// An array cannot be taken apart.
pub(super) fn leaves(batch: &RecordBatch, wanted: &[&str], unnest: Option<&str>) -> Result<RecordBatch, ArrowError> {
    let (columns, list) = columns(batch.schema_ref().fields(), unnest);
    let cut = list.map(|steps| Cut::new(&outer(batch, &steps)?)).transpose()?;
    let mut fields = vec![];
    let mut arrays = vec![];
    for column in columns.iter().filter(|column| wanted.contains(&column.path.as_str())) {
        let array = match (&column.inner, &cut) {
            (None, None) => outer(batch, &column.outer)?,
            (None, Some(cut)) => take(&outer(batch, &column.outer)?, &cut.records, None)?,
            (Some(steps), Some(cut)) => take(&descend(cut.elements.clone(), steps)?, &cut.places, None)?,
            (Some(_), None) => continue,
        };
        let array = undo_dictionary(array)?;
        fields.push(Field::new(&column.path, array.data_type().clone(), true));
        arrays.push(array);
    }
    let rows = cut.map_or(batch.num_rows(), |cut| cut.records.len());
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
}

/// The primitive columns (as Parquet numbers them) to decode for `wanted`, and how many there are. Of the list that is
/// cut into rows at least one is decoded, which tells how long it is.
pub(super) fn primitives(schema: &Schema, wanted: &[&str], unnest: Option<&str>) -> (Vec<usize>, usize) {
    let (columns, _) = columns(schema.fields(), unnest);
    let all = schema.fields().iter().map(|field| count(field.data_type())).sum();
    let is_wanted = |column: &&Column| wanted.contains(&column.path.as_str());
    let mut found: Vec<usize> = columns.iter().filter(is_wanted).flat_map(|c| c.primitives.clone()).collect();
    let mut inside = columns.iter().filter(|column| column.inner.is_some());
    if !inside.clone().any(|column| is_wanted(&column)) {
        found.extend(inside.find_map(|column| column.primitives.clone().next()));
    }
    (found, all)
}

/// The columns at the top to decode for `wanted`, the list that is cut into rows among them.
pub(super) fn roots(schema: &Schema, wanted: &[&str], unnest: Option<&str>) -> Vec<usize> {
    let (columns, list) = columns(schema.fields(), unnest);
    let is_wanted = |column: &&Column| wanted.contains(&column.path.as_str());
    let ways = columns.iter().filter(is_wanted).map(|column| column.outer.as_slice()).chain(list.as_deref());
    let mut roots: Vec<usize> = ways.filter_map(|steps| steps.first().copied()).collect();
    roots.sort_unstable();
    roots.dedup();
    roots
}

/// What a column that is no struct holds.
pub(super) fn physical(ty: &DataType) -> Physical {
    match ty {
        DataType::Boolean => Physical::Typed(Type::Bool),
        ty if ty.is_integer() => Physical::Typed(Type::Int),
        ty if ty.is_floating() => Physical::Typed(Type::Float),
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => {
            Physical::Typed(Type::Decimal(*scale))
        }
        // BYTE_ARRAY without annotation is how older writers store text; its bytes are checked when read.
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Physical::Typed(Type::Text),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Physical::Typed(Type::Text),
        DataType::Date32 | DataType::Date64 => Physical::Typed(Type::Date),
        DataType::Timestamp(_, zone) => Physical::Timestamp { zoned: zone.is_some() },
        DataType::Null => Physical::Empty,
        DataType::Dictionary(_, values) => physical(values),
        other => Physical::Unusable(match other {
            DataType::Struct(_) => "nested column".to_owned(),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..) => "list column".to_owned(),
            DataType::Map(..) => "map column".to_owned(),
            _ => other.to_string(),
        }),
    }
}

/// A value that is no struct, and the way to it.
#[derive(Clone, Debug)]
struct Column {
    path: String,
    ty: DataType,
    /// Positions, one a struct: to the value, or to the list that it is inside of.
    outer: Vec<usize>,
    /// Positions from an element of the list to the value.
    inner: Option<Vec<usize>>,
    /// Which primitive columns it is stored in.
    primitives: Range<usize>,
}

/// All columns, each path once, and the way to the list that is cut into rows.
fn columns(fields: &Fields, unnest: Option<&str>) -> (Vec<Column>, Option<Vec<usize>>) {
    let mut walk = Walk { unnest, found: vec![], list: None, primitives: 0 };
    for (position, field) in fields.iter().enumerate() {
        walk.visit(field.name().clone(), field.data_type(), &[position], None);
    }
    let depth = |column: &Column| column.outer.len() + column.inner.as_ref().map_or(0, |steps| steps.len() + 1);
    let mut columns: indexmap::IndexMap<String, Column> = indexmap::IndexMap::new();
    for column in walk.found {
        match columns.get(&column.path) {
            Some(known) if depth(known) <= depth(&column) => {}
            _ => {
                columns.insert(column.path.clone(), column);
            }
        }
    }
    (columns.into_values().collect(), walk.list)
}

struct Walk<'u> {
    unnest: Option<&'u str>,
    found: Vec<Column>,
    list: Option<Vec<usize>>,
    primitives: usize,
}

impl Walk<'_> {
    fn visit(&mut self, path: String, ty: &DataType, outer: &[usize], inner: Option<&[usize]>) {
        match ty {
            DataType::Struct(fields) => {
                for (position, field) in fields.iter().enumerate() {
                    let path = format!("{path}.{}", field.name());
                    match inner {
                        Some(inner) => self.visit(path, field.data_type(), outer, Some(&[inner, &[position]].concat())),
                        None => self.visit(path, field.data_type(), &[outer, &[position]].concat(), None),
                    }
                }
            }
            ty => match element(ty) {
                Some(element) if self.unnest == Some(path.as_str()) && self.list.is_none() => {
                    self.list = Some(outer.to_vec());
                    self.visit(path, element.data_type(), outer, Some(&[]));
                }
                _ => {
                    let start = self.primitives;
                    self.primitives += count(ty);
                    let (outer, inner) = (outer.to_vec(), inner.map(<[usize]>::to_vec));
                    self.found.push(Column { path, ty: ty.clone(), outer, inner, primitives: start..self.primitives });
                }
            },
        }
    }
}

/// What a list is a list of.
fn element(ty: &DataType) -> Option<&FieldRef> {
    match ty {
        DataType::List(element) | DataType::LargeList(element) | DataType::FixedSizeList(element, _) => Some(element),
        _ => None,
    }
}

/// How many primitive columns a type is stored in.
fn count(ty: &DataType) -> usize {
    match ty {
        DataType::Struct(fields) => fields.iter().map(|field| count(field.data_type())).sum(),
        DataType::Map(entries, _) => count(entries.data_type()),
        ty => element(ty).map_or(1, |element| count(element.data_type())),
    }
}

fn outer(batch: &RecordBatch, steps: &[usize]) -> Result<ArrayRef, ArrowError> {
    let (first, rest) = steps.split_first().ok_or_else(|| lost("a column"))?;
    descend(batch.columns().get(*first).ok_or_else(|| lost("a column"))?.clone(), rest)
}

/// The values at the end of a way through structs; where one of these is null, the value is.
fn descend(mut array: ArrayRef, steps: &[usize]) -> Result<ArrayRef, ArrowError> {
    let mut nulls: Option<NullBuffer> = None;
    for step in steps {
        let parent = array.as_struct_opt().ok_or_else(|| lost("a struct"))?;
        nulls = NullBuffer::union(nulls.as_ref(), parent.nulls());
        let child = parent.columns().get(*step).ok_or_else(|| lost("a field"))?.clone();
        array = child;
    }
    match nulls.filter(|nulls| nulls.null_count() > 0) {
        Some(nulls) => nullif(&array, &BooleanArray::new(!nulls.inner(), None)),
        None => Ok(array),
    }
}

fn lost(what: &str) -> ArrowError {
    ArrowError::SchemaError(format!("{what} of the schema is not among the data"))
}

/// Only texts stay dictionaries: what reads other values knows plain arrays.
fn undo_dictionary(array: ArrayRef) -> Result<ArrayRef, ArrowError> {
    match array.data_type() {
        DataType::Dictionary(_, values) if physical(values) != Physical::Typed(Type::Text) => cast(&array, values),
        _ => Ok(array),
    }
}

/// A list, cut into rows.
struct Cut {
    /// The record of each row.
    records: UInt64Array,
    /// The place of its element; null where the list has none.
    places: UInt64Array,
    elements: ArrayRef,
}

impl Cut {
    fn new(list: &ArrayRef) -> Result<Self, ArrowError> {
        let within = |start: i64, end: i64| -> Result<Range<u64>, ArrowError> {
            let place = |at: i64| u64::try_from(at).map_err(|_| lost("an element"));
            Ok(place(start)?..place(end)?)
        };
        let all = 0..list.len();
        let (elements, ranges): (ArrayRef, Result<Vec<Range<u64>>, ArrowError>) = match list.data_type() {
            DataType::List(_) => {
                let list = list.as_list::<i32>();
                let offsets = list.value_offsets();
                let range = |row| within(i64::from(offsets[row]), i64::from(offsets[row + 1]));
                (list.values().clone(), all.map(range).collect())
            }
            DataType::LargeList(_) => {
                let list = list.as_list::<i64>();
                let offsets = list.value_offsets();
                (list.values().clone(), all.map(|row| within(offsets[row], offsets[row + 1])).collect())
            }
            DataType::FixedSizeList(..) => {
                let list = list.as_fixed_size_list();
                let length = u64::try_from(list.value_length()).map_err(|_| lost("an element"))?;
                let range = |row| Ok(row as u64 * length..(row as u64 + 1) * length);
                (list.values().clone(), all.map(range).collect())
            }
            _ => return Err(lost("a list")),
        };
        let mut records: Vec<u64> = vec![];
        let mut places: Vec<Option<u64>> = vec![];
        for (row, range) in (0_u64..).zip(ranges?) {
            let is_null = usize::try_from(row).is_ok_and(|row| list.is_null(row));
            let range = if is_null { 0..0 } else { range };
            if range.is_empty() {
                records.push(row);
                places.push(None);
            }
            for place in range {
                records.push(row);
                places.push(Some(place));
            }
        }
        Ok(Self { records: records.into(), places: places.into(), elements })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Int32Array, Int64Array, ListArray, StringArray, StructArray};
    use arrow::buffer::OffsetBuffer;

    fn field(name: &str, ty: &DataType) -> FieldRef {
        Arc::new(Field::new(name, ty.clone(), true))
    }

    /// id; geo {country, place {city}}; items [{x}]; tags [int].
    fn batch() -> RecordBatch {
        let city: ArrayRef = Arc::new(StringArray::from(vec![Some("Paris"), Some("hidden"), Some("Rome")]));
        let place = StructArray::new(
            vec![field("city", city.data_type())].into(),
            vec![city],
            Some(NullBuffer::from(vec![true, false, true])),
        );
        let country: ArrayRef = Arc::new(StringArray::from(vec![Some("FR"), None, Some("hidden")]));
        let geo = StructArray::new(
            vec![field("country", country.data_type()), field("place", place.data_type())].into(),
            vec![country, Arc::new(place)],
            Some(NullBuffer::from(vec![true, true, false])),
        );
        let x: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(9)]));
        let items = StructArray::new(vec![field("x", x.data_type())].into(), vec![x], None);
        // The last record's list is null although it has an element.
        let items = ListArray::new(
            field("item", items.data_type()),
            OffsetBuffer::new(vec![0, 2, 2, 3].into()),
            Arc::new(items),
            Some(NullBuffer::from(vec![true, true, false])),
        );
        let tags = ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>([
            Some(vec![Some(7)]),
            None,
            Some(vec![None, Some(8)]),
        ]);
        let id: ArrayRef = Arc::new(Int32Array::from(vec![10, 20, 30]));
        let columns: Vec<(&str, ArrayRef)> =
            vec![("id", id), ("geo", Arc::new(geo)), ("items", Arc::new(items)), ("tags", Arc::new(tags))];
        let fields: Vec<FieldRef> = columns.iter().map(|(name, array)| field(name, array.data_type())).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect())
            .expect("a batch")
    }

    fn texts(array: &ArrayRef) -> Vec<Option<String>> {
        array.as_string::<i32>().iter().map(|t| t.map(str::to_owned)).collect()
    }

    fn numbers(array: &ArrayRef) -> Vec<Option<i64>> {
        let array = cast(array, &DataType::Int64).expect("numbers");
        array.as_primitive::<arrow::datatypes::Int64Type>().iter().collect()
    }

    #[test]
    fn paths_lead_through_structs_and_into_the_list_that_is_cut() {
        let paths = |unnest| -> Vec<String> {
            flatten(batch().schema_ref(), unnest).into_iter().map(|(path, _)| path).collect()
        };
        assert_eq!(paths(None), ["id", "geo.country", "geo.place.city", "items", "tags"]);
        assert_eq!(paths(Some("items")), ["id", "geo.country", "geo.place.city", "items.x", "tags"]);
        let types: Vec<Physical> = flatten(batch().schema_ref(), None).iter().map(|(_, ty)| physical(ty)).collect();
        assert_eq!(types[3], Physical::Unusable("list column".to_owned()));
    }

    #[test]
    fn a_null_struct_makes_what_is_inside_null() {
        let flat = leaves(&batch(), &["geo.country", "geo.place.city", "nothing"], None).expect("leaves");
        let some = |t: &str| Some(t.to_owned());
        assert_eq!(texts(flat.column(0)), [some("FR"), None, None]);
        assert_eq!(texts(flat.column(1)), [some("Paris"), None, None]);
        assert_eq!(flat.num_columns(), 2);
    }

    #[test]
    fn a_list_is_cut_into_rows_and_an_empty_one_gives_one() {
        let flat = leaves(&batch(), &["id", "items.x"], Some("items")).expect("leaves");
        assert_eq!(numbers(flat.column(0)), [Some(10), Some(10), Some(20), Some(30)]);
        assert_eq!(numbers(flat.column(1)), [Some(1), Some(2), None, None]);
        let flat = leaves(&batch(), &["tags", "geo.country"], Some("tags")).expect("leaves");
        assert_eq!(texts(flat.column(0)), [Some("FR".to_owned()), None, None, None]);
        assert_eq!(numbers(flat.column(1)), [Some(7), None, None, Some(8)]);
        // Nobody wants what is inside, and its rows count all the same.
        let flat = leaves(&batch(), &[], Some("items")).expect("leaves");
        assert_eq!((flat.num_columns(), flat.num_rows()), (0, 4));
    }

    #[test]
    fn lists_of_all_kinds_are_cut() {
        let items = FieldRef::new(Field::new_list_field(DataType::Int32, true));
        let tags = batch().column_by_name("tags").expect("tags").clone();
        let large = cast(&tags, &DataType::LargeList(items.clone())).expect("large");
        let fixed = arrow::array::FixedSizeListArray::new(
            items,
            2,
            Arc::new(Int32Array::from(vec![1, 2, 0, 0, 5, 6])),
            Some(NullBuffer::from(vec![true, false, true])),
        );
        for (list, expected) in [
            (large, vec![Some(7), None, None, Some(8)]),
            (Arc::new(fixed) as ArrayRef, vec![Some(1), Some(2), None, Some(5), Some(6)]),
        ] {
            let schema = Schema::new(vec![field("tags", list.data_type())]);
            let batch = RecordBatch::try_new(Arc::new(schema), vec![list]).expect("a batch");
            let flat = leaves(&batch, &["tags"], Some("tags")).expect("leaves");
            assert_eq!(numbers(flat.column(0)), expected);
        }
    }

    #[test]
    fn a_name_with_a_dot_wins_over_a_path() {
        let inside: ArrayRef = Arc::new(Int32Array::from(vec![1]));
        let nested = StructArray::new(vec![field("b", inside.data_type())].into(), vec![inside], None);
        let dotted: ArrayRef = Arc::new(Int32Array::from(vec![2]));
        let fields = vec![field("a", nested.data_type()), field("a.b", dotted.data_type())];
        let batch =
            RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![Arc::new(nested), dotted]).expect("a batch");
        assert_eq!(flatten(batch.schema_ref(), None).len(), 1);
        assert_eq!(numbers(leaves(&batch, &["a.b"], None).expect("leaves").column(0)), [Some(2)]);
    }

    #[test]
    fn primitive_columns_are_those_of_the_wanted_paths() {
        let schema = batch().schema();
        assert_eq!(primitives(&schema, &["geo.place.city", "id"], None), (vec![0, 2], 5));
        // The length of the list is wanted even if nothing of it is.
        assert_eq!(primitives(&schema, &["id"], Some("items")), (vec![0, 3], 5));
        assert_eq!(primitives(&schema, &["items.x"], Some("items")), (vec![3], 5));
    }
}
