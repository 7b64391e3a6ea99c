//! Expressions over record batches: each distinct one is computed once a batch, and one that reads a single text column
//! is computed once for each value of that column's dictionary.

mod arith;
mod channels;
mod choose;
mod logic;
mod vector;

pub(crate) use vector::{at, Data, Text, Vector};

use crate::channels::social_network;
use crate::expr::{split_part, Expr, Type};
use crate::plan::ScanColumn;
use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::Int32Type;
use std::borrow::Cow;
use std::sync::Arc;

/// Index of a node in [`Nodes`].
pub(crate) type NodeId = usize;

/// All expressions of a scan and their parts, each distinct one once, parts first.
#[derive(Default)]
pub(crate) struct Nodes(Vec<Node>);

struct Node {
    expr: Expr,
    kind: Kind,
}

enum Kind {
    /// A column of the batch.
    Column(usize),
    /// Computed from other nodes.
    Of(Vec<NodeId>),
    /// Computed on the dictionary of a text column.
    OnDictionary(usize),
}

impl Nodes {
    /// The node of an expression over the columns of a scan.
    pub(crate) fn add(&mut self, expr: &Expr, columns: &[ScanColumn]) -> NodeId {
        if let Some(known) = self.0.iter().position(|node| node.expr == *expr) {
            return known;
        }
        let column = |name: &str, ty: Type| columns.iter().position(|c| c.name == name && c.ty == ty).unwrap_or(0);
        let kind = match (expr, expr.columns().as_slice()) {
            (Expr::Column { name, ty }, _) => Kind::Column(column(name, *ty)),
            (_, [(name, Type::Text)]) => Kind::OnDictionary(column(name, Type::Text)),
            _ => Kind::Of(expr.children().into_iter().map(|child| self.add(child, columns)).collect()),
        };
        self.0.push(Node { expr: expr.clone(), kind });
        self.0.len() - 1
    }
}

/// What a thread remembers between batches: results on dictionaries, which batches mostly share.
#[derive(Default)]
pub(crate) struct Memory(Vec<Option<(ArrayRef, Table)>>);

/// A result for each value of a dictionary, and at the end for null.
struct Table(Vector);

/// The values of all nodes for one batch; computed when asked for.
pub(crate) struct Values<'b> {
    nodes: &'b Nodes,
    columns: &'b [ScanColumn],
    arrays: &'b [ArrayRef],
    rows: usize,
    memory: &'b mut Memory,
    known: Vec<Option<Arc<Vector>>>,
}

impl<'b> Values<'b> {
    /// `arrays` are the batch's: one for each column, as far as expressions need them.
    pub(crate) fn new(
        nodes: &'b Nodes,
        columns: &'b [ScanColumn],
        (arrays, rows): (&'b [ArrayRef], usize),
        memory: &'b mut Memory,
    ) -> Self {
        memory.0.resize_with(nodes.0.len(), || None);
        Self { nodes, columns, arrays, rows, memory, known: vec![None; nodes.0.len()] }
    }

    pub(crate) fn get(&mut self, id: NodeId) -> Arc<Vector> {
        if let Some(known) = &self.known[id] {
            return known.clone();
        }
        let nodes = self.nodes;
        let node = &nodes.0[id];
        let vector = match &node.kind {
            Kind::Column(column) => Vector::of_column(&self.arrays[*column], self.columns[*column].ty),
            Kind::OnDictionary(column) => self.on_dictionary(id, *column),
            Kind::Of(inputs) => {
                let inputs: Vec<Arc<Vector>> = inputs.iter().map(|input| self.get(*input)).collect();
                let inputs: Vec<&Vector> = inputs.iter().map(AsRef::as_ref).collect();
                apply(&node.expr, &inputs, self.rows)
            }
        };
        let vector = Arc::new(vector);
        self.known[id] = Some(vector.clone());
        vector
    }

    fn on_dictionary(&mut self, id: NodeId, column: usize) -> Vector {
        let dictionary = self.arrays[column].as_dictionary::<Int32Type>();
        let values = dictionary.values();
        let known = matches!(&self.memory.0[id], Some((seen, _)) if Arc::ptr_eq(seen, values));
        if !known {
            let table = Table::new(&self.nodes.0[id].expr, values.as_string());
            self.memory.0[id] = Some((values.clone(), table));
        }
        let Some((_, table)) = &self.memory.0[id] else { return Vector::null(Type::Null) };
        table.spread(dictionary.keys().values(), dictionary.keys().nulls().filter(|n| n.null_count() > 0))
    }
}

impl Table {
    fn new(expr: &Expr, values: &StringArray) -> Self {
        let texts: StringArray = values.iter().chain([None]).collect();
        let nulls = texts.nulls().cloned();
        let leaf = Vector { data: Data::Text(Text::Plain(texts)), nulls };
        Self(on(expr, &leaf, values.len() + 1))
    }

    /// The result of each record, by its key.
    fn spread(&self, keys: &[i32], nulls: Option<&NullBuffer>) -> Vector {
        let (result, last) = (&self.0, self.0.len() - 1);
        if result.len() == 1 {
            return result.clone();
        }
        let index = |i: usize| -> usize {
            let known = nulls.is_none_or(|n| n.is_valid(i));
            if known {
                usize::try_from(keys[i]).unwrap_or(last)
            } else {
                last
            }
        };
        let pick = |flags: &BooleanBuffer| -> BooleanBuffer {
            if nulls.is_none() && flags.len() <= 64 {
                return of_bits(flags, keys);
            }
            let table: Vec<bool> = flags.iter().collect();
            BooleanBuffer::collect_bool(keys.len(), |i| table[index(i)])
        };
        let known = result.nulls.as_ref().map(|n| NullBuffer::new(pick(n.inner())));
        let data = match &result.data {
            Data::Bool(flags) => Data::Bool(pick(flags)),
            Data::Int(n) => Data::Int((0..keys.len()).map(|i| n[index(i)]).collect()),
            Data::Wide(n) => Data::Wide((0..keys.len()).map(|i| n[index(i)]).collect()),
            Data::Float(x) => Data::Float((0..keys.len()).map(|i| x[index(i)]).collect()),
            Data::Date(d) => Data::Date((0..keys.len()).map(|i| d[index(i)]).collect()),
            Data::Text(texts) => {
                let picked = (0..keys.len()).map(|i| texts.get(index(i)));
                Data::Text(Text::Plain(picked.collect()))
            }
        };
        Vector { data, nulls: known.filter(|n| n.null_count() > 0) }
    }
}

/// The flag of each key, from a table so small that it is a number.
fn of_bits(flags: &BooleanBuffer, keys: &[i32]) -> BooleanBuffer {
    let table = flags.iter().enumerate().fold(0u64, |table, (i, flag)| table | u64::from(flag) << i);
    let word =
        |keys: &[i32]| keys.iter().enumerate().fold(0u64, |word, (i, key)| word | (table >> (key & 63) & 1) << i);
    let words: Vec<u64> = keys.chunks(64).map(word).collect();
    BooleanBuffer::new(Buffer::from_vec(words), 0, keys.len())
}

/// An expression of one text column, on the values of that column.
fn on(expr: &Expr, leaf: &Vector, rows: usize) -> Vector {
    if let Expr::Column { .. } = expr {
        return leaf.clone();
    }
    let inputs: Vec<Vector> = expr.children().into_iter().map(|child| on(child, leaf, rows)).collect();
    let inputs: Vec<&Vector> = inputs.iter().collect();
    apply(expr, &inputs, rows)
}

/// The type that both sides of a comparison are brought to.
fn common(left: &Expr, right: &Expr) -> Type {
    if left.ty() == Type::Null {
        right.ty()
    } else {
        left.ty()
    }
}

/// An expression on the values of its parts, which come in the order of [`Expr::children`].
fn apply(expr: &Expr, inputs: &[&Vector], rows: usize) -> Vector {
    match (expr, inputs) {
        (Expr::Literal(literal), _) => Vector::constant(literal),
        (Expr::ToFloat(e), [v]) => arith::to_float(v, e.ty()),
        (Expr::Arith { op, .. }, [l, r]) => {
            let floats = expr.ty() == Type::Float;
            arith::arith(*op, &l.typed(expr.ty()), &r.typed(expr.ty()), if floats { Type::Float } else { Type::Int })
        }
        (Expr::Negate(_), [v]) => arith::negate(v),
        (Expr::Abs(_), [v]) => arith::abs(v),
        (Expr::Compare { op, left, right }, [l, r]) => logic::compare(*op, l, r, common(left, right)),
        (Expr::And(..), [l, r]) => logic::and(l, r),
        (Expr::Or(..), [l, r]) => logic::or(l, r),
        (Expr::Not(_), [v]) => logic::not(v),
        (Expr::IsNull(_), [v]) => logic::is_null(v),
        (Expr::InList { expr: e, list }, [v]) => logic::in_list(v, e.ty(), list),
        (Expr::Like { pattern, .. }, [v]) => logic::like(v, pattern),
        (Expr::Case { .. }, inputs) => {
            let tests: Vec<&Vector> = inputs[..inputs.len() - 1].iter().step_by(2).copied().collect();
            let mut results: Vec<&Vector> = inputs[..inputs.len() - 1].iter().skip(1).step_by(2).copied().collect();
            results.push(inputs[inputs.len() - 1]);
            choose::case(&tests, &results, expr.ty(), rows)
        }
        (Expr::Coalesce(_), inputs) => choose::coalesce(inputs, expr.ty(), rows),
        (Expr::NullIf(left, right), [l, r]) => choose::null_if(l, r, common(left, right), rows),
        (Expr::SumKnown(_), inputs) => arith::sum_known(inputs, expr.ty()),
        (Expr::Lower(_), [v]) => choose::map_text(v, |text| Some(text.to_lowercase().into())),
        (Expr::Upper(_), [v]) => choose::map_text(v, |text| Some(text.to_uppercase().into())),
        (Expr::SplitPart { separator, part, .. }, [v]) => {
            choose::map_text(v, |text| split_part(text, separator, *part).map(Cow::Borrowed))
        }
        (Expr::SocialNetwork(_), [v]) => choose::map_text(v, |text| social_network(text).map(Cow::Borrowed)),
        (Expr::ChannelGroup { version, .. }, [source, medium, campaign]) => {
            channels::channel_group([source, medium, campaign], *version)
        }
        (Expr::DatePart { part, .. }, [v]) => arith::date_part(*part, v),
        // A bare column is a node of its own; the others have the inputs that they have parts.
        _ => Vector::null(expr.ty()),
    }
}
