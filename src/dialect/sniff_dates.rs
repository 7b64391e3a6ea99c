//! Which date formats some cells are written in.

use super::date::DateFormat;
use std::sync::LazyLock;

/// The patterns that are looked for, the likeliest first. None reads what another one reads the same way.
const KNOWN: [&str; 54] = [
    DateFormat::ISO,
    "YYYY-MM-DD HH:mm Z",
    "YYYY-MM-DD HH:mm:ss Z",
    "YYYYMMDD",
    "YYYY/MM/DD",
    "YYYY/MM/DD HH:mm",
    "YYYY/MM/DD HH:mm:ss",
    "MM/DD/YYYY",
    "MM/DD/YYYY HH:mm",
    "MM/DD/YYYY HH:mm:ss",
    "MM/DD/YYYY hh:mm A",
    "MM/DD/YYYY hh:mm:ss A",
    "DD/MM/YYYY",
    "DD/MM/YYYY HH:mm",
    "DD/MM/YYYY HH:mm:ss",
    "DD/MM/YYYY hh:mm A",
    "DD/MM/YYYY hh:mm:ss A",
    "M/D/YY",
    "M/D/YY HH:mm",
    "M/D/YY HH:mm:ss",
    "M/D/YY hh:mm A",
    "M/D/YY hh:mm:ss A",
    "D/M/YY",
    "D/M/YY HH:mm",
    "D/M/YY HH:mm:ss",
    "DD.MM.YYYY",
    "DD.MM.YYYY HH:mm",
    "DD.MM.YYYY HH:mm:ss",
    "DD.MM.YY",
    "DD-MM-YYYY",
    "DD-MM-YYYY HH:mm",
    "DD-MM-YYYY HH:mm:ss",
    "MM-DD-YYYY",
    "MM-DD-YYYY HH:mm",
    "MM-DD-YYYY HH:mm:ss",
    "ddd MMM D YYYY",
    "ddd, MMM D, YYYY",
    "ddd MMM D HH:mm:ss Z YYYY",
    "MMM D, YYYY",
    "MMM D, YYYY HH:mm",
    "MMM D, YYYY h:mm A",
    "MMM D, YYYY, h:mm A",
    "MMM D YYYY",
    "MMM-D-YYYY",
    "D MMMM YYYY",
    "D MMMM YYYY HH:mm",
    "D-MMM-YYYY",
    "D 'de' MMMM 'de' YYYY",
    "ddd D MMMM YYYY",
    "ddd, D MMMM YYYY",
    "MMMM D",
    "D MMMM",
    "D 'de' MMMM",
    "N",
];

static FORMATS: LazyLock<Vec<DateFormat>> =
    LazyLock::new(|| KNOWN.iter().filter_map(|pattern| DateFormat::compile(pattern).ok()).collect());

/// The formats that read every cell which is not empty, the one to prefer first. Where month and day can be swapped in
/// all cells, both formats are there. The caller takes null spellings out. None where no cell is left:
/// an empty column is no column of dates.
#[must_use]
pub fn date_formats(cells: &[&str]) -> Vec<DateFormat> {
    let cells: Vec<&str> = cells.iter().copied().filter(|cell| !cell.trim().is_empty()).collect();
    if cells.is_empty() {
        return vec![];
    }
    let reads = |format: &&DateFormat| {
        let sure = format.pattern() != "N" || are_day_numbers(&cells);
        sure && cells.iter().all(|cell| format.parse(cell).is_some())
    };
    FORMATS.iter().filter(reads).cloned().collect()
}

/// Day numbers are padded to four digits: `0000`. Without one that starts with 0 they may be years, or any number.
fn are_day_numbers(cells: &[&str]) -> bool {
    cells.iter().all(|cell| cell.trim().len() == 4) && cells.iter().any(|cell| cell.trim().starts_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(cells: &[&str]) -> Vec<String> {
        date_formats(cells).iter().map(|format| format.pattern().to_owned()).collect()
    }

    #[test]
    fn every_known_pattern_compiles() {
        for pattern in KNOWN {
            assert!(DateFormat::compile(pattern).is_ok(), "{pattern}");
        }
        assert_eq!(FORMATS.len(), KNOWN.len());
    }

    #[test]
    fn real_dates_are_recognised() {
        for (cells, expected) in [
            (&["2025-02-05", ""][..], &["ISO"][..]),
            (&["2024-03-31T00:00:00", "2024-04-01T01:00:00"], &["ISO"]),
            (&["2023-04-21T14:51:11+0300"], &["ISO"]),
            (&["2021-08-31 19:53 +0000"], &["YYYY-MM-DD HH:mm Z"]),
            (&["20231010", "20231011"], &["YYYYMMDD"]),
            (&["04/02/2024 04:32", "04/13/2024 19:00"], &["MM/DD/YYYY HH:mm"]),
            (&["10/1/2024 3:30", "10/16/2024 22:59"], &["MM/DD/YYYY HH:mm"]),
            (&["8/24/2014", "8/25/2014"], &["MM/DD/YYYY"]),
            (&["02/14/2016 12:40:16 AM"], &["MM/DD/YYYY hh:mm:ss A"]),
            (&["02/14/2025"], &["MM/DD/YYYY"]),
            (&["10/16/17 22:59"], &["M/D/YY HH:mm"]),
            (&["05/04/2024", "16/04/2024"], &["DD/MM/YYYY"]),
            (&["31.12.2024"], &["DD.MM.YYYY"]),
            (&["Thu Mar 20 2025"], &["ddd MMM D YYYY"]),
            (&["Fri, Mar 21, 2025", "Sat, Aug 1, 2026"], &["ddd, MMM D, YYYY"]),
            (&["Wed Oct 10 20:19:24 +0000 2018"], &["ddd MMM D HH:mm:ss Z YYYY"]),
            (&["Jan 6, 2024", "March 27, 2021"], &["MMM D, YYYY"]),
            (&["1er janvier 2025", "3 févr. 2025"], &["D MMMM YYYY"]),
            (&["February 28", "February 29"], &["MMMM D"]),
            (&["8 de marzo"], &["D 'de' MMMM"]),
            (&["28 février"], &["D MMMM"]),
            (&["0000", "0001", "1200"], &["N"]),
            (&["2023", "2024"], &[]),
            (&["0:04:34"], &[]),
            (&["Lifetime"], &[]),
            (&["2025-02-05", "Total"], &[]),
            (&["", " "], &[]),
        ] {
            assert_eq!(patterns(cells), expected, "{cells:?}");
        }
    }

    #[test]
    fn month_and_day_that_can_be_swapped_are_told_both_ways() {
        assert_eq!(patterns(&["01/02/2025", "03/04/2025"]), ["MM/DD/YYYY", "DD/MM/YYYY"]);
        assert_eq!(patterns(&["1/2/25 9:00"]), ["M/D/YY HH:mm", "D/M/YY HH:mm"]);
        assert_eq!(patterns(&["01-02-2025"]), ["DD-MM-YYYY", "MM-DD-YYYY"]);
    }
}
