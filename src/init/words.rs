//! What names of columns tell, in the languages that exports are written in.

use crate::plan::additivity::well_known;
use crate::spec::Additivity;
use unicode_normalization::UnicodeNormalization;

/// Words of columns that date a record, and nothing but that.
const DATES: &[&str] =
    &["date", "day", "jour", "fecha", "datum", "giorno", "tag", "dia", "data", "time", "timestamp", "heure"];

/// Words of columns that date a record among other words.
const DATING: &[&str] = &[
    "date",
    "day",
    "jour",
    "fecha",
    "datum",
    "time",
    "timestamp",
    "week",
    "semaine",
    "semana",
    "woche",
    "month",
    "mois",
    "mes",
    "monat",
    "quarter",
    "trimestre",
    "year",
    "annee",
    "ano",
    "jahr",
    "publish",
    "published",
    "publication",
    "publie",
    "publicacion",
    "post",
    "posted",
    "created",
    "creation",
    "sent",
    "start",
    "starts",
    "started",
    "debut",
    "inicio",
    "begin",
    "begins",
    "from",
    "at",
    "nth",
    "n",
];

/// Words of dates that say when something ended or was changed.
const ENDS: &[&str] = &["end", "ends", "ended", "fin", "until", "to", "ende", "final"];
const CHANGES: &[&str] = &["updated", "update", "modified", "edit", "edited", "last", "expires", "expiry", "due"];
const STARTS: &[&str] = &["start", "starts", "started", "debut", "inicio", "begin", "begins", "from", "beginning"];

/// Words of identifiers.
const IDS: &[&str] = &["id", "ids", "identifiant", "identifier", "identificador", "uuid", "guid", "key", "code"];

/// Words of numbers that something is grouped by, and that nobody adds up.
const PARTS: &[&str] = &[
    "hour",
    "heure",
    "hora",
    "stunde",
    "year",
    "annee",
    "ano",
    "jahr",
    "month",
    "mois",
    "mes",
    "monat",
    "week",
    "semaine",
    "semana",
    "woche",
    "quarter",
    "trimestre",
    "weekday",
    "age",
    "day",
    "jour",
];

/// Words of rates and averages that the pipeline language does not know by itself.
const RATES: &[&str] = &[
    "taux",
    "moyen",
    "moyenne",
    "moy",
    "pourcentage",
    "repetition",
    "tasa",
    "promedio",
    "porcentaje",
    "frecuencia",
    "durchschnitt",
    "durchschnittlich",
    "rang",
    "ranking",
    "score",
    "duration",
    "duree",
    "percentile",
    "cpp",
    "cpl",
    "cpt",
    "roas",
    "stickiness",
];

/// Words of unique counts.
const UNIQUE: &[&str] = &[
    "couverture",
    "portee",
    "alcance",
    "reichweite",
    "utilisateurs",
    "usuarios",
    "nutzer",
    "visiteurs",
    "spectateurs",
    "uniques",
    "unique",
    "personnes",
    "accounts",
    "comptes",
    "viewers",
];

/// Words of levels.
const LEVELS: &[&str] = &["abonnes", "seguidores", "suscriptores", "abonnenten", "fans"];

/// Words that make counts of events of unique counts and levels.
const EVENTS: &[&str] = &["nouveaux", "nouvelles", "nuevos", "gagnes", "perdus", "plus", "difference", "desabonnes"];

/// Words of dimensions that say most at first sight.
const TELLING: &[&str] = &[
    "network",
    "platform",
    "plateforme",
    "reseau",
    "type",
    "country",
    "pays",
    "pais",
    "geography",
    "device",
    "appareil",
    "channel",
    "canal",
    "campaign",
    "campagne",
    "source",
    "medium",
    "format",
    "category",
    "city",
    "region",
    "content",
];

/// A text in small letters without accents.
pub(super) fn plain(text: &str) -> String {
    text.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)).collect::<String>().to_lowercase()
}

/// The words of a name.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for c in name.nfd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
        let parts = !c.is_alphanumeric() || (c.is_uppercase() && before_lower);
        if parts {
            words.push(String::new());
        }
        if c.is_alphanumeric() {
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        }
        before_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn has(words: &[String], list: &[&str]) -> bool {
    words.iter().any(|word| list.contains(&word.as_str()))
}

/// How much a name says that its column dates a record; below 0 where it says that another one does.
pub(super) fn dating(name: &str) -> i32 {
    let words = words(name);
    if words.len() == 1 && has(&words, DATES) {
        return 4;
    }
    if has(&words, CHANGES) || has(&words, ENDS) {
        return -3;
    }
    2 * i32::from(has(&words, DATING))
}

/// Whether a name is of a first or a last day, and what is left of it without that word.
pub(super) fn bound(name: &str) -> Option<(bool, Vec<String>)> {
    let words = words(name);
    let is_start = has(&words, STARTS);
    if is_start == has(&words, ENDS) {
        return None;
    }
    let list = if is_start { STARTS } else { ENDS };
    Some((is_start, words.into_iter().filter(|word| !list.contains(&word.as_str())).collect()))
}

/// Whether a name has one of the words of a grain coarser than a day.
pub(super) fn names_grain(name: &str, grain: &[&str]) -> bool {
    has(&words(name), grain)
}

/// Whether a name is of identifiers.
pub(super) fn is_id(name: &str) -> bool {
    has(&words(name), IDS)
}

/// Whether numbers of this name are parts of dates and the like.
pub(super) fn is_part(name: &str) -> bool {
    let words = words(name);
    (words.len() == 1 && has(&words, PARTS)) || (words.len() == 3 && words[1] == "of" && has(&words, PARTS))
}

/// Whether a name is of links.
pub(super) fn is_link(name: &str) -> bool {
    has(&words(name), &["permalink", "permalien", "link", "url", "lien", "enlace", "href"])
}

/// How much a name says that a dimension is worth a report.
pub(super) fn is_telling(name: &str) -> bool {
    has(&words(name), TELLING)
}

/// What adds up, by the names of a column and of its table (which names the metric where the column is `Primary`).
pub(super) fn additivity(column: &str, title: Option<&str>) -> Additivity {
    let of = |name: &str| {
        let (words, plain) = (words(name), plain(name));
        // A cost by click, views by user: `Cost / conv.`, `Views per active user`, `Coût par résultat`.
        let divides = [" per ", " par ", " por ", " pro ", "/"].iter().any(|sign| plain.contains(sign));
        let known = well_known(name).max(well_known(&plain));
        let own = if has(&words, RATES) || divides || name.contains('%') {
            Additivity::NonAdditive
        } else if has(&words, EVENTS) {
            Additivity::Additive
        } else if has(&words, UNIQUE) {
            Additivity::NonAdditive
        } else if has(&words, LEVELS) {
            Additivity::SemiAdditive
        } else {
            return known;
        };
        if has(&words, EVENTS) {
            own
        } else {
            own.max(known)
        }
    };
    let is_nameless = ["primary", "principal", "value", "valeur", "valor"].contains(&plain(column).as_str());
    match title.filter(|_| is_nameless) {
        Some(title) => of(column).max(of(title)),
        None => of(column),
    }
}

/// The unit that a header says in parentheses: a currency, or seconds and hours.
pub(super) fn unit(name: &str) -> Option<String> {
    const CURRENCIES: &[&str] = &[
        "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD",
        "HUF", "IDR", "ILS", "INR", "JPY", "KES", "KRW", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PKR",
        "PLN", "QAR", "RON", "RUB", "SAR", "SEK", "SGD", "THB", "TND", "TRY", "TWD", "UAH", "USD", "VND", "XAF", "XOF",
        "ZAR",
    ];
    let inside = name.split('(').skip(1).filter_map(|part| part.split(')').next());
    for text in inside {
        let text = text.trim();
        match text.to_lowercase().as_str() {
            "sec" | "secs" | "s" | "seconds" | "secondes" => return Some("seconds".to_owned()),
            "min" | "mins" | "minutes" => return Some("minutes".to_owned()),
            "hours" | "heures" | "h" => return Some("hours".to_owned()),
            _ if CURRENCIES.contains(&text) => return Some(text.to_owned()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_adds_up() {
        for name in [
            "Reach",
            "CTR (tous)",
            "Taux d'engagement",
            "Coût/conv.",
            "Views per active user",
            "Couverture",
            "Stayed to watch (%)",
            "Bounce rate",
            "CPC moy.",
            "Utilisateurs actifs",
            "IMPRESSION:UNIQUE_USERS",
            "Unique viewers",
            "New viewers",
        ] {
            assert_eq!(additivity(name, None), Additivity::NonAdditive, "{name}");
        }
        for name in ["Clics", "Impressions", "Nouveaux utilisateurs", "Estimated earnings (USD)"] {
            assert_eq!(additivity(name, None), Additivity::Additive, "{name}");
        }
        assert_eq!(additivity("Followers", None), Additivity::SemiAdditive);
        assert_eq!(additivity("Primary", Some("Facebook reach")), Additivity::NonAdditive);
        assert_eq!(additivity("Primary", Some("Facebook visits")), Additivity::Additive);
    }

    #[test]
    fn names_tell_dates_ids_and_units() {
        assert!(dating("Date") > dating("Publish time"));
        assert!(dating("Last significant edit") < 0 && dating("Video title") == 0);
        assert_eq!(bound("Reporting starts").map(|b| b.0), Some(true));
        assert_eq!(bound("Fin des rapports").map(|b| b.0), Some(false));
        assert!(is_id("Post ID") && is_id("tweetId") && !is_id("Video title") && !is_id("paid"));
        assert_eq!(unit("Amount spent (UAH)").as_deref(), Some("UAH"));
        assert_eq!(unit("CPM (Coût pour 1 000 impressions) (USD)").as_deref(), Some("USD"));
        assert_eq!(unit("Watch time (hours)").as_deref(), Some("hours"));
        assert_eq!(unit("Clics (tous)"), None);
    }
}
