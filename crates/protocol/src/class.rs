//! What kind of failure it is, as far as the other side is to do something about it. Whoever hears one
//! branches on this and never on the words beside it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "&'static str")]
pub enum Class {
    /// Nothing is wrong with what was said: come again, later or elsewhere. Also what a class that this
    /// side does not know yet is taken for.
    #[default]
    Retry,
    /// The sign-in is over.
    SignInAgain,
    /// One side is too old for the other.
    Upgrade,
    /// What the desk holds cannot be continued: forget it and begin afresh.
    Resync,
    /// Not for this agent, or not as it was asked; asked again, the answer is the same.
    Refused,
    /// This one thing is not taken as it is and stops nothing else: it waits for a person.
    SetAside,
    /// A mistake in Evendesk.
    Bug,
}

impl Class {
    pub const ALL: [Self; 7] = [
        Self::Retry,
        Self::SignInAgain,
        Self::Upgrade,
        Self::Resync,
        Self::Refused,
        Self::SetAside,
        Self::Bug,
    ];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(crate) const fn is_retry(&self) -> bool {
        matches!(self, Self::Retry)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::SignInAgain => "sign_in_again",
            Self::Upgrade => "upgrade",
            Self::Resync => "resync",
            Self::Refused => "refused",
            Self::SetAside => "set_aside",
            Self::Bug => "bug",
        }
    }
}

impl From<String> for Class {
    fn from(name: String) -> Self {
        Self::ALL.into_iter().find(|class| class.name() == name).unwrap_or_default()
    }
}

impl From<Class> for &'static str {
    fn from(class: Class) -> Self {
        class.name()
    }
}
