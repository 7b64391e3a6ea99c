//! `LinkedIn`, Twitter and X, `TikTok`, `YouTube`, Pinterest.

use super::{export, workbook, Export};

/// A page's days; `Shares` became `Reposts`.
fn metrics(shares: &str, rows: &str) -> Vec<u8> {
    workbook("Metrics", &format!("Date,Impressions (organic),Impressions (sponsored),Impressions (total),Clicks (organic),Clicks (sponsored),Clicks (total),Reactions (total),Comments (total),{shares} (total),Engagement rate (total)\n{rows}"))
}

#[test]
fn dates_of_linkedin_are_text_and_shares_became_reposts() {
    let read = export("linkedin.page_content")
        .file("a.xlsx", metrics("Shares", "02/01/2025,10,5,15,1,2,3,4,1,2,0.07692307978868484\n"))
        .file("b.xlsx", metrics("Reposts", "12/02/2025,100,50,150,10,20,30,40,10,20,0.5\n"));
    let read = read.figures("impressions shares engagements").grain("month");
    read.holds(&["2025-02 15 2 10", "2025-12 150 20 100"]).tells_nothing();
}

#[test]
fn a_total_beside_its_parts_is_not_added_to_them() {
    let rows = "02/01/2025,10,5,15,1,2,3,4,1,2,0.5\n02/02/2025,10,5,99,1,2,3,,,,0.5\n";
    let read = export("linkedin.page_content").file("a.xlsx", metrics("Reposts", rows));
    let read = read.figures("organic_impressions paid_impressions impressions shares");
    let read = read.holds(&["all 20 10 114 2"]);
    // And where it is not their sum that is told.
    read.tells(&["organic_impressions + paid_impressions <> impressions", "1 of 2 records"]);
}

#[test]
fn posts_of_linkedin_have_titles_of_several_lines_and_texts_that_are_empty() {
    let posts = "Post title,Post link,Post type,Created date,Impressions,Clicks,Likes,Comments,Reposts,Content Type,Engagement rate\n\
                 \"a\nb\",https://l/urn:li:activity:7,Organic,02/01/2025,5,1,2,3,4,Image,0.1\nc,https://l/urn:li:activity:8,Organic,03/02/2025,50,,2,3,4,,0.1\n";
    let read = export("linkedin.page_posts").file("posts_2025-04-01.xlsx", workbook("All posts", posts));
    let read = read.figures("impressions clicks").by("content_format").grain("day");
    read.holds(&["2025-02-01 image 5 1", "2025-03-02 (unknown) 50 -"]).counts(&[("records", 2)]);
}

const X_2025: &str = "Post id,Date,Post text,Link,Impressions,Likes,Engagements,Bookmarks,Share,New follows,Replies,Reposts,Profile visits,Detail expands,Url clicks,Hashtag clicks,Permalink clicks\r\n\
    1902783452345678901,Thu Mar 20 2025,\"a, b\",https://x.com/1,10,1,3,1,5,0,1,2,3,4,6,7,8";
const X_2026: &str = "Post id,Date,Post text,Post Link,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Replies,Reposts,Profile visits,Detail Expands,URL Clicks,Hashtag Clicks,Permalink Clicks\n\
    1902783452345678902,\"Sat, Aug 1, 2026\",c,https://x.com/2,100,10,30,10,50,0,10,20,30,40,60,70,80\n\
    1902783452345678903,\"Fri, Jul 31, 2026\",c,https://x.com/3,1000,10,30,10,50,0,10,20,30,40,60,70,800";

#[test]
fn names_and_dates_of_x_changed_and_are_one_source_without_a_last_newline() {
    let read = export("x.content")
        .file("account_analytics_content_2025-03-01_2025-03-31.csv", X_2025)
        .file("account_analytics_content_2026-07-01_2026-08-31.csv", X_2026);
    let read =
        read.figures("impressions shares shares_sent link_clicks detail_expands permalink_clicks").grain("month");
    read.holds(&["2025-03 10 2 5 6 4 8", "2026-07 1000 20 50 60 40 800", "2026-08 100 20 50 60 40 80"]);
}

#[test]
fn long_ids_keep_all_their_digits() {
    let read = export("x.content").file("content_2026-07-01_2026-08-31.csv", X_2026).figures("impressions");
    read.by("post_id").holds(&["all 1902783452345678902 100", "all 1902783452345678903 1000"]);
}

const DAYS: &str = "Date,Impressions,Likes,Engagements,Bookmarks,Shares,New follows,Unfollows,Replies,Reposts,Profile visits,Create Post,Video views,Media views\n\
    \"Fri, Mar 21, 2025\",1070,11,32,0,0,0,0,2,1,6,0,0,0\n\"Thu, Mar 20, 2025\",30,1,2,1,1,1,1,1,5,1,1,1,1";

#[test]
fn the_newest_day_may_come_first_and_a_name_be_in_another_language() {
    let read = export("x.overview").file("overview.csv", DAYS).figures("impressions shares").grain("day");
    read.holds(&["2025-03-20 30 5", "2025-03-21 1070 1"]);
    let portuguese = DAYS.replace("Impressions", "Impressões").replace("Bookmarks", "Itens salvos");
    export("x.overview").file("overview.csv", portuguese).figures("impressions saves").holds(&["all 1100 1"]);
}

#[test]
fn a_day_that_is_revised_in_the_next_export_is_not_added_up() {
    let revised = DAYS.replace("1070", "1100");
    let read = export("x.overview").file("a.csv", DAYS).file("b.csv", revised).figures("impressions");
    read.refused(1, &["check `a day stands in two exports` failed: 2 of 4 records", "nothing was published"]);
}

#[test]
fn a_tweet_is_of_the_day_it_has_in_utc_unless_the_calendar_has_another_zone() {
    let text = "\"Tweet id\",\"Tweet permalink\",\"Tweet text\",\"time\",\"impressions\",\"engagements\",\"url clicks\",\"promoted impressions\"\n\
                \"1432783452345678901\",\"https://t.co/1\",\"a\",\"2021-08-31 23:53 +0000\",\"89.0\",\"5.0\",\"0\",\"-\"\n\
                \"1432783452345678902\",\"https://t.co/2\",\"b\",\"2021-09-01 00:10 +0000\",\"11.0\",\"1\",\"2.0\",\"-\"\n";
    let read = export("twitter.tweets").file("tweet_activity_metrics_u_20210801_20210901_en.csv", text);
    // Counts that are printed as decimals, and `-` that is not 0.
    let read = read.figures("impressions engagements link_clicks paid_impressions").grain("day");
    read.holds(&["2021-08-31 89 5 0 -", "2021-09-01 11 1 2 -"]).tells_nothing();
}

fn tiktok(profile: &'static str, file: &str, text: &str) -> Export {
    export(profile).file(&format!("{file}_2024-02-28_2025-02-27.csv"), text)
}

const OVERVIEW: &str = "\u{feff}\"Date\",\"Video Views\",\"Profile Views\",\"Likes\",\"Comments\",\"Shares\"\n\
    \"February 28\",\"1\",\"0\",\"undefined\",\"0\",\"0\"\n\"February 29\",\"20\",\"0\",\"0\",\"0\",\"0\"\n\"December 31\",\"300\",\"0\",\"0\",\"0\",\"0\"\n\
    \"January 1\",\"4000\",\"0\",\"0\",\"0\",\"0\"\n\"February 27\",\"50000\",\"0\",\"3\",\"0\",\"0\"\n";

#[test]
fn days_without_a_year_cross_the_end_of_one() {
    let read = tiktok("tiktok.overview", "Overview", OVERVIEW).figures("views").grain("month");
    read.holds(&["2024-02 21", "2024-12 300", "2025-01 4000", "2025-02 50000"]);
    // The period may be said, or stand in the name of the folder.
    let read = export("tiktok.overview").file("2024-02-28_2025-02-27/Overview.csv", OVERVIEW);
    read.figures("views").grain("year").holds(&["2024 321", "2025 54000"]);
    let read = export("tiktok.overview").file("Overview.csv", OVERVIEW).figures("views");
    read.refused(3, &["its year is not known: declare `period:"]);
    let read = read.says("period: {start: 2024-02-28, end: 2025-02-27}").grain("year");
    read.holds(&["2024 321", "2025 54000"]);
}

#[test]
fn days_are_written_in_the_language_of_the_screen() {
    let text = OVERVIEW.replace("February 28", "28 de febrero").replace("February 29", "29 février");
    let text = text.replace("December 31", "31 de diciembre").replace("January 1", "1er janvier");
    let read = tiktok("tiktok.overview", "Overview", &text.replace("February 27", "27 de febrero"));
    read.figures("views").grain("year").holds(&["2024 321", "2025 54000"]);
}

#[test]
fn undefined_is_not_zero() {
    let viewers = "\"Date\",\"Total Viewers\",\"New Viewers\",\"Returning Viewers\"\n\"January 1\",\"undefined\",\"0\",\"0\"\n\"January 2\",\"7\",\"4\",\"3\"\n";
    let read = tiktok("tiktok.viewers", "Viewers", viewers).figures("viewers new_viewers").grain("day");
    read.holds(&["2025-01-01 - 0", "2025-01-02 7 4"]);
    // Every cell of the workbook is text.
    let book = workbook("Viewers", viewers);
    let read = export("tiktok.viewers").file("Viewers_2024-02-28_2025-02-27.xlsx", book);
    read.figures("viewers new_viewers").grain("day").holds(&["2025-01-01 - 0", "2025-01-02 7 4"]);
    let read = tiktok("tiktok.viewers", "Viewers", viewers).figures("viewers").grain("month");
    read.refused(2, &["not-additive"]);
}

#[test]
fn a_difference_of_followers_that_is_not_that_of_the_levels_stays_as_it_is() {
    let text = "\"Date\",\"Followers\",\"Difference in followers from previous day\"\n\"January 1\",\"undefined\",\"0\"\n\"January 2\",\"10774\",\"4\"\n\"January 3\",\"10786\",\"-6\"\n";
    let read = tiktok("tiktok.follower_history", "FollowerHistory", text).figures("followers net_followers");
    read.grain("day").holds(&["2025-01-01 - 0", "2025-01-02 10774 4", "2025-01-03 10786 -6"]);
    let read = tiktok("tiktok.follower_history", "FollowerHistory", text).figures("followers").grain("month");
    read.refused(2, &["not-additive", "semi-additive"]);
}

#[test]
fn a_video_without_a_title_is_one_and_the_day_of_the_export_is_not_that_of_the_video() {
    let head = "\"Time\",\"Video title\",\"Video link\",\"Post time\",\"Total likes\",\"Total comments\",\"Total shares\",\"Total views\"\n";
    let text = format!("{head}\"February 27\",\"\",\"https://t/video/9\",\"December 31\",\"1\",\"2\",\"3\",\"5\"\n\"February 27\",\"x\",\"https://t/video/8\",\"January 2\",\"1\",\"2\",\"3\",\"1.2K\"\n");
    let later = format!("{head}\"March 3\",\"\",\"https://t/video/9\",\"December 31\",\"1\",\"2\",\"3\",\"6\"\n");
    let read = tiktok("tiktok.content", "Content", &text);
    let read = read.file("Content_2024-03-04_2025-03-03.csv", later).figures("views").by("post_id").grain("day");
    read.holds(&["2024-12-31 9 6", "2025-01-02 8 1200"]).counts(&[("records", 3), ("superseded", 1)]);
}

const VIDEOS: &str = "Content,Video title,Video publish time,Duration,New viewers,Likes,Views,Watch time (hours),Average view duration,Impressions,Impressions click-through rate (%)\n\
    Total,,,,0,9,700,60.5,0:06:39,900,5\nabc,\"March 27, 2021\",\"Jan 6, 2024\",399,,3,100,10.5,0:06:39,300,4\n\
    def,x,\"Feb 9, 2024\",30,,6,500,,0:00:10,,5\nghi,y,\"Feb 10, 2024\",30,,0,0,0,,0,\n";
const TABLE: &str = "Content 2024-01-01_2024-03-01 C/Table data.csv";

#[test]
fn the_total_of_videos_comes_first_and_is_left_out() {
    let read = export("youtube_studio.table").file(TABLE, VIDEOS).figures("views likes impressions").grain("month");
    read.holds(&["2024-01 100 3 300", "2024-02 500 6 0"]).counts(&[("records", 4), ("totals", 1)]);
}

#[test]
fn durations_are_seconds_and_what_is_empty_is_not_zero() {
    let read = export("youtube_studio.table").file(TABLE, VIDEOS);
    let read = read.figures("average_view_duration:max watch_time impressions new_viewers:max").by("post_id");
    read.holds(&["all abc 399 37800 300 -", "all def 10 5000 - -", "all ghi - 0 0 -"]);
}

#[test]
fn columns_are_what_was_ticked_and_those_that_nobody_knows_are_told() {
    let text = "Video title,Content,Video publish time,Thumbnail impressions,Views,Hypes,Mystery\nx,abc,\"Jan 6, 2024\",300,100,7,1\n";
    let read = export("youtube_studio.table").file(TABLE, text).figures("views impressions hypes likes");
    read.holds(&["all 100 300 7 -"]);
    read.checked(&["unknown-columns", "1 column is not known to the profile `youtube_studio.table`", "Mystery"]);
    let pasted = "Content,Video title,Video publish time,Watch time (hours),Watch time (hours)\nTotal,,,2,2\nabc,x,\"Jan 6, 2024\",2,2\n";
    export("youtube_studio.table").file(TABLE, pasted).figures("watch_time").holds(&["all 7200"]);
}

#[test]
fn french_videos_are_the_same_videos() {
    let text = "Contenu,Titre de la vidéo,Heure de publication de la vidéo,Vues,Durée de visionnage (heures),Durée moyenne d’une vue\nTotal,,,5,2,0:01:00\nabc,x,6 janv. 2024,5,2,0:01:00\n";
    let read = export("youtube_studio.table").file(TABLE, text).figures("views watch_time average_view_duration:max");
    read.grain("month").holds(&["2024-01 5 7200 60"]);
}

#[test]
fn na_is_namibia() {
    let text = "Geography,Views,Watch time (hours),Average view duration\nTotal,15503810,100,0:04:34\nNA,300,1,0:04:34\nFR,14343709,2,0:04:34\n";
    let table = "Geography 2020-12-31_2021-02-01 C/Table data.csv";
    let read = export("youtube_studio.breakdown").file(table, text).figures("views").by("country");
    // The total is more than its rows: some are withheld.
    read.holds(&["all FR 14343709", "all NA 300"]).counts(&[("records", 3), ("totals", 1)]);
    let chart = "Date,Geography,Views\n2020-12-31,NA,5\n2021-01-01,NA,7\n2021-01-01,AD,0\n";
    let read = export("youtube_studio.chart_breakdown").file("Geography/Chart data.csv", chart);
    let read = read.figures("views").by("country").grain("month");
    read.holds(&["2020-12 NA 5", "2021-01 AD 0", "2021-01 NA 7"]);
}

#[test]
fn days_of_a_channel_are_not_counted_twice() {
    let days = "Date,Views\n2020-12-31,31964\n2021-01-01,5\n";
    let read = export("youtube_studio.totals").file("a/Totals.csv", days).figures("views likes").grain("month");
    read.holds(&["2020-12 31964 -", "2021-01 5 -"]);
    read.file("b/Totals.csv", days).refused(1, &["`a day stands in two exports` failed: 2 of 4 records"]);
}

const PINTEREST: &str = "Analytics overview\n2025-01-01 - 2025-01-02\nContent type,All\n\nDate,Impressions\n2025-01-01,5\n2025-01-02,7\n\n\
    Top Boards\nBoard link,Impressions,Engagement,Pin clicks,Outbound clicks,Saves\nhttps://p/b/,100,1,1,1,1\n\n\
    Top Pins\nPin link,Content type,Source,Engagement,Pin clicks,Outbound clicks,Saves,Impressions\nhttps://www.pinterest.com/pin/399/,Pin,Your Pins,421,178,105,138,1000\n";

#[test]
fn of_the_tables_of_pinterest_each_profile_reads_its_own() {
    let file = "Pinterest Analytics overview 2025-01-01-2025-01-02.csv";
    let read = export("pinterest.overview").file(file, PINTEREST).figures("impressions").grain("day");
    let read = read.holds(&["2025-01-01 5", "2025-01-02 7"]).counts(&[("records", 2)]);
    read.tells(&["the profile `pinterest.overview` is experimental"]);
    let read = export("pinterest.pins").file(file, PINTEREST).figures("impressions saves").by("post_id");
    read.holds(&["all 399 1000 138"]).counts(&[("records", 1)]);
}
