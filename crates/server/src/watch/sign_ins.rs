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
        let commit = tokio::select! {
            commit = commits.recv() => commit,
            _ = stopping.wait_for(|stop| *stop) => return,
        };
        match commit {
            Ok(commit) => {
                for user in commit.events.iter().filter_map(who_left_or_came_back) {
                    end(&app, user).await;
                }
            }
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

fn who_left_or_came_back(recorded: &Recorded) -> Option<UserId> {
    let changed = matches!(recorded.event, Event::UserDeactivated | Event::UserReactivated);
    changed.then_some(UserId(recorded.stream.id))
}

async fn end(app: &App, user: UserId) {
    let ended = app.ask_journal(move |journal| journal.end_user_sessions(user, None, Ended::Deactivated));
    if let Err(e) = ended.await {
        tracing::error!("the sign-ins of a person who was deactivated could not be ended: {e}");
    }
    app.sign_ins_ended(user);
}
