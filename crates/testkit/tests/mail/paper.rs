//! An intake of paper: what the server does with arrivals, in memory, and refusing when told to.

use std::collections::HashMap;
use std::sync::Mutex;

use evendesk_channels::intake::{Arrival, Cursor, Intake, IntakeError, Outcome, Reached};
use evendesk_domain::id::AccountId;
use evendesk_domain::inbound::Inbound;

#[derive(Default)]
pub struct Paper {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    blobs: HashMap<String, Vec<u8>>,
    cursors: HashMap<String, Cursor>,
    mails: Vec<Inbound>,
    set_aside: Vec<(Option<u32>, String)>,
    seen_again: usize,
    appends_left: Option<usize>,
}

impl Paper {
    /// Appends so many batches, then refuses.
    pub fn refuse_after(&self, appends: Option<usize>) {
        self.kept.lock().expect("paper").appends_left = appends;
    }

    pub fn subjects(&self) -> Vec<String> {
        self.kept.lock().expect("paper").mails.iter().map(|m| m.subject.clone()).collect()
    }

    pub fn mails(&self) -> Vec<Inbound> {
        self.kept.lock().expect("paper").mails.clone()
    }

    pub fn blob(&self, hash: &str) -> Vec<u8> {
        self.kept.lock().expect("paper").blobs[hash].clone()
    }

    pub fn set_aside(&self) -> Vec<(Option<u32>, String)> {
        self.kept.lock().expect("paper").set_aside.clone()
    }

    pub fn seen_again(&self) -> usize {
        self.kept.lock().expect("paper").seen_again
    }
}

impl Intake for Paper {
    async fn put_blob(&self, bytes: Vec<u8>) -> Result<String, IntakeError> {
        let name = evendesk_channels::intake::blob_name(&bytes);
        self.kept.lock().expect("paper").blobs.insert(name.clone(), bytes);
        Ok(name)
    }

    async fn cursor(&self, _account: AccountId, folder: &str) -> Result<Cursor, IntakeError> {
        Ok(self.kept.lock().expect("paper").cursors.get(folder).copied().unwrap_or_default())
    }

    async fn arrived(
        &self,
        _account: AccountId,
        arrivals: Vec<Arrival>,
        reached: Option<Reached>,
    ) -> Result<(), IntakeError> {
        let mut kept = self.kept.lock().expect("paper");
        match &mut kept.appends_left {
            Some(0) => return Err(IntakeError::Store("the disk is full".to_owned())),
            Some(left) => *left -= 1,
            None => {}
        }
        for arrival in arrivals {
            match arrival.outcome {
                Outcome::Read(mail) if kept.mails.iter().any(|m| m.remote_id == mail.remote_id) => {
                    kept.seen_again += 1
                }
                Outcome::Read(mail) => kept.mails.push(*mail),
                Outcome::SetAside(aside) => kept.set_aside.push((arrival.uid, aside.reason)),
            }
        }
        if let Some(Reached { folder, cursor }) = reached {
            kept.cursors.insert(folder, cursor);
        }
        Ok(())
    }
}
