//! Where a sign-in is kept: the system's keychain, or a file only this user can read where there is none.
//!
//! Which of the two it is, is never a secret: the page shows it. Calls may wait for the person
//! to unlock the keychain, so they are not for the main thread.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use keyring::Error as SystemError;
use keyring::v1::Entry;
use serde::Serialize;
use zeroize::Zeroizing;

/// What the entries are called in the system's keychain.
const SERVICE: &str = "org.evendesk.desktop";
/// Bytes of the fallback file; a handful of tokens needs far less.
const FILE_BYTES: u64 = 256 * 1024;

/// Where secrets are kept on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// The system's keychain.
    Keychain,
    /// A file in the data folder, readable by this user alone, not sealed.
    File,
}

/// Why a secret could not be read or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeychainError {
    #[error("the system's keychain refused: {0}")]
    System(#[from] SystemError),
    #[error("the file of secrets {} cannot be used: {source}", file.display())]
    File { file: PathBuf, source: io::Error },
}

/// The secrets of one data folder, by name.
pub struct Keychain {
    file: PathBuf,
    /// Keeps the entries of two desks of one user apart.
    scope: String,
    place: OnceLock<Place>,
    /// One change of the file at a time.
    changing: Mutex<()>,
}

type Secrets = BTreeMap<String, String>;

impl Keychain {
    /// The secrets of the desk in `data`. Asks nothing of the system yet.
    pub fn new(data: &Path) -> Keychain {
        Keychain {
            file: data.join("secrets.json"),
            scope: data.display().to_string(),
            place: OnceLock::new(),
            changing: Mutex::new(()),
        }
    }

    /// As [`Keychain::new`], never asking the system: for tests and machines of nobody.
    pub fn in_file(data: &Path) -> Keychain {
        let keychain = Keychain::new(data);
        keychain.place.get_or_init(|| Place::File);
        keychain
    }

    /// Where secrets are kept; settled when first asked.
    pub fn place(&self) -> Place {
        *self.place.get_or_init(|| match self.entry("probe").and_then(|probe| probe.get_password()) {
            Ok(_) | Err(SystemError::NoEntry) => Place::Keychain,
            Err(error) => {
                tracing::info!(%error, "no keychain here: secrets go to {}", self.file.display());
                Place::File
            }
        })
    }

    /// The secret called `name`, if there is one.
    pub fn get(&self, name: &str) -> Result<Option<Zeroizing<String>>, KeychainError> {
        if self.place() == Place::Keychain {
            match self.entry(name)?.get_password() {
                Ok(secret) => return Ok(Some(Zeroizing::new(secret))),
                Err(SystemError::NoEntry) => {} // it may be from before there was a keychain
                Err(error) => return Err(error.into()),
            }
        }
        Ok(self.read()?.remove(name).map(Zeroizing::new))
    }

    /// Keeps `secret` as `name`, in place of what was there.
    pub fn set(&self, name: &str, secret: &str) -> Result<(), KeychainError> {
        match self.place() {
            Place::Keychain => {
                self.entry(name)?.set_password(secret)?;
                self.change(|secrets| secrets.remove(name).is_some())
            }
            Place::File => self.change(|secrets| {
                secrets.insert(name.to_owned(), secret.to_owned());
                true
            }),
        }
    }

    /// Forgets the secret called `name`, wherever it is.
    pub fn forget(&self, name: &str) -> Result<(), KeychainError> {
        if self.place() == Place::Keychain {
            match self.entry(name)?.delete_credential() {
                Ok(()) | Err(SystemError::NoEntry) => {}
                Err(error) => return Err(error.into()),
            }
        }
        self.change(|secrets| secrets.remove(name).is_some())
    }

    fn entry(&self, name: &str) -> Result<Entry, SystemError> {
        Entry::new(SERVICE, &format!("{name} of {}", self.scope))
    }

    /// Changes the file if `change` says it changed anything; whole or not at all.
    fn change(&self, change: impl FnOnce(&mut Secrets) -> bool) -> Result<(), KeychainError> {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut secrets = self.read()?;
        if !change(&mut secrets) {
            return Ok(());
        }
        self.write(&secrets).map_err(|source| self.trouble(source))
    }

    fn read(&self) -> Result<Secrets, KeychainError> {
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Secrets::new()),
            Err(source) => return Err(self.trouble(source)),
        };
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_BYTES).read_to_string(&mut text).map_err(|source| self.trouble(source))?;
        serde_json::from_str(&text).map_err(|error| self.trouble(error.into()))
    }

    fn write(&self, secrets: &Secrets) -> io::Result<()> {
        let text = Zeroizing::new(serde_json::to_string(secrets)?);
        let beside = self.file.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // What a crash left there may have other rights; ours are set on a file that is new.
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = options.open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, &self.file)
    }

    fn trouble(&self, source: io::Error) -> KeychainError {
        KeychainError::File { file: self.file.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_keychain_a_secret_is_kept_in_a_file_for_this_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        Keychain::in_file(folder.path()).set("token", "s3cret").unwrap();

        let later = Keychain::in_file(folder.path());
        assert_eq!(later.get("token").unwrap().as_deref().map(String::as_str), Some("s3cret"));
        assert_eq!(later.place(), Place::File);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join("secrets.json")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        later.forget("token").unwrap();
        assert_eq!(later.get("token").unwrap(), None);
    }

    #[test]
    fn a_spoilt_file_is_a_refusal_that_names_it_not_an_empty_keychain() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secrets.json"), "{").unwrap();
        let keychain = Keychain::in_file(folder.path());
        let refusal = keychain.set("token", "s3cret").unwrap_err().to_string();
        assert!(refusal.contains("secrets.json"), "{refusal}");
    }
}
