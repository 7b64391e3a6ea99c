//! Lookups: a small table joined to the records of a source.

use std::collections::BTreeMap;
use std::path::Path;

use super::read::{read_rows, Table};
use super::spec::Lookup;
use super::value::Value;
use super::zones::Zones;

/// Adds the columns of a lookup to every record, null where no key is equal. `on`: the columns of the source that are
/// held against the key; nothing where they have the same names.
pub(super) fn join(table: &mut Table, lookup: &Lookup, on: &[String], base_dir: &Path) {
    let (kinds, rows) = read_rows(&lookup.table, base_dir, &Zones::new("UTC", None));
    let added: Vec<&String> =
        lookup.table.fields.iter().map(|field| &field.name).filter(|name| !lookup.key.contains(name)).collect();
    let on = if on.is_empty() { &lookup.key } else { on };
    let key = |values: &BTreeMap<String, Value>, names: &[String]| {
        let shown: Option<Vec<String>> = names.iter().map(|name| values[name].shown()).collect();
        shown
    };
    let mut by_key: BTreeMap<Vec<String>, &BTreeMap<String, Value>> = BTreeMap::new();
    for row in &rows {
        // A key with a null in it is no key.
        let Some(key) = key(row, &lookup.key) else { continue };
        assert!(by_key.insert(key.clone(), row).is_none(), "{key:?} is twice in a lookup");
    }
    for (own, theirs) in on.iter().zip(&lookup.key) {
        assert_eq!(table.kinds[own].with(kinds[theirs]), table.kinds[own], "`{own}` and `{theirs}` have one type");
    }
    for name in added {
        assert!(table.kinds.insert(name.clone(), kinds[name]).is_none(), "`{name}` is a column already");
        for record in &mut table.records {
            let row = key(&record.values, on).and_then(|key| by_key.get(&key));
            let value = row.map_or(Value::Null, |row| row[name].clone());
            record.values.insert(name.clone(), value);
        }
    }
}
