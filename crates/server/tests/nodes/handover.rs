//! Who sends an answer when a lease changes hands, and how often.

use super::*;
use evendesk_testkit::link::Link;

/// An answer to every matter that the desk shows.
fn answer_all(desk: &Desk, matters: usize) {
    let rows = eventually_now("the matters are on the desk", PATIENCE, || {
        let rows = desk.queue(&Place::DueNext, 0, 50).ok()?.rows;
        (in_sync(desk) && rows.len() == matters).then_some(rows)
    });
    for row in rows {
        let body = reply(desk, row.customer, row.conversation, "It is on its way.".into()).unwrap();
        desk.submit(body).unwrap();
    }
}

fn all_out(site: &Site, answers: usize) -> bool {
    let events = site.events();
    let delivered = events.iter().filter(|e| matches!(e.event, Event::Delivered { .. })).count();
    delivered == answers && undelivered(&events) == 0
}

#[test]
fn of_two_nodes_with_a_copied_folder_one_at_a_time_reads_the_mailbox_and_sends_each_answer() {
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    open_mailbox(&site, &mails);
    site.nodes.iter_mut().for_each(|node| node.server.stop());
    let copied = site.nodes[0].server.folder();
    site.nodes[1].server.take_folder(&copied);
    site.nodes.iter_mut().for_each(|node| node.server.start());
    let desk = site.seat("ada", 0);
    for n in 0..CUSTOMERS {
        write(&mails, n);
    }
    answer_all(&desk, CUSTOMERS);
    eventually_now("every answer is out", PATIENCE, || all_out(&site, CUSTOMERS).then_some(()));
    drop(desk);
    site.nodes.iter_mut().for_each(|node| node.server.stop());
    let events = site.events();
    assert_eq!(received(&events).len(), CUSTOMERS);
    assert_eq!(sent_once(&mails, &events, &[]), 0);
}

/// Two nodes and an answer that is being sent: the mail server has greeted, and hears nothing more. Returns which
/// node sends it.
fn an_answer_on_its_way(mails: &MailWorld, site: &Site, to_mails: &Link) -> usize {
    open_mailbox_that_sends_by(site, mails, to_mails.port());
    let desk = site.seat("ada", 0);
    write(mails, 0);
    let sends = holder_of(site, "delivery");
    to_mails.hold_there();
    answer_all(&desk, 1);
    eventually_now("the answer is on its way", PATIENCE, || (to_mails.carried()[1] > 0).then_some(()));
    sends
}

#[test]
fn a_node_that_wakes_up_after_another_took_over_hands_nothing_over_any_more() {
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    let to_mails = Link::to(mails.smtp_port);
    let sends = an_answer_on_its_way(&mails, &site, &to_mails);
    site.nodes[sends].server.pause();
    to_mails.heal();
    mails.wait_for_mails_within(&customer(0), 1, PATIENCE);
    site.nodes[sends].server.wake();
    eventually_now("it leaves the answer to the other one", PATIENCE, || {
        let said = std::fs::read_to_string(site.nodes[sends].server.log()).unwrap();
        said.contains("left to the node").then_some(())
    });
    site.nodes.iter_mut().for_each(|node| node.server.stop());
    assert!(all_out(&site, 1));
    assert_eq!(sent_once(&mails, &site.events(), &[]), 0);
}

#[test]
fn a_node_cut_off_between_the_mail_servers_yes_and_its_record_repeats_it_under_the_same_id_and_records_it_once()
 {
    let mails = mails();
    let mut site = Site::start(binary(), 2);
    let to_mails = Link::to(mails.smtp_port);
    let sends = an_answer_on_its_way(&mails, &site, &to_mails);
    site.nodes[sends].to_journal.cut();
    let cut = SystemTime::now();
    to_mails.heal();
    mails.wait_for_mails_within(&customer(0), 1, PATIENCE);
    mails.wait_for_mails_within(&customer(0), 2, PATIENCE);
    site.nodes[sends].to_journal.heal();
    eventually_now("it is recorded", PATIENCE, || all_out(&site, 1).then_some(()));
    // The first one has its word, too, before it ends.
    site.nodes.iter_mut().for_each(|node| node.server.stop());
    assert!(all_out(&site, 1), "two nodes' word makes one record");
    // One Message-ID, and the repeat is explained.
    assert_eq!(sent_once(&mails, &site.events(), &[cut]), 1);
}
