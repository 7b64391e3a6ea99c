//! Files of another layout, tables that are cut apart, columns that a sample shows empty.

use super::export;

const CONTENT: &str = "Post id,Date,Post text,Impressions,Likes,New follows\n1,\"Sat, Mar 1, 2025\",a,10,1,0\n2,\"Sun, Mar 2, 2025\",b,20,2,0\n";
const OVERVIEW: &str =
    "Date,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Unfollows,Replies,Reposts,Profile visits,\
                        Create Post,Video views,Media views\n\"Sat, Mar 1, 2025\",500,3,4,0,0,0,0,0,0,0,1,0,0\n";

#[test]
fn a_file_of_another_profile_is_refused() {
    let read = export("x.content").file("x/a 2025-04-01.csv", CONTENT).figures("impressions");
    read.holds(&["all 30"]);
    let read = read.file("x/b 2025-04-01.csv", OVERVIEW);
    read.refused(3, &["other-layout", "b 2025-04-01.csv` is not an export of `x.content`", "`x.overview`"]);
}

#[test]
fn a_file_without_the_key_is_refused() {
    let read =
        export("x.content").file("a 2025-04-01.csv", CONTENT.replace("Post id", "Number")).figures("impressions");
    read.refused(2, &["has no column `post_id`"]);
    let read =
        export("x.content").file("b 2025-04-01.csv", CONTENT.replace("Post id", "Number")).figures("impressions");
    let read = read.file("a 2025-04-01.csv", CONTENT);
    read.refused(3, &["b 2025-04-01.csv` has no column `post_id`, which tells its records apart"]);
}

#[test]
fn an_empty_row_inside_a_stacked_table_loses_nothing_silently() {
    let text = "Facebook reach\nDate,Primary\n2025-01-01T00:00:00,5\n\n2025-01-02T00:00:00,6\n\nInstagram reach\nDate,Primary\n2025-01-01T00:00:00,7\n";
    let read = export("meta_business_suite.daily_series").file("Reach.csv", text).figures("profile_visits");
    read.refused(3, &["Reach.csv:5: an empty row stands inside a table"]);
}

#[test]
fn tables_of_other_figures_are_not_taken_for_views() {
    let text = "Facebook views\nDate,Primary\n2025-01-01T00:00:00,5\n\nFacebook reviews\nDate,Primary\n2025-01-01T00:00:00,400\n";
    let read = export("meta_business_suite.daily_series").file("Views.csv", text).figures("views");
    read.holds(&["all 5"]);
}

#[test]
fn the_names_of_a_profile_come_before_the_spellings_of_exports() {
    // X's reposts are shares; what it calls Shares is something else.
    let text = "Post id,Date,Post text,Impressions,Shares,Reposts,New follows\n1,\"Sat, Mar 1, 2025\",a,10,100,1,0\n";
    let read = export("x.content").says("measures: {m1: {column: shares}, m2: {expr: shares}, m3: {column: Shares}}");
    read.file("a 2025-04-01.csv", text).figures("m1 m2 m3").holds(&["all 1 1 100"]);
}

#[test]
fn figures_of_expressions_are_numbers_as_the_source_writes_them() {
    let text = "Date,Views,Watch time (hours),Subscribers\n2025-01-01,10,\"1,234.5\",1\n2025-01-02,20,--,1\n";
    let read =
        export("youtube_studio.totals").says("numbers: {thousands: comma, nulls: [\"--\"]}").file("Totals.csv", text);
    read.figures("views watch_time").holds(&["all 30 4444200"]);
}

#[test]
fn a_column_that_begins_empty_is_read_all_the_same() {
    let mut text = "Date,Views,Watch time (hours),Subscribers\n".to_owned();
    for day in 0..60_000 {
        let hours = if (30_000..30_100).contains(&day) { "2" } else { "" };
        text += &format!("{:04}-{:02}-{:02},1,{hours},0\n", 1900 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    }
    let read = export("youtube_studio.totals").file("Totals.csv", text).figures("views watch_time");
    read.holds(&["all 60000 720000"]);
}

#[test]
fn two_wordings_of_one_column_give_the_value_that_is_there() {
    let text = "Post id,Date,Post text,Impressions,Likes,Curtidas,New follows\n1,\"Sat, Mar 1, 2025\",a,1,5,,0\n2,\"Sun, Mar 2, 2025\",b,1, ,9,0\n";
    export("x.content").file("a 2025-04-01.csv", text).figures("likes").holds(&["all 14"]);
}

#[test]
fn a_source_that_says_euros_does_not_take_dollars_of_a_column() {
    let text =
        "Campaign report\n1 January 2025 - 31 January 2025\nCampaign,Currency code,Impr.,Cost\na,EUR,1,5\nb,USD,1,5\n";
    let read = export("google_ads.report").says("currency: EUR").file("a.csv", text).figures("spend");
    read.refused(1, &["check `amounts in EUR alone` failed: 1 of 2 records"]);
}

/// The old Insights come as text and as workbooks, with a row below the header that describes the columns in both.
#[test]
fn a_profile_reads_text_and_workbooks() {
    let rows: [[&str; 4]; 4] = [
        ["Date", "Lifetime Total Likes", "Daily New Likes", "Daily Unlikes"],
        ["", "Lifetime: people who like it", "Daily: new ones", "Daily: those lost"],
        ["8/24/2014", "176", "2", "1"],
        ["8/25/2014", "177", "3", "0"],
    ];
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (at, row) in (0..).zip(rows) {
        for (column, cell) in (0..).zip(row) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write(at, column, number).expect("a cell"),
                Err(_) => sheet.write(at, column, cell).expect("a cell"),
            };
        }
    }
    let text = rows.map(|row| row.join(",")).join("\n");
    let read = |name: &str, bytes: Vec<u8>| {
        let read = export("facebook_insights.page").file(name, bytes).figures("new_followers unfollows");
        read.holds(&["all 5 1"]).counts(&[("used", 2), ("quarantined", 0)]);
    };
    read("Page.csv", text.into_bytes());
    read("Page.xlsx", book.save_to_buffer().expect("a workbook"));
    // A sheet that was saved as text.
    let days =
        "Date,Impressions (organic),Impressions (sponsored),Impressions (total),Clicks (total)\n02/14/2025,3,2,5,1\n";
    export("linkedin.page_content").file("metrics.csv", days).figures("impressions clicks").holds(&["all 5 1"]);
}
