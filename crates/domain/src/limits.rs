//! A limit on everything that can arrive. Checked before parsing, and before a command enters a
//! desk's outbox, so that what is too large is refused where it can still be mended.

/// Characters in an identity (an address, a number, an account URI).
pub const IDENTITY_CHARS: usize = 320;
/// Characters in a name or a subject; longer ones from outside are cut, with the raw kept.
pub const LINE_CHARS: usize = 1_000;
/// Characters in a login, or in what an installation calls itself.
pub const LOGIN_CHARS: usize = 100;
/// Teams that one person is in.
pub const TEAMS_OF_A_PERSON: usize = 100;
/// Bytes of text in one message, note or answer.
pub const TEXT_BYTES: usize = 512 * 1024;
/// Bytes of one raw mail.
pub const MAIL_BYTES: usize = 50 * 1024 * 1024;
/// Folders that are read of one mailbox, and the bytes of a folder's name.
pub const FOLDERS: usize = 20;
pub const FOLDER_BYTES: usize = 255;
/// Bytes of the certificates that vouch for a mail server.
pub const CA_BYTES: usize = 64 * 1024;
/// Bytes of one uploaded file.
pub const FILE_BYTES: usize = 25 * 1024 * 1024;
/// Attachments of one message; further ones are left in the raw mail and counted.
pub const ATTACHMENTS: usize = 200;
/// Recipients in To and Cc together.
pub const RECIPIENTS: usize = 500;
/// Ids in References and In-Reply-To together; the newest are kept.
pub const REFERENCES: usize = 100;
/// Bytes of one command as JSON.
pub const COMMAND_BYTES: usize = 1024 * 1024;
/// Bytes of one feedback text.
pub const FEEDBACK_BYTES: usize = 64 * 1024;

/// Bytes of a picture that is shown.
pub const PICTURE_BYTES: usize = 8 * 1024 * 1024;
