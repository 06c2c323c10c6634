//! What the desk tells, carried to the page, the tray and the desktop's notifications.

use std::sync::{Arc, Weak};
use std::time::Duration;

use evendesk_desk::view::{Change, ConnectionState, News};
use evendesk_desk::{Desk, Error};
use evendesk_replica::{Alert, AlertKind};
use tauri::{AppHandle, Emitter as _};
use tokio::sync::broadcast::error::RecvError;

use crate::notify::{self, Notice};
use crate::opening::OpenCustomer;
use crate::{tray, words};

/// Notifications at one time; more become one that says how many.
const AT_ONCE: usize = 3;

/// Changes that come close together are looked at once.
const BREATH: Duration = Duration::from_millis(150);

/// Follows `desk` until it is gone.
pub fn follow(app: &AppHandle, desk: Arc<Desk>) {
    let news = desk.subscribe();
    let follower = Follower { app: app.clone(), desk: Arc::downgrade(&desk), told_up_to: None };
    let spawned = std::thread::Builder::new().name("news".to_owned()).spawn(move || follower.run(news));
    if let Err(error) = spawned {
        tracing::error!(%error, "the window will not follow what changes");
    }
}

struct Follower {
    app: AppHandle,
    /// Weak: following a desk does not keep its folder locked.
    desk: Weak<Desk>,
    /// None until the desk is in sync for the first time: what happened before is no news.
    told_up_to: Option<u64>,
}

impl Follower {
    fn run(mut self, mut news: tokio::sync::broadcast::Receiver<News>) {
        loop {
            match news.blocking_recv() {
                Ok(News::Changed(change)) => self.changed(&change),
                Ok(News::Connection(connection)) => {
                    if connection.state == ConnectionState::InSync {
                        self.begin();
                    }
                    self.emit("connection", &connection);
                }
                Ok(News::Presence(presence)) => self.emit("presence", &presence),
                Err(RecvError::Lagged(_)) => self.changed(&Change::everything()),
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn emit(&self, event: &str, what: &(impl serde::Serialize + Clone)) {
        if let Err(error) = self.app.emit(event, what.clone()) {
            tracing::warn!(%error, event, "the page was not told");
        }
    }

    fn begin(&mut self) {
        if self.told_up_to.is_none() {
            self.told_up_to = self.desk.upgrade().and_then(|desk| desk.last_seq().ok());
        }
    }

    fn changed(&mut self, change: &Change) {
        self.emit("changed", change);
        std::thread::sleep(BREATH);
        if let Err(error) = self.look() {
            tracing::debug!(%error, "nothing to tell the desktop");
        }
    }

    fn look(&mut self) -> Result<(), Error> {
        let Some(desk) = self.desk.upgrade() else { return Ok(()) };
        tray::set_overdue(&self.app, desk.counts()?.overdue);
        let Some(after) = self.told_up_to else { return Ok(()) };
        let alerts = desk.alerts(after)?;
        if let Some(last) = alerts.last() {
            self.told_up_to = Some(last.seq);
        }
        for notice in notices(&alerts) {
            notify::send(&self.app, notice);
        }
        Ok(())
    }
}

fn notices(alerts: &[Alert]) -> Vec<Notice> {
    let alerts = one_a_matter(alerts);
    let (shown, rest) = alerts.split_at(alerts.len().min(AT_ONCE));
    let mut notices: Vec<Notice> = shown.iter().map(|alert| notice(alert)).collect();
    if !rest.is_empty() {
        let title = words::more(rest.len());
        notices.push(Notice { title, body: String::new(), opens: None, pressing: false });
    }
    notices
}

/// The most pressing of what is told of each matter at one time: a word that comes late may be at risk
/// and overdue in the same moment.
fn one_a_matter(alerts: &[Alert]) -> Vec<&Alert> {
    let mut kept: Vec<&Alert> = Vec::new();
    for alert in alerts {
        match kept.iter_mut().find(|other| other.conversation == alert.conversation) {
            Some(other) if pressing(alert.kind) > pressing(other.kind) => *other = alert,
            Some(_) => {}
            None => kept.push(alert),
        }
    }
    kept
}

const fn pressing(kind: AlertKind) -> u8 {
    match kind {
        AlertKind::Spoke => 0,
        AlertKind::AssignedToMe => 1,
        AlertKind::AtRisk => 2,
        AlertKind::CameBack => 3,
        AlertKind::Breached => 4,
    }
}

fn notice(alert: &Alert) -> Notice {
    Notice {
        title: words::alert(alert.kind, &alert.name),
        body: alert.subject.clone(),
        opens: Some(OpenCustomer {
            customer: alert.customer.to_string(),
            conversation: Some(alert.conversation.to_string()),
        }),
        pressing: alert.kind == AlertKind::Breached,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evendesk_domain::id::{ConversationId, CustomerId};
    use uuid::Uuid;

    fn alert(matter: u128, kind: AlertKind) -> Alert {
        Alert {
            seq: 1,
            kind,
            customer: CustomerId(Uuid::nil()),
            conversation: ConversationId(Uuid::from_u128(matter)),
            name: "Ada".to_owned(),
            subject: String::new(),
        }
    }

    #[test]
    fn a_flood_of_alerts_is_three_notifications_and_a_number() {
        let alerts: Vec<Alert> = (0..9).map(|matter| alert(matter, AlertKind::Spoke)).collect();
        let notices = notices(&alerts);
        assert_eq!(notices.len(), AT_ONCE + 1);
        assert!(notices[AT_ONCE].title.contains('6'), "{}", notices[AT_ONCE].title);
    }

    #[test]
    fn of_one_matter_only_the_most_pressing_is_told() {
        let kinds = [AlertKind::Spoke, AlertKind::AtRisk, AlertKind::Breached, AlertKind::AtRisk];
        let notices = notices(&kinds.map(|kind| alert(1, kind)));
        assert_eq!(notices.len(), 1);
        assert!(notices[0].pressing, "{notices:?}");
    }
}
