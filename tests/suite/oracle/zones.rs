//! From dates and timestamps to days of the calendar's zone.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::Timestamp;

use super::calendar::{days, parse_iso};

/// The zones of one source: that of the calendar, and the one whose wall times its timestamps tell where they do not
/// say it themselves.
pub(crate) struct Zones {
    calendar: TimeZone,
    wall: TimeZone,
}

impl Zones {
    pub(crate) fn new(calendar: &str, wall: Option<&str>) -> Self {
        let zone = |name: &str| TimeZone::get(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        Self { calendar: zone(calendar), wall: zone(wall.unwrap_or(calendar)) }
    }

    /// A date as it is; the day of an instant in the calendar's zone; a wall time by way of its instant.
    pub(crate) fn day(&self, text: &str) -> Option<i32> {
        if let Some(date) = parse_iso(text) {
            return Some(date);
        }
        let instant = match text.parse::<Timestamp>() {
            Ok(instant) => instant,
            // An hour that a change of clocks leaves out goes on from the time before it, one that comes twice is
            // the first.
            Err(_) => self.wall.to_timestamp(text.parse::<DateTime>().ok()?).ok()?,
        };
        let date = instant.to_zoned(self.calendar.clone()).date();
        Some(days(date.year().into(), date.month().into(), date.day().into()))
    }
}

mod tests {
    use super::Zones;
    use crate::oracle::calendar::iso;

    fn day(calendar: &str, wall: Option<&str>, text: &str) -> String {
        Zones::new(calendar, wall).day(text).map_or("-".to_owned(), iso)
    }

    #[test]
    fn instants_become_days_of_the_calendars_zone() {
        // Paris is one hour ahead of UTC in winter and two in summer, from 01:00 UTC on 30 March 2025.
        for (text, expected) in [
            ("2025-03-29T22:59:59Z", "2025-03-29"),
            ("2025-03-29T23:00:00Z", "2025-03-30"),
            ("2025-03-30T21:59:59.999Z", "2025-03-30"),
            ("2025-03-30T22:00:00Z", "2025-03-31"),
            ("2025-03-30 23:30:00+02:00", "2025-03-30"),
            ("2025-03-30T23:30:00-05:00", "2025-03-31"),
            ("2025-10-26T22:59:59Z", "2025-10-26"),
            ("2025-10-26T23:00:00Z", "2025-10-27"),
        ] {
            for wall in [None, Some("America/New_York")] {
                assert_eq!(day("Europe/Paris", wall, text), expected, "{text}");
            }
        }
        // Lord Howe is eleven hours ahead in summer and half an hour less in winter.
        assert_eq!(day("Australia/Lord_Howe", None, "2025-01-01T13:15:00Z"), "2025-01-02");
        assert_eq!(day("Australia/Lord_Howe", None, "2025-07-01T13:15:00Z"), "2025-07-01");
    }

    #[test]
    fn wall_times_are_of_their_own_zone() {
        for (wall, text, expected) in [
            (None, "2025-03-30 23:59:59", "2025-03-30"),
            (None, "2025-03-30T02:30:00", "2025-03-30"),
            (Some("America/New_York"), "2025-03-30 17:59:00", "2025-03-30"),
            (Some("America/New_York"), "2025-03-30 18:00:00", "2025-03-31"),
            // Between the two changes of clocks Paris is only five hours ahead of New York.
            (Some("America/New_York"), "2025-03-20 18:59:00", "2025-03-20"),
            (Some("America/New_York"), "2025-03-20 19:00:00", "2025-03-21"),
            (Some("Asia/Tokyo"), "2025-03-30 08:00:00", "2025-03-30"),
            (Some("Asia/Tokyo"), "2025-03-30 07:59:59", "2025-03-29"),
            // A date is a day, whatever the zones.
            (Some("Asia/Tokyo"), "2025-03-30", "2025-03-30"),
        ] {
            assert_eq!(day("Europe/Paris", wall, text), expected, "{wall:?} {text}");
        }
        assert_eq!(day("Europe/Paris", None, "2025-03-32"), "-");
    }
}
