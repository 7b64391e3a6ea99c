//! Google Analytics, Universal Analytics and Search Console.

use super::{any_export, export, zip, Export};

/// The lines above a report of Google Analytics 4.
fn above(start: &str, end: &str) -> String {
    format!("# ----------------------------------------\n# Pages and screens: Page path and screen class\n# Account: A, B\n# Property: P\n# ----------------------------------------\n# \n# All Users\n# {start}\n# {end}\n")
}

fn quarter() -> String {
    above("Start date: 20250101", "End date: 20250331")
}

const PAGES: &str = "Page path and screen class,Views,Active users,Average engagement time per active user,Event count,Total revenue,Engagement rate,Bounce rate,Sessions\n\
    /,12,9,10.5,40,0,0.6,0.4,20\n,3,2,1,5,0,0.5,0.5,2\n#about,7,2,1,5,0,1,0,2\n";

#[test]
fn a_page_path_may_be_empty_or_begin_with_a_hash() {
    let read = export("ga4.report").file("pages.csv", format!("{}{PAGES}", quarter()).replace('\n', "\r\n"));
    let read = read.figures("page_views engaged_sessions bounces engagement_time").by("page");
    let wanted = ["all #about 7 2 0 2", "all / 12 12 8 94.5", "all (unknown) 3 1 1 2"];
    read.holds(&wanted).counts(&[("records", 3), ("used", 3), ("totals", 0)]);
}

#[test]
fn a_report_without_days_is_of_its_range_and_is_not_cut() {
    let read = export("ga4.report").file("pages.csv", format!("{}{PAGES}", quarter())).figures("page_views");
    let read = read.grain("month");
    read.refused(3, &["covers 2025-01-01 to 2025-03-31, which is in two months"]);
    read.grain("quarter").holds(&["2025-Q1 22"]);
}

#[test]
fn users_are_not_added_up() {
    for figure in ["users", "active_users", "total_users"] {
        let read = export("ga4.report").file("pages.csv", format!("{}{PAGES}", quarter())).figures(figure);
        read.refused(2, &["not-additive", figure]);
    }
    let days = format!("{}Nth day,Users\n0000,5\n0001,6\n", quarter());
    export("ga4.report_by_day").file("days.csv", days).figures("users").grain("month").refused(2, &["not-additive"]);
}

#[test]
fn names_of_figures_change_over_the_years() {
    let old = format!(
        "{}\nCity,Users,Conversions,Sessions\nParis,7,2,8\n",
        above("Start date: 20201022", "End date: 20211022")
    );
    let new = format!("{}City,Active users,Total users,Key events,Sessions\nParis,5,9,3,80\n", quarter());
    let read = export("ga4.report").file("old.csv", old).file("new.csv", new);
    let read = read.figures("key_events sessions users:max total_users:max").by("city");
    read.holds(&["all Paris 5 88 7 9"]);
}

#[test]
fn both_apostrophes_of_french_names_are_read() {
    let text = format!(
        "{}Chemin de la page et classe de l’écran,Vues,Utilisateurs actifs,Événements clés,Revenu total,Taux d'engagement,Sessions\n/,12,9,1,4.5,0.5,20\n",
        above("Date de début : 20250101", "Date de fin : 20250331")
    );
    for text in [text.replace('’', "'"), text.replace('\'', "’"), text] {
        let read = export("ga4.report").file("pages.csv", text).says("currency: EUR");
        let read = read.figures("page_views key_events revenue engaged_sessions").by("page").grain("quarter");
        read.holds(&["2025-Q1 / 12 1 4.5 10"]).tells_nothing();
    }
}

#[test]
fn days_are_dates_without_signs_or_numbers_from_the_first_day() {
    let head = above("Start date: 20230708", "End date: 20240304");
    let dates = format!("{head}Date,Event count,New users\n20231010,11338,2539\n20231101,1,3\n");
    let read = export("ga4.report_by_day").file("dates.csv", dates).figures("events new_users").grain("month");
    read.holds(&["2023-10 11338 2539", "2023-11 1 3"]);
    let numbers = format!("{head}Nth day,Sessions\n0000,3\n0023,4\n0024,5\n");
    let read = export("ga4.report_by_day").file("numbers.csv", numbers).figures("sessions").grain("month");
    read.holds(&["2023-07 7", "2023-08 5"]);
}

const SNAPSHOT: &str = "# ----------------------------------------\n# Exportar informe en formato CSV\n# Cuenta: A\n# Propiedad: P\n# ----------------------------------------\n#  \n\
    # Fecha de inicio: 20230424\n# Fecha de finalización: 20230521\nDía N,Usuarios\n0000,1\n0010,3\n\n\
    # Fecha de inicio: 20230424\n# Fecha de finalización: 20230521\nPaís,Sesiones\nSpain,5\nFrance,7\n\n\
    # Fecha de inicio: 20230424\n# Fecha de finalización: 20230521\nDía N,Sesiones\n0000,100\n0010,200\n\n\
    # Fecha de inicio: 20230424\n# Fecha de finalización: 20230521\nCohorte,Semana 0,Semana 1\n1 ene - 7 ene,1,0.25\n8 ene - 14 ene,1,-1\n";

#[test]
fn of_the_tables_of_a_snapshot_those_with_days_are_read_by_day() {
    let read = export("ga4.report_by_day").file("informe.csv", SNAPSHOT).figures("sessions users:max").grain("month");
    read.holds(&["2023-04 100 1", "2023-05 200 3"]).counts(&[("records", 4)]);
    let read = export("ga4.report").file("informe.csv", SNAPSHOT).says("table: 2").figures("sessions").by("country");
    read.holds(&["all France 7", "all Spain 5"]).counts(&[("records", 2)]);
}

#[test]
fn tables_of_a_snapshot_are_not_added_up_unasked() {
    let read = export("ga4.report").file("informe.csv", SNAPSHOT).figures("sessions");
    let read = read.says("period: {start: 2023-04-24, end: 2023-05-21}");
    read.refused(3, &["holds several tables", "say which one is meant, by title or place"]);
}

#[test]
fn minus_one_in_a_table_of_cohorts_is_no_value() {
    let read = any_export("table: 4\ntime: {grain: range}\nnumbers: {nulls: [\"-1\"]}\ndimensions: {cohort: {column: Cohorte}}\nmeasures: {week: {column: Semana 1}}")
        .says("period: {start: 2023-04-24, end: 2023-05-21}");
    let read = read.file("informe.csv", SNAPSHOT).figures("week").by("cohort");
    read.holds(&["all 1 ene - 7 ene 0.25", "all 8 ene - 14 ene -"]);
    // Also where every cell is a whole number.
    let read = any_export("time: {column: day}\nnumbers: {nulls: [\"-1\"]}\nmeasures: [clicks]");
    let read = read.file("a.csv", "day,clicks\n2025-01-01,5\n2025-01-02,-1\n").figures("clicks").grain("day");
    read.holds(&["2025-01-01 5", "2025-01-02 -"]);
}

#[test]
fn the_grand_total_of_an_exploration_has_one_field_more_and_an_empty_path_is_not_one() {
    let text = "# ----------------------------------------\n# P - GA4\n# Untitled exploration-Free form 1\n# 20250101-20250131\n# ----------------------------------------\n\n\
                Page path + query string,Total users,Sessions,Bounce rate,Exits\n,12345,500,0.27,14145,Grand total\n/a/,760,761,0.01,34\n/b/,10,20,0.5,1\n,5,7,0.5,1\n";
    let read = export("ga4.report").file("exploration.csv", text).figures("sessions exits").by("page").grain("month");
    let read = read.holds(&["2025-01 /a/ 761 34", "2025-01 /b/ 20 1", "2025-01 (unknown) 7 1"]);
    read.counts(&[("records", 4), ("used", 3), ("totals", 1), ("quarantined", 0)]);
}

#[test]
fn the_total_of_universal_analytics_is_the_last_row_and_has_no_key() {
    let says = "period: {start: 2021-01-01, end: 2021-01-31}\ntime: {grain: range}\n\
                dimensions: {page: {column: Page}}\nmeasures: {sessions: {column: Sessions}}";
    let text = "Page,Sessions\n/a,10\n/b,20\n,30\n";
    // Nothing in the row says what it is: the source does.
    any_export(says).file("ua.csv", text).figures("sessions").by("page").read().counts(&[("totals", 0)]);
    let read = any_export(says).says("total_rows: page IS NULL").file("ua.csv", text).figures("sessions");
    read.holds(&["all 30"]).counts(&[("records", 3), ("totals", 1)]);
}

const FRENCH: &[(&str, &str)] = &[
    ("Requêtes.csv", "Requêtes les plus fréquentes,Clics,Impressions,CTR,Position\nmichelin tires,1.5,345693,15.86%,1.5\ntotal,2,10,20%,2\n"),
    ("Appareils.csv", "Appareil,Clics,Impressions,CTR,Position\nMobile,4,1000,1.94%,13.94\nOrdinateur,2,500,1.5%,27.5\nTablette,1,30,3.97%,8.5\n"),
    ("Pays.csv", "Pays,Clics,Impressions,CTR,Position\nÉtats-Unis,5,1500,2.09%,14.5\nFrance,2,30,7%,2\n"),
    ("Graphique.csv", "Date,Clics,Impressions,CTR,Position\n2025-02-05,6,1500,1.73%,23.8\n2025-02-06,1,30,7%,1.5\n"),
    ("Filtres.csv", "Filtre,Valeur\nType de recherche,Web\nDate,Les 3 derniers mois\n"),
];

fn console(profile: &'static str, member: &str) -> Export {
    let read = export(profile).file("site-Performance-on-Search-2025-02-05_2025-02-06.zip", zip(FRENCH));
    read.says(&format!("member: {member}"))
}

#[test]
fn numbers_of_the_french_search_console_have_points_and_positions_are_weighted() {
    let read = console("search_console.dates", "Graphique.csv").figures("clicks impressions weighted_position");
    read.grain("day").holds(&["2025-02-05 6 1500 35700", "2025-02-06 1 30 45"]);
}

#[test]
fn values_in_french_are_those_in_english() {
    let read = console("search_console.devices", "Appareils.csv").figures("clicks impressions").by("device");
    read.holds(&["all Desktop 2 500", "all Mobile 4 1000", "all Tablet 1 30"]);
    let read = console("search_console.countries", "Pays.csv").figures("clicks weighted_position").by("country");
    read.holds(&["all France 2 60", "all United States 5 21750"]);
}

#[test]
fn a_share_with_its_sign_is_a_fraction() {
    let rates = |figure| {
        let read = console("search_console.devices", "Appareils.csv").says("measures: {ctr: {column: CTR}}");
        read.figures(figure).by("device")
    };
    rates("ctr:max").holds(&["all Desktop 0.015", "all Mobile 0.0194", "all Tablet 0.0397"]);
    // And a rate, which is not added up.
    rates("ctr").refused(2, &["not-additive"]);
}

#[test]
fn somebody_who_searches_for_total_is_no_total() {
    let text = "Top queries,Clicks,Impressions,CTR,Position\nmichelin tires,10,345693,15.86%,1.5\ntotal,2,10,20%,2\ntotal energies,3,10,20%,2\n";
    let read = export("search_console.queries").file("2025-02-05_2025-02-06/Queries.csv", text);
    read.figures("clicks").by("query").holds(&["all michelin tires 10", "all total 2", "all total energies 3"]);
}

#[test]
fn which_file_of_the_archive_is_meant_and_of_which_days_it_is_must_be_known() {
    let read = export("search_console.devices").file("site-2025-02-05_2025-02-06.zip", zip(FRENCH)).figures("clicks");
    read.refused(3, &["holds 5 files", "member:"]);
    let read = export("search_console.devices").file("site.zip", zip(FRENCH)).says("member: Appareils.csv");
    read.figures("clicks").refused(2, &["nothing tells which days"]);
}
