//! Fast hashing of keys that never leave a run, and vectors that grow with them.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Codes are private to a thread and a run, so the seed may be fixed.
pub(super) const HASHER: FixedState = FixedState::with_seed(0);

pub(crate) type FastMap<K> = HashMap<K, u32, FixedState>;

pub(crate) fn fast_map<K>() -> FastMap<K> {
    HashMap::with_hasher(HASHER)
}

/// Grows by a quarter rather than to the double: states are what a run's memory goes to.
pub(super) fn grow<T: Default + Clone>(rows: &mut Vec<T>, len: usize) {
    if len > rows.capacity() {
        rows.reserve_exact(len + len / 4 - rows.len());
    }
    if len > rows.len() {
        rows.resize(len, T::default());
    }
}
