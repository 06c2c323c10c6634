//! Telling other nodes that something was appended, and hearing it from them. Notifications are hints:
//! sent outside the append's transaction, since a notifying commit takes a lock over the whole database;
//! few of them, since each tells the newest head; and missed while there is no connection.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::Pool;
use tokio::sync::watch;

use super::dial::Dial;
use super::{Lost, unsigned};

const CHANNEL: &str = "evendesk_head";
/// Between one notification and the next.
const PAUSE: Duration = Duration::from_millis(5);
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Notifies of the newest head until the journal is closed.
pub(super) async fn tell(pool: Pool, mut appended: watch::Receiver<u64>) {
    while appended.changed().await.is_ok() {
        let head = appended.borrow_and_update().to_string();
        // Whoever does not hear of it polls.
        if let Ok(client) = pool.get().await {
            let _ = client.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &head]).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens, on a connection of its own and on another when that is lost, until nobody wants to hear.
pub(super) async fn listen(dial: Dial, heard: Arc<watch::Sender<u64>>) {
    let mut wait = FIRST_WAIT;
    while !heard.is_closed() {
        if let Ok(connection) = attend(&dial, &heard).await {
            wait = FIRST_WAIT;
            let _ = connection.await;
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Returns what ends when the connection does.
async fn attend(
    dial: &Dial,
    heard: &Arc<watch::Sender<u64>>,
) -> Result<impl Future<Output = ()> + use<>, Lost> {
    let tell = Arc::clone(heard);
    let hear = move |payload: &str| {
        if let Ok(head) = payload.parse() {
            tell.send_replace(head);
        }
    };
    let (client, driver) = dial.connect(hear).await?;
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
    // What was missed before is made good by one look.
    if let Some(row) = client.query_opt("SELECT head FROM workspace", &[]).await? {
        heard.send_replace(unsigned(row.get(0)));
    }
    Ok(async move {
        let _ = driver.await;
        // Dropped sooner, it would end the connection.
        drop(client);
    })
}
