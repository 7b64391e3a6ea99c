//! Texts of dimensions as numbers while a scan runs: keys are compared as integers, and partial states stay small.
//! The numbers follow the order of arrival and never show in a result.

use indexmap::IndexMap;
use std::collections::HashMap;
use std::sync::Mutex;

/// The code of a missing text.
pub(super) const NULL: u32 = 0;

/// Texts by dimension name, numbered from 1.
#[derive(Default)]
pub(super) struct Interner {
    dims: Mutex<IndexMap<String, IndexMap<String, u32>>>,
}

impl Interner {
    /// The codes of several texts of a dimension, new ones numbered.
    pub(super) fn codes<'t>(&self, dim: &str, texts: impl Iterator<Item = Option<&'t str>>) -> Vec<u32> {
        let mut dims = self.dims.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = dims.entry(dim.to_owned()).or_default();
        texts
            .map(|text| match text {
                None => NULL,
                Some(text) => match known.get(text) {
                    Some(code) => *code,
                    None => {
                        let code = u32::try_from(known.len() + 1).expect("fewer than 4 billion different texts");
                        known.insert(text.to_owned(), code);
                        code
                    }
                },
            })
            .collect()
    }

    /// For each dimension its texts by code; code 0 has none.
    pub(super) fn into_texts(self) -> HashMap<String, Vec<Option<String>>> {
        let dims = self.dims.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut texts = HashMap::new();
        for (dim, known) in dims {
            let mut by_code = vec![None; known.len() + 1];
            for (text, code) in known {
                by_code[code as usize] = Some(text);
            }
            texts.insert(dim, by_code);
        }
        texts
    }
}
