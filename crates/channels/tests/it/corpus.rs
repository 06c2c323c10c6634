//! The mails of `tests/data/email` come out as their manifest says.

use std::collections::HashMap;
use std::path::PathBuf;

use evendesk_channels::email::inspect::inspect;
use evendesk_channels::email::parse::parse;
use serde_json::Value;

pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/email")
}

fn manifest() -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(folder().join("MANIFEST.tsv")).expect("the manifest");
    let mut rows = text.lines().map(|l| l.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let names = rows.next().expect("a header");
    rows.map(|row| names.iter().cloned().zip(row).collect()).collect()
}

/// What differs from the manifest, in words; empty columns and `-` say nothing.
fn differences(row: &HashMap<String, String>, got: &Value) -> Vec<String> {
    let want = |name: &str| row.get(name).map(String::as_str).filter(|v| !v.is_empty() && *v != "-");
    let text = |key: &str| got[key].as_str().unwrap_or_default();
    let mut wrong = Vec::new();
    let mut same = |name: &str, want: Option<&str>, got: &str| {
        if want.is_some_and(|w| w != got) {
            wrong.push(format!("{name}: {got:?} instead of {want:?}"));
        }
    };
    for (column, key) in [
        ("from_addr", "from_address"),
        ("from_name", "from_name"),
        ("reply_to", "reply_to"),
        ("subject", "subject"),
        ("message_id", "message_id"),
    ] {
        same(column, want(column), text(key));
    }
    let answered = got["in_reply_to"][0].as_str().unwrap_or_default();
    same("in_reply_to", want("in_reply_to").map(|id| id.trim_matches(['<', '>'])), answered);
    let files = got["attachments"].as_array().expect("a list");
    same("attachments", want("attachments"), &files.len().to_string());
    let names: Vec<&str> = files.iter().filter_map(|f| f["name"].as_str()).collect();
    same("attachment_names", want("attachment_names"), &names.join("|"));
    let inline = files.iter().filter(|f| f["inline"] == true).count().to_string();
    same("inline_images", want("inline_images"), &inline);
    let yes_no = |is: bool| if is { "yes" } else { "no" };
    same("auto_reply", want("auto_reply"), yes_no(got["kind"] == "auto_reply"));
    same("bounce", want("bounce"), yes_no(got["kind"] == "bounce"));
    same("may_acknowledge", want("may_acknowledge"), yes_no(got["kind"] == "person"));
    if let Some(has) = want("body_has").filter(|h| !text("fresh_text").contains(h)) {
        wrong.push(format!("body lacks {has:?}: {:?}", text("fresh_text")));
    }
    for part in ["fresh_text", "safe_html"] {
        // What is folded out of the text is still in the HTML as it came.
        let folded = row["theme"] == "quotes" && part == "safe_html";
        if let Some(not) = want("body_must_not_show").filter(|n| !folded && text(part).contains(n)) {
            wrong.push(format!("{part} shows {not:?}"));
        }
    }
    wrong
}

#[test]
fn every_mail_comes_out_as_the_manifest_says() {
    let rows = manifest();
    assert!(rows.len() >= 12, "the manifest has its rows");
    let mut wrong = Vec::new();
    for row in &rows {
        let raw = std::fs::read(folder().join(&row["file"])).expect("the mail");
        let found = differences(row, &inspect(&row["file"], &raw));
        wrong.extend(found.into_iter().map(|f| format!("{}: {f}", row["file"])));
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_bounce_says_whom_it_could_not_reach_and_why() {
    let raw = std::fs::read(folder().join("sisimai__lhost-postfix-01.eml")).expect("the mail");
    let bounce = parse(&raw).expect("readable").bounce.expect("a bounce");
    assert_eq!(bounce.recipient.as_deref(), Some("kijitora@example.org"));
    assert_eq!(bounce.status.as_deref(), Some("5.1.1"));
    assert!(bounce.permanent);
}

#[test]
fn a_bounce_names_the_mail_of_ours_that_came_back() {
    let with = |returned: &str| {
        let raw = format!(
            "From: MAILER-DAEMON@b.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n\
             --x\r\n\r\nSorry\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; b.example\r\n\r\n\
             Final-Recipient: rfc822; ada@c.example\r\nAction: delayed\r\nStatus: 4.4.1\r\n--x\r\n{returned}\r\n--x--\r\n"
        );
        parse(raw.as_bytes()).expect("readable").bounce.expect("a bounce")
    };
    for kind in ["text/rfc822-headers", "message/rfc822"] {
        let bounce = with(&format!(
            "Content-Type: {kind}\r\n\r\nMessage-ID: <17@us.example>\r\nSubject: Re: Tea\r\n\r\n"
        ));
        assert_eq!(bounce.original_message_id.as_deref(), Some("17@us.example"), "{kind}");
        assert_eq!((bounce.recipient.as_deref(), bounce.permanent), (Some("ada@c.example"), false));
    }
}

#[test]
fn an_attached_text_file_keeps_its_very_bytes() {
    let raw = b"From: a@b.example\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHi\r\n--x\r\n\
                Content-Type: text/csv; charset=iso-8859-1; name=\"../b\xfccher.csv\"\r\nContent-Disposition: attachment\r\n\
                Content-Transfer-Encoding: base64\r\n\r\n/MT2\r\n--x--\r\n";
    let mail = parse(raw).expect("readable");
    assert_eq!(mail.files[0].content, [0xfc, 0xc4, 0xf6], "not converted");
    assert!(!mail.files[0].name.contains(['/', '\\']), "{}", mail.files[0].name);
    assert_eq!(mail.text, "Hi");
}

#[test]
fn the_same_mail_by_another_way_is_the_same_and_another_mail_is_not() {
    let mail = |trace: &str, body: &str| {
        let raw =
            format!("{trace}From: a@b.example\r\nMessage-ID: <1@b.example>\r\nSubject: S\r\n\r\n{body}");
        parse(raw.as_bytes()).expect("readable").remote_id
    };
    assert_eq!(mail("", "Hi\r\n"), mail("Received: by x\r\nDelivered-To: y\r\n", "Hi\n\n"));
    assert_ne!(mail("", "Hi\r\n"), mail("", "Ho\r\n"), "a reused Message-ID swallows nothing");
}
