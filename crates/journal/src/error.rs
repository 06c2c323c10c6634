//! What can go wrong with a journal, in words a person can act on.

/// Whatever the engine said.
type Cause = Box<dyn std::error::Error + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("this folder holds no workspace yet; start the server on it once, or make one with `user add`")]
    NoWorkspace,
    #[error("this folder holds a workspace already")]
    AlreadyFounded,
    #[error("this journal was moved to {to}; run the server on that one")]
    Moved { to: String },
    #[error("an interrupted copy or restore lies here; begin it again, or empty this journal")]
    Unfinished,
    #[error("what was read back is not what was copied; nothing was made a workspace, so copy again")]
    Differs,
    /// The fence: nothing was written.
    #[error(
        "another server has taken this journal over (epoch {theirs}, ours was {ours}); this one must stop"
    )]
    Fenced { ours: u64, theirs: u64 },
    /// Others have appended since; nothing was written. Catch up and decide again.
    #[error("the journal is at {head}, not where this batch begins")]
    Behind { head: u64 },
    /// Someone else has decided one of the commands since; nothing was written. Look again.
    #[error("a command of this batch has been decided already")]
    Decided,
    #[error("the events of a batch must follow each other without a gap, from {expected}")]
    Gap { expected: u64 },
    #[error("a redaction may not change what kind of event {seq} is, and must find it")]
    NotTheSame { seq: u64 },
    #[error(
        "the journal was written by a newer Evendesk (layout {found}, this one knows {known}); upgrade this one"
    )]
    Newer { found: i64, known: i64 },
    #[error(
        "the journal was written by an older Evendesk (layout {found}, this one knows {known}); use the one \
         that wrote it, or start a server of this one on it first"
    )]
    Older { found: i64, known: i64 },
    #[error("event {seq} of the journal is damaged ({damage}); restore the journal from a backup")]
    Damaged { seq: u64, damage: Damage },
    /// Kept by whoever upgrades first; whoever has not cannot go on past it.
    #[error(
        "event {seq} of the journal is about a {kind}, which this Evendesk does not know: a newer one has written \
         it; upgrade this one"
    )]
    OfNewerKind { seq: u64, kind: String },
    #[error("the journal's address cannot be used: {0}")]
    Address(&'static str),
    /// Whether an append was kept is not known, and could not be found out. Whoever catches up before
    /// deciding again does no harm.
    #[error(
        "the database went away while something was being kept ({cause}), and whether it was kept is not \
         known yet; it is looked up before anything else is written"
    )]
    Unsure { cause: Cause },
    #[error("cannot {doing}: {cause}")]
    Store { doing: &'static str, cause: Cause },
}

/// What of an event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    #[error("its maker is unreadable: {0}")]
    Actor(String),
    #[error(transparent)]
    Event(#[from] evendesk_domain::event::Unreadable),
}

/// Says what was being done when the engine failed.
pub(crate) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, Error>;
}

impl<T, E: std::error::Error + Send + Sync + 'static> Doing<T> for Result<T, E> {
    fn doing(self, doing: &'static str) -> Result<T, Error> {
        self.map_err(|e| Error::Store { doing, cause: Box::new(e) })
    }
}
