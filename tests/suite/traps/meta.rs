//! Meta: posts, figures by day, audience and the old Insights.

use super::{export, utf16, Export};

const FACEBOOK: &str = "meta_business_suite.facebook_posts";
const INSTAGRAM: &str = "meta_business_suite.instagram_posts";
const DAILY: &str = "meta_business_suite.daily_series";

/// Three posts and a row that tells an error.
const POSTS: &str = "\u{feff}\"Post ID\",\"Page ID\",\"Page name\",Title,Description,\"Duration (sec)\",\"Publish time\",Permalink,\"Post type\",Languages,\"Data comment\",Date,IMPRESSION:UNIQUE_USERS,Views,Reach,\"Reactions, Comments and Shares\",\"Seconds viewed\"\n\
    122121474620644101,615,Page,t,\"a\n#one\n# two \"\"q\"\" 🌲 𝗯𝗼𝗹𝗱\n\n#three, x\",41,\"03/15/2025 03:06\",https://f.com/1,Photos,,,Lifetime,,10,7,3,\n\
    122121474620644102,615,Page,c,\"d, e\",0,\"02/01/2025 03:06\",https://f.com/reel/2,Videos,,,Lifetime,,20,9,1,0\n\
    ,,,,,,,,,,An error occurred while computing metadata for content with ID 5,,44,,,,\n\
    122121474620644103,615,Page,c,x,0,\"02/13/2025 23:06\",https://f.com/3,Photo,,,Lifetime,,400,9,0,7\n";

/// Posts of a page, a line each of `id,address,figures…`.
fn posts(name: &str, header: &str, lines: &[&str]) -> Export {
    let rows: String = lines.iter().map(|line| format!("615,04/02/2025 04:32,{line}\n")).collect();
    export(FACEBOOK).file(name, format!("Page ID,Publish time,Post ID,Permalink,{header}\n{rows}"))
}

const MARCH: &str = "Mar-01-2025_Mar-31-2025_613168031534769.csv";
const APRIL: &str = "Apr-01-2025_Apr-30-2025_613168031534770.csv";

#[test]
fn lines_of_a_caption_that_begin_with_a_hash_are_no_comments() {
    let read = export(FACEBOOK).file(MARCH, POSTS).says("max_bad_rows: 1").figures("views").grain("month");
    read.holds(&["2025-02 420", "2025-03 10"]).counts(&[("records", 4), ("used", 3)]);
    let captions = read.by("text").grain("all").read();
    assert!(captions.rows()[0].contains("#one\n# two \"q\" 🌲 𝗯𝗼𝗹𝗱\n\n#three, x"), "{:?}", captions.rows());
}

#[test]
fn a_row_that_tells_an_error_is_no_post() {
    let read = export(FACEBOOK).file(MARCH, POSTS).says("max_bad_rows: 1").figures("views engagements");
    let read = read.holds(&["all 430 4"]).counts(&[("quarantined", 1)]).tells(&["`post_id` holds ``", ":8:"]);
    assert!(read.kept_apart("record")[0].contains("An error occurred"), "{:?}", read.kept_apart("record"));
}

#[test]
fn rows_of_an_older_layout_are_kept_apart_and_not_shifted() {
    let read = posts(MARCH, "Views,Reach,Reactions", &["1,f/1,10,5,5", "2,f/2,7,6", "3,f/3,70,6,1"]);
    read.figures("views likes reach:max").says("max_bad_rows: 1").holds(&["all 80 6 6"]).counts(&[("quarantined", 1)]);
    // Every second row is too many to go on without.
    let read = posts(MARCH, "Views,Reach,Reactions", &["1,f/1,10,5,5", "2,f/2,7,6"]).figures("views");
    read.refused(3, &["1 of 2 rows cannot be read", "a record with 6 fields, the header has 7"]);
}

#[test]
fn views_that_stand_twice_and_are_nothing_but_zeros_are_told() {
    let read = posts(MARCH, "Views,Reach,Reactions,Views", &["1,f/1,0,110283,5,", "2,f/2,0,7,5,"]);
    let read = read.figures("views likes reach:max").holds(&["all 0 10 110283"]);
    read.tells(&["`views` is 0 in every record, although other figures are not", "`invalid: views < reach` failed"]);
}

#[test]
fn types_of_posts_are_told_in_old_and_new_words_and_reels_by_their_address() {
    let read = export(FACEBOOK).file(MARCH, POSTS).says("max_bad_rows: 1").figures("views");
    read.by("content_format post_type").holds(&[
        "all image Photo 400",
        "all image Photos 10",
        "all short_video Videos 20",
    ]);
}

#[test]
fn an_empty_figure_is_not_a_measured_zero() {
    let read = export(FACEBOOK).file(MARCH, POSTS).says("max_bad_rows: 1").figures("watch_time").by("post_id");
    let ids = ["all 122121474620644101 -", "all 122121474620644102 0", "all 122121474620644103 7"];
    read.holds(&ids);
}

#[test]
fn the_currency_in_the_name_of_a_column_is_that_of_its_amounts() {
    let dollars = |line| posts(MARCH, "Views,Estimated earnings (USD)", &[line]).figures("earnings");
    dollars("1,f/1,10,1.5").holds(&["all 1.5"]);
    let euros =
        "Page ID,Publish time,Post ID,Permalink,Views,Revenus estimés (EUR)\n615,04/02/2025 04:32,2,f/2,10,1.5\n";
    dollars("1,f/1,10,1.5").file(APRIL, euros).refused(2, &["in EUR and in USD", "are not added up"]);
}

#[test]
fn two_identical_exports_count_once() {
    let read = export(FACEBOOK).file(MARCH, POSTS).file(&MARCH.replace("_61", "_62"), POSTS);
    let read = read.says("max_bad_rows: 2").figures("views engagements");
    read.holds(&["all 430 4"]).counts(&[("records", 8), ("used", 3), ("superseded", 3), ("quarantined", 2)]);
}

#[test]
fn of_two_overlapping_exports_the_later_figure_of_a_post_counts() {
    let read = posts(MARCH, "Views", &["1,f/1,10", "2,f/2,20"]);
    let april = "Page ID,Publish time,Post ID,Permalink,Views\n615,04/02/2025 04:32,1,f/1,15\n";
    let read = read.file(APRIL, april).figures("views");
    read.holds(&["all 35"]).counts(&[("used", 2), ("superseded", 1)]);
}

#[test]
fn columns_that_come_and_go_and_change_their_wording_are_one_source() {
    let read = posts(MARCH, "Impressions,Duration (sec),Other Clicks", &["1,f/1,10,5,1"]);
    let april = "other clicks,POST ID,Page Id,Publish Time,Permalink,Views,Views from Boosted posts,Duration (secs)\n\
                 3,2,6,04/15/2025 03:06,f/2,20,4,7\n";
    let may =
        "Permalink,Views,Post ID,Page ID,Publish time,Duration sec,Other Clicks\nf/3,30,3,6,05/15/2025 03:06,9,5\n";
    let read = read.file(APRIL, april).file("May-01-2025_May-31-2025_6.csv", may);
    let read = read.figures("impressions views other_clicks paid_views video_length:max").grain("month");
    read.holds(&["2025-04 10 20 4 4 7", "2025-05 - 30 5 - 9"]);
}

#[test]
fn months_come_first_in_the_dates_of_every_language() {
    let english = posts(MARCH, "Views", &["1,f/1,10"]).figures("views").grain("day");
    english.holds(&["2025-04-02 10"]);
    let text = "Identifiant de la publication,ID de la Page,Heure de publication,Permalien,Vues,Date\n\
                1,6,04/02/2025 04:32,f/1,10,Global\n2,6,12/25/2024 04:32,f/2,30,Global\n";
    export(FACEBOOK).file(MARCH, text).figures("views").grain("day").holds(&["2024-12-25 30", "2025-04-02 10"]);
}

const FRENCH: &str = "\u{feff}Identifiant de la publication,ID de la Page,Nom de la page,Heure de publication,Permalien,Type de publication,Post type,Vues,Couverture,Réactions,Spectateurs de 3\u{a0}secondes,Vues de vidéo d’une minute,Revenus estimés (USD)\n\
    1,6,P,03/02/2025 03:06,f/1,Photos,,10,5,1,2,3,1.5\n2,6,P,03/12/2025 03:06,f/2,,Reels,20,6,1,9,4,2.5\n";

#[test]
fn no_break_spaces_and_curly_apostrophes_in_french_names_are_read() {
    use unicode_normalization::UnicodeNormalization;
    let decomposed: String = FRENCH.nfd().collect();
    for text in [FRENCH, &decomposed, &FRENCH.replace('\u{a0}', "\u{202f}"), &FRENCH.replace('’', "'")] {
        let read = export(FACEBOOK).file(MARCH, text);
        let read = read.figures("views likes earnings video_views_1m viewers_3s:max");
        read.holds(&["all 30 2 4 7 9"]).tells_nothing();
    }
}

#[test]
fn rows_split_between_columns_of_two_languages_are_brought_together() {
    let read = export(FACEBOOK).file(MARCH, FRENCH).figures("views").by("post_type content_format");
    read.holds(&["all Photos image 10", "all Reels short_video 20"]);
    let both = "Post ID,Page ID,Publish time,Permalink,Views,Vues\n1,6,04/02/2025 04:32,f/1,10,\n2,6,04/02/2025 04:32,f/2,,30\n";
    export(FACEBOOK).file(MARCH, both).figures("views").holds(&["all 40"]);
}

#[test]
fn reach_is_not_added_up_over_posts() {
    let read = posts(MARCH, "Views,Reach", &["1,f/1,10,7", "2,f/2,20,9"]).figures("reach");
    read.refused(2, &["not-additive", "`reach` adds up a non-additive measure"]);
    posts(MARCH, "Views,Reach", &["1,f/1,10,7", "2,f/2,20,9"])
        .figures("reach")
        .by("post_id")
        .holds(&["all 1 7", "all 2 9"]);
}

#[test]
fn instagram_columns_may_come_in_any_order_and_types_in_both_languages() {
    let english = |id: u32, order: &str, values: &str, kind: &str| {
        format!("Post ID,Account ID,Account username,Account name,Publish time,Permalink,Post type,{order}\n{id},2,u,n,01/02/2025 03:06,i/{id},{kind},{values}\n")
    };
    let read = export(INSTAGRAM)
        .file("Jan-01-2025_Jan-31-2025_9.csv", english(1, "Views,Reach,Likes,Saves", "10,5,3,4", "IG reel"))
        .file("Jan-01-2025_Feb-01-2025_9.csv", english(2, "Views,Likes,Saves,Reach", "100,30,,50", "IG carousel"))
        .file("Jan-01-2025_Feb-02-2025_9.csv", "Identifiant de la publication,ID du compte,Nom du compte,Nom de profil du compte,Heure de publication,Permalien,Type de publication,Vues,Couverture,Mentions J’aime,Enregistrements\n3,2,n,u,01/02/2025 03:06,i/3,Image Instagram,1000,5,300,7\n");
    let read = read.figures("views likes saves reach:max").by("content_format");
    read.holds(&["all carousel 100 30 - 50", "all image 1000 300 7 5", "all short_video 10 3 4 5"]);
}

/// A table of figures by day under its title.
fn table(title: &str, value: &str, rows: &[(&str, u32)]) -> String {
    let rows: String = rows.iter().map(|(day, value)| format!("\"{day}\",\"{value}\"\n")).collect();
    format!("\"{title}\"\n\"Date\",\"{value}\"\n{rows}\n")
}

#[test]
fn the_title_and_not_the_column_tells_which_figure_a_table_holds() {
    let file = |names: [&str; 2], year: u32| {
        let day = format!("{year}-06-15T00:00:00");
        utf16(&format!(
            "sep=,\n{}{}",
            table("Facebook Page likes", names[0], &[(&day, year - 2000)]),
            table("Instagram profile visits", names[1], &[(&day, year)])
        ))
    };
    // In 2023 the column had the name of a figure, and not always of the right one.
    let read = export(DAILY)
        .file("Visits 1.csv", file(["Facebook reach", "Facebook visits"], 2023))
        .file("Visits 2.csv", file(["Primary", "Primary"], 2024));
    let read = read.figures("page_likes profile_visits reach:max").by("network").grain("year");
    read.holds(&["2023 facebook 23 - -", "2023 instagram - 2023 -", "2024 facebook 24 - -", "2024 instagram - 2024 -"]);
}

#[test]
fn hours_that_follow_daylight_saving_do_not_move_a_day() {
    let rows = [("2025-03-09T01:00:00", 5), ("2025-03-10T00:00:00", 7)];
    let text = format!("sep=,\n{}", table("Facebook reach", "Primary", &rows));
    let read = export(DAILY).file("Reach.csv", utf16(&text)).figures("reach:max").grain("day");
    read.holds(&["2025-03-09 5", "2025-03-10 7"]);
    let read = export(DAILY).file("Reach.csv", utf16(&text)).figures("reach").grain("month");
    read.refused(2, &["not-additive"]);
}

#[test]
fn days_of_two_exports_that_overlap_are_not_added_up() {
    let text = format!("sep=,\n{}", table("Facebook visits", "Primary", &[("2025-03-09T01:00:00", 5)]));
    let read = export(DAILY).file("Visits.csv", utf16(&text)).file("Visits (1).csv", utf16(&text));
    read.figures("profile_visits").refused(1, &["`a day stands in two exports` failed"]);
}

const AUDIENCE: &str = "sep=,\n\"FB_PAGE,FOLLOW,UNIQUE_USERS\"\n\"48216\"\n\n\"Facebook age & gender\"\n\"\",\"Women\",\"Men\"\n\"18-24\",\"18.7%\",\"10.5%\"\n\"25-34\",\"20%\",\"9.9%\"\n\n\
    \"Instagram age & gender\"\n\"\",\"Women\",\"Men\"\n\"18-24\",\"40%\",\"1%\"\n\n\"Facebook cities\"\n\"Paris, France\",\"Lyon, France\"\n\"10.4%\",\"2%\"\n";

#[test]
fn ages_of_an_audience_stand_in_a_column_without_a_name() {
    let read = export("meta_business_suite.audience").file("Audience.csv", utf16(AUDIENCE));
    let read = read.says("period: {start: 2025-01-31, end: 2025-01-31}").figures("women:max men:max");
    let read = read.by("network age");
    let wanted = ["all facebook 18-24 0.187 0.105", "all facebook 25-34 0.2 0.099", "all instagram 18-24 0.4 0.01"];
    read.holds(&wanted).counts(&[("records", 3)]).tells(&["experimental-profile", "is experimental"]);
}

#[test]
fn shares_of_an_audience_are_not_added_up() {
    let read = export("meta_business_suite.audience").file("Audience.csv", utf16(AUDIENCE));
    let read = read.says("period: {start: 2025-01-31, end: 2025-01-31}").figures("women").by("network");
    read.refused(2, &["not-additive"]);
}

const PAGE: &str = "Date,Lifetime Total Likes,Daily New Likes,Weekly Total Reach,28 Days Total Reach,Daily Total Reach,Daily Total Impressions,Weekly Total Impressions,Daily Total Impressions\r\n\
    ,Lifetime: The total number of people who have liked your Page. (Unique Users),Daily: new,Weekly: r,28 Days: r,Daily: r,Daily: i,Weekly: i,Daily: i\r\n\
    8/24/2014,176,1,20,30,10,100,700,999\r\n8/25/2014,177,1,20,30,12,200,800,999\r\n";

#[test]
fn the_line_that_describes_columns_is_no_day_and_of_two_columns_of_a_name_the_first_counts() {
    let read = export("facebook_insights.page").file("page.csv", PAGE).figures("impressions new_followers");
    read.grain("month").holds(&["2014-08 300 2"]).counts(&[("records", 2), ("used", 2)]);
}

#[test]
fn windows_that_end_on_a_day_and_levels_are_not_added_up() {
    for (figure, word) in [("reach_7d", "non-additive"), ("reach_28d", "non-additive"), ("followers", "semi-additive")]
    {
        let read = export("facebook_insights.page").file("page.csv", PAGE).figures(figure);
        read.grain("month").refused(2, &["not-additive", word]);
    }
    let read = export("facebook_insights.page").file("page.csv", PAGE).figures("reach_28d followers").grain("day");
    read.holds(&["2014-08-24 30 176", "2014-08-25 30 177"]);
}

#[test]
fn noon_and_midnight_of_old_posts_are_of_the_day_and_the_page_is_in_the_id() {
    let text = "\u{feff}\"Post ID\",Permalink,\"Post Message\",Type,Posted,\"Lifetime Post Total Reach\",\"Lifetime Post Total Impressions\"\r\n\
                ,,,,,\"Lifetime: The total number of people\",y\r\n615_99,f/1,\"a\n#b\",Photo,02/14/2016 12:40:16 AM,5,10\r\n\
                615_98,f/2,a,SharedVideo,02/14/2016 12:40:16 PM,50,100\r\n";
    let read = export("facebook_insights.post").file("posts 2016-03-01.csv", text).figures("impressions");
    let read = read.by("account_id content_format").grain("day");
    read.holds(&["2016-02-14 615 image 10", "2016-02-14 615 video 100"]).counts(&[("records", 2)]);
}
