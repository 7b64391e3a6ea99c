//! YAML events → nodes with byte spans: the index from a path in the document to its place in the text.

use crate::diagnostic::{Diagnostic, Part, Step, YamlPath};
use saphyr_parser::{Event, Parser, ScalarStyle, Span};
use std::collections::HashMap;
use std::ops::Range;

/// The most nodes a document may expand to; aliases can multiply (the "billion laughs" of YAML).
const MAX_NODES: usize = 200_000;

/// A node of the document.
#[derive(Clone, Debug)]
pub struct Node {
    /// Byte range in the text.
    pub span: Range<usize>,
    /// What it holds.
    pub kind: NodeKind,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// A scalar, with whether it was written plain (unquoted).
    Scalar { text: String, plain: bool },
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping: keys with their spans, and values.
    Mapping(Vec<(String, Range<usize>, Node)>),
}

impl Node {
    /// The node as serde sees it, without the entries at the given paths.
    pub(super) fn to_value(&self, at: &YamlPath, without: &[YamlPath]) -> serde_yaml::Value {
        use serde_yaml::Value;
        match &self.kind {
            // A plain scalar may be a number, a boolean or null: YAML's own rules decide.
            NodeKind::Scalar { text, plain: true } => serde_yaml::from_str(text)
                .ok()
                .filter(|v: &Value| !v.is_mapping() && !v.is_sequence())
                .unwrap_or_else(|| Value::String(text.clone())),
            NodeKind::Scalar { text, plain: false } => Value::String(text.clone()),
            NodeKind::Sequence(items) => Value::Sequence(
                items.iter().enumerate().map(|(i, item)| item.to_value(&at.index(i), without)).collect(),
            ),
            NodeKind::Mapping(entries) => {
                let kept = entries.iter().filter_map(|(key, _, value)| {
                    let at = at.key(key);
                    (!without.contains(&at)).then(|| (Value::String(key.clone()), value.to_value(&at, without)))
                });
                Value::Mapping(kept.collect())
            }
        }
    }
}

/// A parsed YAML text: the root node and the text itself.
#[derive(Clone, Debug)]
pub struct Document {
    text: String,
    root: Option<Node>,
}

impl Document {
    /// Parses the text; the errors are those of syntax and duplicate keys.
    #[must_use]
    pub fn parse(text: &str) -> (Self, Vec<Diagnostic>) {
        let mut builder = Builder::new(text);
        let root = match builder.document() {
            Ok(root) => root,
            Err(error) => {
                builder.errors.push(error);
                None
            }
        };
        if root.is_none() && builder.errors.is_empty() {
            builder.errors.push(Diagnostic::pipeline("empty-pipeline", "the pipeline file is empty"));
        }
        let errors = std::mem::take(&mut builder.errors);
        (Self { text: text.to_owned(), root }, errors)
    }

    /// The text as it was read.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The root node, when the text could be parsed.
    #[must_use]
    pub fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    /// The byte range of a part of a path; of the nearest ancestor where the path does not exist.
    #[must_use]
    pub fn span(&self, path: &YamlPath, part: &Part) -> Option<Range<usize>> {
        if let Part::Bytes(range) = part {
            return Some(range.clone());
        }
        let mut node = self.root.as_ref()?;
        let mut key_span = None;
        for step in &path.0 {
            let found = match (step, &node.kind) {
                (Step::Key(key), NodeKind::Mapping(entries)) => {
                    entries.iter().find(|(k, _, _)| k == key).map(|(_, span, value)| (Some(span.clone()), value))
                }
                (Step::Index(i), NodeKind::Sequence(items)) => items.get(*i).map(|item| (None, item)),
                _ => None,
            };
            let Some((span, next)) = found else { return key_span.or(Some(self.first_line(node))) };
            key_span = span;
            node = next;
        }
        Some(match part {
            Part::Key => key_span.unwrap_or_else(|| self.first_line(node)),
            Part::Within(range) => self.within(node, range),
            Part::Value | Part::Bytes(_) => self.first_line(node),
        })
    }

    /// A node's span, cut to one line: nobody wants ten lines under a caret.
    fn first_line(&self, node: &Node) -> Range<usize> {
        let span = node.span.clone();
        let end = self.text[span.clone()].find('\n').map_or(span.end, |n| span.start + n);
        span.start..end.max(span.start)
    }

    /// Where a range of a scalar's *decoded* text stands in the file: the k-th occurrence of the same piece.
    fn within(&self, node: &Node, range: &Range<usize>) -> Range<usize> {
        let NodeKind::Scalar { text, .. } = &node.kind else { return self.first_line(node) };
        let Some(piece) = text.get(range.clone()).filter(|p| !p.trim().is_empty()) else {
            return self.first_line(node);
        };
        let before = text.get(..range.start).map_or(0, |head| head.matches(piece).count());
        let raw = &self.text[node.span.clone()];
        match raw.match_indices(piece).nth(before) {
            Some((at, _)) => node.span.start + at..node.span.start + at + piece.len(),
            None => self.first_line(node),
        }
    }
}

struct Builder<'t> {
    text: &'t str,
    /// Byte offset of every character, because the parser counts characters. Empty when the text is ASCII.
    offsets: Vec<usize>,
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    /// Anchored nodes, with how many nodes each expands to.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    errors: Vec<Diagnostic>,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str) -> Self {
        let offsets = if text.is_ascii() { vec![] } else { text.char_indices().map(|(at, _)| at).collect() };
        Self { text, offsets, parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0, errors: vec![] }
    }

    fn byte(&self, character: usize) -> usize {
        if self.offsets.is_empty() {
            return character.min(self.text.len());
        }
        self.offsets.get(character).copied().unwrap_or(self.text.len())
    }

    fn range(&self, span: Span) -> Range<usize> {
        let (start, end) = (self.byte(span.start.index()), self.byte(span.end.index()));
        let trimmed = self.text[start..end.max(start)].trim_end().len();
        start..start + trimmed
    }

    fn next(&mut self) -> Result<(Event<'t>, Range<usize>), Diagnostic> {
        match self.parser.next_event() {
            Some(Ok((event, span))) => {
                let range = self.range(span);
                Ok((event, range))
            }
            Some(Err(error)) => {
                let at = self.byte(error.marker().index());
                let end = self.text[at..].chars().next().map_or(at, |c| at + c.len_utf8());
                Err(Diagnostic::pipeline("yaml-syntax", format!("not valid YAML: {}", error.info()))
                    .place(&YamlPath::root(), Part::Bytes(at..end), "here")
                    .note("indentation is made of spaces; a text that contains `: ` or starts with `*`, `&`, `[` needs quotes"))
            }
            None => Ok((Event::StreamEnd, self.text.len()..self.text.len())),
        }
    }

    fn document(&mut self) -> Result<Option<Node>, Diagnostic> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
                _ if root.is_some() => {
                    return Err(Diagnostic::pipeline("yaml-syntax", "a pipeline file holds one YAML document").place(
                        &YamlPath::root(),
                        Part::Bytes(span),
                        "a second one starts here",
                    ))
                }
                event => {
                    let node = self.node(event, span, &YamlPath::root())?;
                    let nothing = matches!(&node.kind, NodeKind::Scalar { text, plain: true } if text.is_empty());
                    root = (!nothing).then_some(node);
                }
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: Range<usize>, path: &YamlPath) -> Result<Node, Diagnostic> {
        let before = self.nodes;
        self.grow(1)?;
        let (anchor, node) = match event {
            Event::Scalar(text, style, anchor, _) => {
                let plain = style == ScalarStyle::Plain;
                (anchor, Node { span, kind: NodeKind::Scalar { text: text.into_owned(), plain } })
            }
            Event::SequenceStart(anchor, _) => (anchor, self.sequence(span, path)?),
            Event::MappingStart(anchor, _) => (anchor, self.mapping(span, path)?),
            Event::Alias(anchor) => {
                let Some((_, size)) = self.anchors.get(&anchor) else {
                    return Err(Diagnostic::pipeline("yaml-syntax", "an alias to an unknown anchor").place(
                        path,
                        Part::Bytes(span),
                        "",
                    ));
                };
                self.grow(*size)?;
                return Ok(self.anchors[&anchor].0.clone());
            }
            _ => return Err(Diagnostic::bug("an unexpected YAML event")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    /// Counts nodes, those that aliases expand to included.
    fn grow(&mut self, by: usize) -> Result<(), Diagnostic> {
        self.nodes += by;
        if self.nodes > MAX_NODES {
            return Err(Diagnostic::pipeline("yaml-too-large", format!("more than {MAX_NODES} YAML nodes"))
                .help("check for aliases (`*name`) that repeat each other"));
        }
        Ok(())
    }

    fn sequence(&mut self, start: Range<usize>, path: &YamlPath) -> Result<Node, Diagnostic> {
        let mut items = vec![];
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                let end = items.last().map_or(span.end, |last: &Node| last.span.end.max(span.end));
                return Ok(Node { span: start.start..end.max(start.end), kind: NodeKind::Sequence(items) });
            }
            let item = self.node(event, span, &path.index(items.len()))?;
            items.push(item);
        }
    }

    fn mapping(&mut self, start: Range<usize>, path: &YamlPath) -> Result<Node, Diagnostic> {
        let mut entries: Vec<(String, Range<usize>, Node)> = vec![];
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                let end = entries.last().map_or(span.end, |(_, _, last)| last.span.end.max(span.end));
                return Ok(Node { span: start.start..end.max(start.end), kind: NodeKind::Mapping(entries) });
            }
            let Event::Scalar(key, ..) = event else {
                return Err(Diagnostic::pipeline("yaml-syntax", "a mapping key must be a text").place(
                    path,
                    Part::Bytes(span),
                    "this key is a list or a mapping",
                ));
            };
            let key = key.into_owned();
            let key_path = path.key(&key);
            let (event, value_span) = self.next()?;
            let value = self.node(event, value_span, &key_path)?;
            if let Some((_, first, _)) = entries.iter().find(|(k, _, _)| *k == key) {
                self.errors.push(
                    Diagnostic::pipeline("duplicate-key", format!("`{key}` is written twice"))
                        .place(&key_path, Part::Bytes(span), "second time here")
                        .place(&key_path, Part::Bytes(first.clone()), "first time here")
                        .help("keep one of them, or rename one"),
                );
                continue;
            }
            entries.push((key, span, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice<'a>(document: &'a Document, path: &YamlPath, part: &Part) -> &'a str {
        &document.text()[document.span(path, part).expect("a span")]
    }

    #[test]
    fn a_path_leads_to_its_text_with_accents_quotes_and_lists_on_the_way() {
        let text = "é: ü\nmetrics:\n  ctr: {type: ratio, numerator: \"clicks\"}\nlist: [a, bé, c]\n";
        let (document, errors) = Document::parse(text);
        assert!(errors.is_empty());
        let ctr = YamlPath::root().key("metrics").key("ctr");
        assert_eq!(slice(&document, &ctr, &Part::Key), "ctr");
        assert_eq!(slice(&document, &ctr.key("numerator"), &Part::Value), "\"clicks\"");
        assert_eq!(slice(&document, &YamlPath::root().key("list").index(1), &Part::Value), "bé");
    }

    #[test]
    fn a_piece_of_an_expression_is_found_in_quotes_and_in_folded_blocks() {
        let text = "where: \"a = 'x' AND a = 'y'\"\nblock: >\n  first\n  second\n";
        let (document, _) = Document::parse(text);
        let piece = document.span(&YamlPath::root().key("where"), &Part::Within(16..17)).expect("a span");
        assert_eq!(piece, 24..25);
        assert_eq!(slice(&document, &YamlPath::root().key("block"), &Part::Within(6..12)), "second");
    }

    #[test]
    fn every_duplicate_key_is_found() {
        let (_, errors) = Document::parse("a: 1\nb: {c: 1, c: 2}\na: 2\n");
        assert_eq!(errors.iter().filter(|e| e.code == "duplicate-key").count(), 2);
    }

    #[test]
    fn an_alias_bomb_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x]\n");
        for i in 1..12 {
            let items = vec![format!("*a{}", i - 1); 8].join(", ");
            text.extend([format!("a{i}: &a{i} [{items}]\n")]);
        }
        let (_, errors) = Document::parse(&text);
        assert!(errors.iter().any(|e| e.code == "yaml-too-large"));
    }
}
