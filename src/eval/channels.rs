//! The channel of each record: what the rules ask is asked once of each distinct text of a batch.

use super::vector::{at, Data, Text, Vector};
use crate::channels::{Asked, Facts, Version};
use crate::expr::Type;
use arrow::array::{Array, Int32Array, StringArray};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// `touch` are source, medium and campaign.
pub(super) fn channel_group(touch: [&Vector; 3], version: Version) -> Vector {
    // A constant is one value.
    let rows = touch.iter().map(|texts| texts.len()).find(|len| *len != 1).unwrap_or(1);
    let facts: [Vec<Facts>; 3] = std::array::from_fn(|place| facts(touch[place], Asked::ALL[place]));
    let [source, medium, campaign] = &facts;
    let channel = |i: usize| version.channel(at(source, i) | at(medium, i) | at(campaign, i));
    let keys: Int32Array = (0..rows).map(|i| channel(i).and_then(|place| i32::try_from(place).ok())).collect();
    let nulls = keys.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
    let values: StringArray = version.channels().map(Some).collect();
    Vector::new(Data::Text(Text::Dictionary { keys, values }), nulls)
}

/// The facts of each record.
fn facts(vector: &Vector, asked: Asked) -> Vec<Facts> {
    let vector = vector.typed(Type::Text);
    let Data::Text(texts) = &vector.data else { return vec![Facts::of(asked, None)] };
    let of = |text: Option<&str>| Facts::of(asked, text);
    let unknown = of(None);
    match texts {
        Text::Dictionary { keys, values } => {
            // A dictionary may have many texts that the batch has not.
            let mut known: Vec<Option<Facts>> = vec![None; values.len()];
            let mut get = |i: usize| {
                let key = keys.is_valid(i).then(|| usize::try_from(keys.value(i)).ok()).flatten()?;
                Some(*known[key].get_or_insert_with(|| of(values.is_valid(key).then(|| values.value(key)))))
            };
            (0..keys.len()).map(|i| get(i).unwrap_or(unknown)).collect()
        }
        Text::Plain(values) => {
            let mut known: HashMap<&str, Facts, FixedState> = HashMap::with_hasher(FixedState::with_seed(0));
            let mut get = |i: usize| {
                let text = (values.is_valid(i) && !vector.is_null(i)).then(|| values.value(i))?;
                Some(*known.entry(text).or_insert_with(|| of(Some(text))))
            };
            (0..values.len()).map(|i| get(i).unwrap_or(unknown)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::eval::{Data, Memory, Nodes, Values};
    use crate::expr::{parse, Scope, Type};
    use crate::plan::{Made, ScanColumn};
    use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
    use std::sync::Arc;

    const NAMES: [&str; 3] = ["source", "medium", "campaign"];
    const TEXTS: [[Option<&str>; 6]; 3] = [
        [Some("google / cpc"), Some("M.Facebook.com"), None, Some("(direct)"), Some("m.facebook.com"), None],
        [Some("cpc"), Some("cpm"), None, None, Some("Referral"), Some("email")],
        [Some("a_b_c"), None, None, Some("a"), Some("_b"), Some("a_b_c")],
    ];

    struct Columns;

    impl Scope for Columns {
        fn column(&self, name: &str) -> Option<Type> {
            NAMES.contains(&name).then_some(Type::Text)
        }
        fn names(&self) -> Vec<&str> {
            NAMES.to_vec()
        }
        fn noun(&self) -> &'static str {
            "column"
        }
    }

    /// A dictionary with texts that no record has, one of them null; the empty batch with `rows` 0.
    fn column(texts: &[Option<&str>], rows: usize) -> ArrayRef {
        let values: StringArray = [Some("(direct)"), None].into_iter().chain(texts.iter().copied()).collect();
        let key = |(i, text): (usize, Option<&str>)| text.and(i32::try_from(i + 2).ok());
        let keys: Int32Array = texts.iter().copied().enumerate().map(key).take(rows).collect();
        Arc::new(DictionaryArray::new(keys, Arc::new(values)))
    }

    /// What an expression comes to in the first records of [`TEXTS`]; nothing for null.
    fn of(sql: &str, rows: usize) -> Vec<String> {
        let expr = parse(sql, &Columns).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let again = parse(&expr.to_string(), &Columns).unwrap_or_else(|e| panic!("{expr}: {e:?}"));
        assert_eq!(expr, again, "printed and read again");
        let scanned = |name: &&str| ScanColumn {
            name: (*name).to_owned(),
            ty: Type::Text,
            raw: None,
            dimension: true,
            measure: false,
            made: Made::AsRead,
        };
        let columns: Vec<ScanColumn> = NAMES.iter().map(scanned).collect();
        let arrays: Vec<ArrayRef> = TEXTS.iter().map(|texts| column(texts, rows)).collect();
        let (mut nodes, mut memory) = (Nodes::default(), Memory::default());
        let node = nodes.add(&expr, &columns);
        let vector = Values::new(&nodes, &columns, (&arrays, rows), &mut memory).get(node);
        let Data::Text(texts) = &vector.data else { panic!("{sql}: {vector:?}") };
        let text = |i: usize| texts.get(i).filter(|_| !vector.is_null(i)).unwrap_or_default().to_owned();
        (0..vector.len()).map(text).collect()
    }

    #[test]
    fn expressions_of_texts_on_records() {
        let social = ["", "facebook", "", "", "facebook", ""];
        for (sql, expected) in [
            ("SPLIT_PART(campaign, '_', 2)", ["b", "", "", "", "b", "b"]),
            ("SPLIT_PART(campaign, '_', 1)", ["a", "", "", "a", "", "a"]),
            ("SOCIAL_NETWORK(source)", social),
            ("SOCIAL_NETWORK(COALESCE(source, medium))", social),
            (
                "CHANNEL_GROUP(source, medium, campaign)",
                ["Paid Other", "Paid Social", "", "Direct", "Organic Social", "Email"],
            ),
            // Texts that are not of a dictionary, and constants.
            (
                "CHANNEL_GROUP(COALESCE(source, medium), LOWER(medium), 'eshop', '2023-11')",
                [
                    "Paid Shopping",
                    "Paid Shopping",
                    "Organic Shopping",
                    "Direct",
                    "Organic Shopping",
                    "Organic Shopping",
                ],
            ),
            (
                "CHANNEL_GROUP(SPLIT_PART(source, ' / ', 1), SPLIT_PART(source, ' / ', 2), NULL)",
                ["Paid Search", "Organic Social", "", "Direct", "Organic Social", ""],
            ),
            (
                "CHANNEL_GROUP(source, NULL, campaign)",
                ["Unassigned", "Organic Social", "", "Direct", "Organic Social", "Unassigned"],
            ),
        ] {
            assert_eq!(of(sql, 6), expected, "{sql}");
        }
        assert_eq!(of("CHANNEL_GROUP('sms', '', NULL)", 6), ["SMS"]);
        assert_eq!(of("CHANNEL_GROUP(NULL, ' ', NULL)", 6), [""]);
        assert_eq!(of("CHANNEL_GROUP(source, medium, 'eshop')", 0), [""; 0]);
        assert_eq!(of("CHANNEL_GROUP('eshop', medium, campaign)", 0), [""; 0]);
        assert_eq!(of("SOCIAL_NETWORK(NULL)", 6), [""]);
    }
}
