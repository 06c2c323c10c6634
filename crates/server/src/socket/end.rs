//! How a desk's connection ends, and what the desk hears last.

use evendesk_protocol::{Class, FromServer};

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum End {
    #[error("The desk has left.")]
    Left,
    /// To upgrade, or to come back without the cursor of another journal.
    #[error("The desk was told to do something first.")]
    ToldFirst,
    #[error("This desk takes what it is sent too slowly; it is cut off and may come again.")]
    TooSlow,
    #[error("This desk has said nothing for too long.")]
    Silent,
    #[error("This desk said something that is not in the protocol: {0}")]
    Nonsense(String),
    #[error("The server is going down.")]
    Stopping,
    #[error("This server has not caught up with what this desk knows; come again, or to another.")]
    Behind,
    #[error("This sign-in is over; sign in again.")]
    SignedOut,
    #[error("The server failed at this; come again.")]
    Failed(String),
}

impl End {
    /// The last word to the desk, where it can still hear one.
    pub fn bye(&self) -> Option<FromServer> {
        let retry_after_s = match self {
            Self::Left | Self::TooSlow | Self::ToldFirst => return None,
            Self::Stopping | Self::Behind => 1,
            Self::Nonsense(_) => 30,
            // It is told why when it comes: at once.
            Self::SignedOut => 0,
            Self::Silent | Self::Failed(_) => 3,
        };
        Some(FromServer::Bye { class: self.class(), retry_after_s, sentence: self.to_string() })
    }

    const fn class(&self) -> Class {
        match self {
            Self::SignedOut => Class::SignInAgain,
            Self::Nonsense(_) => Class::Bug,
            _ => Class::Retry,
        }
    }
}
