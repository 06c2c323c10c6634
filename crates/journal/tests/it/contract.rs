//! What any journal promises, as functions over a place that can be opened again and again.

use std::time::Duration;

use evendesk_domain::event::Event;
use evendesk_domain::id::{CommandId, DeviceId, FeedbackId, MessageId, UserId, WorkspaceId};
use evendesk_domain::stream::{Actor, Recorded, StreamId, StreamKind};
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Batch, Decision, Ended, Error, Founding, Invitation, Journal, Session};
use uuid::Uuid;

/// Where a journal of one engine lives. Opening it again is what a restart does.
pub trait Place {
    fn open(&self) -> Box<dyn Journal>;
}

/// Runs each promise as a test of its own on the engine that `$place` makes places of.
macro_rules! on_engine {
    ($place:ident: $($promise:ident)*) => {$(
        #[test]
        fn $promise() {
            crate::contract::$promise(&$place());
        }
    )*};
    ($place:ident) => {
        crate::contract::on_engine! { $place:
            what_is_appended_is_read_back_in_order_also_after_a_restart
            a_batch_is_kept_whole_or_not_at_all
            a_writer_that_was_replaced_writes_nothing
            a_writer_that_is_behind_is_told_where_the_head_is
            whoever_joins_writes_beside_the_others_until_someone_claims
            a_new_incarnation_is_made_once_and_fences_whoever_wrote
            only_a_shared_journal_hints_at_what_others_append
            a_decision_is_made_once
            an_event_from_the_future_survives
            a_redaction_may_not_change_what_happened
            a_redaction_that_came_too_late_leaves_every_word
            a_lease_is_held_by_one_until_it_runs_out
            a_session_ends_by_time_by_device_and_by_sign_out
            a_session_is_good_for_longer_while_it_is_used
            what_ended_a_session_is_known_until_it_would_have_expired
            an_invitation_is_taken_once
            what_undoes_feedback_cannot_be_replaced
            a_workspace_is_founded_once
        }
    };
}
pub(crate) use on_engine;

pub fn founding() -> Founding {
    Founding {
        id: WorkspaceId(Uuid::from_u128(1)),
        name: "Analytical Engines".into(),
        incarnation: Uuid::from_u128(2),
        submit_key: "key".into(),
        at: at(0),
    }
}

pub fn note(text: &str) -> Event {
    Event::NoteAdded { message: MessageId(Uuid::from_u128(3)), text: text.into() }
}

pub fn opened() -> Event {
    Event::CustomerOpened { name: "Ada".into() }
}

/// Events in a row from `first`, all in one stream.
pub fn batch(first: u64, events: Vec<Event>) -> Batch {
    let record = |(seq, event)| Recorded {
        seq,
        stream: stream(7),
        at: at(1),
        by: Actor::User(UserId(Uuid::from_u128(4))),
        command: Some(CommandId(Uuid::from_u128(5))),
        event,
    };
    Batch { base: first - 1, events: (first..).zip(events).map(record).collect(), ..Batch::default() }
}

const fn at(s: i64) -> Timestamp {
    Timestamp::from_seconds(s)
}

const fn stream(n: u128) -> StreamId {
    StreamId { kind: StreamKind::Conversation, id: Uuid::from_u128(n) }
}

fn decision(id: u128, outcome: &str) -> Decision {
    Decision { command: CommandId(Uuid::from_u128(id)), outcome: outcome.into(), at: at(1) }
}

/// A batch of the refusal of command 1 alone.
fn refusal(base: u64, outcome: &str) -> Batch {
    Batch { base, decisions: vec![decision(1, outcome)], ..Batch::default() }
}

fn founded(place: &dyn Place) -> (Box<dyn Journal>, u64) {
    let journal = place.open();
    journal.found(&founding()).unwrap();
    let epoch = journal.claim().unwrap();
    (journal, epoch)
}

pub fn what_is_appended_is_read_back_in_order_also_after_a_restart(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    let mut first = batch(1, vec![opened(), note("one")]);
    first.events[1].stream = stream(8);
    first.events[1].by = Actor::Nobody;
    first.events[1].command = None;
    let second = batch(3, vec![note("two")]);
    journal.append(epoch, &first).unwrap();
    journal.append(epoch, &second).unwrap();
    drop(journal);

    let journal = place.open();
    let all = [first.events.clone(), second.events.clone()].concat();
    assert_eq!(journal.head().unwrap(), 3);
    assert_eq!(journal.read(0, 9).unwrap(), all);
    assert_eq!(journal.read(1, 1).unwrap(), all[1..2]);
    assert_eq!(journal.read_stream(stream(7)).unwrap(), [all[0].clone(), all[2].clone()]);
    assert_eq!(journal.event(2).unwrap().as_ref(), Some(&all[1]));
    assert_eq!(journal.event(4).unwrap(), None);
    let namesake = StreamId { kind: StreamKind::Customer, ..stream(7) };
    assert!(journal.read_stream(namesake).unwrap().is_empty());
}

pub fn a_batch_is_kept_whole_or_not_at_all(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    let mut gap = batch(1, vec![opened(), note("one")]);
    gap.events[1].seq = 3;
    assert!(matches!(journal.append(epoch, &gap), Err(Error::Gap { expected: 2 })));

    let mut twice = batch(1, vec![opened()]);
    twice.decisions = vec![decision(1, "a"), decision(1, "b")];
    assert!(journal.append(epoch, &twice).is_err());

    assert_eq!(journal.head().unwrap(), 0);
    assert!(journal.read(0, 9).unwrap().is_empty());
    assert_eq!(journal.decision(CommandId(Uuid::from_u128(1))).unwrap(), None);
    journal.append(epoch, &batch(1, vec![opened()])).unwrap();
}

pub fn a_writer_that_was_replaced_writes_nothing(place: &dyn Place) {
    let (old, old_epoch) = founded(place);
    let new = place.open();
    let new_epoch = new.claim().unwrap();
    assert!(new_epoch > old_epoch);

    let late = batch(1, vec![opened()]);
    assert!(matches!(old.append(old_epoch, &late), Err(Error::Fenced { .. })));
    assert!(matches!(old.append(old_epoch, &refusal(0, "late")), Err(Error::Fenced { .. })));
    new.append(new_epoch, &late).unwrap();
}

pub fn a_writer_that_is_behind_is_told_where_the_head_is(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    journal.append(epoch, &batch(1, vec![opened(), note("one")])).unwrap();
    let behind = journal.append(epoch, &batch(2, vec![note("two")]));
    assert!(matches!(behind, Err(Error::Behind { head: 2 })));
    // What is refused may be so only because its writer has not heard of something yet.
    let refused = journal.append(epoch, &refusal(1, "refused"));
    assert!(matches!(refused, Err(Error::Behind { head: 2 })));
    assert_eq!(journal.decision(CommandId(Uuid::from_u128(1))).unwrap(), None);
}

pub fn whoever_joins_writes_beside_the_others_until_someone_claims(place: &dyn Place) {
    let (one, epoch) = founded(place);
    let two = place.open();
    assert_eq!(two.join().unwrap(), epoch);
    one.append(epoch, &batch(1, vec![opened()])).unwrap();
    two.append(epoch, &batch(2, vec![note("two")])).unwrap();
    one.append(epoch, &batch(3, vec![note("three")])).unwrap();

    assert!(place.open().claim().unwrap() > epoch);
    for fenced in [one, two] {
        assert!(matches!(fenced.append(epoch, &batch(4, vec![opened()])), Err(Error::Fenced { .. })));
    }
}

pub fn a_new_incarnation_is_made_once_and_fences_whoever_wrote(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    let was = journal.workspace().unwrap().unwrap().incarnation;
    let (new, late) = (Uuid::from_u128(77), Uuid::from_u128(78));
    assert!(journal.begin_anew(was, new).unwrap());
    assert!(!journal.begin_anew(was, late).unwrap());
    assert_eq!(journal.workspace().unwrap().unwrap().incarnation, new);
    let refused = journal.append(epoch, &batch(1, vec![note("Late")]));
    assert!(matches!(refused, Err(Error::Fenced { .. })), "{refused:?}");
}

pub fn only_a_shared_journal_hints_at_what_others_append(place: &dyn Place) {
    let (one, epoch) = founded(place);
    let two = place.open();
    let hints = two.hints();
    assert_eq!(hints.is_some(), two.is_shared());
    let Some(mut hints) = hints else { return };
    one.append(epoch, &batch(1, vec![opened(), note("one")])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let heard = runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(20), hints.wait_for(|head| *head == 2)).await.map(|_| ())
    });
    heard.expect("an append is hinted at");
}

pub fn a_decision_is_made_once(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    journal.append(epoch, &refusal(0, "refused")).unwrap();
    let mut again = batch(1, vec![opened()]);
    again.decisions = vec![decision(1, "accepted")];
    assert!(matches!(journal.append(epoch, &again), Err(Error::Decided)));
    assert_eq!(journal.head().unwrap(), 0);
    let kept = place.open().decision(CommandId(Uuid::from_u128(1))).unwrap().unwrap();
    assert_eq!(kept.outcome, "refused");
}

pub fn an_event_from_the_future_survives(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    let event = Event::from_text(r#"{"kind":"dreamt","of":"sheep","v":7}"#).unwrap();
    journal.append(epoch, &batch(1, vec![event.clone()])).unwrap();
    assert_eq!(journal.event(1).unwrap().unwrap().event, event);
}

/// A batch that blanks `blanked` and says one thing more.
pub fn blanking(first: u64, blanked: Vec<(u64, Event)>) -> Batch {
    Batch { blanked, ..batch(first, vec![note("erased")]) }
}

pub fn a_redaction_may_not_change_what_happened(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    journal.append(epoch, &batch(1, vec![opened(), note("words")])).unwrap();
    let refused = |blanked| journal.append(epoch, &blanking(3, blanked)).unwrap_err();
    assert!(matches!(refused(vec![(2, Event::Resolved)]), Error::NotTheSame { seq: 2 }));
    assert!(matches!(refused(vec![(2, note("")), (9, note(""))]), Error::NotTheSame { seq: 9 }));
    assert_eq!(journal.event(2).unwrap().unwrap().event, note("words"));

    journal.append(epoch, &blanking(3, vec![(2, note(""))])).unwrap();
    let blanked = journal.event(2).unwrap().unwrap();
    assert_eq!((blanked.event, blanked.at, blanked.seq), (note(""), at(1), 2));
    assert_eq!(journal.head().unwrap(), 3);
}

pub fn a_redaction_that_came_too_late_leaves_every_word(place: &dyn Place) {
    let (journal, epoch) = founded(place);
    journal.append(epoch, &batch(1, vec![opened(), note("words")])).unwrap();
    let behind = journal.append(epoch, &blanking(2, vec![(1, opened())]));
    assert!(matches!(behind, Err(Error::Behind { head: 2 })));
    let late = blanking(3, vec![(2, note(""))]);
    place.open().claim().unwrap();
    assert!(matches!(journal.append(epoch, &late), Err(Error::Fenced { .. })));
    assert_eq!(journal.event(2).unwrap().unwrap().event, note("words"));
}

pub fn a_lease_is_held_by_one_until_it_runs_out(place: &dyn Place) {
    let (one, _) = founded(place);
    let two = place.open();
    let (alice, bob) = (Uuid::from_u128(1), Uuid::from_u128(2));
    assert!(one.take_lease("mail", alice, at(0), 10).unwrap());
    assert!(!two.take_lease("mail", bob, at(9), 10).unwrap());
    assert!(two.take_lease("deadlines", bob, at(9), 10).unwrap());
    assert!(one.renew_lease("mail", alice, at(9), 10).unwrap());
    assert!(!two.take_lease("mail", bob, at(15), 10).unwrap());

    assert!(two.take_lease("mail", bob, at(19), 10).unwrap());
    assert!(!one.renew_lease("mail", alice, at(20), 10).unwrap());
    one.release_lease("mail", alice).unwrap();
    assert!(!one.take_lease("mail", alice, at(20), 10).unwrap());
    two.release_lease("mail", bob).unwrap();
    assert!(one.take_lease("mail", alice, at(20), 10).unwrap());
    assert!(!one.renew_lease("mail", alice, at(30), 10).unwrap());
}

fn session(n: u8, user: u128, device: u128) -> Session {
    Session {
        digest: [n; 32],
        user: UserId(Uuid::from_u128(user)),
        device: DeviceId(Uuid::from_u128(device)),
        device_name: format!("desk {device}"),
        opened_at: at(0),
        seen_at: at(i64::from(n)),
        expires_at: at(100),
    }
}

fn live(journal: &dyn Journal, now: Timestamp) -> Vec<u8> {
    let live = |n: &u8| journal.session(&[*n; 32], now).unwrap().is_some();
    (0..10).filter(live).collect()
}

pub fn a_session_ends_by_time_by_device_and_by_sign_out(place: &dyn Place) {
    let (journal, _) = founded(place);
    let opened = [(1, 1, 1), (2, 1, 2), (3, 1, 2), (4, 2, 2), (5, 2, 3), (6, 2, 4)];
    for (n, user, device) in opened {
        journal.open_session(&session(n, user, device)).unwrap();
    }
    let (first, second) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
    assert_eq!(journal.session(&[1; 32], at(1)).unwrap(), Some(session(1, 1, 1)));
    let of_the_second = [session(6, 2, 4), session(5, 2, 3), session(4, 2, 2)];
    assert_eq!(journal.sessions(Some(second), at(1)).unwrap(), of_the_second);
    assert_eq!(journal.sessions(None, at(1)).unwrap().len(), 6);
    assert_eq!((live(&*journal, at(99)).len(), live(&*journal, at(100)).len()), (6, 0));

    journal.end_session(&[1; 32], Ended::SignedOut).unwrap();
    journal.end_device(first, DeviceId(Uuid::from_u128(2)), Ended::Revoked).unwrap();
    assert_eq!(live(&*journal, at(1)), [4, 5, 6], "somebody else's sign-in on that device stays");
    journal.end_user_sessions(second, Some(&[5; 32]), Ended::NewPassword).unwrap();
    assert_eq!(live(&*journal, at(1)), [5]);
    assert_eq!(journal.sessions(None, at(1)).unwrap(), [session(5, 2, 3)]);
    journal.end_user_sessions(second, None, Ended::Deactivated).unwrap();
    assert!(live(&*place.open(), at(1)).is_empty());
}

pub fn a_session_is_good_for_longer_while_it_is_used(place: &dyn Place) {
    let (journal, _) = founded(place);
    journal.open_session(&session(1, 1, 1)).unwrap();
    journal.open_session(&session(2, 1, 2)).unwrap();
    journal.end_session(&[2; 32], Ended::Revoked).unwrap();
    for n in [1, 2, 9] {
        journal.renew_session(&[n; 32], at(90), at(190)).unwrap();
    }
    let renewed = Session { seen_at: at(90), expires_at: at(190), ..session(1, 1, 1) };
    assert_eq!(journal.session(&[1; 32], at(189)).unwrap(), Some(renewed));
    assert_eq!(live(&*journal, at(91)), [1], "what is over is not renewed");
}

pub fn what_ended_a_session_is_known_until_it_would_have_expired(place: &dyn Place) {
    let (journal, _) = founded(place);
    for (n, why) in (1..).zip(Ended::ALL) {
        journal.open_session(&session(n, 1, 1)).unwrap();
        assert_eq!(journal.session_ended(&[n; 32]).unwrap(), None);
        journal.end_session(&[n; 32], why).unwrap();
        journal.end_session(&[n; 32], Ended::SignedOut).unwrap();
        assert_eq!(journal.session_ended(&[n; 32]).unwrap(), Some(why), "the first reason stays");
    }
    journal.sweep(at(99)).unwrap();
    assert!(journal.session_ended(&[1; 32]).unwrap().is_some());
    journal.sweep(at(100)).unwrap();
    assert_eq!(journal.session_ended(&[1; 32]).unwrap(), None);
}

pub fn an_invitation_is_taken_once(place: &dyn Place) {
    let (journal, _) = founded(place);
    let invitation = |n: u8, expires_s| Invitation {
        id: Uuid::from_u128(n.into()),
        digest: [n; 32],
        user: UserId(Uuid::from_u128(9)),
        offer: r#"{"name":"Ada"}"#.into(),
        by: UserId(Uuid::from_u128(1)),
        made_at: at(n.into()),
        expires_at: at(expires_s),
    };
    for (n, expires_s) in [(1, 50), (2, 100), (3, 100)] {
        journal.put_invitation(&invitation(n, expires_s)).unwrap();
    }
    let again = Invitation { id: Uuid::from_u128(8), ..invitation(3, 100) };
    assert!(journal.put_invitation(&again).is_err(), "a code is one invitation's");
    assert_eq!(journal.invitations(at(60)).unwrap(), [invitation(3, 100), invitation(2, 100)]);

    assert_eq!(journal.take_invitation(&[1; 32], at(60)).unwrap(), None, "it is over");
    assert_eq!(journal.take_invitation(&[2; 32], at(60)).unwrap(), Some(invitation(2, 100)));
    assert_eq!(place.open().take_invitation(&[2; 32], at(60)).unwrap(), None, "it was taken");
    assert!(journal.withdraw_invitation(Uuid::from_u128(3)).unwrap());
    assert!(!journal.withdraw_invitation(Uuid::from_u128(3)).unwrap());
    assert_eq!(journal.take_invitation(&[3; 32], at(60)).unwrap(), None, "it was withdrawn");

    journal.sweep(at(60)).unwrap();
    assert!(journal.invitations(at(0)).unwrap().is_empty());
}

pub fn what_undoes_feedback_cannot_be_replaced(place: &dyn Place) {
    let (journal, _) = founded(place);
    let feedback = FeedbackId(Uuid::from_u128(1));
    journal.put_undo(feedback, &[1; 32]).unwrap();
    journal.put_undo(feedback, &[2; 32]).unwrap();
    assert_eq!(journal.undo(feedback).unwrap(), Some([1; 32]));
    assert_eq!(journal.undo(FeedbackId(Uuid::from_u128(2))).unwrap(), None);
}

pub fn a_workspace_is_founded_once(place: &dyn Place) {
    let journal = place.open();
    assert_eq!(journal.workspace().unwrap(), None);
    assert!(matches!(journal.claim(), Err(Error::NoWorkspace)));
    assert!(matches!(journal.head(), Err(Error::NoWorkspace)));
    journal.found(&founding()).unwrap();
    assert!(matches!(journal.found(&founding()), Err(Error::AlreadyFounded)));
    journal.put_secret("mailbox", b"sealed").unwrap();
    journal.put_secret("mailbox", b"sealed again").unwrap();
    journal.set_password(UserId(Uuid::nil()), "$argon2id$").unwrap();

    let again = place.open();
    let workspace = again.workspace().unwrap().unwrap();
    assert_eq!((workspace.id, workspace.name), (founding().id, founding().name));
    assert_eq!(again.secret("mailbox").unwrap().as_deref(), Some(&b"sealed again"[..]));
    assert_eq!(again.password(UserId(Uuid::nil())).unwrap().as_deref(), Some("$argon2id$"));
    assert_eq!(again.secret("other").unwrap(), None);
}
