//! Marks of money around a number: `US$3.38`, `12,50 €`, `EUR 12.50`.

/// Marks of more than one letter; one that ends another stands behind it.
const DOLLARS: [&str; 9] = ["US$", "CA$", "AU$", "NZ$", "HK$", "MX$", "NT$", "A$", "R$"];

/// Codes of ISO 4217, sorted. A list, because any three capitals would make numbers of `REF 12` and `SKU7`; `ALL`,
/// `CUP` and `TOP` are left out for the same reason (`TOP 10`).
#[rustfmt::skip]
const CODES: [&str; 100] = [
    "AED", "AMD", "AOA", "ARS", "AUD", "AZN", "BAM", "BDT", "BGN", "BHD", "BIF", "BOB", "BRL", "BWP", "BYN", "CAD",
    "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "GBP",
    "GEL", "GHS", "GNF", "GTQ", "HKD", "HNL", "HUF", "IDR", "ILS", "INR", "IQD", "ISK", "JMD", "JOD", "JPY", "KES",
    "KGS", "KHR", "KRW", "KWD", "KZT", "LBP", "LKR", "MAD", "MDL", "MGA", "MKD", "MNT", "MUR", "MXN", "MYR", "MZN",
    "NAD", "NGN", "NIO", "NOK", "NPR", "NZD", "OMR", "PEN", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB",
    "RWF", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "VND", "XAF",
    "XOF", "XPF", "ZAR", "ZMW",
];

/// The text behind a mark of money and its spaces; `None` where it starts with none.
pub(super) fn strip_before(text: &str) -> Option<&str> {
    let dollars = || DOLLARS.iter().find_map(|mark| text.strip_prefix(mark));
    let code = || text.get(..3).filter(|code| is_code(code)).and_then(|_| text.get(3..));
    dollars().or_else(|| text.strip_prefix(is_sign)).or_else(code).map(str::trim_start)
}

/// The text before a mark of money and its spaces; `None` where it ends with none.
pub(super) fn strip_after(text: &str) -> Option<&str> {
    let dollars = || DOLLARS.iter().find_map(|mark| text.strip_suffix(mark));
    let code = || {
        let at = text.len().checked_sub(3)?;
        text.get(at..).filter(|code| is_code(code)).and_then(|_| text.get(..at))
    };
    dollars().or_else(|| text.strip_suffix(is_sign)).or_else(code).map(str::trim_end)
}

fn is_code(text: &str) -> bool {
    CODES.binary_search(&text).is_ok()
}

/// `$`, `£`, `¥` and the signs of the Unicode block of currencies, `€` among them.
fn is_sign(c: char) -> bool {
    matches!(c, '$' | '£' | '¥' | '\u{20a0}'..='\u{20cf}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted() {
        assert!(CODES.is_sorted());
    }

    #[test]
    fn marks_stand_before_or_after() {
        for (text, rest) in
            [("US$3.38", "3.38"), ("EUR 12.50", "12.50"), ("€\u{a0}5", "5"), ("R$ 9", "9"), ("$-3", "-3")]
        {
            assert_eq!(strip_before(text), Some(rest), "{text}");
        }
        for (text, rest) in [("12,50 €", "12,50"), ("12\u{202f}CHF", "12"), ("5$", "5"), ("7 US$", "7")] {
            assert_eq!(strip_after(text), Some(rest), "{text}");
        }
        for text in ["", "12", "eur 12", "TOP 10", "REF 12", "é1", "12 é"] {
            assert_eq!((strip_before(text), strip_after(text)), (None, None), "{text}");
        }
    }
}
