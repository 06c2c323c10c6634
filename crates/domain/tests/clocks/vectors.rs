//! Ninety histories with the timers expected.

use evendesk_domain::clock::vectors::replay;
use serde_json::{Value, json};

fn recorded() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/data/sla.json");
    std::fs::read_to_string(path).expect(path)
}

#[test]
fn all_recorded_histories_give_exactly_the_timers_expected() {
    let recorded = recorded();
    let cases: Vec<Value> = serde_json::from_str(&recorded).expect("recorded histories");
    let replayed: Vec<Value> = serde_json::from_str(&replay(&recorded).expect("a replay")).expect("JSON");
    let expected: Vec<Value> =
        cases.iter().map(|case| json!({ "name": case["name"], "timers": case["expect"] })).collect();
    assert_eq!(cases.len(), 90);
    let differing = replayed.iter().zip(&expected).filter(|(got, want)| got != want);
    let report: Vec<String> = differing.map(|(got, want)| format!("got  {got}\nwant {want}\n")).collect();
    assert!(report.is_empty(), "{} differ:\n{}", report.len(), report.join("\n"));
    assert_eq!(replayed.len(), expected.len());
}
