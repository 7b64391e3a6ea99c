//! The networks' own exports: every sample file goes through its profile, and its figures are those of `expected.csv`, which was
//! written by the generator from what it made up, not from the files.

use crate::harness::{repository, run_in, Place};
use jalon::profiles::{find, profiles, Tier};
use jalon::spec::Additivity;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What the generator says of a table.
#[derive(Debug, Default, Clone)]
struct Expected {
    records: u64,
    totals: u64,
    bad: u64,
    /// By measure the sum over its records, and the title of the table where the file has several of one profile.
    sums: Vec<(String, String, f64)>,
}

/// A file, the file in it, the sheet, the profile, and for other profiles of files with several tables the title.
type Key = (String, String, String, String, String);

/// Profiles that read all tables of a file.
const ALL_TABLES: &[&str] = &["meta_business_suite.daily_series", "meta_business_suite.audience", "ga4.report_by_day"];

fn expected() -> BTreeMap<Key, Expected> {
    let path = repository().join("sample_data/exports/expected.csv");
    let mut reader = csv::Reader::from_path(path).expect("expected.csv");
    let mut found: BTreeMap<Key, Expected> = BTreeMap::new();
    let mut tables: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    for record in reader.records() {
        let record = record.expect("a record");
        let text = |i: usize| record[i].to_owned();
        let number = |i: usize| record[i].parse::<u64>().expect("a number");
        let is_all = ALL_TABLES.contains(&&record[3]);
        let title = if is_all { String::new() } else { text(4) };
        let key = (text(0), text(1), text(2), text(3), title);
        let of = found.entry(key.clone()).or_default();
        let known = tables.entry(key).or_default();
        if !known.contains(&text(4)) {
            known.push(text(4));
            of.records += number(5);
            of.totals += number(6);
            of.bad += number(7);
        }
        of.sums.push((text(8), text(4), record[9].parse().expect("a sum")));
    }
    found
}

/// The tables of a file are read by place where nothing stands above them.
fn place_of(title: &str) -> Option<u8> {
    match title {
        "Sesiones" => Some(3),
        "Usuarios" => Some(4),
        "Vistas" => Some(5),
        "Número de eventos" => Some(6),
        _ => None,
    }
}

/// A pipeline over one table of one file.
fn pipeline((file, member, sheet, profile, title): &Key, expected: &Expected) -> String {
    let path = repository().join("sample_data/exports").join(file);
    let mut text =
        format!("version: 1\nname: x\nsources:\n  s:\n    profile: {profile}\n    path: {:?}\n", path.display());
    if !member.is_empty() {
        let _ = writeln!(text, "    member: {member:?}");
    }
    if let Some(place) = place_of(title).filter(|_| profile == "ga4.report") {
        let _ = writeln!(text, "    table: {place}");
    }
    let reads = find(profile).expect("a profile");
    if reads.source.sheet.is_none() && !sheet.is_empty() {
        let _ = writeln!(text, "    sheet: {sheet:?}");
    }
    let needs_period = profile.starts_with("search_console") || profile.ends_with("audience");
    if needs_period && profile != "search_console.dates" {
        text += "    period: {start: 2025-01-01, end: 2025-03-31}\n";
    }
    text += "metrics:\n  n: {type: simple, source: s, agg: count}\n";
    let measures = reads.source.measures.entries();
    let mut names = vec!["n".to_owned()];
    for (at, (measure, table, _)) in expected.sums.iter().enumerate() {
        let (_, details, _) =
            measures.iter().find(|(name, ..)| name == measure).unwrap_or_else(|| panic!("{profile} has no {measure}"));
        let mut parts = format!("type: simple, source: s, expr: {measure}");
        if details.additivity != Some(Additivity::Additive) {
            parts += ", reaggregate: sum_with_warning";
        }
        if ALL_TABLES.contains(&profile.as_str()) && !table.is_empty() {
            let _ = write!(parts, ", filter: \"LOWER(table_title) = '{}'\"", table.to_lowercase());
        }
        let _ = writeln!(text, "  m{at}: {{{parts}}}");
        names.push(format!("m{at}"));
    }
    text + &format!(
        "reports: [{{name: r, metrics: [{}], grains: [all], exports: [{{format: csv, path: r.csv, layout: wide}}]}}]\n",
        names.join(", ")
    )
}

#[test]
fn every_sample_file_goes_through_its_profile_with_each_record_accounted_for() {
    let all = expected();
    assert!(all.len() > 70, "{}", all.len());
    let place = Place::new();
    let mut wrong = vec![];
    for (key, expected) in &all {
        place.write("pipeline.yaml", pipeline(key, expected));
        let done = place.jalon(&["run", "pipeline.yaml", "--quiet"]);
        if done.code != 0 {
            wrong.push(format!("{key:?}: {}", done.stderr));
            continue;
        }
        let text = place.read("r.csv");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().expect("a header").clone();
        let record = reader.records().next().expect("a row").expect("a record");
        let value = |name: &str| names.iter().position(|n| n == name).map(|i| record[i].to_owned()).unwrap_or_default();
        for (at, (measure, table, sum)) in expected.sums.iter().enumerate() {
            let found: f64 = value(&format!("m{at}")).parse().unwrap_or(f64::NAN);
            if (found - sum).abs() > 1e-6 * sum.abs().max(1.0) || found.is_nan() {
                wrong.push(format!("{key:?} {table}: {measure} is {found}, not {sum}"));
            }
        }
        let manifest: serde_json::Value = serde_json::from_str(&place.read("x.manifest.json")).expect("JSON");
        let inputs = manifest["inputs"].as_array().expect("inputs");
        let count = |name: &str| -> u64 {
            let files = inputs.iter().flat_map(|input| input["files"].as_array().expect("files"));
            files.map(|file| file[name].as_u64().unwrap_or(0)).sum()
        };
        let found = (count("used"), count("totals"), count("quarantined"));
        if found != (expected.records, expected.totals, expected.bad) {
            wrong.push(format!("{key:?}: {found:?} records used, of totals and bad, not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same figures under headers of two languages.
#[test]
fn two_languages_give_the_same_figures() {
    let all = expected();
    let of = |file: &str, member: &str| -> BTreeMap<(String, String), f64> {
        let fits = |key: &&Key| key.0 == file && (member.is_empty() || key.1 == member);
        let tables = all.iter().filter(|(key, _)| fits(key));
        tables.flat_map(|(_, e)| e.sums.iter().map(|(m, t, s)| ((m.clone(), t.clone()), *s))).collect()
    };
    let meta = "meta_business_suite";
    let search = "cirrus-outdoor.example-Performance-on-Search-2025-04-01.zip";
    let pairs = [
        (format!("{meta}/Reach.csv"), "", format!("{meta}/fr/Couverture.csv"), ""),
        (format!("{meta}/Visits.csv"), "", format!("{meta}/fr/Visites.csv"), ""),
        (format!("{meta}/Follows.csv"), "", format!("{meta}/fr/Followers en plus.csv"), ""),
        (
            format!("{meta}/Jan-01-2025_Mar-31-2025_613168904417283.csv"),
            "",
            format!("{meta}/fr/Jan-01-2025_Mar-31-2025_613168904417284.csv"),
            "",
        ),
        (
            format!("{meta}/Jan-01-2025_Mar-31-2025_947210558316642.csv"),
            "",
            format!("{meta}/fr/Jan-01-2025_Mar-31-2025_947210558316643.csv"),
            "",
        ),
        (
            "meta_ads/Cirrus-Outdoor-Campaigns-Jan-1-2025-Mar-31-2025.csv".to_owned(),
            "",
            "meta_ads/Cirrus-Outdoor-Campagnes-1-janv.-2025-31-mars-2025.csv".to_owned(),
            "",
        ),
        (
            "ga4/Traffic_acquisition_Session_source_medium.csv".to_owned(),
            "",
            "ga4/fr/Acquisition_de_trafic_Source_Support_de_la_session.csv".to_owned(),
            "",
        ),
        (format!("search_console/{search}"), "Queries.csv", format!("search_console/fr/{search}"), "Requêtes.csv"),
        (format!("search_console/{search}"), "Countries.csv", format!("search_console/fr/{search}"), "Pays.csv"),
        (format!("search_console/{search}"), "Devices.csv", format!("search_console/fr/{search}"), "Appareils.csv"),
        (format!("search_console/{search}"), "Chart.csv", format!("search_console/fr/{search}"), "Graphique.csv"),
        (
            "tiktok/2025-01-01_2025-03-31/Overview.csv".to_owned(),
            "",
            "tiktok/es/2025-01-01_2025-03-31/Overview.csv".to_owned(),
            "",
        ),
    ];
    for (english, member, other, other_member) in pairs {
        let (one, two) = (of(&english, member), of(&other, other_member));
        assert!(!one.is_empty() && !two.is_empty(), "{english} {other}");
        for (measure, sum) in &two {
            if let Some(own) = one.get(measure) {
                assert!((own - sum).abs() < 1e-9, "{measure:?} of {english} and {other}");
            }
        }
        assert!(two.keys().filter(|key| one.contains_key(*key)).count() * 2 >= one.len(), "{english} {other}");
    }
}

/// Values, too, are brought into one language: devices and countries of a search engine.
#[test]
fn values_of_two_languages_are_one() {
    let place = Place::new();
    let zip = |folder: &str| {
        let file = "cirrus-outdoor.example-Performance-on-Search-2025-04-01.zip";
        repository().join("sample_data/exports/search_console").join(folder).join(file).display().to_string()
    };
    let report = |path: &str, member: &str, profile: &str, by: &str| -> String {
        place.write(
            "pipeline.yaml",
            format!(
                "version: 1\nname: x\nsources:\n  s:\n    profile: search_console.{profile}\n    path: {path:?}\n    \
                 member: {member}\n    period: {{start: 2025-01-01, end: 2025-03-31}}\nmetrics:\n  clicks: {{type: simple, \
                 source: s, expr: clicks}}\nreports: [{{name: r, metrics: [clicks], group_by: [{by}], grains: [all], \
                 exports: [{{format: csv, path: r.csv, layout: wide}}]}}]\n"
            ),
        );
        place.run(&["--quiet"]);
        place.read("r.csv")
    };
    let english = report(&zip(""), "Devices.csv", "devices", "device");
    assert_eq!(english, report(&zip("fr"), "Appareils.csv", "devices", "device"));
    assert!(english.to_lowercase().contains("desktop"), "{english}");
}

/// Each file is recognised: by the profile that the generator wrote it for, or by none where that one is experimental.
#[test]
fn init_recognises_the_sample_files() {
    let folder = repository().join("sample_data/exports");
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, _, _, profile, _) in expected().into_keys() {
        files.entry(file).or_default().push(profile);
    }
    let mut wrong = vec![];
    for (file, wanted) in files.iter().filter(|(file, _)| !file.ends_with(".parquet")) {
        let done = run_in(&folder, &["init", file, "--period", "2025-01-01..2025-03-31"]);
        if done.code != 0 {
            wrong.push(format!("{file}: {}", done.stderr));
        }
        for profile in wanted {
            let is_complete = find(profile).is_some_and(|p| p.about.tier == Tier::Complete);
            let line = format!("    profile: {profile}\n");
            if done.stdout.contains(&line) != is_complete {
                wrong.push(format!("{file}: {profile} ({is_complete}):\n{}", done.stdout));
            }
        }
        let named = done.stdout.matches("    profile: ").count();
        let others = done.stdout.lines().filter(|line| line.starts_with("    profile: "));
        for line in others.filter(|line| !wanted.iter().any(|p| line.ends_with(&format!(" {p}")))) {
            wrong.push(format!("{file}: {line} of {named}, not one of {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// From a folder of mixed exports to a report by network: two commands, nothing written by hand.
#[test]
fn a_folder_of_exports_becomes_a_report_by_network() {
    let place = Place::new();
    let from = repository().join("sample_data/exports");
    let files = [
        "meta_business_suite/Jan-01-2025_Feb-15-2025_598120377465910.csv",
        "meta_business_suite/Jan-01-2025_Mar-31-2025_613168904417283.csv",
        "meta_business_suite/Jan-01-2025_Mar-31-2025_947210558316642.csv",
        "meta_business_suite/Reach.csv",
        "meta_business_suite/Follows.csv",
        "meta_business_suite/Visits.csv",
        "x/account_analytics_content_2025-01-01_2025-03-31.csv",
        "x/account_overview_analytics.csv",
        "linkedin/cirrus-outdoor_content_1743494400000.xlsx",
        "tiktok/2025-01-01_2025-03-31/Content.csv",
        "tiktok/2025-01-01_2025-03-31/Overview.csv",
        "youtube_studio/Content 2025-01-01_2025-04-01 Cirrus Outdoor.zip",
        "ga4/Traffic_acquisition_Session_source_medium.csv",
        "ga4/Pages_and_screens_Page_path_and_screen_class.csv",
        "search_console/cirrus-outdoor.example-Performance-on-Search-2025-04-01.zip",
        "meta_ads/Cirrus-Outdoor-Ads-Jan-1-2025-Mar-31-2025.xlsx",
        "google_ads/Campaign report.csv",
    ];
    for file in files {
        place.write(&format!("exports/{file}"), std::fs::read(from.join(file)).expect("a sample file"));
    }
    place.write("exports/notes.txt", "not an export");
    let done = place.jalon(&["init", "exports", "-o", "social.yaml"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let done = place.jalon(&["run", "social.yaml", "--quiet"]);
    assert_eq!(done.code, 0, "{}\n{}", done.stderr, place.read("social.yaml"));
    let wanted = ["network", "posts", "views", "spend", "sessions"];
    let rows = crate::harness::rows(&place, "reports/social/by_network.csv", &wanted);
    let row =
        |network: &str| rows.iter().find(|row| row[0] == network).unwrap_or_else(|| panic!("{network}: {rows:?}"));
    assert_eq!(row("facebook")[1..], ["32", "195786", "", "6310"]);
    assert_eq!(row("youtube")[1..], ["18", "206585", "", "465"]);
    assert_eq!(row("x")[1..3], ["40", ""]);
    assert_eq!(row("google")[1..], ["", "", "5101.99", ""]);
    assert_eq!(row("(all)")[1..], ["174", "1138794", "12241.06", "58722"]);
    // The days of the search engine's chart tell those of its queries.
    let queries = crate::harness::rows(&place, "reports/social/search_console_queries.csv", &["query"]);
    assert!(queries.len() > 20, "{queries:?}");
}

#[test]
fn profiles_are_listed_and_shown() {
    let list = run_in(&repository(), &["profiles"]);
    assert_eq!(list.code, 0, "{}", list.stderr);
    for profile in profiles() {
        let id = profile.about.id.as_str();
        let mark = if profile.about.tier == Tier::Experimental { "? " } else { "  " };
        assert!(list.stdout.contains(&format!("{mark}{id} ")), "{id}\n{}", list.stdout);
        for lang in ["en", "fr"] {
            let shown = run_in(&repository(), &["profiles", id, "--lang", lang]);
            assert_eq!(shown.code, 0, "{}", shown.stderr);
            let lang = if lang == "fr" { jalon::spec::Lang::Fr } else { jalon::spec::Lang::En };
            let words = profile.about.obtain.get(lang).split_whitespace().take(3).collect::<Vec<_>>().join(" ");
            assert!(shown.stdout.contains(&words), "{id}: {}", shown.stdout);
            assert!(!profile.about.traps.is_empty(), "{id} has no traps");
        }
    }
    let unknown = run_in(&repository(), &["profiles", "x.contents"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean `x.content`?"), "{}", unknown.stderr);
}

/// The shipped pipeline over all networks: its figures are those that the generator made up.
#[test]
fn the_report_by_network_holds_the_figures_of_the_files() {
    let place = Place::new();
    let root = place.path().display().to_string();
    let done = run_in(&repository(), &["run", "pipelines/networks.yaml", "--output-root", &root, "--quiet"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let all = expected();
    let sum = |file: &str, profile: &str, measure: &str| -> f64 {
        let of = all.iter().find(|(key, _)| key.0.starts_with(file) && key.3 == profile);
        let (_, expected) = of.unwrap_or_else(|| panic!("{file} {profile}"));
        expected.sums.iter().filter(|(m, ..)| m == measure).map(|(_, _, sum)| sum).sum()
    };
    let wanted = ["network", "impressions", "views", "spend"];
    let rows = crate::harness::rows(&place, "reports/networks/by_network.csv", &wanted);
    let value = |network: &str, place: usize| -> f64 {
        rows.iter().filter(|row| row[0] == network).map(|row| row[place].parse::<f64>().unwrap_or(0.0)).sum()
    };
    let meta = "meta_business_suite/Jan-01-2025_Mar-31-2025";
    let checks = [
        ("facebook", 2, sum(&format!("{meta}_6"), "meta_business_suite.facebook_posts", "views")),
        ("instagram", 2, sum(&format!("{meta}_9"), "meta_business_suite.instagram_posts", "views")),
        ("x", 1, sum("x/", "x.content", "impressions")),
        ("linkedin", 1, sum("linkedin/", "linkedin.page_posts", "impressions")),
        ("pinterest", 1, sum("pinterest/", "pinterest.pins", "impressions")),
        ("tiktok", 2, sum("tiktok/2025", "tiktok.content", "views")),
        ("youtube", 2, sum("youtube_studio/Content", "youtube_studio.table", "views")),
        ("meta", 3, sum("meta_ads/Cirrus-Outdoor-Ads", "meta_ads.report", "spend")),
        ("google", 3, sum("google_ads/Campaign report.csv", "google_ads.report", "spend")),
    ];
    for (network, place, sum) in checks {
        assert!((value(network, place) - sum).abs() < 1e-6, "{network}: {} and {sum}", value(network, place));
    }
    let sessions = crate::harness::rows(&place, "reports/networks/by_network.csv", &["network", "sessions"]);
    let total: f64 =
        sessions.iter().filter(|row| row[0] == "(all)").map(|row| row[1].parse::<f64>().expect("a sum")).sum();
    let web = sum("ga4/Traffic_acquisition", "ga4.report_by_day", "sessions");
    assert!((total - web).abs() < 1e-6, "{total} and {web}");
}

/// One broken file of a folder does not hide the others.
#[test]
fn init_leaves_a_broken_file_of_a_folder_out() {
    let place = Place::new();
    let from = repository().join("sample_data/exports/x/account_overview_analytics.csv");
    place.write("exports/x/overview.csv", std::fs::read(from).expect("a sample file"));
    place.write("exports/youtube/broken.zip", "not a zip");
    let done = place.jalon(&["init", "exports", "-o", "social.yaml"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stderr.contains("? left out") && done.stderr.contains("broken.zip"), "{}", done.stderr);
    assert!(place.read("social.yaml").contains("profile: x.overview"));
    // Asked for by name it is an error.
    assert_ne!(place.jalon(&["init", "exports/youtube/broken.zip"]).code, 0);
}

/// What the files print as their own totals are the sums of the records that are read.
#[test]
fn the_totals_that_the_files_print_are_met() {
    let all = expected();
    let sum = |file: &str, member: &str, measure: &str| -> f64 {
        let of = all.iter().filter(|(key, _)| key.0 == file && (member.is_empty() || key.1 == member));
        let sums = of.flat_map(|(_, expected)| expected.sums.iter()).filter(|(m, ..)| m == measure);
        sums.map(|(_, _, sum)| sum).next().copied().unwrap_or_else(|| panic!("{file} {member} {measure}"))
    };
    let printed = |file: &str, is_total: &dyn Fn(&csv::StringRecord) -> bool, column: &str| -> f64 {
        let path = repository().join("sample_data/exports").join(file);
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).expect("a file");
        let records: Vec<csv::StringRecord> = reader.records().map(|record| record.expect("a record")).collect();
        let header = records.iter().position(|record| record.iter().any(|cell| cell == column)).expect("a header");
        let place = records[header].iter().position(|cell| cell == column).expect("a column");
        let total = records[header + 1..].iter().find(|record| is_total(record)).expect("a total");
        total[place].replace(',', "").parse().expect("a number")
    };
    let google = "google_ads/Campaign report.csv";
    let account = |record: &csv::StringRecord| record[0] == *"Total: Account";
    for (column, measure) in
        [("Clicks", "clicks"), ("Impr.", "impressions"), ("Cost", "spend"), ("Conversions", "conversions")]
    {
        let (own, read) = (printed(google, &account, column), sum(google, "", measure));
        assert!((own - read).abs() < 0.006, "{column}: {own} and {read}");
    }
    let meta = "meta_ads/Cirrus-Outdoor-Campaigns-Jan-1-2025-Mar-31-2025.csv";
    let nameless = |record: &csv::StringRecord| record[2].is_empty();
    for (column, measure) in
        [("Impressions", "impressions"), ("Amount spent (EUR)", "spend"), ("Link clicks", "link_clicks")]
    {
        let (own, read) = (printed(meta, &nameless, column), sum(meta, "", measure));
        assert!((own - read).abs() < 0.006, "{column}: {own} and {read}");
    }
    // People are counted once: the total of reach is less than the sum.
    assert!(printed(meta, &nameless, "Reach") < sum(meta, "", "reach"));
    let search = "search_console/cirrus-outdoor.example-Performance-on-Search-2025-04-01.zip";
    let clicks = |member: &str| sum(search, member, "clicks");
    for member in ["Devices.csv", "Countries.csv"] {
        assert!((clicks(member) - clicks("Chart.csv")).abs() < 1e-9, "{member}");
    }
    assert!(clicks("Queries.csv") < clicks("Chart.csv"));
    let linkedin = |measure: &str| -> f64 {
        let (_, days) = all.iter().find(|(key, _)| key.3 == "linkedin.page_content").expect("days");
        days.sums.iter().find(|(m, ..)| m == measure).map_or(f64::NAN, |(_, _, sum)| *sum)
    };
    let parts = linkedin("organic_impressions") + linkedin("paid_impressions");
    assert!((parts - linkedin("impressions")).abs() < 1e-9);
}
