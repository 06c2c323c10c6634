//! The database goes away for long, or for ever, and a standby takes its place.

use super::*;
use evendesk_testkit::link::Link;

fn note(desk: &Desk, text: &str) -> CommandId {
    let row = eventually_now("the matter is on the desk", PATIENCE, || {
        desk.queue(&Place::DueNext, 0, 50).ok()?.rows.into_iter().next()
    });
    let message = MessageId(uuid::Uuid::now_v7());
    desk.submit(CommandBody::Note { conversation: row.conversation, message, text: text.into() })
        .unwrap()
        .command
}

fn notes(site: &Site) -> Vec<String> {
    let text = |e: Recorded| match e.event {
        Event::NoteAdded { text, .. } => Some(text),
        _ => None,
    };
    site.events().into_iter().filter_map(text).collect()
}

/// Two nodes, and at each a desk that has the one matter.
fn office(site: &Site, mails: &MailWorld) -> [Desk; 2] {
    open_mailbox(site, mails);
    write(mails, 0);
    [site.seat("ada", 0), site.seat("bob", 1)]
}

fn all_in_sync(desks: &[Desk]) {
    eventually_now("the desks are in sync", PATIENCE, || desks.iter().all(in_sync).then_some(()));
}

fn all_show_the_journal(site: &Site, desks: &[Desk]) {
    eventually_now("every desk shows what the journal says", PATIENCE, || {
        let anew = site.folded_anew();
        desks.iter().all(|desk| in_sync(desk) && shows(desk, &anew)).then_some(())
    });
}

#[test]
fn while_the_database_is_away_for_long_desks_are_worked_at_and_afterwards_everything_drains() {
    let seconds = std::env::var("EVENDESK_AWAY_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(30);
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    let desks = office(&site, &mails);
    note(&desks[0], "before");
    all_in_sync(&desks);
    site.postgres.stop();
    write(&mails, 1);
    let said: Vec<CommandId> = (0..20).map(|n| note(&desks[n % 2], &format!("meanwhile {n}"))).collect();
    std::thread::sleep(Duration::from_secs(seconds));
    assert!(desks.iter().all(|desk| desk.connection().pending == 10), "what was said waits");
    assert!(desks.iter().all(|desk| desk.queue(&Place::DueNext, 0, 50).unwrap().rows.len() == 1));
    site.postgres.go_on();
    eventually_now("every queue has drained", PATIENCE, || {
        (desks.iter().all(in_sync) && received(&site.events()).len() == 2).then_some(())
    });
    assert_eq!(site.restart_the_ended(), 0, "no node has ended");
    decided_once(&site, &said, &BTreeSet::new(), &site.events());
    assert_eq!(notes(&site).len(), 21);
    all_show_the_journal(&site, &desks);
    drop(desks);
}

#[test]
fn a_synchronous_standby_takes_over_and_nobody_notices_but_by_the_wait() {
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    let standby = site.postgres.standby(site.postgres.port());
    site.postgres.commit_with_standby();
    let desks = office(&site, &mails);
    note(&desks[0], "kept");
    all_in_sync(&desks);
    let was = site.journal().workspace().unwrap().unwrap().incarnation;
    site.fail_over_to(standby);
    note(&desks[1], "afterwards");
    eventually_now("the standby has both", PATIENCE, || (notes(&site).len() == 2).then_some(()));
    all_show_the_journal(&site, &desks);
    assert_eq!(site.restart_the_ended(), 0, "no node has ended");
    assert_eq!(site.journal().workspace().unwrap().unwrap().incarnation, was);
    drop(desks);
}

#[test]
fn a_standby_that_lacks_the_last_commits_is_noticed_and_the_desks_offer_again_what_is_lost() {
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    let replication = Link::to(site.postgres.port());
    let standby = site.postgres.standby(replication.port());
    let desks = office(&site, &mails);
    note(&desks[0], "kept");
    all_in_sync(&desks);
    let (was, head) =
        (site.journal().workspace().unwrap().unwrap().incarnation, site.journal().head().unwrap());
    eventually_now("the standby has it all so far", PATIENCE, || {
        (standby.sql("desk", "SELECT head FROM workspace").parse() == Ok(head)).then_some(())
    });
    replication.hold_back();
    let lost = [note(&desks[0], "lost by ada"), note(&desks[1], "lost by bob")];
    all_in_sync(&desks);
    assert!(lost.iter().all(|command| site.journal().decision(*command).unwrap().is_some()));

    site.fail_over_to(standby);
    let events = site.events();
    assert!(
        events.iter().all(|e| e.command.is_none_or(|c| !lost.contains(&c))),
        "the standby has it after all"
    );
    let mut restarted = 0;
    eventually_now("what was lost is there again", PATIENCE, || {
        restarted += site.restart_the_ended();
        (notes(&site).len() == 3 && desks.iter().all(in_sync)).then_some(())
    });
    assert!(restarted >= 2, "both nodes have noticed");
    assert_ne!(site.journal().workspace().unwrap().unwrap().incarnation, was);
    decided_once(&site, &lost, &BTreeSet::new(), &site.events());
    all_show_the_journal(&site, &desks);
    drop(desks);
}
