//! The mails of `tests/data/mail`, each with what must come out of it: see `tests/data/mail/make`.

use std::path::PathBuf;

use evendesk_channels::email::inspect::inspect;
use serde_json::{Map, Value, json};

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/mail")
}

fn manifest() -> Vec<Value> {
    let text = std::fs::read_to_string(folder().join("MANIFEST.jsonl")).expect("the manifest");
    text.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect()
}

fn differences(expected: &Map<String, Value>, got: &Value) -> Vec<String> {
    expected.iter().filter_map(|(key, want)| difference(key, want, got)).collect()
}

/// `KEY` must be that value; `KEY_has` names what must be in it, `KEY_not` what must not.
fn difference(key: &str, want: &Value, got: &Value) -> Option<String> {
    let shown = |found: &Value| Some(format!("{key}: {found} instead of {want}"));
    let all = |check: &dyn Fn(&str) -> bool| {
        want.as_array().expect("a list").iter().all(|w| check(w.as_str().unwrap()))
    };
    let text = |key: &str| match &got[key] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (right, found) = match key {
        "attachment_names" => {
            let names: Vec<&Value> =
                got["attachments"].as_array().expect("a list").iter().map(|a| &a["name"]).collect();
            (json!(names) == *want, json!(names))
        }
        "doubts" => {
            let kinds: Vec<String> = got["doubts"].as_array().expect("a list").iter().map(doubt).collect();
            (json!(kinds) == *want, json!(kinds))
        }
        "safe_html_open" | "safe_html_folded" => {
            let (open, folded) = folds(&text("safe_html"));
            let part = if key == "safe_html_open" { open } else { folded };
            (all(&|w| part.contains(w)), json!(part))
        }
        _ => match (key.strip_suffix("_has"), key.strip_suffix("_not")) {
            (Some(key), _) => (all(&|w| text(key).contains(w)), got[key].clone()),
            (_, Some(key)) => (all(&|w| !text(key).contains(w)), got[key].clone()),
            _ => (got[key] == *want, got[key].clone()),
        },
    };
    if right { None } else { shown(&found) }
}

fn doubt(doubt: &Value) -> String {
    let words = [&doubt["kind"], &doubt["check"]].into_iter().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(" ")
}

/// HTML outside and inside of what is folded.
fn folds(html: &str) -> (String, String) {
    let mut parts = html.split("<details>");
    let (mut open, mut folded) = (parts.next().unwrap_or_default().to_owned(), String::new());
    for part in parts {
        let (inside, after) = part.split_once("</details>").expect("every fold ends");
        folded.push_str(inside);
        open.push_str(after);
    }
    (open, folded)
}

#[test]
fn every_mail_of_our_own_comes_out_as_its_line_says() {
    let lines = manifest();
    assert!(lines.len() >= 150, "there are {}", lines.len());
    let mut wrong = Vec::new();
    for line in &lines {
        let file = line["file"].as_str().expect("a name");
        let raw = std::fs::read(folder().join(file)).expect("the mail");
        let found = differences(line["expect"].as_object().expect("an object"), &inspect(file, &raw));
        wrong.extend(found.into_iter().map(|f| format!("{file}: {f}")));
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_mail_in_the_folder_has_its_line() {
    let lines = manifest();
    let files = std::fs::read_dir(folder()).expect("the folder").map(|f| f.expect("a file").file_name());
    let mut files: Vec<String> =
        files.map(|f| f.to_string_lossy().into_owned()).filter(|f| f.ends_with(".eml")).collect();
    let mut named: Vec<&str> = lines.iter().map(|l| l["file"].as_str().expect("a name")).collect();
    files.sort();
    named.sort_unstable();
    assert_eq!(files, named);
}
