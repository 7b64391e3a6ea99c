//! The order of a report's rows: period, level, dimensions, segment, each as a small number. They are packed into one
//! number a row, which sorts several times faster than columns do. No two rows have the same key.

/// The places of a row in the order of periods, levels, groups and segments.
pub(super) type Key = [u32; 4];

/// The rows in the order of their keys; `None` where they are in order already.
pub(super) fn order(keys: &[Key]) -> Option<Vec<u32>> {
    let most = keys.iter().fold([0; 4], |most: Key, key| std::array::from_fn(|i| most[i].max(key[i])));
    let bits = most.map(|most| u32::BITS - most.leading_zeros());
    let rows = if bits.iter().sum::<u32>() <= u64::BITS {
        sorted(keys, |key| key.iter().zip(bits).fold(0u64, |all, (k, bits)| all << bits | u64::from(*k)))
    } else {
        sorted(keys, |key| key.iter().zip(bits).fold(0u128, |all, (k, bits)| all << bits | u128::from(*k)))
    };
    let in_order = rows.iter().zip(0u32..).all(|(row, at)| *row == at);
    (!in_order).then_some(rows)
}

fn sorted<K: Ord>(keys: &[Key], pack: impl Fn(&Key) -> K) -> Vec<u32> {
    let mut keyed: Vec<(K, u32)> = keys.iter().map(pack).zip(0u32..).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_keys_sort_as_the_keys_do() {
        let mut seed = 7u64;
        for limit in [3u32, 1 << 10, u32::MAX] {
            let mut next = || {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                u32::try_from(seed >> 33).unwrap_or(0) % limit
            };
            let keys: Vec<Key> = (0..200).map(|_| [next(), next(), next(), next()]).collect();
            let rows = order(&keys).expect("another order");
            let mut expected: Vec<u32> = (0..200).collect();
            expected.sort_by_key(|row| keys[*row as usize]);
            let of = |rows: &[u32]| rows.iter().map(|row| keys[*row as usize]).collect::<Vec<_>>();
            assert_eq!(of(&rows), of(&expected));
            assert_eq!(order(&of(&rows)), None);
        }
    }
}
