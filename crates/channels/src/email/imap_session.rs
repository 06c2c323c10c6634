//! One signed-in IMAP session that only reads: it looks at the inbox (EXAMINE, BODY.PEEK) and changes
//! nothing in it. Blocking; [`super::fetch`] keeps it off the threads that others wait on.

use std::collections::HashMap;

use evendesk_domain::limits::MAIL_BYTES;
use evendesk_domain::time::Timestamp;

use super::address::ServerAddress;
use super::fetch::FetchError;
use super::receive::RawMail;
use super::stream::{Allowance, Stream};
use crate::intake::Cursor;

/// Mails asked for at once, and their bytes unless one alone is larger.
const BATCH_MAILS: usize = 100;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// What a server may say besides the mails themselves.
const TALK_BYTES: usize = 64 * 1024 * 1024;

pub struct Session {
    imap: imap::Session<Stream>,
    left: Allowance,
    server: String,
}

/// Mails in the order of their UIDs, and the cursor that covers them.
#[derive(Debug)]
pub struct Batch {
    pub mails: Vec<Found>,
    pub cursor: Cursor,
}

#[derive(Debug)]
pub enum Found {
    Mail(RawMail),
    /// The server lists it and does not give it.
    Withheld {
        uid: u32,
        size: u64,
        reason: String,
    },
}

/// By UID: the bytes, or why the server does not give them.
type Bodies = HashMap<u32, Result<Vec<u8>, String>>;

struct Listed {
    uid: u32,
    size: u64,
    received_at: Option<Timestamp>,
}

impl Session {
    pub fn open(server: &ServerAddress, user: &str, password: &str) -> Result<Self, FetchError> {
        let left = Allowance::new(TALK_BYTES);
        let unreachable =
            |e: std::io::Error| FetchError::Unreachable { server: server.to_string(), reason: e.to_string() };
        let talk = |e: imap::Error| FetchError::of(server.to_string(), e);
        let mut stream = Stream::connect(server, left.clone()).map_err(unreachable)?;
        if server.tls {
            stream = stream.encrypt(&server.host).map_err(unreachable)?;
        }
        let client = if server.tls || server.is_loopback() {
            let mut client = imap::Client::new(stream);
            client.read_greeting().map_err(talk)?;
            client
        } else {
            if !stream.start_tls().map_err(unreachable)? {
                return Err(FetchError::NotEncrypted { server: server.to_string() });
            }
            imap::Client::new(stream.encrypt(&server.host).map_err(unreachable)?)
        };
        let imap = client.login(user, password).map_err(|(e, _)| match e {
            imap::Error::No(no) if !no.information.contains("UNAVAILABLE") => FetchError::SignInRefused {
                server: server.to_string(),
                user: user.to_owned(),
                reason: no.information,
            },
            other => talk(other),
        })?;
        Ok(Self { imap, left, server: server.to_string() })
    }

    /// The next mails after the cursor; `None` when there are none. `most` is 1 after trouble, so that
    /// one mail that cannot be transferred is told from its neighbours.
    pub fn next(&mut self, cursor: Cursor, most: usize) -> Result<Option<Batch>, FetchError> {
        self.left.set(TALK_BYTES);
        let inbox = self.imap.examine("INBOX").map_err(|e| self.error(e))?;
        let uid_validity = inbox.uid_validity.ok_or_else(|| FetchError::Protocol {
            server: self.server.clone(),
            reason: "it gives its mails no lasting numbers (UIDVALIDITY)".to_owned(),
        })?;
        // Renumbered: everything is looked at again, and known again by its content.
        let renumbered = uid_validity != cursor.uid_validity;
        let last_uid = if renumbered { 0 } else { cursor.last_uid };
        let cursor = Cursor { uid_validity, last_uid };
        let nothing_new =
            inbox.exists == 0 || inbox.uid_next.is_some_and(|next| next <= last_uid.saturating_add(1));
        let listed = if nothing_new { Vec::new() } else { self.list(last_uid, most)? };
        if listed.is_empty() {
            return Ok(renumbered.then_some(Batch { mails: Vec::new(), cursor }));
        }
        let last_uid = listed.last().map_or(last_uid, |l| l.uid);
        Ok(Some(Batch {
            mails: self.fetch(uid_validity, &listed)?,
            cursor: Cursor { uid_validity, last_uid },
        }))
    }

    /// UIDs, sizes and dates of the next mails, as many as make one batch.
    fn list(&mut self, last_uid: u32, most: usize) -> Result<Vec<Listed>, FetchError> {
        let found = self.imap.uid_search(format!("UID {}:*", last_uid.saturating_add(1)));
        // A range that begins beyond the last mail still names the last mail.
        let mut uids: Vec<u32> =
            found.map_err(|e| self.error(e))?.into_iter().filter(|&u| u > last_uid).collect();
        uids.sort_unstable();
        uids.truncate(most.min(BATCH_MAILS));
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let answer =
            self.imap.uid_fetch(set(&uids), "(UID RFC822.SIZE INTERNALDATE)").map_err(|e| self.error(e))?;
        let known: HashMap<u32, _> = answer.iter().filter_map(|f| Some((f.uid?, f))).collect();
        let mut bytes = 0;
        let mut listed = Vec::new();
        for uid in uids {
            let size = known.get(&uid).and_then(|f| f.size).map_or(0, u64::from);
            bytes += size;
            if bytes > BATCH_BYTES && !listed.is_empty() {
                break;
            }
            let received_at = known.get(&uid).and_then(|f| f.internal_date()).map(|d| d.to_utc().into());
            listed.push(Listed { uid, size, received_at });
        }
        Ok(listed)
    }

    fn fetch(&mut self, uid_validity: u32, listed: &[Listed]) -> Result<Vec<Found>, FetchError> {
        let (small, large): (Vec<&Listed>, Vec<&Listed>) =
            listed.iter().partition(|l| usize::try_from(l.size).is_ok_and(|s| s <= MAIL_BYTES));
        let mut found: Vec<(u32, Found)> = large.into_iter().map(|l| (l.uid, mail(l, None))).collect();
        let mut bodies = self.bodies(uid_validity, &small)?;
        for l in small {
            let one = match bodies.remove(&l.uid) {
                Some(Ok(bytes)) => mail(l, Some(bytes)),
                Some(Err(reason)) => Found::Withheld { uid: l.uid, size: l.size, reason },
                None => Found::Withheld {
                    uid: l.uid,
                    size: l.size,
                    reason: "it was gone from the mailbox before it could be fetched".to_owned(),
                },
            };
            found.push((l.uid, one));
        }
        found.sort_by_key(|(uid, _)| *uid);
        Ok(found.into_iter().map(|(_, f)| f).collect())
    }

    /// The mails themselves. Where the server refuses the lot, each is asked for alone.
    fn bodies(&mut self, uid_validity: u32, listed: &[&Listed]) -> Result<Bodies, FetchError> {
        let uids: Vec<u32> = listed.iter().map(|l| l.uid).collect();
        if uids.is_empty() {
            return Ok(HashMap::new());
        }
        let bytes: u64 = listed.iter().map(|l| l.size).sum();
        self.left.set(TALK_BYTES.saturating_add(usize::try_from(bytes).unwrap_or(0)));
        match self.imap.uid_fetch(set(&uids), "(UID BODY.PEEK[])") {
            Ok(answer) => Ok(answer.iter().filter_map(|f| Some((f.uid?, Ok(f.body()?.to_vec())))).collect()),
            Err(imap::Error::No(no)) if listed.len() == 1 => {
                Ok([(uids[0], Err(refused(&no.information)))].into())
            }
            Err(imap::Error::Bad(bad)) if listed.len() == 1 => {
                Ok([(uids[0], Err(refused(&bad.information)))].into())
            }
            Err(imap::Error::No(_) | imap::Error::Bad(_)) => {
                let mut all = HashMap::new();
                for one in listed {
                    all.extend(self.bodies(uid_validity, &[one])?);
                }
                Ok(all)
            }
            Err(e) if is_garbled(&e) => {
                Err(FetchError::Garbled { uid_validity, uids, reason: e.to_string() })
            }
            Err(e) => Err(self.error(e)),
        }
    }

    fn error(&self, e: imap::Error) -> FetchError {
        FetchError::of(self.server.clone(), e)
    }
}

fn mail(listed: &Listed, bytes: Option<Vec<u8>>) -> Found {
    Found::Mail(RawMail { uid: Some(listed.uid), received_at: listed.received_at, size: listed.size, bytes })
}

fn refused(reason: &str) -> String {
    format!("the mail server does not give it: {}", super::headers::line(reason))
}

/// The session cannot go on, and it was what the server said rather than the line.
fn is_garbled(e: &imap::Error) -> bool {
    matches!(
        e,
        imap::Error::Parse(_)
            | imap::Error::Unexpected(_)
            | imap::Error::TagMismatch(_)
            | imap::Error::Bye(_)
    )
}

fn set(uids: &[u32]) -> String {
    let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
    uids.join(",")
}
