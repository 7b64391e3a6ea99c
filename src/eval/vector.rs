//! Values of an expression for the records of a batch.

use crate::expr::{Literal, Type};
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow::datatypes::{Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type};
use std::borrow::Cow;

/// One value a record; a vector of length 1 stands for the same value in all records.
#[derive(Clone, Debug)]
pub(crate) struct Vector {
    pub(crate) data: Data,
    /// Which are known; `None` for all. As long as the data.
    pub(crate) nulls: Option<NullBuffer>,
}

/// What lies under a null means nothing.
#[derive(Clone, Debug)]
pub(crate) enum Data {
    Bool(BooleanBuffer),
    Int(ScalarBuffer<i64>),
    /// Decimals, and integers that 64 bits do not hold.
    Wide(ScalarBuffer<i128>),
    Float(ScalarBuffer<f64>),
    Date(ScalarBuffer<i32>),
    Text(Text),
}

#[derive(Clone, Debug)]
pub(crate) enum Text {
    Plain(StringArray),
    Dictionary { keys: Int32Array, values: StringArray },
}

impl Text {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Plain(texts) => texts.len(),
            Self::Dictionary { keys, .. } => keys.len(),
        }
    }

    /// The text of each record; nulls of the vector are not looked at, but those of keys and values are.
    pub(super) fn get(&self, i: usize) -> Option<&str> {
        match self {
            Self::Plain(texts) => texts.is_valid(i).then(|| texts.value(i)),
            Self::Dictionary { keys, values } => {
                let key = keys.is_valid(i).then(|| usize::try_from(keys.value(i)).ok()).flatten()?;
                values.is_valid(key).then(|| values.value(key))
            }
        }
    }
}

impl Vector {
    pub(super) fn new(data: Data, nulls: Option<NullBuffer>) -> Self {
        Self { data, nulls }
    }

    /// A column of a batch.
    pub(crate) fn of_column(array: &ArrayRef, ty: Type) -> Self {
        // Parquet's optional columns come with a null buffer even where nothing is null.
        let nulls = array.nulls().filter(|n| n.null_count() > 0).cloned();
        let data = match ty {
            Type::Bool | Type::Null => Data::Bool(array.as_boolean().values().clone()),
            Type::Int => Data::Int(array.as_primitive::<Int64Type>().values().clone()),
            Type::Float => Data::Float(array.as_primitive::<Float64Type>().values().clone()),
            Type::Decimal(_) => Data::Wide(array.as_primitive::<Decimal128Type>().values().clone()),
            Type::Date => Data::Date(array.as_primitive::<Date32Type>().values().clone()),
            Type::Text => {
                let dictionary = array.as_dictionary::<Int32Type>();
                let (keys, values) = (dictionary.keys().clone(), dictionary.values().as_string().clone());
                let nulls = if values.null_count() == 0 { nulls } else { dictionary.logical_nulls() };
                return Self::new(Data::Text(Text::Dictionary { keys, values }), nulls);
            }
        };
        Self::new(data, nulls)
    }

    pub(super) fn constant(literal: &Literal) -> Self {
        let data = match literal {
            Literal::Null => return Self::null(Type::Null),
            Literal::Bool(b) => Data::Bool(BooleanBuffer::from(vec![*b])),
            Literal::Int(n) => Data::Int(vec![*n].into()),
            Literal::Float(x) => Data::Float(vec![*x].into()),
            Literal::Text(text) => Data::Text(Text::Plain(StringArray::from(vec![text.as_str()]))),
            Literal::Date(day) => Data::Date(vec![*day].into()),
        };
        Self::new(data, None)
    }

    /// Null in all records.
    pub(super) fn null(ty: Type) -> Self {
        let data = match ty {
            Type::Bool | Type::Null => Data::Bool(BooleanBuffer::new_unset(1)),
            Type::Int => Data::Int(vec![0].into()),
            Type::Decimal(_) => Data::Wide(vec![0].into()),
            Type::Float => Data::Float(vec![0.0].into()),
            Type::Date => Data::Date(vec![0].into()),
            Type::Text => Data::Text(Text::Plain(StringArray::new_null(1))),
        };
        Self::new(data, Some(NullBuffer::new_null(1)))
    }

    pub(super) fn len(&self) -> usize {
        match &self.data {
            Data::Bool(b) => b.len(),
            Data::Int(n) => n.len(),
            Data::Wide(n) => n.len(),
            Data::Float(x) => x.len(),
            Data::Date(d) => d.len(),
            Data::Text(t) => t.len(),
        }
    }

    pub(super) fn is_null(&self, i: usize) -> bool {
        self.nulls.as_ref().is_some_and(|n| n.is_null(i))
    }

    /// Whether all records are null: how a bare `NULL`, whatever its type, looks.
    pub(super) fn is_nothing(&self) -> bool {
        self.len() == 1 && self.is_null(0)
    }

    /// The vector as one of another type, where it is a bare null; itself otherwise.
    pub(crate) fn typed(&self, ty: Type) -> Cow<'_, Self> {
        let fits = matches!(
            (&self.data, ty),
            (Data::Bool(_), Type::Bool | Type::Null)
                | (Data::Int(_), Type::Int)
                | (Data::Wide(_), Type::Int | Type::Decimal(_))
                | (Data::Float(_), Type::Float)
                | (Data::Date(_), Type::Date)
                | (Data::Text(_), Type::Text)
        );
        if fits {
            Cow::Borrowed(self)
        } else if self.is_nothing() {
            Cow::Owned(Self::null(ty))
        } else if ty == Type::Float {
            Cow::Owned(Self::new(Data::Float(self.floats().into_owned().into()), self.nulls.clone()))
        } else {
            Cow::Borrowed(self)
        }
    }

    /// Numbers as floats.
    #[expect(clippy::cast_precision_loss, reason = "integers taken as floats are rounded to nearest")]
    pub(crate) fn floats(&self) -> Cow<'_, [f64]> {
        match &self.data {
            Data::Float(x) => Cow::Borrowed(x),
            Data::Int(n) => Cow::Owned(n.iter().map(|n| *n as f64).collect()),
            Data::Wide(n) => Cow::Owned(n.iter().map(|n| *n as f64).collect()),
            _ => Cow::Owned(vec![0.0; self.len()]),
        }
    }

    /// Whole numbers (or days) in 128 bits.
    pub(crate) fn wide(&self) -> Cow<'_, [i128]> {
        match &self.data {
            Data::Wide(n) => Cow::Borrowed(n),
            Data::Int(n) => Cow::Owned(n.iter().map(|n| i128::from(*n)).collect()),
            Data::Date(d) => Cow::Owned(d.iter().map(|d| i128::from(*d)).collect()),
            Data::Bool(b) => Cow::Owned(b.iter().map(i128::from).collect()),
            _ => Cow::Owned(vec![0; self.len()]),
        }
    }

    /// In which of `rows` records it is true: neither false nor null.
    pub(crate) fn is_true(&self, rows: usize) -> BooleanBuffer {
        let Data::Bool(values) = &self.data else { return BooleanBuffer::new_unset(rows) };
        let known = match &self.nulls {
            None => values.clone(),
            Some(nulls) => values & nulls.inner(),
        };
        if known.len() == rows {
            known
        } else if known.value(0) {
            BooleanBuffer::new_set(rows)
        } else {
            BooleanBuffer::new_unset(rows)
        }
    }
}

/// Which records are known in both.
pub(super) fn both_known(left: &Vector, right: &Vector) -> Option<NullBuffer> {
    let len = left.len().max(right.len());
    let spread = |vector: &Vector| match &vector.nulls {
        Some(nulls) if nulls.len() < len => nulls.is_null(0).then(|| NullBuffer::new_null(len)),
        other => other.clone(),
    };
    NullBuffer::union(spread(left).as_ref(), spread(right).as_ref())
}

/// Combines two slices of which each has one value a record or one for all.
pub(super) fn map2<A: Copy, B: Copy, T>(left: &[A], right: &[B], f: impl Fn(A, B) -> T) -> Vec<T> {
    match (left, right) {
        (left, [right]) => left.iter().map(|l| f(*l, *right)).collect(),
        ([left], right) => right.iter().map(|r| f(*left, *r)).collect(),
        (left, right) => left.iter().zip(right).map(|(l, r)| f(*l, *r)).collect(),
    }
}

/// [`map2`] for conditions.
pub(super) fn test2<A: Copy, B: Copy>(left: &[A], right: &[B], f: impl Fn(A, B) -> bool) -> BooleanBuffer {
    match (left, right) {
        (left, [right]) => BooleanBuffer::collect_bool(left.len(), |i| f(left[i], *right)),
        ([left], right) => BooleanBuffer::collect_bool(right.len(), |i| f(*left, right[i])),
        (left, right) => BooleanBuffer::collect_bool(left.len().min(right.len()), |i| f(left[i], right[i])),
    }
}

/// A value of record `i`, of a vector that may be a constant.
pub(crate) fn at<T: Copy>(values: &[T], i: usize) -> T {
    values[if values.len() == 1 { 0 } else { i }]
}
