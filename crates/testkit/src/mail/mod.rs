//! Real mail servers for tests: Postfix takes mail by SMTP and puts it into Maildirs, Dovecot serves
//! these by IMAP. Debian's packages, started in a folder of their own on free loopback ports, and gone
//! when the [`MailWorld`] is dropped or the test process ends in any way.
//!
//! Every domain under `.example` is at home here; nothing leaves: other domains are refused. Needs the
//! Debian packages `postfix` and `dovecot-imapd` (their own services need not run). Postfix changes
//! users, so it is started as root: directly when the tests are root, else by `sudo -n`.

mod dovecot;
pub(crate) mod owner;
mod postfix;
pub(crate) mod server;
pub mod tokens;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lettre::address::Envelope;
use lettre::{SmtpTransport, Transport};

pub use dovecot::Certificate;
use dovecot::Wishes;
use owner::Owner;
use server::Server;
pub use server::free_port;

/// How long a mail may take from SMTP into its mailbox before a test gives up.
const DELIVERY: Duration = Duration::from_secs(10);

pub struct MailWorld {
    pub smtp_port: u16,
    pub imap_port: u16,
    wishes: Wishes,
    owner: Owner,
    // Stopped in this order, before the folder goes.
    _postfix: Server,
    dovecot: Option<Server>,
    folder: tempfile::TempDir,
}

impl MailWorld {
    /// Starts both servers and waits until both greet.
    ///
    /// # Panics
    /// When a package is missing or a server does not come up; the message says what to do.
    pub fn start() -> Self {
        Self::start_with(Wishes::default())
    }

    /// The same, with a certificate: TLS and STARTTLS.
    pub fn start_encrypted(certificate: Certificate) -> Self {
        Self::start_with(Wishes {
            certificate: Some(certificate),
            imaps_port: server::free_port(),
            ..Wishes::default()
        })
    }

    /// The same, where people are let in by the tokens of a provider, too: by IMAP and by SMTP.
    pub fn start_trusting(provider: &tokens::TokenServer) -> Self {
        Self::start_with(Wishes {
            introspection_url: Some(provider.introspection_url()),
            auth_port: server::free_port(),
            ..Wishes::default()
        })
    }

    fn start_with(wishes: Wishes) -> Self {
        let folder = tempfile::Builder::new().prefix("evendesk-mail-").tempdir().expect("a temporary folder");
        let owner = Owner::of(folder.path());
        server::open_to_all(folder.path());
        for name in ["mail", "postfix", "dovecot"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder");
        }
        owner.give(&folder.path().join("mail"));
        let (smtp_port, imap_port) = (server::free_port(), server::free_port());
        let postfix = postfix::start(folder.path(), smtp_port, owner, wishes.auth_port);
        let dovecot = dovecot::start(folder.path(), imap_port, owner, &wishes);
        postfix.wait_for(smtp_port, "220 ");
        dovecot.wait_for(imap_port, "* OK");
        Self { smtp_port, imap_port, wishes, owner, _postfix: postfix, dovecot: Some(dovecot), folder }
    }

    /// Where IMAP is spoken under TLS from the first byte, if it is.
    pub fn imaps_port(&self) -> u16 {
        self.wishes.imaps_port
    }

    /// A mailbox with a password; the address is the user name.
    pub fn add_user(&self, address: &str, password: &str) {
        assert!(address.ends_with(".example"), "only domains under .example live here: {address}");
        append(&self.folder.path().join("dovecot/users"), &format!("{address}:{password}\n"));
        append(&self.folder.path().join("postfix/mailboxes"), &format!("{address} {address}/\n"));
        for part in ["", "new", "cur", "tmp"] {
            let folder = self.maildir(address).join(part);
            std::fs::create_dir_all(&folder).expect("a Maildir");
            self.owner.give(&folder);
        }
    }

    /// Sends a mail by SMTP and waits until it lies in the mailbox.
    pub fn deliver(&self, raw: &[u8], from: &str, to: &str) {
        let before = self.mailbox(to).len();
        self.submit(raw, from, to).unwrap_or_else(|e| panic!("Postfix refused a mail to {to}: {e}"));
        self.wait_for_mails(to, before + 1);
    }

    /// Sends a mail by SMTP; the error is what the server answered.
    pub fn submit(&self, raw: &[u8], from: &str, to: &str) -> Result<(), lettre::transport::smtp::Error> {
        let from = (!from.is_empty()).then(|| from.parse().expect("an address"));
        let envelope = Envelope::new(from, vec![to.parse().expect("an address")]).expect("an envelope");
        let smtp = SmtpTransport::builder_dangerous("127.0.0.1").port(self.smtp_port).build();
        smtp.send_raw(&envelope, raw).map(drop)
    }

    /// Puts bytes into a mailbox as they are, also such as no SMTP server would carry.
    pub fn drop_in(&self, raw: &[u8], address: &str) {
        self.drop_in_as_of(raw, address, std::time::SystemTime::now());
    }

    /// The same, as if it had arrived at that time (IMAP's INTERNALDATE).
    pub fn drop_in_as_of(&self, raw: &[u8], address: &str, arrived: std::time::SystemTime) {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("{}.{}_{count}.test", 1_700_000_000 + count, std::process::id());
        let (tmp, new) =
            (self.maildir(address).join("tmp").join(&name), self.maildir(address).join("new").join(&name));
        std::fs::write(&tmp, raw).expect("a mail");
        let opened = std::fs::File::options().append(true).open(&tmp).expect("a mail");
        opened.set_modified(arrived).expect("a time");
        self.owner.give(&tmp);
        std::fs::rename(tmp, new).expect("a mail");
    }

    /// The raw mails in a mailbox, oldest first.
    pub fn mailbox(&self, address: &str) -> Vec<Vec<u8>> {
        self.arrivals(address).into_iter().map(|(_, raw)| raw).collect()
    }

    /// The same, each with when it was put there.
    pub fn arrivals(&self, address: &str) -> Vec<(std::time::SystemTime, Vec<u8>)> {
        let mut files: Vec<PathBuf> = Vec::new();
        for part in ["new", "cur"] {
            let Ok(folder) = std::fs::read_dir(self.maildir(address).join(part)) else { continue };
            files.extend(folder.filter_map(|f| Some(f.ok()?.path())));
        }
        // Maildir names begin with the second, and Postfix' go on with device, inode and microsecond.
        let age = |f: &PathBuf| std::fs::metadata(f).and_then(|m| m.modified()).ok();
        files.sort_by_key(|f| (age(f), f.file_name().map(ToOwned::to_owned)));
        files.iter().filter_map(|f| Some((age(f)?, std::fs::read(f).ok()?))).collect()
    }

    /// Waits until a mailbox holds that many mails, and gives them.
    pub fn wait_for_mails(&self, address: &str, count: usize) -> Vec<Vec<u8>> {
        self.wait_for_mails_within(address, count, DELIVERY)
    }

    /// The same, where what is waited for may take its time.
    pub fn wait_for_mails_within(&self, address: &str, count: usize, patience: Duration) -> Vec<Vec<u8>> {
        let started = Instant::now();
        loop {
            let mails = self.mailbox(address);
            if mails.len() >= count {
                return mails;
            }
            let log = || std::fs::read_to_string(self.folder.path().join("postfix.log")).unwrap_or_default();
            assert!(
                started.elapsed() < patience,
                "{} of {count} mails for {address}:\n{}",
                mails.len(),
                log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Gives a mailbox a new UIDVALIDITY and its mails new UIDs, as a move to another server does.
    pub fn renumber(&self, address: &str) {
        let list = self.maildir(address).join("dovecot-uidlist");
        let text = std::fs::read_to_string(&list).expect("a mailbox that was opened before");
        let validity = text.split([' ', '\n']).find_map(|w| w.strip_prefix('V')?.parse::<u32>().ok());
        let validity = validity.expect("a UIDVALIDITY") + 1;
        let entries = std::fs::read_dir(self.maildir(address)).expect("a Maildir");
        for entry in entries.filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                std::fs::remove_file(entry.path()).expect("an index");
            }
        }
        std::fs::write(&list, format!("3 V{validity} N1\n")).expect("a list of UIDs");
        self.owner.give(&list);
    }

    /// Takes the IMAP server away, and brings it back on the same port.
    pub fn stop_imap(&mut self) {
        self.dovecot = None;
    }

    pub fn start_imap(&mut self) {
        let dovecot = dovecot::start(self.folder.path(), self.imap_port, self.owner, &self.wishes);
        dovecot.wait_for(self.imap_port, "* OK");
        self.dovecot = Some(dovecot);
    }

    fn maildir(&self, address: &str) -> PathBuf {
        self.folder.path().join("mail").join(address)
    }
}

fn append(file: &Path, line: &str) {
    let mut text = std::fs::read_to_string(file).unwrap_or_default();
    text.push_str(line);
    std::fs::write(file, text).expect("a list");
    // Postfix waits for lists that were changed this second to settle.
    let settled = std::time::SystemTime::now() - Duration::from_secs(60);
    let opened = std::fs::File::options().append(true).open(file).expect("a list");
    opened.set_modified(settled).expect("a time");
}
