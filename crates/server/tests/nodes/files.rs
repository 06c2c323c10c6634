//! Nodes whose files are in storage that speaks S3.

use super::*;

use evendesk_testkit::bucket::Bucket;
use evendesk_testkit::seat::Wanted;

fn write_with_file(mails: &MailWorld, n: usize) {
    let from = customer(n);
    let raw = format!(
        "From: {from}\r\nTo: {SHOP}\r\nSubject: Matter {n}\r\nMessage-ID: <{n}@customer.example>\r\n\
         Date: Mon, 1 Jun 2026 08:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee below.\r\n\
         --b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=parcel-{n}.csv\r\n\r\n\
         parcel,{n}\r\n--b--\r\n"
    );
    mails.submit(raw.as_bytes(), &from, SHOP).expect("Postfix takes a mail");
}

/// The file of the matter of that number, once the desk shows it.
fn file(desk: &Desk, n: usize) -> Wanted {
    eventually_now("the desk shows the mail and its file", PATIENCE, || {
        let rows = desk.queue(&Place::DueNext, 0, 50).ok()?.rows;
        rows.into_iter().find_map(|row| {
            let entries = desk.customer(row.customer, None, 200).ok()?.entries;
            entries.into_iter().find_map(|entry| match entry.kind {
                EntryKind::Message { message, subject, attachments, .. }
                    if subject == format!("Matter {n}") =>
                {
                    let found = attachments.into_iter().next()?;
                    let conversation = entry.conversation;
                    Some(Wanted { conversation, message, blob: found.blob, name: found.name })
                }
                _ => None,
            })
        })
    })
}

#[test]
fn a_file_that_one_node_took_in_is_opened_through_any_and_while_the_storage_is_away_mail_waits_and_people_are_told()
 {
    let mails = mails();
    let mut bucket = Bucket::start();
    let site = Site::start_on_bucket(binary(), 2, &bucket);
    open_mailbox(&site, &mails);
    let desks = [site.seat("ada", 0), site.seat("bob", 1)];
    write_with_file(&mails, 0);
    for desk in &desks {
        let path = desk.attachment(file(desk, 0)).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap().trim(), "parcel,0");
    }

    write_with_file(&mails, 1);
    let wanted = file(&desks[0], 1);
    bucket.stop();
    let told = desks[0].attachment(wanted.clone()).unwrap_err().to_string();
    assert!(told.contains("cannot reach its files") && told.contains("again"), "{told}");
    write_with_file(&mails, 2);
    let reads = holder_of(&site, "mailbox");
    eventually_now("the node that reads the mailbox says why it does not", PATIENCE, || {
        let said = std::fs::read_to_string(site.nodes[reads].server.log()).unwrap();
        said.lines()
            .any(|line| line.contains("mailbox") && line.contains("store of files fails"))
            .then_some(())
    });
    assert_eq!(received(&site.events()), ["Matter 0", "Matter 1"]);
    bucket.go_on();
    eventually_now("what waited is in", PATIENCE, || (received(&site.events()).len() == 3).then_some(()));
    for (desk, n) in [(&desks[0], 1), (&desks[1], 2)] {
        let path = desk.attachment(file(desk, n)).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap().trim(), format!("parcel,{n}"));
    }
    drop(desks);
}
