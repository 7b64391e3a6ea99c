//! The three ways through a plain CSV file, at once, block by block and row by row, give the same table.

use super::check_all;
use super::reading::{read, Found};
use crate::harness::Place;
use crate::oracle::Random;

/// A plain file of about so many bytes; with rows that cannot be read, with quotes that stand inside unquoted cells.
fn file(random: &mut Random, size: usize, bad: usize, is_stray: bool) -> String {
    let mut text = "date,label,clicks,cost,note\n".to_owned();
    // Without bad rows in the sample, whose types are those of numbers all the same.
    let end = if random.chance(50) { "\r\n" } else { "\n" };
    while text.len() < size {
        let (month, day) = (random.between(1, 12), random.between(1, 28));
        let label = match random.below(8) {
            0 => "\"a, b\"",
            1 => "\"two\nlines\"",
            2 => "\"say \"\"hi\"\"\"",
            3 => "\"a blank\r\n\r\nline\"",
            4 => "Caffè",
            5 if is_stray => "5\" wide",
            6 => "",
            _ => "x",
        };
        let clicks = if random.chance(10) { String::new() } else { random.between(-9, 99_999).to_string() };
        let cost = format!("{}.{}", random.between(0, 999), random.between(0, 9999));
        text += &format!("2025-{month:02}-{day:02},{label},{clicks},{cost},{}", "note ".repeat(random.below(9)));
        text += end;
        if random.below(10_000) < bad {
            text += match random.below(4) {
                0 => "2025-01-01,cut",
                1 => "2025-01-01,x,many,1.5,",
                2 => "soon,x,1,1.5,",
                _ => "2025-01-01,x,1,1.5,,more",
            };
            text += end;
        }
        if random.chance(2) {
            text += end;
        }
    }
    text
}

const SOURCE: &str = "path: \"f.csv\"\ntime: {column: date}\ndimensions: {label: {type: text}}\nmeasures: {clicks: {type: integer}, cost: {type: number}}\n";

/// The row-by-row way is taken where numbers may be written in another way; none is.
const SLOW: &str = "path: \"f.csv\"\nnumbers: {thousands: space}\ntime: {column: date}\ndimensions: {label: {type: text}}\nmeasures: {clicks: {type: integer}, cost: {type: number}}\n";

fn told(found: &Found) -> (String, String, u64) {
    (format!("{:?}", found.rows), format!("{:?}", found.bad), found.totals)
}

fn same(text: &str, batches: &[usize]) -> Result<(), String> {
    let place = Place::new();
    place.write("f.csv", text);
    let wanted = read(&place, SLOW, 1000, false)?;
    let wanted = told(&wanted);
    for (source, batch_rows, is_cut) in batches
        .iter()
        .flat_map(|rows| [(SOURCE, *rows, false), (SOURCE, *rows, true), (SLOW, *rows, false), (SLOW, *rows, true)])
    {
        let found = read(&place, source, batch_rows, is_cut)?;
        if told(&found) != wanted {
            let head: String = text.chars().take(2000).collect();
            return Err(format!(
                "batches of {batch_rows}, cut: {is_cut}, {source}: {} rows, {} bad\n{head}",
                found.rows.len(),
                found.bad.len()
            ));
        }
    }
    Ok(())
}

#[test]
fn the_ways_through_a_plain_file_give_the_same_table() {
    check_all(super::cases() / 4, |seed| {
        let mut random = Random::new(seed);
        let (bad, is_stray) = (*random.pick(&[0, 0, 300, 2000]), random.chance(30));
        let size = 100 + random.below(20_000);
        same(&file(&mut random, size, bad, is_stray), &[1, 7, 1000])
    });
}

/// Larger than two blocks, and with bad rows beyond what the sample sees.
#[test]
fn the_ways_through_a_large_file_give_the_same_table() {
    check_all((super::cases() / 50).max(4), |seed| {
        let mut random = Random::new(seed);
        let (bad, is_stray) = (*random.pick(&[0, 1, 20, 2000]), seed % 4 == 3);
        same(&file(&mut random, 5_000_000, bad, is_stray), &[1000, 1 << 16])
    });
}
