//! Keys as small numbers: each thread numbers the values of every dimension in the order of their arrival. The numbers
//! never show in a result.

use crate::rollup::hash::{fast_map, FastMap, HASHER};
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::buffer::{BooleanBuffer, NullBuffer};
use arrow::datatypes::{DataType, Date32Type, Int32Type, Int64Type};
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::sync::Arc;

/// The code of a missing value.
pub(super) const NULL: u32 = 0;

/// Its top bit is set, unlike that of any code.
const UNSEEN: u32 = 1 << 31;

/// What stands in a result for a code.
fn code_of(position: usize) -> u32 {
    u32::try_from(position + 1).ok().filter(|code| *code < UNSEEN).expect("fewer than 2 billion different keys")
}

/// Texts, numbered from 1.
#[derive(Default)]
pub(super) struct Texts {
    table: HashTable<u32>,
    known: Vec<Box<str>>,
    /// Bytes of the texts.
    bytes: usize,
    /// The last dictionary seen, and by key the codes of its values; [`UNSEEN`] where none has occurred.
    last: Option<(ArrayRef, Vec<u32>)>,
}

impl Texts {
    fn code(&mut self, text: &str) -> u32 {
        let texts = &self.known;
        let is_it = |code: &u32| texts[*code as usize - 1].as_ref() == text;
        let hash = HASHER.hash_one(text);
        if let Some(code) = self.table.find(hash, is_it) {
            return *code;
        }
        let code = code_of(self.known.len());
        self.bytes += text.len();
        self.known.push(text.into());
        let texts = &self.known;
        self.table.insert_unique(hash, code, |code| HASHER.hash_one(texts[*code as usize - 1].as_ref()));
        code
    }

    /// The codes of a dictionary's records; texts that do not occur in `wanted` ones get none.
    fn codes(&mut self, array: &ArrayRef, wanted: Option<&BooleanBuffer>) -> Vec<u32> {
        let dictionary = array.as_dictionary::<Int32Type>();
        let values = dictionary.values();
        let mut by_key = match self.last.take() {
            Some((seen, by_key)) if Arc::ptr_eq(&seen, values) => by_key,
            _ => vec![UNSEEN; values.len()],
        };
        let nulls = dictionary.keys().nulls().filter(|n| n.null_count() > 0);
        if nulls.is_none() {
            // Mostly all texts have occurred before, and there is nothing to decide on.
            let codes = look_up(&by_key, dictionary.keys().values());
            if codes.iter().fold(0, |all, code| all | code) < UNSEEN {
                self.last = Some((values.clone(), by_key));
                return codes;
            }
        }
        let texts: &StringArray = values.as_string();
        let mut code = |key: i32| -> u32 {
            let Some(known) = usize::try_from(key).ok().and_then(|k| by_key.get_mut(k)) else { return NULL };
            if *known == UNSEEN {
                let at = usize::try_from(key).unwrap_or(0);
                *known = if texts.is_null(at) { NULL } else { self.code(texts.value(at)) };
            }
            *known
        };
        let codes = map(dictionary.keys().values(), nulls, wanted, &mut code);
        self.last = Some((values.clone(), by_key));
        codes
    }
}

/// Integers, days and truth values, numbered from 1.
pub(super) struct Numbers {
    index: Index,
    numbers: Vec<i64>,
}

/// Ids are mostly given out one after another: pages of neighbouring numbers are tables. Where they turn out to be
/// scattered, a hash map takes over.
enum Index {
    Pages { known: FastMap<i64>, pages: Vec<Vec<u32>>, last: (i64, usize) },
    Hash(FastMap<i64>),
}

/// Numbers of a page, as a power of two.
const PAGE_BITS: u32 = 12;

/// Pages that are allowed, however few numbers are on them.
const PAGES: usize = 256;

impl Default for Numbers {
    fn default() -> Self {
        Self { index: Index::Pages { known: fast_map(), pages: vec![], last: (0, usize::MAX) }, numbers: vec![] }
    }
}

impl Numbers {
    pub(super) fn code(&mut self, number: i64) -> u32 {
        let next = code_of(self.numbers.len());
        let code = match &mut self.index {
            Index::Pages { known, pages, last } => {
                let page = number >> PAGE_BITS;
                if last.0 != page || last.1 == usize::MAX {
                    let at = u32::try_from(pages.len()).unwrap_or(UNSEEN);
                    let at = *known.entry(page).or_insert(at) as usize;
                    if at == pages.len() {
                        pages.push(vec![NULL; 1 << PAGE_BITS]);
                    }
                    *last = (page, at);
                }
                let offset = usize::try_from(number & ((1 << PAGE_BITS) - 1)).unwrap_or(0);
                let code = &mut pages[last.1][offset];
                if *code == NULL {
                    *code = next;
                }
                *code
            }
            Index::Hash(known) => *known.entry(number).or_insert(next),
        };
        if code == next {
            self.numbers.push(number);
            self.scatter();
        }
        code
    }

    /// Gives pages up when they take more than hash entries would.
    fn scatter(&mut self) {
        let Index::Pages { pages, .. } = &self.index else { return };
        if pages.len() > PAGES && pages.len() << PAGE_BITS > 16 * self.numbers.len() {
            let mut known = fast_map();
            known.reserve(2 * self.numbers.len());
            known.extend((1u32..).zip(&self.numbers).map(|(code, number)| (*number, code)));
            self.index = Index::Hash(known);
        }
    }

    fn codes(&mut self, array: &ArrayRef, wanted: Option<&BooleanBuffer>) -> Vec<u32> {
        let nulls = array.nulls().filter(|n| n.null_count() > 0);
        match array.data_type() {
            DataType::Int64 => map(array.as_primitive::<Int64Type>().values(), nulls, wanted, |n| self.code(n)),
            DataType::Date32 => {
                map(array.as_primitive::<Date32Type>().values(), nulls, wanted, |d| self.code(i64::from(d)))
            }
            _ => {
                let flags: Vec<bool> = array.as_boolean().values().iter().collect();
                map(&flags, nulls, wanted, |b| self.code(i64::from(b)))
            }
        }
    }

    /// How many codes there are, that of null included.
    pub(super) fn len(&self) -> usize {
        self.numbers.len() + 1
    }

    /// The number of a code.
    pub(super) fn get(&self, code: u32) -> Option<i64> {
        (code as usize).checked_sub(1).and_then(|i| self.numbers.get(i)).copied()
    }

    /// For each code of `other` the code here.
    pub(super) fn absorb(&mut self, other: &Self) -> Vec<u32> {
        std::iter::once(NULL).chain(other.numbers.iter().map(|n| self.code(*n))).collect()
    }

    fn bytes(&self) -> usize {
        let index = match &self.index {
            Index::Pages { known, pages, .. } => known.allocation_size() + (pages.len() << PAGE_BITS) * 4,
            Index::Hash(known) => known.allocation_size(),
        };
        index + self.numbers.capacity() * 8
    }
}

/// The code of each key, which a dictionary's keys always have.
fn look_up(by_key: &[u32], keys: &[i32]) -> Vec<u32> {
    let mut small = [UNSEEN; 256];
    if by_key.len() <= small.len() {
        // A byte cannot point beyond the table: nothing to check.
        small[..by_key.len()].copy_from_slice(by_key);
        return keys.iter().map(|key| small[usize::from(key.to_le_bytes()[0])]).collect();
    }
    let code = |key: &i32| usize::try_from(*key).ok().and_then(|k| by_key.get(k)).copied().unwrap_or(UNSEEN);
    keys.iter().map(code).collect()
}

/// Codes of records: those of nulls and of records that nobody wants are [`NULL`].
fn map<T: Copy>(
    values: &[T],
    nulls: Option<&NullBuffer>,
    wanted: Option<&BooleanBuffer>,
    mut code: impl FnMut(T) -> u32,
) -> Vec<u32> {
    match (nulls, wanted) {
        (None, None) => values.iter().map(|v| code(*v)).collect(),
        (Some(nulls), None) => values.iter().zip(nulls).map(|(v, known)| if known { code(*v) } else { NULL }).collect(),
        (nulls, Some(wanted)) => {
            let mut codes = vec![NULL; values.len()];
            for i in wanted.set_indices().filter(|i| nulls.is_none_or(|n| n.is_valid(*i))) {
                codes[i] = code(values[i]);
            }
            codes
        }
    }
}

/// The values of a dimension.
pub(super) enum DimCodes {
    Text(Texts),
    Number(Numbers),
}

impl DimCodes {
    pub(super) fn new(is_text: bool) -> Self {
        if is_text {
            Self::Text(Texts::default())
        } else {
            Self::Number(Numbers::default())
        }
    }

    /// The codes of a column's records; `wanted` tells which ones matter.
    pub(super) fn codes(&mut self, array: &ArrayRef, wanted: Option<&BooleanBuffer>) -> Vec<u32> {
        match self {
            Self::Text(texts) => texts.codes(array, wanted),
            Self::Number(numbers) => numbers.codes(array, wanted),
        }
    }

    /// How many codes there are, that of null included.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(texts) => texts.known.len() + 1,
            Self::Number(numbers) => numbers.len(),
        }
    }

    /// For each code of `other` the code here.
    pub(super) fn absorb(&mut self, other: &Self) -> Vec<u32> {
        match (self, other) {
            (Self::Text(here), Self::Text(there)) => {
                std::iter::once(NULL).chain(there.known.iter().map(|t| here.code(t))).collect()
            }
            (Self::Number(here), Self::Number(there)) => here.absorb(there),
            _ => vec![],
        }
    }

    /// The texts, by code less 1.
    pub(super) fn texts(&self) -> StringArray {
        match self {
            Self::Text(texts) => StringArray::from_iter_values(&texts.known),
            Self::Number(_) => StringArray::new_null(0),
        }
    }

    pub(super) fn number(&self, code: u32) -> Option<i64> {
        match self {
            Self::Text(_) => None,
            Self::Number(numbers) => numbers.get(code),
        }
    }

    /// Bytes that the values take.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Text(texts) => texts.table.allocation_size() + texts.known.capacity() * 16 + texts.bytes,
            Self::Number(numbers) => numbers.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_codes_when_pages_give_way_to_a_hash_map() {
        let mut numbers = Numbers::default();
        let near: Vec<i64> = (0..5000).map(|i| i * 3 - 7000).collect();
        let far: Vec<i64> = (1..3000).map(|i| i64::MAX / 3000 * i).chain([i64::MIN, i64::MAX]).collect();
        let first: Vec<u32> = near.iter().map(|n| numbers.code(*n)).collect();
        assert!(matches!(numbers.index, Index::Pages { .. }));
        let second: Vec<u32> = far.iter().map(|n| numbers.code(*n)).collect();
        assert!(matches!(numbers.index, Index::Hash(_)));
        for (number, code) in near.iter().chain(&far).zip(first.iter().chain(&second)) {
            assert_eq!((numbers.code(*number), numbers.get(*code)), (*code, Some(*number)));
        }
        assert_eq!(numbers.len(), near.len() + far.len() + 1);
    }
}
