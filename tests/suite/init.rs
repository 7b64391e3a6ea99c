//! First pipelines over exports as networks write them: `init`, then `run`, then the sums.

use crate::harness::{parquet, Done, Place};
use arrow::array::{Date32Array, Int64Array, StringArray};
use std::sync::Arc;

/// A folder with exports, of which `init` has made a pipeline that has run.
struct Begun {
    place: Place,
    told: String,
}

fn utf16(text: &str) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

/// Writes exports, then `init` over them and `run`.
fn begin(exports: &[(&str, Vec<u8>)]) -> Begun {
    begin_with(exports, &[])
}

fn begin_with(exports: &[(&str, Vec<u8>)], more: &[&str]) -> Begun {
    let place = Place::new();
    for (name, bytes) in exports {
        place.write(name, bytes);
    }
    let names: Vec<&str> = exports.iter().map(|(name, _)| *name).collect();
    let done = init(&place, &[names.as_slice(), more].concat());
    assert_eq!(done.code, 0, "{}", done.stderr);
    let told = done.stderr;
    let checked = place.jalon(&["check", "pipeline.yaml"]);
    assert_eq!(checked.code, 0, "{}\n{}", checked.stderr, place.read("pipeline.yaml"));
    let run = place.jalon(&["run", "pipeline.yaml"]);
    assert_eq!(run.code, 0, "{}\n{}", run.stderr, place.read("pipeline.yaml"));
    Begun { place, told }
}

fn init(place: &Place, args: &[&str]) -> Done {
    place.jalon(&[&["init", "--no-profiles"], args, &["-o", "pipeline.yaml"]].concat())
}

impl Begun {
    fn text(&self) -> String {
        self.place.read("pipeline.yaml")
    }

    /// Whether the pipeline says all of this.
    fn says(&self, words: &[&str]) {
        let text = self.text();
        for word in words {
            assert!(text.contains(word), "no `{word}` in\n{text}");
        }
    }

    /// A column of a report by its periods: the rows of groups added up.
    fn sums(&self, report: &str, column: &str) -> Vec<(String, f64)> {
        let text = self.place.read(&format!("reports/pipeline/{report}.csv"));
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let names = reader.headers().expect("a header").clone();
        let at = |name: &str| {
            names.iter().position(|n| n == name).unwrap_or_else(|| panic!("no `{name}` in {names:?}\n{}", self.text()))
        };
        let (level, label, column) = (at("level"), at("period_label"), at(column));
        let mut sums: Vec<(String, f64)> = vec![];
        for record in reader.records().map(|record| record.expect("a record")).filter(|r| &r[level] == "detail") {
            let value: f64 = record[column].parse().unwrap_or(0.0);
            match sums.last_mut().filter(|(period, _)| *period == record[label]) {
                Some((_, sum)) => *sum += value,
                None => sums.push((record[label].to_owned(), value)),
            }
        }
        sums
    }

    fn holds(&self, report: &str, column: &str, expected: &[(&str, f64)]) {
        let sums = self.sums(report, column);
        let found: Vec<(&str, f64)> = sums.iter().map(|(period, sum)| (period.as_str(), *sum)).collect();
        assert_eq!(found, expected, "{report} {column}\n{}", self.text());
    }
}

const META: &str = "\u{feff}\"Post ID\",\"Page ID\",\"Page name\",Title,Description,\"Duration (sec)\",\"Publish time\",Permalink,\"Post type\",Languages,\"Data comment\",Date,Views,Reach,\"Reactions, Comments and Shares\",\"Estimated earnings (USD)\"\n\
    122121474620644101,61569323067856,Page,\"a\nb #x\",\"a\n\nb\",41,\"03/15/2025 03:06\",https://f.com/1,Photos,,,Lifetime,10,7,3,0.5\n\
    122121474620644102,61569323067856,Page,c,\"d, e\",0,\"02/14/2025 03:06\",https://f.com/2,Reels,,,Lifetime,20,9,1,\n\
    122121474620644103,61569323067856,Page,c,\"d, \"\"e\"\"\",0,\"02/13/2025 23:06\",https://f.com/3,Photos,,,Lifetime,400,9,0,1.25\n";

#[test]
fn posts_of_meta() {
    let begun = begin(&[("exports/Feb-01-2025_Mar-15-2025_613168031534769.csv", META.into())]);
    begun.holds("by_month", "views", &[("2025-02", 420.0), ("2025-03", 10.0)]);
    begun.holds("by_month", "estimated_earnings", &[("2025-02", 1.25), ("2025-03", 0.5)]);
    begun.says(&[
        "period_type: lifetime_snapshot",
        "primary_key: [post_id]",
        "format: \"MM/DD/YYYY HH:mm\"",
        "unit: USD",
        "additivity: non_additive",
        "group_by: [post_type]",
        "reactions_comments_and_shares: {column: \"Reactions, Comments and Shares\"}",
    ]);
    assert!(begun.told.contains("UTF-8 with byte order mark"), "{}", begun.told);
}

#[test]
fn the_pipeline_and_what_is_told_as_a_whole() {
    let place = Place::new();
    place.write("exports/Feb-01-2025_Mar-15-2025_613168031534769.csv", META);
    let done = place.jalon(&["init", "exports/Feb-01-2025_Mar-15-2025_613168031534769.csv", "--no-profiles"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    insta::assert_snapshot!("a_first_pipeline", done.stdout);
    insta::assert_snapshot!("what_init_tells", done.stderr);
}

#[test]
fn daily_series_of_meta_are_two_tables_in_utf_16() {
    let table = |name: &str, one: u32, two: u32| {
        format!(
            "\"{name}\"\n\"Date\",\"Primary\"\n\"2024-03-31T00:00:00\",\"{one}\"\n\"2024-04-01T01:00:00\",\"{two}\"\n"
        )
    };
    let text = format!("sep=,\n{}\n{}", table("Facebook visits", 5, 7), table("Instagram profile visits", 100, 200));
    let begun = begin(&[("Visits.csv", utf16(&text))]);
    begun.holds("facebook_visits_by_month", "facebook_visits_primary", &[("2024-03", 5.0), ("2024-04", 7.0)]);
    let other = [("2024-03", 100.0), ("2024-04", 200.0)];
    begun.holds("instagram_profile_visits_by_month", "instagram_profile_visits_primary", &other);
    begun.says(&["table: Facebook visits", "table: Instagram profile visits"]);
    // Reach counts people: its table says so, its column does not.
    let begun = begin(&[("Reach.csv", utf16(&format!("sep=,\n{}", table("Facebook reach", 5, 7))))]);
    begun.says(&["additivity: non_additive", "agg: max"]);
}

#[test]
fn google_ads() {
    let text = "Campaign report\n\"January 27, 2026 - February 23, 2026\"\nDay,Campaign,Campaign status,Impr.,Clicks,CTR,Cost,Conv. rate\n\
                2026-01-27,Brand,Enabled,\"9,380\",264,2.81%,1234.56,< 10%\n2026-02-01,Brand,Enabled,\"1,000\",10,1.00%,10.00, --\n\
                2026-02-02,Other,Paused,20,--,0.5%,1.00, --\n\
                Total: Campaigns, --, --,\"10,400\",274,2.63%,1245.56, --\nTotal: Account, --, --,\"10,400\",274,2.63%,1245.56, --\n";
    let begun = begin(&[("Campaign report.csv", text.into())]);
    begun.holds("by_month", "impr", &[("2026-01", 9380.0), ("2026-02", 1020.0)]);
    begun.holds("by_month", "clicks", &[("2026-01", 264.0), ("2026-02", 10.0)]);
    begun.says(&["thousands: comma", "nulls: [\"--\"]", "2 rows of totals"]);
}

#[test]
fn reports_of_ga4() {
    let head = |start: &str, end: &str| {
        format!(
            "# ----------------------------------------\n# Report CSV Export\n# Account: A, B\n# Property: P\n# ----------------------------------------\n# \n# All Users\n# Start date: {start}\n# End date: {end}\n"
        )
    };
    let days = format!("{}Nth day,Users,Sessions\n0000,3,4\n0001,5,6\n0010,7,8\n", head("20230424", "20230521"));
    let begun = begin(&[("data-export.csv", days.into())]);
    begun.holds("by_month", "sessions", &[("2023-04", 10.0), ("2023-05", 8.0)]);
    begun.says(&["format: \"N\""]);
    // The same without any date: its period is that of the export.
    let pages = format!("{}Page path,Views,Bounce rate\n/,12,0.5\n/a,3,0.25\n", head("20250101", "20251231"));
    let begun = begin(&[("pages.csv", pages.into())]);
    begun.holds("whole_period", "views", &[("all", 15.0)]);
    begun.says(&["grain: range", "group_by: [page_path]"]);
}

#[test]
fn a_snapshot_of_ga4_holds_several_tables() {
    let text = "# ----------------------------------------\n# Exportar informe en formato CSV\n# Cuenta: A\n# ----------------------------------------\n#  \n# Fecha de inicio: 20230424\n# Fecha de finalización: 20230521\nDía N,Usuarios,Sesiones\n0000,1,2\n0001,3,4\n\n# Fecha de inicio: 20230424\n# Fecha de finalización: 20230521\nPaís,Sesiones\nSpain,5\nFrance,7\n";
    let begun = begin(&[("informe.csv", text.into())]);
    begun.says(&["table: Exportar informe en formato CSV", "table: 2", "group_by: [pais]"]);
}

#[test]
fn an_exploration_of_ga4() {
    let text = "# ----------------------------------------\n# P - GA4\n# Untitled exploration-Free form 1\n# 20250101-20250131\n# ----------------------------------------\n\n\
                Page path + query string,Total users,Sessions,Bounce rate\n,12345,15000,0.27,Grand total\n/a/,760,761,0.01\n/b/,10,20,0.5\n";
    let begun = begin(&[("exploration.csv", text.into())]);
    begun.holds("by_month", "sessions", &[("2025-01", 781.0)]);
}

#[test]
fn search_console_in_french() {
    let text = "Date,Clics,Impressions,CTR,Position\n2025-02-05,6443,371375,1.73%,23.8\n2025-02-06,10,100,7%,1.46\n2025-03-01,1,2,50%,3\n";
    let begun = begin(&[("Graphique.csv", text.into())]);
    begun.holds("by_month", "clics", &[("2025-02", 6453.0), ("2025-03", 1.0)]);
    begun.says(&[
        "ctr: {column: CTR, additivity: non_additive}",
        "position: {column: Position, additivity: non_additive}",
    ]);
    // A table without a date asks for its period.
    let devices = "Appareil,Clics,Impressions,CTR,Position\nMobile,408346,21087244,1.94%,13.94\nOrdinateur,255313,17067753,1.5%,27.67\n";
    let place = Place::new();
    place.write("Appareils.csv", devices);
    let done = init(&place, &["Appareils.csv"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert!(done.stderr.contains("--period 2025-01-01..2025-01-31"), "{}", done.stderr);
    let begun = begin_with(&[("Appareils.csv", devices.into())], &["--period", "2025-01-01..2025-01-31"]);
    begun.holds("by_month", "clics", &[("2025-01", 663_659.0)]);
    begun.says(&["period: {start: \"2025-01-01\", end: \"2025-01-31\"}", "group_by: [appareil]"]);
}

#[test]
fn tiktok_without_a_year() {
    let text = "\u{feff}\"Date\",\"Total Viewers\",\"Video Views\",\"Likes\"\n\"February 28\",\"undefined\",\"1\",\"undefined\"\n\"February 29\",\"4\",\"20\",\"3\"\n\"February 27\",\"0\",\"300\",\"4\"\n";
    let begun = begin(&[("Viewers_2024-02-28_2025-02-27.csv", text.into())]);
    begun.holds("by_month", "video_views", &[("2024-02", 21.0), ("2025-02", 300.0)]);
    begun.says(&["nulls: [undefined]", "format: \"MMMM D\""]);
    let spanish = text.replace("February", "8 de febrero").replace("8 de febrero 28", "28 de febrero");
    let spanish = spanish.replace("8 de febrero 29", "29 de febrero").replace("8 de febrero 27", "27 de febrero");
    let begun = begin_with(&[("Overview.csv", spanish.into())], &["--period", "2024-02-28..2025-02-27"]);
    begun.holds("by_month", "video_views", &[("2024-02", 21.0), ("2025-02", 300.0)]);
}

#[test]
fn twitter_by_day_and_by_tweet() {
    let text = "\"Date\",\"Tweets published\",\"impressions\",\"engagement rate\",\"follows\",\"promoted impressions\",\"media views\"\n\
                \"2021-08-01\",\"0\",\"1088.0\",\"0.011948529411764705\",\"-\",\"-\",\"1\"\n\"2021-09-02\",\"2\",\"12.0\",\"0.5\",\"3\",\"-\",\"-\"\n";
    let begun = begin(&[("daily.csv", text.into())]);
    begun.holds("by_month", "impressions", &[("2021-08", 1088.0), ("2021-09", 12.0)]);
    begun.holds("by_month", "media_views", &[("2021-08", 1.0), ("2021-09", 0.0)]);
    begun.says(&["nulls: [\"-\"]", "promoted impressions: nothing but `-`"]);
    let tweets = "\"Tweet id\",\"Tweet permalink\",\"Tweet text\",\"time\",\"impressions\",\"engagement rate\"\n\
                  \"1432783452345678901\",\"https://t.co/1\",\"a\",\"2021-08-31 19:53 +0000\",\"89.0\",\"0.05\"\n\
                  \"1432783452345678902\",\"https://t.co/2\",\"b\",\"2021-09-01 00:10 +0000\",\"11.0\",\"0.05\"\n";
    let begun = begin(&[("tweet_activity_metrics_user_20210801_20210901_en.csv", tweets.into())]);
    begun.holds("by_month", "impressions", &[("2021-08", 89.0), ("2021-09", 11.0)]);
    begun.says(&["primary_key: [tweet_id]", "lifetime_snapshot"]);
}

#[test]
fn content_of_x() {
    let text = "Post id,Date,Post text,Link,Impressions,Likes,New follows\r\n1902783452345678901,Thu Mar 20 2025,a,https://x.com/1,10,1,0\r\n1902783452345678902,Fri Apr 4 2025,\"b, c\",https://x.com/2,200,2,1";
    let begun = begin(&[("account_analytics_content_2025-03-01_2025-04-30.csv", text.into())]);
    begun.holds("by_month", "impressions", &[("2025-03", 10.0), ("2025-04", 200.0)]);
    let overview = "Date,Impressions,Likes,New follows,Unfollows\n\"Fri, Mar 21, 2025\",1070,11,0,0\n\"Thu, Mar 20, 2025\",30,1,2,1\n";
    let begun = begin(&[("overview.csv", overview.into())]);
    begun.holds("by_month", "impressions", &[("2025-03", 1100.0)]);
    begun.says(&["format: \"ddd, MMM D, YYYY\""]);
}

#[test]
fn table_and_chart_of_youtube() {
    let table = "Content,Video title,Video publish time,New viewers,Views,Watch time (hours),Impressions click-through rate (%)\n\
                 Total,,,0,600,375.5,5.19\nabcdefghij1,\"March 27, 2021\",\"Jan 6, 2024\",,100,75.25,4\nabcdefghij2,Other,\"Feb 9, 2024\",,500,300.25,5\n";
    let begun = begin(&[("Table data.csv", table.into())]);
    begun.holds("by_month", "views", &[("2024-01", 100.0), ("2024-02", 500.0)]);
    begun.holds("by_month", "watch_time", &[("2024-01", 75.25), ("2024-02", 300.25)]);
    begun.says(&["column: Video publish time", "1 row of totals", "unit: hours"]);
    let chart = "Date,Geography,Views\n2020-12-31,AD,1\n2021-01-01,AD,20\n2020-12-31,NA,300\n2021-01-01,NA,4000\n";
    let begun = begin(&[("Chart data.csv", chart.into())]);
    begun.holds("by_month", "views", &[("2020-12", 301.0), ("2021-01", 4020.0)]);
    begun.says(&["group_by: [geography]"]);
}

#[test]
fn semicolons_decimal_commas_and_days_first() {
    let text =
        "Date;Réseau;Coût (EUR);Clics\n01/02/2025;x;1.234,50 €;1.200\n02/02/2025;y;0,50 €;3\n03/03/2025;x;10,00 €;4\n";
    let latin: Vec<u8> =
        text.chars().map(|c| if c == '€' { 0x80 } else { u8::try_from(u32::from(c)).expect("Latin") }).collect();
    let begun = begin(&[("export.csv", latin)]);
    begun.holds("by_month", "cout", &[("2025-02", 1235.0), ("2025-03", 10.0)]);
    begun.holds("by_month", "clics", &[("2025-02", 1203.0), ("2025-03", 4.0)]);
    begun.says(&[
        "csv: {separator: \";\", encoding: windows-1252}",
        "numbers: {decimal: comma, thousands: point}",
        "format: DD/MM/YYYY",
        "MM/DD/YYYY reads every cell too",
        "unit: EUR",
    ]);
}

#[test]
fn json_lines() {
    let lines = "{\"date\":\"2025-01-02\",\"geo\":{\"country\":\"FR\"},\"clicks\":20,\"note\":null}\n{\"date\":\"2025-01-03\",\"geo\":{\"country\":\"FR\"},\"clicks\":3}\n{\"date\":\"2025-02-03\",\"geo\":{\"country\":\"DE\"},\"clicks\":100}\n";
    let begun = begin(&[("a.ndjson", lines.into())]);
    begun.holds("by_month", "clicks", &[("2025-01", 23.0), ("2025-02", 100.0)]);
    begun.says(&["group_by: [geo_country]"]);
}

#[test]
fn workbooks_of_several_sheets() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet().set_name("Metrics").expect("a name");
    for (row, (day, organic, rate)) in [("02/14/2025", 3, 0.5), ("02/15/2025", 4, 0.25)].iter().enumerate() {
        let row = u32::try_from(row).expect("a row") + 1;
        sheet
            .write(row, 0, *day)
            .and_then(|s| s.write(row, 1, *organic))
            .and_then(|s| s.write(row, 2, *rate))
            .expect("cells");
    }
    sheet
        .write(0, 0, "Date")
        .and_then(|s| s.write(0, 1, "Impressions (organic)"))
        .and_then(|s| s.write(0, 2, "Engagement rate"))
        .expect("cells");
    let notes = book.add_worksheet().set_name("Notes").expect("a name");
    notes.write(0, 0, "Made by").and_then(|s| s.write(0, 1, "hand")).and_then(|s| s.write(1, 0, "a")).expect("cells");
    let bytes = book.save_to_buffer().expect("a workbook");
    let begun = begin(&[("page content.xlsx", bytes)]);
    begun.holds("by_month", "impressions_organic", &[("2025-02", 7.0)]);
    begun.says(&["sheet: Metrics", "sheet `Notes`", "format: MM/DD/YYYY"]);
}

#[test]
fn a_row_with_the_sums_of_all_others_is_a_total() {
    let text = "Reporting starts,Reporting ends,Ad name,Reach,Impressions,Amount spent (UAH)\n\
                2023-04-01,2023-04-30,,900,1200,12.5\n2023-04-01,2023-04-30,a,500,200,2.5\n2023-04-01,2023-04-30,b,700,1000,10\n";
    let begun = begin(&[("ads.csv", text.into())]);
    begun.holds("by_month", "impressions", &[("2023-04", 1200.0)]);
    begun.holds("by_month", "amount_spent", &[("2023-04", 12.5)]);
    begun.says(&["total_rows: ad_name IS NULL", "grain: range", "unit: UAH"]);
}

#[test]
fn parquet_files() {
    let bytes = parquet(vec![
        ("date", Arc::new(Date32Array::from(vec![20089, 20090, 20120]))),
        ("network", Arc::new(StringArray::from(vec!["x", "y", "x"]))),
        ("clicks", Arc::new(Int64Array::from(vec![1, 20, 300]))),
        ("reach", Arc::new(Int64Array::from(vec![1, 2, 3]))),
    ]);
    let begun = begin(&[("a.parquet", bytes)]);
    begun.holds("by_month", "clicks", &[("2025-01", 21.0), ("2025-02", 300.0)]);
    begun.says(&["group_by: [network]", "reach: {additivity: non_additive}"]);
}

#[test]
fn files_with_the_same_columns_are_one_source() {
    let one = "Date,Network,Clicks\n2025-01-02,x,1\n2025-01-03,x,2\n";
    let two = "Network,Clicks,Date\nx,30,2025-02-02\ny,40,2025-02-03\n";
    let exports = [("data/jan 2025.csv", one.into()), ("data/feb 2025.csv", two.into())];
    let begun = begin(&exports);
    begun.holds("by_month", "clicks", &[("2025-01", 3.0), ("2025-02", 70.0)]);
    begun.says(&["      - data/jan 2025.csv\n      - data/feb 2025.csv\n"]);
    // A glob stays one; another file is a source of its own, whose metrics have names of their own.
    let done = begun.place.write("web.csv", "Day;Clicks\n2025-01-31;5\n").jalon(&["init", "data/*.csv", "web.csv"]);
    assert!(done.stdout.contains("path: \"data/*.csv\""), "{}", done.stdout);
    assert!(done.stdout.contains("web_clicks: {type: simple"), "{}", done.stdout);
}

#[test]
fn bad_rows_and_rows_without_a_date_do_not_stop_a_first_run() {
    let text = "Date,Network,Clicks\n2025-01-02,x,1\n2025-01-03,x\n,y,20\n2025-01-04,y,300\n";
    let begun = begin(&[("a.csv", text.into())]);
    begun.holds("by_month", "clicks", &[("2025-01", 301.0)]);
    begun.says(&["where: '\"Date\" IS NOT NULL'", "max_bad_rows:"]);
}

#[test]
fn a_file_that_is_there_is_not_overwritten_unasked() {
    let place = Place::new();
    place.write("a.csv", "Date,Clicks\n2025-01-02,1\n").write("pipeline.yaml", "mine");
    let done = init(&place, &["a.csv"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("--force"), "{}", done.stderr);
    assert_eq!(place.read("pipeline.yaml"), "mine");
    assert_eq!(init(&place, &["a.csv", "--force", "--name", "mine"]).code, 0);
    assert!(place.read("pipeline.yaml").contains("name: mine\n"));
}

#[test]
fn exports_of_which_nothing_can_be_made_are_told() {
    let place = Place::new();
    place.write("notes.csv", "a,b\nx,y\n").write("empty.csv", "");
    assert_eq!(init(&place, &["missing.csv"]).code, 2);
    let done = init(&place, &["notes.csv"]);
    assert_eq!(done.code, 2);
    assert!(done.stderr.contains("no column of numbers"), "{}", done.stderr);
    assert_ne!(init(&place, &["empty.csv"]).code, 0);
}

#[test]
fn a_preview_shows_records_as_the_pipeline_sees_them() {
    let place = Place::new();
    place.write("a.csv", "Day;Network;Clicks;Cost\nTotal;;321;7,5\n31/01/2025;x;\"1\u{a0}200\";1,5\n01/02/2025;y;--;6\n32/02/2025;y;1;6\n");
    let source = "    path: a.csv\n    csv: {separator: \";\"}\n    numbers: {decimal: comma, thousands: space, nulls: [--]}\n    time: {column: Day, format: DD/MM/YYYY}\n    dimensions: {network: {column: Network}, initial: {expr: UPPER(network)}}\n    measures: {clicks: {column: Clicks}, cost: {column: Cost}}\n";
    let wrong = "metrics:\n  m: {type: nonsense}\nreports: 7\n";
    place
        .write("p.yaml", format!("version: 1\nname: t\nsources:\n  other:\n    path: gone.csv\n  s:\n{source}{wrong}"));
    let done = place.jalon(&["preview", "p.yaml", "s"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    insta::assert_snapshot!("a_preview", format!("{}\n{}", done.stdout, done.stderr));
    let done = place.jalon(&["preview", "p.yaml", "s", "--rows", "1", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
    assert_eq!(
        json["records"],
        serde_json::json!([{"Day": "2025-01-31", "network": "x", "initial": "X", "clicks": 1200, "cost": 1.5}])
    );
    let done = place.jalon(&["preview", "p.yaml", "other"]);
    assert_eq!(done.code, 2, "{}", done.stderr);
    assert_eq!(place.jalon(&["preview", "p.yaml", "z"]).code, 2);
}

#[test]
fn an_export_is_previewed_as_init_would_read_it() {
    let place = Place::new();
    place.write("a b.csv", "Day;Network;Clicks\n31/01/2025;x;1\n01/02/2025;x;2\n02/02/2025;y;3\n");
    let done = place.jalon(&["preview", "a b.csv", "--rows", "2"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(
        lines,
        ["  Day         network  clicks", "  2025-01-31  x             1", "  2025-02-01  x             2"]
    );
}
