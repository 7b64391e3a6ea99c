//! How exports write numbers and dates: `1 178,50 €`, `< 10%`, `8 de marzo`, `02/14/2016 12:40:16 AM`.
//!
//! Each network, each language of its screens and each spreadsheet on the way has its own dialect, and one file seldom
//! says which. A [`NumberFormat`] or a [`DateFormat`] is one dialect; it reads a cell whole or not at all, so a cell
//! never loses a part of its meaning. [`number_formats`] and [`date_formats`] tell which dialects read all of some
//! cells; where two do and disagree (`1.200`, `01/02/2025`) both are returned, and a person decides.
//!
//! Nothing here knows about nulls: an empty cell, `--` and `N/A` are no numbers and no dates.

mod currency;
mod date;
mod fields;
mod names;
mod number;
mod pattern;
mod period;
mod sniff_dates;
mod sniff_numbers;

pub use date::{DateFormat, Moment, MomentKind};
pub use number::{looks_damaged_id, Decimal, Number, NumberError, NumberFormat, Thousands};
pub use pattern::PatternError;
pub use period::{day_in, in_period, period_in};
pub use sniff_dates::date_formats;
pub use sniff_numbers::{is_ambiguous, number_formats};
