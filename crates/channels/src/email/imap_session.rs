//! One signed-in IMAP session that only reads: it looks at folders (EXAMINE, BODY.PEEK) and changes
//! nothing in it. Blocking; [`super::fetch`] keeps it off the threads that others wait on.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use evendesk_domain::limits::MAIL_BYTES;
use evendesk_domain::time::Timestamp;
use imap::extensions::idle::WaitOutcome;
use imap::types::UnsolicitedResponse;

use super::fetch::{Access, FetchError, Heard};
use super::receive::RawMail;
use super::sign_in::Secret;
use super::stream::{Allowance, HangUp, Stream, is_distrust};
use crate::intake::Cursor;

/// Mails asked for at once, and their bytes unless one alone is larger.
const BATCH_MAILS: usize = 100;
const BATCH_BYTES: u64 = 8 * 1024 * 1024;
/// What a server may say besides the mails themselves.
const TALK_BYTES: usize = 64 * 1024 * 1024;

pub struct Session {
    imap: SignedIn,
    line: TcpStream,
    left: Allowance,
    server: String,
    /// It tells by itself what changes (RFC 2177).
    idles: bool,
    /// How a folder was when nothing more was found in it.
    at_rest: HashMap<String, State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    uid_validity: u32,
    uid_next: Option<u32>,
    exists: u32,
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
    pub fn open(access: &Access, secret: &Secret) -> Result<Self, FetchError> {
        let server = &access.server;
        let left = Allowance::new(TALK_BYTES);
        let talk = |e: imap::Error| FetchError::of(server.to_string(), e);
        let stream = draw(access, left.clone())?;
        let line = stream.other_end().map_err(|e| gone(&server.to_string(), &e))?;
        let mut client = imap::Client::new(stream);
        if server.tls || server.allows_clear() {
            client.read_greeting().map_err(talk)?;
        }
        let mut imap = sign_in(client, access, secret)?;
        let idles = imap.capabilities().map_err(talk)?.has_str("IDLE");
        Ok(Self { imap, line, left, server: server.to_string(), idles, at_rest: HashMap::new() })
    }

    /// Ends it from outside.
    pub fn hang_up(&self) -> Result<HangUp, FetchError> {
        let line = self.line.try_clone().map_err(|e| gone(&self.server, &e))?;
        Ok(HangUp::on(line))
    }

    /// The folders there are.
    pub fn folders(&mut self) -> Result<Vec<String>, FetchError> {
        self.left.set(TALK_BYTES);
        let listed = self.imap.list(Some(""), Some("*")).map_err(|e| self.error(e))?;
        Ok(listed.iter().map(|folder| folder.name().to_owned()).collect())
    }

    /// Waits until something changes in the folder since nothing more was found in it, or for that long.
    pub fn listen(&mut self, folder: &str, patience: Duration) -> Result<Heard, FetchError> {
        if !self.idles {
            return Ok(Heard::Deaf);
        }
        self.left.set(TALK_BYTES);
        let now = self.look_at(folder)?;
        // What was said up to here is in what was just looked at.
        self.imap.take_all_unsolicited().for_each(drop);
        if self.at_rest.get(folder) != Some(&now) {
            return Ok(Heard::News);
        }
        let until = Instant::now() + patience;
        let mut line = self.imap.idle();
        line.timeout(patience).keepalive(false);
        let heard = line.wait_while(|said| !is_news(&said) && Instant::now() < until);
        drop(line);
        match heard.map_err(|e| self.error(e))? {
            WaitOutcome::MailboxChanged => Ok(Heard::News),
            WaitOutcome::TimedOut => Ok(Heard::Silence),
        }
    }

    fn look_at(&mut self, folder: &str) -> Result<State, FetchError> {
        let found = self.imap.examine(wire_name(folder)).map_err(|e| match e {
            imap::Error::No(no) => FetchError::NoFolder {
                server: self.server.clone(),
                folder: folder.to_owned(),
                reason: super::headers::line(&no.information),
            },
            e => self.error(e),
        })?;
        let uid_validity = found.uid_validity.ok_or_else(|| FetchError::Protocol {
            server: self.server.clone(),
            reason: "it gives its mails no lasting numbers (UIDVALIDITY)".to_owned(),
        })?;
        Ok(State { uid_validity, uid_next: found.uid_next, exists: found.exists })
    }

    /// The next mails after the cursor; `None` when there are none. `most` is 1 after trouble, so that
    /// one mail that cannot be transferred is told from its neighbours.
    pub fn next(&mut self, folder: &str, cursor: Cursor, most: usize) -> Result<Option<Batch>, FetchError> {
        self.left.set(TALK_BYTES);
        let state = self.look_at(folder)?;
        let uid_validity = state.uid_validity;
        // Renumbered: everything is looked at again, and known again by its content.
        let renumbered = uid_validity != cursor.uid_validity;
        let last_uid = if renumbered { 0 } else { cursor.last_uid };
        let cursor = Cursor { uid_validity, last_uid };
        let nothing_new =
            state.exists == 0 || state.uid_next.is_some_and(|next| next <= last_uid.saturating_add(1));
        let listed = if nothing_new { Vec::new() } else { self.list(last_uid, most)? };
        if listed.is_empty() {
            self.at_rest.insert(folder.to_owned(), state);
            return Ok(renumbered.then_some(Batch { mails: Vec::new(), cursor }));
        }
        let last_uid = listed.last().map_or(last_uid, |l| l.uid);
        Ok(Some(Batch {
            mails: self.fetch(uid_validity, &listed)?,
            cursor: Cursor { uid_validity, last_uid },
        }))
    }

    /// One mail by its number; `None` where the folder's numbers are not those any more, or it is gone.
    pub fn one(&mut self, folder: &str, uid_validity: u32, uid: u32) -> Result<Option<Found>, FetchError> {
        self.left.set(TALK_BYTES);
        if self.look_at(folder)?.uid_validity != uid_validity {
            return Ok(None);
        }
        let listed = self.listed(&[uid])?;
        Ok(self.fetch(uid_validity, &listed)?.pop())
    }

    /// UIDs, sizes and dates of the next mails, as many as make one batch.
    fn list(&mut self, last_uid: u32, most: usize) -> Result<Vec<Listed>, FetchError> {
        let found = self.imap.uid_search(format!("UID {}:*", last_uid.saturating_add(1)));
        // A range that begins beyond the last mail still names the last mail.
        let mut uids: Vec<u32> =
            found.map_err(|e| self.error(e))?.into_iter().filter(|&u| u > last_uid).collect();
        uids.sort_unstable();
        uids.truncate(most.min(BATCH_MAILS));
        self.listed(&uids)
    }

    fn listed(&mut self, uids: &[u32]) -> Result<Vec<Listed>, FetchError> {
        if uids.is_empty() {
            return Ok(Vec::new());
        }
        let answer =
            self.imap.uid_fetch(set(uids), "(UID RFC822.SIZE INTERNALDATE)").map_err(|e| self.error(e))?;
        let known: HashMap<u32, _> = answer.iter().filter_map(|f| Some((f.uid?, f))).collect();
        let mut bytes = 0;
        let mut listed = Vec::new();
        for &uid in uids {
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

/// Connects, encrypted: from the first byte, by STARTTLS, or not at all within this machine.
fn draw(access: &Access, left: Allowance) -> Result<Stream, FetchError> {
    let (server, ca) = (&access.server, access.ca.as_deref());
    let gone = |e: io::Error| gone(&server.to_string(), &e);
    let mut stream = Stream::connect(server, left).map_err(gone)?;
    if !server.tls {
        if server.allows_clear() {
            return Ok(stream);
        }
        if !stream.start_tls().map_err(gone)? {
            return Err(FetchError::NotEncrypted { server: server.to_string() });
        }
    }
    stream.encrypt(&server.host, ca).map_err(gone)
}

fn gone(server: &str, e: &io::Error) -> FetchError {
    let (server, reason) = (server.to_owned(), e.to_string());
    if is_distrust(e) {
        return FetchError::NotTrusted { server, reason };
    }
    FetchError::Unreachable { server, reason }
}

type SignedIn = imap::Session<Stream>;

fn sign_in(
    mut client: imap::Client<Stream>,
    access: &Access,
    secret: &Secret,
) -> Result<SignedIn, FetchError> {
    let (server, user) = (access.server.to_string(), access.user.clone());
    let signed_in = match secret {
        Secret::Password(password) => client.login(&user, password),
        Secret::Token(token) => {
            let offered = client.capabilities().map_err(|e| FetchError::of(server.clone(), e))?;
            if offered.has_str("AUTH=XOAUTH2") {
                client.authenticate("XOAUTH2", &Answers::new(Secret::xoauth2(&user, token), ""))
            } else if offered.has_str("AUTH=OAUTHBEARER") {
                client.authenticate("OAUTHBEARER", &Answers::new(Secret::oauthbearer(&user, token), "\x01"))
            } else {
                let reason = "it offers no sign-in without a password".to_owned();
                return Err(FetchError::SignInRefused { server, user, reason });
            }
        }
    };
    signed_in.map_err(|(e, _)| match e {
        imap::Error::No(no) if !no.information.contains("UNAVAILABLE") => {
            FetchError::SignInRefused { server, user, reason: no.information }
        }
        other => FetchError::of(server, other),
    })
}

/// First the token; where the server answers with what is wrong with it, the word that lets it go on to say no.
struct Answers {
    token: RefCell<Option<String>>,
    then: &'static str,
}

impl Answers {
    const fn new(token: String, then: &'static str) -> Self {
        Self { token: RefCell::new(Some(token)), then }
    }
}

impl imap::Authenticator for Answers {
    type Response = String;
    fn process(&self, _: &[u8]) -> String {
        self.token.take().unwrap_or_else(|| self.then.to_owned())
    }
}

const fn is_news(said: &UnsolicitedResponse) -> bool {
    matches!(
        said,
        UnsolicitedResponse::Exists(_) | UnsolicitedResponse::Recent(_) | UnsolicitedResponse::Bye { .. }
    )
}

/// A folder's name as it is sent: modified UTF-7 (RFC 3501, 5.1.3). Names that a server gave are so already.
fn wire_name(folder: &str) -> String {
    if folder.is_ascii() {
        return folder.to_owned();
    }
    let mut name = String::new();
    let mut beyond: Vec<u16> = Vec::new();
    for c in folder.chars().map(Some).chain([None]) {
        if let Some(c) = c.filter(|c| !matches!(c, ' '..='~')) {
            beyond.extend(c.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        if !beyond.is_empty() {
            let bytes: Vec<u8> = beyond.drain(..).flat_map(u16::to_be_bytes).collect();
            name.push_str(&format!("&{}-", STANDARD_NO_PAD.encode(bytes).replace('/', ",")));
        }
        match c {
            Some('&') => name.push_str("&-"),
            Some(c) => name.push(c),
            None => {}
        }
    }
    name
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
