//! Names of periods → periods: the inverse of [`Calendar::label`].

use super::{days_from_civil, iso_week, parse_date, Calendar, Grain};

impl Calendar {
    /// The first day of the period of a grain that has this label. Fiscal quarters and years may be written without their
    /// `FY`; a week from another day than Monday is named by its first day. `None` for what names no period of the grain.
    #[must_use]
    pub fn labelled(&self, grain: Grain, label: &str) -> Option<i32> {
        let start = match grain {
            Grain::Hour | Grain::All => return None,
            Grain::Day => return parse_date(label),
            Grain::Week if self.first_day_of_week == 0 => {
                let (year, week) = label.split_once("-W")?;
                let (year, week) = (number(year, 4)?, number(week, 2)?);
                // 4 January is always in week 1.
                let start = self.period_start(grain, days_from_civil(year, 1, 4)) + (week - 1) * 7;
                (iso_week(start) == (year, week)).then_some(start)?
            }
            Grain::Week => parse_date(label).filter(|day| self.period_start(grain, *day) == *day)?,
            Grain::Month => {
                let (year, month) = label.split_once('-')?;
                let month = number(month, 2).filter(|month| (1..=12).contains(month))?;
                days_from_civil(number(year, 4)?, month, 1)
            }
            Grain::Quarter => {
                let (year, quarter) = label.split_once("-Q")?;
                let quarter = number(quarter, 1).filter(|quarter| (1..=4).contains(quarter))?;
                self.month_of_year(self.year(year)?, (quarter - 1) * 3)
            }
            Grain::Year => self.month_of_year(self.year(label)?, 0),
        };
        Some(start)
    }

    /// The grain of a label, and the first day of the period.
    #[must_use]
    pub fn grain_of(&self, label: &str) -> Option<(Grain, i32)> {
        let grains = [Grain::Year, Grain::Quarter, Grain::Month, Grain::Week, Grain::Day];
        grains.into_iter().find_map(|grain| Some((grain, self.labelled(grain, label)?)))
    }

    fn year(&self, text: &str) -> Option<i32> {
        let fiscal = self.first_month_of_year != 1;
        number(text.strip_prefix("FY").filter(|_| fiscal).unwrap_or(text), 4)
    }

    /// The first day of a month of the fiscal year that ends in a calendar year, counted from 0.
    fn month_of_year(&self, ends_in: i32, month: i32) -> i32 {
        let begins_in = if self.first_month_of_year == 1 { ends_in } else { ends_in - 1 };
        let index = begins_in * 12 + self.first_month_of_year - 1 + month;
        days_from_civil(index.div_euclid(12), index.rem_euclid(12) + 1, 1)
    }
}

/// A number of so many digits.
fn number(text: &str, digits: usize) -> Option<i32> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_as_they_are_written() {
        for (first_day_of_week, first_month_of_year) in [(0, 1), (6, 4), (3, 10)] {
            let calendar = Calendar { first_day_of_week, first_month_of_year, ..Calendar::default() };
            for grain in [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year] {
                for day in (19_000..21_500).step_by(13) {
                    let start = calendar.period_start(grain, day);
                    assert_eq!(calendar.labelled(grain, &calendar.label(grain, start)), Some(start));
                }
            }
        }
    }

    #[test]
    fn fiscal_labels_do_without_fy_and_nonsense_is_none() {
        let fiscal = Calendar { first_month_of_year: 4, ..Calendar::default() };
        assert_eq!(fiscal.labelled(Grain::Quarter, "2026-Q1"), parse_date("2025-04-01"));
        assert_eq!(fiscal.grain_of("FY2026"), parse_date("2025-04-01").map(|day| (Grain::Year, day)));
        let plain = Calendar::default();
        assert_eq!(plain.grain_of("2026-Q1"), parse_date("2026-01-01").map(|day| (Grain::Quarter, day)));
        for nonsense in ["2026-13", "2026-Q5", "FY2026", "2025-W53", "2026-1", "26", "all", "2026-02-30"] {
            assert_eq!(plain.grain_of(nonsense), None, "{nonsense}");
        }
    }
}
