//! Advertising: Meta Ads Manager and Google Ads.

use super::{export, utf16, workbook};

const META: &str = "meta_ads.report";
const GOOGLE: &str = "google_ads.report";

const REPORT: &str = "Reporting starts,Reporting ends,Ad name,Ad Set Name,Ad ID,Ad set budget,Reach,Impressions,Amount spent (UAH),Results,Quality ranking,Result value type,Result value type\n\
    2023-04-01,2023-04-30,,,,,900,1200,12.5,9,-,,\n2023-04-01,2023-04-30,a,s1,1,Using campaign budget,500,200,2.5,4,-,,\n\
    2023-04-01,2023-04-30,a,s2,2,500,1400,1000,10,5,Average,,\n";

#[test]
fn the_total_of_advertising_is_the_first_row_and_has_no_name() {
    for (name, bytes) in [("ads.csv", REPORT.into()), ("ads.xlsx", workbook("Worksheet", REPORT))] {
        let read = export(META).file(name, bytes).figures("spend impressions");
        read.holds(&["all 12.5 1200"]).counts(&[("records", 3), ("used", 2), ("totals", 1)]);
    }
}

#[test]
fn names_of_ads_come_back_and_ids_do_not() {
    let read = export(META).file("ads.csv", REPORT).figures("spend");
    read.by("ad_id").holds(&["all 1 2.5", "all 2 10"]);
}

#[test]
fn reach_and_results_of_ads_are_not_added_up() {
    for figure in ["reach", "results"] {
        export(META).file("ads.csv", REPORT).figures(figure).refused(2, &["not-additive", figure]);
    }
}

#[test]
fn a_row_that_covers_a_month_is_not_cut_into_days() {
    let read = export(META).file("ads.csv", REPORT).figures("spend");
    let read = read.grain("day");
    read.refused(3, &["straddling-record", "covers 2023-04-01 to 2023-04-30, which is in two days"]);
    read.grain("month").holds(&["2023-04 12.5"]);
    let two =
        "Reporting starts,Reporting ends,Campaign name,Impressions,Amount spent (EUR)\n2023-04-15,2023-05-14,c,2,3\n";
    export(META).file("a.csv", two).figures("spend").grain("month").refused(3, &["which is in two months"]);
}

#[test]
fn french_reports_are_read_also_when_their_letters_were_spoilt() {
    let text = "Début des rapports,Fin des rapports,Nom de la campagne,Plateforme,Résultats,Couverture,Impressions,CPM (Coût pour 1\u{a0}000\u{a0}impressions) (USD),Clics (tous),J’aime sur Facebook,Clics sur un lien,Montant dépensé (USD),Ajouts d’informations de paiement,mois,annee\n\
                2023-04-01,2023-04-30,c1,facebook,3,500,1000,4.5,12,3,7,4.5,2,avril,2023\n2023-04-01,2023-04-30,c2,instagram,,50,100,4.5,1,,1,0.45,,avril,2023\n";
    let read =
        export(META).file("a.csv", text).figures("spend impressions clicks link_clicks page_likes payment_infos");
    read.holds(&["all 4.95 1100 13 8 3 2"]);
    // What UTF-8 looks like where somebody took it for Windows-1252.
    let spoilt = text.replace('é', "Ã©").replace('û', "Ã»").replace('’', "â€™");
    export(META).file("a.csv", spoilt).figures("spend impressions clicks").holds(&["all 4.95 1100 13"]);
}

const CAMPAIGNS: &str = "Campaign report\n27 January 2026 - 23 February 2026\n\
    Campaign status,Campaign,Budget,Budget name,Currency code,Clicks,Impr.,CTR,Cost,Conversions,Conv. value,Search impr. share\n\
    Enabled,Campaign A,41.00, --,GBP,306,\"62,296\",2.96%,597.77,89.00,\"2,473.17\",< 10%\n\
    Enabled,Campaign B,20.00, --,GBP, --,\"9,694\",4.72%,1234.56, --,782.46,12%\n\
    Total: Campaigns, --, --, --,GBP,306,\"71,990\",4.28%,1832.33,89.00,\"3,255.63\", --\n\
    Total: Account,,,,GBP,306,\"71,990\",4.28%,1832.33,89.00,\"3,255.63\",\nTotal: Search,,,,GBP,0,0,,0,0,0,\n";

/// The same with tabs, as the other download has it.
fn tabs(text: &str) -> String {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let cell = |cell: &str| if cell.contains(',') { format!("\"{cell}\"") } else { cell.to_owned() };
    let line = |record: csv::StringRecord| record.iter().map(cell).collect::<Vec<_>>().join("\t") + "\n";
    reader.records().map(|record| line(record.expect("a record"))).collect()
}

#[test]
fn several_levels_of_totals_in_the_last_rows_are_left_out() {
    let read = export(GOOGLE).file("Campaign report.csv", CAMPAIGNS);
    let read = read.figures("impressions clicks spend conversions revenue");
    let read = read.holds(&["all 71990 306 1832.33 89 3255.63"]);
    read.counts(&[("records", 5), ("used", 2), ("totals", 3)]).tells_nothing();
}

#[test]
fn tabs_in_utf_16_under_the_name_of_csv_are_read() {
    let american = CAMPAIGNS.replace("27 January 2026 - 23 February 2026", "\"March 27, 2026 - April 23, 2026\"");
    let read = export(GOOGLE).file("Campaign report.csv", utf16(&tabs(&american)));
    let read = read.figures("impressions clicks spend revenue").grain("year");
    read.holds(&["2026 71990 306 1832.33 3255.63"]).counts(&[("used", 2), ("totals", 3)]);
}

#[test]
fn two_dashes_are_no_value_and_not_zero() {
    let read = export(GOOGLE).file("Campaign report.csv", CAMPAIGNS).figures("clicks conversions");
    read.by("campaign").holds(&["all Campaign A 306 89", "all Campaign B - -"]);
}

#[test]
fn a_bound_instead_of_a_value_is_counted_and_not_taken_for_one() {
    let read = export(GOOGLE).file("Campaign report.csv", CAMPAIGNS);
    let read = read.says("measures: {share: {column: Search impr. share}}").figures("share").by("campaign");
    let read = read.holds(&["all Campaign A -", "all Campaign B 0.12"]);
    read.tells(&["1 cell of `Search impr. share` tell a bound such as `< 10%`"]);
}

#[test]
fn the_range_above_a_report_is_its_period_and_is_not_cut() {
    let read = export(GOOGLE).file("Campaign report.csv", CAMPAIGNS).figures("spend");
    let read = read.grain("day");
    read.refused(3, &["covers 2026-01-27 to 2026-02-23, which is in two days"]);
    read.grain("quarter").holds(&["2026-Q1 1832.33"]);
    let all_time = CAMPAIGNS.replace("27 January 2026 - 23 February 2026", "All time");
    let read = export(GOOGLE).file("Campaign report.csv", all_time).figures("spend");
    read.refused(2, &["no-period", "nothing tells which days"]);
}

#[test]
fn french_numbers_with_spaces_of_three_kinds_and_decimal_commas_are_read() {
    let text = "Rapport sur les campagnes\n27 janvier 2026 - 23 février 2026\nÉtat de la campagne\tCampagne\tBudget\tCoût\tImpr.\tClics\tRésultats\tConversions\tCTR\tValeur des résultats\n\
                Activée\tA\t10,00\t23,55\t1 178\t1\u{a0}234\tPage vue : 1,00\t 1,50\t1,61%\t2\u{202f}000,25\nActivée\tB\t10,00\t--\t2\t3\t--\t--\t1,61%\t--\n\
                Total : Campagnes\t--\t--\t23,55\t1 180\t1 237\t\t1,50\t\t\nTotal\u{a0}: Compte\t--\t--\t23,55\t1 180\t1 237\t\t1,50\t\t\n";
    let read = export("google_ads.report_fr").file("Rapport.csv", utf16(text)).says("currency: EUR");
    let read = read.figures("spend impressions clicks conversions revenue").grain("quarter");
    let read = read.holds(&["2026-Q1 23.55 1180 1237 1.5 2000.25"]).counts(&[("used", 2), ("totals", 2)]);
    read.tells(&["the profile `google_ads.report_fr` is experimental"]);
}
