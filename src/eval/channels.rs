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
