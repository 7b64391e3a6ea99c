//! What any export can do to its reader: the ten facts that the tool was shaped by.

use super::{any_export, export, utf16, Export};

const PLAIN: &str = "time: {column: date}\ndimensions: [network]\nmeasures: [clicks]";
const TEXT: &str = "date,network,clicks\n2025-01-02,été,1\n2025-01-03,x,20\n";

fn plain(text: impl AsRef<[u8]>) -> Export {
    any_export(PLAIN).file("a.csv", text).figures("clicks").by("network")
}

#[test]
fn utf_16_is_decoded_whatever_parts_its_columns() {
    for text in [TEXT.to_owned(), TEXT.replace(',', "\t"), TEXT.replace(',', ";")] {
        plain(utf16(&text)).holds(&["all x 20", "all été 1"]).counts(&[("records", 2)]).tells_nothing();
    }
}

#[test]
fn tables_under_each_other_are_never_one() {
    let two = format!("\"Facebook clicks\"\n{TEXT}\n\"Instagram clicks\"\n{}", TEXT.replace("20\n", "300\n"));
    plain(&two).refused(3, &["holds several tables", "`Instagram clicks`"]);
    plain(&two).says("table: instagram clicks").holds(&["all x 300", "all été 1"]).counts(&[("records", 2)]);
}

#[test]
fn a_table_that_begins_below_the_first_is_not_read_into_it() {
    let rows = "2025-01-02,x,1\n".repeat(1000);
    // Of one shape, with other names, with some of the same, under a title; past a preamble too.
    for below in ["Day,Net,Views", "date,Net,clicks", "Video views\nDay,Net,Views", "Day 1,Net 1,clicks 1"] {
        for above in ["", "Report\n"] {
            let text = format!("{above}date,network,clicks\n{rows}\n{below}\n2025-01-01,y,100\n");
            plain(text).refused(3, &["several-tables", "another table seems to begin in line 100"]);
        }
    }
    // Empty lines alone part nothing, nor does a bad row without one.
    let text = format!("date,network,clicks\n{rows}\n\n2025-01-01,y,100\noops,y,oops\n");
    plain(text).holds(&["all x 1000", "all y 100"]).counts(&[("quarantined", 1)]);
}

#[test]
fn totals_first_last_and_with_a_field_more_are_left_out() {
    let rows = "x,2025-01-03,20\né,2025-01-02,1\n";
    for (text, totals) in [
        (format!("network,date,clicks\nTotal,,21\n{rows}"), 1),
        (format!("network,date,clicks\n,,21,Grand total\n{rows}"), 1),
        (format!("network,date,clicks\n{rows}Total: Campaigns, --,21\nTotal: Account,,21\nTotal: Search,,0\n"), 3),
        (format!("network,date,clicks\n{rows}Total général,,21\n"), 1),
    ] {
        let read = plain(text).says("max_bad_rows: 0").holds(&["all x 20", "all é 1"]);
        read.counts(&[("used", 2), ("totals", totals), ("quarantined", 0)]);
    }
}

#[test]
fn people_are_not_added_up_and_what_is_not_additive_says_so() {
    let says = "time: {column: date}\nprimary_key: [date]\nmeasures: {reach: {additivity: non_additive}, followers: {additivity: semi_additive}}";
    let read = |figures| {
        any_export(says).file("a.csv", "date,reach,followers\n2025-01-02,5,9\n2025-01-03,7,11\n").figures(figures)
    };
    read("reach followers").grain("day").holds(&["2025-01-02 5 9", "2025-01-03 7 11"]);
    read("reach").grain("month").refused(2, &["not-additive", "it counts unique people"]);
    read("followers").grain("month").refused(2, &["not-additive", "it is a level"]);
    read("reach:max").grain("month").holds(&["2025-01 7"]);
}

#[test]
fn figures_of_a_whole_life_are_not_added_up_over_exports() {
    let says = "time: {column: published}\nperiod_type: lifetime_snapshot\nprimary_key: [post]\nmeasures: [clicks]";
    let read = any_export(says)
        .file("posts_2025-03-15.csv", "post,published,clicks\np1,2025-02-10,100\np2,2025-03-01,10\n")
        .file("posts_2025-04-15.csv", "post,published,clicks\np1,2025-02-10,120\n");
    read.figures("clicks").holds(&["all 130"]).counts(&[("records", 3), ("used", 2), ("superseded", 1)]);
}

#[test]
fn names_of_columns_match_in_any_case_order_and_form_of_their_letters() {
    // `é` in one sign and in two, a no-break space, a curly apostrophe, other capitals, another order.
    let one = "Identifiant de la publication,ID de la Page,Heure de publication,Permalien,Réactions,Vues de vidéo d'une minute\n1,6,03/02/2025 03:06,f/1,1,10\n";
    let two = "VUES DE\u{a0}VIDE\u{301}O D’UNE MINUTE,Re\u{301}actions,permalien, Heure  de publication ,ID de la page,identifiant de la publication\n200,30,f/2,03/02/2025 03:06,6,2\n";
    let read = export("meta_business_suite.facebook_posts")
        .file("Mar-01-2025_Mar-31-2025_1.csv", one)
        .file("Apr-01-2025_Apr-30-2025_1.csv", two);
    let read = read.figures("likes video_views_1m");
    read.holds(&["all 31 210"]).tells_nothing();
}

#[test]
fn the_second_column_of_a_name_is_not_added_to_the_first() {
    plain("date,network,clicks,clicks\n2025-01-02,x,20,5\n").holds(&["all x 20"]);
    let second = "time: {column: date}\ndimensions: [network]\nmeasures: {clicks: {column: clicks (2)}}";
    let read = any_export(second).file("a.csv", "date,network,clicks,clicks\n2025-01-02,x,20,5\n");
    let read = read.figures("clicks");
    read.holds(&["all 5"]);
    read.checked(&["stands more than once in the header"]);
}

#[test]
fn dates_that_could_be_two_days_are_asked_for() {
    let read = plain("date,network,clicks\n03/04/2025,x,1\n");
    read.refused(2, &["format:"]);
    let dated = |form: &str| {
        let says = format!("time: {{column: date, format: {form}}}\nmeasures: [clicks]");
        any_export(&says).file("a.csv", "date,network,clicks\n03/04/2025,x,1\n").figures("clicks").grain("day")
    };
    dated("MM/DD/YYYY").holds(&["2025-03-04 1"]);
    dated("DD/MM/YYYY").holds(&["2025-04-03 1"]);
}

#[test]
fn eight_spellings_of_nothing_are_nothing_and_na_is_a_place() {
    let cells = ["", "-", " --", "N/A", "undefined", "-1", "< 10%", "NA"];
    let rows: String = cells.iter().map(|cell| format!("2025-01-02,NA,{cell}\n")).collect();
    let read = plain(format!("date,network,clicks\n{rows}2025-01-03,,0\n"));
    let read = read.says("numbers: {nulls: [\"-\", \"--\", N/A, undefined, \"-1\", NA]}\nmax_bad_rows: 0");
    // What is not known is no zero, and a measured zero is one.
    let read = read.holds(&["all NA -", "all (unknown) 0"]).counts(&[("records", 9), ("used", 9)]);
    read.tells(&["1 cell of `clicks` tell a bound"]);
}

#[test]
fn ids_that_a_spreadsheet_has_rounded_are_told_and_the_address_serves_as_key() {
    let text = "Post ID,Page ID,Publish time,Permalink,Views\n3.0672E+14,6,10/1/2024 3:30,f/2,20\n1122380995915570.00,6,04/15/2025 03:06,f/3,50\n7,6,04/15/2025 03:06,f/4,100\n";
    let posts = || export("meta_business_suite.facebook_posts").file("Apr-01-2025_Apr-30-2025_6.csv", text);
    let read = posts().says("max_bad_rows: 2").figures("views").holds(&["all 100"]).counts(&[("quarantined", 2)]);
    assert!(read.kept_apart("reason")[0].contains("a spreadsheet has rounded"), "{:?}", read.kept_apart("reason"));
    // The day that a spreadsheet wrote anew is the same day.
    let read = posts().says("primary_key: [permalink]").figures("views").by("post_id").grain("year");
    let read = read.read().counts(&[("used", 3)]);
    assert_eq!(read.rows()[0], "2024 3.0672E+14 20");
    read.tells(&["2 ids in `post_id` were rounded by a spreadsheet"]);
}

#[test]
fn letters_in_another_encoding_are_told_and_not_guessed() {
    let latin: Vec<u8> = TEXT.chars().map(|c| u8::try_from(u32::from(c)).expect("Latin")).collect();
    plain(&latin).refused(3, &["not text in the file's encoding", "encoding: windows-1252"]);
    plain(&latin).says("csv: {encoding: windows-1252}").holds(&["all x 20", "all été 1"]);
}
