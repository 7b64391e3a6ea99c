//! Two runs, any number of threads, any order of files and any size of batches: the same bytes.

use crate::harness::Place;
use crate::oracle;

/// Runs a random case in a way, and gives back its report files.
fn reports(place: &Place, args: &[&str]) -> Vec<(String, Vec<u8>)> {
    place.run(&[&["--quiet"], args].concat());
    let files = place.files("out");
    assert!(!files.is_empty());
    files
}

#[test]
fn threads_and_batches_do_not_show() {
    for seed in [3, 17, 40] {
        let place = Place::new();
        place.write("pipeline.yaml", oracle::random_case(seed, place.path()));
        let first = reports(&place, &["--threads", "1"]);
        let ways: [&[&str]; 9] = [
            &["--threads", "1"],
            &["--threads", "2"],
            &["--threads", "3"],
            &["--threads", "7"],
            &["--batch-rows", "13"],
            &["--batch-rows", "13", "--threads", "3", "--engine", "polars"],
            &["--threads", "1", "--engine", "polars"],
            &["--threads", "7", "--engine", "polars"],
            &["--engine", "fused"],
        ];
        for way in ways {
            assert_eq!(reports(&place, way), first, "seed {seed}, {way:?}");
        }
    }
}

#[test]
fn the_order_of_files_does_not_show() {
    let place = Place::new();
    let mut files = vec![];
    for file in 0..5 {
        let mut text = String::from("date,network,spend\n");
        for row in 0..200 {
            let day = 1 + (row * 7 + file) % 28;
            let network = ["x", "facebook", "tiktok"][(row + file) % 3];
            let spend = f64::from(u32::try_from(row * 31 + file * 17).expect("small")) * 0.1;
            text.push_str(&format!("2025-02-{day:02},{network},{spend}\n"));
        }
        let name = format!("data/{file}.csv");
        place.write(&name, text);
        files.push(name);
    }
    let pipeline = |files: &[String]| {
        format!(
            "version: 1\nname: order\nsources:\n  ads:\n    path: [{}]\n    time: {{column: date}}\n    dimensions: [network]\n    measures: {{spend: {{unit: EUR}}}}\nmetrics:\n  spend: {{type: simple, source: ads, expr: spend}}\nreports:\n  - {{name: r, metrics: [spend], group_by: [network], grains: [day, month], exports: [{{format: csv, path: out/r.csv}}]}}\n",
            files.join(", ")
        )
    };
    place.write("pipeline.yaml", pipeline(&files));
    let first = reports(&place, &[]);
    files.reverse();
    files.rotate_left(2);
    place.write("pipeline.yaml", pipeline(&files));
    assert_eq!(reports(&place, &[]), first);
}
