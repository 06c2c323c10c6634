//! What is marked or copied anywhere on this screen, for one-click feedback from other programs.
//!
//! Asks other programs over the display and waits for their answer: never call it on the main
//! thread, since the program that owns the selection may be this one.

use arboard::Clipboard;
use evendesk_domain::limits::FEEDBACK_BYTES;
use serde::Serialize;

/// Where a text was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Selection,
    Clipboard,
}

/// A text from this screen, cut to what feedback may hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Captured {
    pub text: String,
    pub origin: Origin,
}

/// The marked text, or else the copied one; `None` where there is neither or no display to ask.
pub fn read() -> Option<Captured> {
    let mut clipboard =
        Clipboard::new().inspect_err(|error| tracing::debug!(%error, "no clipboard can be reached")).ok()?;
    captured(marked(&mut clipboard), Origin::Selection)
        .or_else(|| captured(clipboard.get_text().ok(), Origin::Clipboard))
}

#[cfg(target_os = "linux")]
fn marked(clipboard: &mut Clipboard) -> Option<String> {
    use arboard::{GetExtLinux as _, LinuxClipboardKind};
    clipboard.get().clipboard(LinuxClipboardKind::Primary).text().ok()
}

/// Only X11 and Wayland have a selection that other programs may read.
#[cfg(not(target_os = "linux"))]
fn marked(_clipboard: &mut Clipboard) -> Option<String> {
    None
}

fn captured(text: Option<String>, origin: Origin) -> Option<Captured> {
    let text = text?;
    let text = text.trim();
    let end = text.floor_char_boundary(FEEDBACK_BYTES);
    (!text.is_empty()).then(|| Captured { text: text[..end].to_owned(), origin })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_text_is_nothing_and_long_text_is_cut_between_characters() {
        assert_eq!(captured(Some(" \n".into()), Origin::Clipboard), None);
        let long = captured(Some("é".repeat(FEEDBACK_BYTES)), Origin::Selection).unwrap();
        assert_eq!(long.text.len(), FEEDBACK_BYTES);
    }
}
