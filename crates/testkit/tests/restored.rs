//! A server is lost, and an older backup comes up in its place: what desks had had confirmed since is offered
//! again. The real server, desk, backup and restore.

use evendesk_desk::view::ConnectionState;
use evendesk_domain::command::CommandBody;
use evendesk_domain::event::Event;
use evendesk_domain::settings::Role;
use evendesk_testkit::world::{Seat, World, note, until};

fn settled(seat: &Seat) -> bool {
    let connection = seat.desk.connection();
    connection.state == ConnectionState::InSync && connection.pending == 0
}

#[test]
fn what_was_confirmed_after_the_backup_is_there_again_once_and_the_answer_waits_for_a_supervisor() {
    let mut world = World::new();
    let (agent, supervisor) = (world.seat("Alice", Role::Agent), world.seat("Sue", Role::Supervisor));
    let (conversation, said) = world.writes("ada@customer.example", "Where is it?");
    until("it is there", || agent.texts(conversation).len() == 1);
    agent.desk.submit(note(conversation, "before")).unwrap();
    until("it is confirmed", || settled(&agent));
    let kept = tempfile::tempdir().unwrap();
    world.back_up(kept.path());

    agent.desk.submit(note(conversation, "asked the depot")).unwrap();
    let reply = world.reply(conversation, said, "It comes on Monday.");
    let CommandBody::Reply(draft) = &reply else { panic!("{reply:?}") };
    let message = draft.message;
    agent.desk.submit(reply).unwrap();
    agent.desk.submit(CommandBody::SetHold { conversation }).unwrap();
    until("all of it is confirmed", || settled(&agent) && agent.texts(conversation).len() == 4);

    world.lose_and_restore(kept.path());
    let counted =
        |wanted: &dyn Fn(&Event) -> bool| world.journal().iter().filter(|e| wanted(&e.event)).count();
    let held = |e: &Event| *e == Event::ReplyHeld { message };
    until("all of it is there again", || counted(&|e| *e == Event::HoldSet) == 1 && settled(&agent));
    let words = ["Where is it?", "before", "asked the depot", "It comes on Monday."];
    until("it is shown once", || agent.texts(conversation) == words);
    until("at the other desk too", || settled(&supervisor) && supervisor.texts(conversation) == words);
    let noted = counted(&|e| matches!(e, Event::NoteAdded { .. }));
    let replied = counted(&|e| matches!(e, Event::Replied(_)));
    assert_eq!((noted, replied, counted(&held)), (2, 1, 1));
    assert!(agent.dump(conversation).contains("held"), "{}", agent.dump(conversation));

    // Everybody knows what happened; who decides sees every answer that waits, others their own.
    let colleague = world.seat("Cole", Role::Agent);
    until("the colleague has it all", || colleague.texts(conversation) == words);
    for (seat, sees) in [(&agent, 1), (&supervisor, 1), (&colleague, 0)] {
        assert_eq!(seat.desk.held_answers().unwrap().len(), sees);
        let restored = seat.desk.directory().unwrap().restored.expect("it is told");
        assert!(restored.backup_made_at < restored.at, "{restored:?}");
    }
    let release = CommandBody::ReleaseReply { conversation, message };
    let refused = agent.desk.submit(release.clone()).unwrap_err();
    assert!(refused.to_string().contains("supervisor"), "{refused}");
    assert_eq!(counted(&|e| *e == Event::ReplyReleased { message }), 0);
    supervisor.desk.submit(release).unwrap();
    until("it is released", || counted(&|e| *e == Event::ReplyReleased { message }) == 1);
    until("none waits any more", || agent.desk.held_answers().unwrap().is_empty());
    until("and that is known at both", || settled(&supervisor) && settled(&agent));
    for seat in [&agent, &supervisor] {
        assert_eq!(seat.dump(conversation), world.dump(conversation));
        assert!(seat.desk.doctor().unwrap().is_good());
    }
}
