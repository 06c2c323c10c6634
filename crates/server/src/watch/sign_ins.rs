//! Ends the sign-ins of people who may not sign in any more. They are not let in from the commit on
//! (every request looks); this closes what is open, and sees to it that an old token does not come to
//! life again with the person.

use evendesk_domain::event::Event;
use evendesk_domain::id::UserId;
use evendesk_domain::stream::Recorded;
use evendesk_journal::Ended;
use tokio::sync::broadcast::error::RecvError;

use crate::state::App;

pub async fn watch(app: App) {
    let mut commits = app.writer.follow();
    let mut stopping = app.stopping.clone();
    loop {
        tokio::select! {
            commit = commits.recv() => match commit {
                Ok(commit) => commit.events.iter().filter_map(who_left_or_came_back).for_each(|u| end(&app, u)),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            },
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

fn who_left_or_came_back(recorded: &Recorded) -> Option<UserId> {
    let changed = matches!(recorded.event, Event::UserDeactivated | Event::UserReactivated);
    changed.then_some(UserId(recorded.stream.id))
}

fn end(app: &App, user: UserId) {
    if let Err(e) = app.journal.end_user_sessions(user, None, Ended::Deactivated) {
        tracing::error!("the sign-ins of a person who was deactivated could not be ended: {e}");
    }
    app.sign_ins_ended(user);
}
