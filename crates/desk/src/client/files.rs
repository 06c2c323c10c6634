//! Files that came with messages, fetched when asked for into a folder of their conversation.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_domain::limits;
use sha2::{Digest as _, Sha256};

use super::address::Server;
use super::{body_up_to, problem, unreachable};
use crate::error::Error;
use crate::folder::private;

const NAME_CHARS: usize = 120;

/// A file of a message, as it is named there.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub conversation: ConversationId,
    pub message: MessageId,
    /// Lower-case hex SHA-256 of its content.
    pub blob: String,
    pub name: String,
}

/// Where in its conversation's folder the file is kept once fetched; an error for a hash that is none.
pub fn place(folder: &Path, wanted: &Wanted) -> Result<PathBuf, Error> {
    let blob = &wanted.blob;
    if blob.len() != 64 || !blob.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(Error::invalid("This is not a file of a message."));
    }
    Ok(folder.join(blob).join(safe_name(&wanted.name)))
}

/// Fetches a file into its conversation's `folder` unless it is there, checks that it is what was asked for, and says
/// where it is.
pub async fn fetch(
    http: &reqwest::Client,
    server: &Server,
    token: &str,
    folder: &Path,
    wanted: &Wanted,
) -> Result<PathBuf, Error> {
    let path = place(folder, wanted)?;
    if path.exists() {
        return Ok(path);
    }
    let Wanted { conversation, message, blob, .. } = wanted;
    let address = server.http(&format!("api/blob/{conversation}/{message}/{blob}"));
    let response = http.get(address).bearer_auth(token).send().await.map_err(|e| unreachable(&e))?;
    if !response.status().is_success() {
        return Err(problem(response).await);
    }
    let bytes = body_up_to(response, limits::MAIL_BYTES).await?;
    if hex::encode(Sha256::digest(&bytes)) != *blob {
        return Err(Error::Protocol("a file's content is not what its message says".to_owned()));
    }
    keep(&path, &bytes)?;
    Ok(path)
}

/// Whole or not at all, and private.
pub fn keep(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(Error::file(folder))?;
    // Of its own: several files of one message may be on their way.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".part-{name}"));
    let written = private()
        .create(true)
        .truncate(true)
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&beside, path));
    written.map_err(Error::file(path))
}

/// A sender's name for a file, made harmless: no path, nothing hidden, no character that a file system
/// or a shell reads as more than a letter.
pub fn safe_name(name: &str) -> String {
    let clean: String = name
        .chars()
        .map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) || is_invisible(c) { '_' } else { c })
        .collect();
    let clean = clean.trim().trim_start_matches(['.', '-', '_', ' ']).trim_end_matches(['.', ' ']);
    if clean.is_empty() {
        return "attachment".to_owned();
    }
    let (stem, ending) = match clean.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.chars().count() <= 10 => {
            (stem, format!(".{ending}"))
        }
        _ => (clean, String::new()),
    };
    let stem: String = stem.chars().take(NAME_CHARS.saturating_sub(ending.chars().count())).collect();
    // Bytes, too: many file systems end a name at 255 of them.
    let mut stem = stem.as_str();
    while stem.len() + ending.len() > 240 {
        let mut chars = stem.chars();
        chars.next_back();
        stem = chars.as_str();
    }
    format!("{stem}{ending}")
}

/// Characters that reorder or hide what follows them, so that `exe` can look like `pdf`.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senders_name_cannot_leave_the_folder_or_hide_what_it_is() {
        for (name, expected) in [
            ("report.pdf", "report.pdf"),
            ("../../.bashrc", "bashrc"),
            ("/etc/passwd", "etc_passwd"),
            ("C:\\windows\\cmd.exe", "C__windows_cmd.exe"),
            ("photo\u{202e}gpj.exe", "photo_gpj.exe"),
            ("a\nb\0c.txt", "a_b_c.txt"),
            ("--help", "help"),
            ("...", "attachment"),
            ("", "attachment"),
        ] {
            assert_eq!(safe_name(name), expected, "{name:?}");
        }
        let long = safe_name(&format!("{}.pdf", "ü".repeat(500)));
        assert!(long.len() <= 240 && long.ends_with(".pdf"), "{long}");
    }

    #[test]
    fn a_hash_that_is_a_path_is_no_hash() {
        let wanted = |blob: &str| Wanted {
            conversation: ConversationId(uuid::Uuid::nil()),
            message: MessageId(uuid::Uuid::nil()),
            blob: blob.to_owned(),
            name: "a.txt".to_owned(),
        };
        assert!(place(Path::new("/f"), &wanted("../../x")).is_err());
        assert!(place(Path::new("/f"), &wanted(&"A".repeat(64))).is_err());
        let hash = "a".repeat(64);
        assert_eq!(place(Path::new("/f"), &wanted(&hash)).unwrap(), Path::new("/f").join(hash).join("a.txt"));
    }
}
