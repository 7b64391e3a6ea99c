//! The pieces of NDJSON: lines, objects and lists that are not looked into, and the paths that are wanted.

use indexmap::IndexMap;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Error};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::BufRead;
use std::ops::Range;

/// Of a line that is too long so much is kept.
const HEAD: usize = 4096;

/// A line.
pub(super) enum Line<'l> {
    End,
    /// Its number and its text.
    Text(u64, &'l [u8]),
    /// Its number and how it begins.
    TooLong(u64, &'l [u8]),
}

/// The lines of a file that are not blank.
pub(super) struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    line: u64,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, buffer: vec![], line: 0 }
    }

    pub(super) fn next(&mut self) -> std::io::Result<Line<'_>> {
        const LONGEST: usize = super::csv::LONGEST_RECORD;
        loop {
            self.buffer.clear();
            self.line += 1;
            let mut input = std::io::Read::take(&mut self.input, LONGEST as u64 + 1);
            if input.read_until(b'\n', &mut self.buffer)? == 0 {
                return Ok(Line::End);
            }
            if self.buffer.len() > LONGEST && self.buffer.last() != Some(&b'\n') {
                self.input.skip_until(b'\n')?;
                return Ok(Line::TooLong(self.line, &self.buffer[..HEAD]));
            }
            if !self.buffer.trim_ascii().is_empty() {
                return Ok(Line::Text(self.line, self.buffer.trim_ascii()));
            }
        }
    }
}

/// Whether a value is a list.
pub(super) fn is_list(value: &str) -> bool {
    value.starts_with('[')
}

/// The fields of an object, their values as they stand. Of a key that is there twice the last one counts.
pub(super) fn object(text: &str) -> Result<IndexMap<Cow<'_, str>, &str>, Error> {
    struct Fields;
    impl<'de> Visitor<'de> for Fields {
        type Value = IndexMap<Cow<'de, str>, &'de str>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut fields = IndexMap::new();
            while let Some(key) = map.next_key_seed(Key)? {
                fields.insert(key, map.next_value::<&RawValue>()?.get());
            }
            Ok(fields)
        }
    }
    parse(text, |input| serde::Deserializer::deserialize_map(input, Fields))
}

/// A key, copied only where it has escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;
    fn deserialize<D: serde::Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

/// The elements of a list, as they stand.
pub(super) fn list(text: &str) -> Result<Vec<&str>, Error> {
    Ok(serde_json::from_str::<Vec<&RawValue>>(text)?.into_iter().map(RawValue::get).collect())
}

/// The text of a string. Half of a surrogate pair, which a cut emoji leaves, becomes replacement characters.
pub(super) fn string(text: &str) -> String {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }
        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    serde_json::from_str(text)
        .or_else(|_| parse(text, |input| serde::Deserializer::deserialize_bytes(input, Bytes)))
        .unwrap_or_else(|_| text.to_owned())
}

type Input<'t> = Deserializer<serde_json::de::StrRead<'t>>;

fn parse<'t, T>(text: &'t str, read: impl FnOnce(&mut Input<'t>) -> Result<T, Error>) -> Result<T, Error> {
    let mut input = Deserializer::from_str(text);
    let found = read(&mut input)?;
    input.end().map(|()| found)
}

/// The paths that are wanted, as a tree: what a record has is looked up in it. A key may have dots itself.
pub(super) struct Tree {
    /// By path; the first is the record.
    nodes: Vec<Node>,
    list: Option<usize>,
    /// For each wanted path how deep the value stands that it has of this record: one with a shorter way wins.
    depths: Vec<usize>,
    /// The number of the record, or of the element.
    turn: u64,
}

#[derive(Default)]
struct Node {
    /// Which of the wanted paths it is the end of.
    slot: Option<usize>,
    /// Where keys lead to.
    keys: HashMap<String, usize>,
    /// The wanted paths that go through it.
    below: Vec<usize>,
    /// The turn in which it was met last.
    met: u64,
}

/// What is done with the value of a wanted path.
type Put<'p> = dyn FnMut(usize, &str) + 'p;

impl Tree {
    pub(super) fn new(wanted: &[&str], unnest: Option<&str>) -> Self {
        let mut tree = Self { nodes: vec![Node::default()], list: None, depths: vec![0; wanted.len()], turn: 0 };
        let mut known: HashMap<String, usize> = HashMap::new();
        for (slot, path) in wanted.iter().enumerate() {
            let end = tree.add(path, &mut known, Some(slot));
            tree.nodes[end].slot = Some(slot);
        }
        tree.list = unnest.map(|path| tree.add(path, &mut known, None));
        tree
    }

    /// How many paths are wanted.
    pub(super) fn slots(&self) -> usize {
        self.depths.len()
    }

    /// Adds a path; the node at its end. Every stretch between two dots may be a key.
    fn add(&mut self, path: &str, known: &mut HashMap<String, usize>, slot: Option<usize>) -> usize {
        let ends = path.match_indices('.').map(|(dot, _)| dot).chain([path.len()]);
        let mut way: Vec<(usize, usize)> = vec![(0, 0)];
        for end in ends {
            let node = *known.entry(path[..end].to_owned()).or_insert_with(|| {
                self.nodes.push(Node::default());
                self.nodes.len() - 1
            });
            self.nodes[node].below.extend(slot);
            for (from, start) in &way {
                self.nodes[*from].keys.insert(path[*start..end].to_owned(), node);
            }
            way.push((node, end + 1));
        }
        way.last().map_or(0, |(node, _)| *node)
    }

    /// Reads a record; where the elements of the list stand in it that is cut into rows.
    ///
    /// # Errors
    /// Why it is no record.
    pub(super) fn record(&mut self, text: &str, put: &mut Put<'_>) -> Result<Vec<Range<usize>>, String> {
        self.turn += 1;
        self.depths.fill(usize::MAX);
        if !text.starts_with('{') {
            return Err("it is no JSON object: it does not begin with `{` (column 1)".to_owned());
        }
        let mut elements: Vec<&str> = vec![];
        let found = self.fields(0, text).map_err(|error| {
            let message = error.to_string();
            let message = message.split_once(" at line ").map_or(message.as_str(), |(message, _)| message);
            format!("it is no JSON object: {message} (column {})", error.column())
        })?;
        self.values(found, 1, put, &mut elements);
        // They are stretches of the record's text.
        let start = |part: &str| (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        Ok(elements.into_iter().map(|part| start(part)..start(part) + part.len()).collect())
    }

    /// Reads an element of the list.
    pub(super) fn element(&mut self, text: &str, put: &mut Put<'_>) {
        let Some(list) = self.list else { return };
        self.turn += 1;
        for slot in &self.nodes[list].below {
            self.depths[*slot] = usize::MAX;
        }
        if text.starts_with('{') {
            let found = self.fields(list, text).unwrap_or_default();
            self.values(found, 1, put, &mut vec![]);
        } else if let Some(slot) = self.nodes[list].slot {
            put(slot, text);
        }
    }

    /// The fields of an object that lead anywhere; the others are not looked into.
    fn fields<'t>(&self, node: usize, text: &'t str) -> Result<Vec<(usize, &'t str)>, Error> {
        struct Wanted<'n>(&'n HashMap<String, usize>);
        impl<'de> Visitor<'de> for Wanted<'_> {
            type Value = Vec<(usize, &'de str)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut found = vec![];
                while let Some(key) = map.next_key_seed(Key)? {
                    match self.0.get(key.as_ref()) {
                        Some(node) => found.push((*node, map.next_value::<&RawValue>()?.get())),
                        None => {
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(found)
            }
        }
        parse(text, |input| serde::Deserializer::deserialize_map(input, Wanted(&self.nodes[node].keys)))
    }

    fn values<'t>(
        &mut self,
        found: Vec<(usize, &'t str)>,
        depth: usize,
        put: &mut Put<'_>,
        elements: &mut Vec<&'t str>,
    ) {
        for (at, value) in found {
            let node = &mut self.nodes[at];
            if std::mem::replace(&mut node.met, self.turn) == self.turn {
                // The key is there twice: the last one counts, and nothing of the one before.
                for slot in &node.below {
                    if self.depths[*slot] >= depth {
                        self.depths[*slot] = usize::MAX;
                        put(*slot, "null");
                    }
                }
            }
            if self.list == Some(at) {
                *elements = match value.as_bytes().first() {
                    Some(b'[') => list(value).unwrap_or_default(),
                    Some(b'n') => vec![],
                    // What stands there alone is a list of one.
                    _ => vec![value],
                };
            } else if value.starts_with('{') && !node.keys.is_empty() {
                let inside = self.fields(at, value).unwrap_or_default();
                self.values(inside, depth + 1, put, elements);
            } else if let Some(slot) = node.slot.filter(|slot| depth <= self.depths[*slot]) {
                self.depths[slot] = depth;
                put(slot, value);
            }
        }
    }
}
