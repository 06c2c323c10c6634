//! The recorded mails, through the program that people look into mails with. What each column means is
//! held by the channel's own tests; here it is the program that is tried.

use std::path::Path;

use evendesk_testkit::server_process::ServerProcess;
use serde_json::Value;

use crate::office::server_program;

#[test]
fn email_inspect_says_of_every_recorded_mail_what_its_manifest_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/email");
    let manifest = std::fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the manifest");
    let mut rows = manifest.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let columns = rows.next().expect("a head");
    let rows: Vec<_> = rows.collect();
    let files: Vec<String> = rows.iter().map(|row| folder.join(row[0]).display().to_string()).collect();
    let arguments: Vec<&str> =
        ["email", "inspect"].into_iter().chain(files.iter().map(String::as_str)).collect();

    let said = ServerProcess::new(&server_program()).run(&arguments, "");
    let made: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect();
    assert_eq!(made.len(), rows.len(), "a line for each mail");
    for (row, made) in rows.iter().zip(&made) {
        assert_eq!(made["file"], row[0]);
        for (column, is) in [
            ("from_addr", text(&made["from_address"])),
            ("subject", text(&made["subject"])),
            ("message_id", text(&made["message_id"])),
            ("attachments", made["attachments"].as_array().map_or(0, Vec::len).to_string()),
            ("bounce", if made["kind"] == "bounce" { "yes" } else { "no" }.to_owned()),
        ] {
            let wanted =
                columns.iter().position(|name| *name == column).map(|at| row[at]).expect("the column");
            if !matches!(wanted, "" | "-") {
                assert_eq!(is, wanted, "{column} of {}", row[0]);
            }
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
