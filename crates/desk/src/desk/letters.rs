//! HTML of mails and their pictures: asked of the server when first looked at, read from this disk after that.

use std::path::{Path, PathBuf};

use evendesk_domain::id::{ConversationId, CustomerId, MessageId};
use evendesk_domain::limits;
use evendesk_protocol::http::{LETTERS, Letter};

use super::Desk;
use crate::client::files::{self, Wanted};
use crate::error::Error;
use crate::outbox::settings::Setting;
use crate::pictures::{self, Size};

/// Customers whose pictures are shown unasked; the longest known goes first.
const SHOWN_UNASKED: usize = 2_000;

impl Desk {
    /// What is shown of a mail's HTML.
    pub fn letter(&self, conversation: ConversationId, message: MessageId) -> Result<Letter, Error> {
        let kept = self.of_letter(conversation, message, &format!("{LETTERS}.json"));
        let json = self.kept_or(conversation, message, &kept, |at| at.letter(conversation, message))?;
        serde_json::from_slice(&json).map_err(|e| Error::Protocol(e.to_string()))
    }

    /// The picture in that place among those which the mail has elsewhere. Asking for it tells its sender that
    /// somebody reads the mail: only for who wants that.
    pub fn letter_picture(
        &self,
        conversation: ConversationId,
        message: MessageId,
        place: usize,
    ) -> Result<Vec<u8>, Error> {
        let kept = self.of_letter(conversation, message, &format!("{LETTERS}.{place}.picture"));
        let bytes =
            self.kept_or(conversation, message, &kept, |at| at.letter_picture(conversation, message, place))?;
        pictures::fit(bytes, Size::Whole)
    }

    /// A file of a message as a picture.
    pub fn picture(&self, wanted: Wanted, size: Size) -> Result<Vec<u8>, Error> {
        let path = self.attachment(wanted)?;
        let bytes = std::fs::metadata(&path).map_err(Error::file(&path))?.len();
        if bytes > limits::PICTURE_BYTES as u64 {
            return Err(Error::invalid("This picture is too large to be shown; open it instead."));
        }
        pictures::fit(std::fs::read(&path).map_err(Error::file(&path))?, size)
    }

    /// The customers whose mails show their pictures unasked.
    pub fn pictures_unasked(&self) -> Result<Vec<CustomerId>, Error> {
        let known = self.outbox.get(Setting::PicturesUnasked)?;
        Ok(known.and_then(|json| serde_json::from_str(&json).ok()).unwrap_or_default())
    }

    /// Remembers on this desk whether a customer's pictures are shown unasked.
    pub fn show_pictures_unasked(&self, customer: CustomerId, unasked: bool) -> Result<(), Error> {
        let mut known = self.pictures_unasked()?;
        known.retain(|one| *one != customer);
        if unasked {
            known.push(customer);
        }
        known.drain(..known.len().saturating_sub(SHOWN_UNASKED));
        // Ids: this cannot fail.
        self.outbox.set(Setting::PicturesUnasked, &serde_json::to_string(&known).unwrap_or_default())
    }

    /// In the conversation's folder, so that it goes when that does.
    fn of_letter(&self, conversation: ConversationId, message: MessageId, name: &str) -> PathBuf {
        self.attachments.of(conversation).join(message.to_string()).join(name)
    }

    fn kept_or<F>(
        &self,
        conversation: ConversationId,
        message: MessageId,
        kept: &Path,
        ask: impl FnOnce(crate::client::session::SignedInAt) -> F,
    ) -> Result<Vec<u8>, Error>
    where
        F: Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
    {
        self.check_received(conversation, message)?;
        if let Ok(bytes) = std::fs::read(kept) {
            return Ok(bytes);
        }
        let bytes = self.on_net(ask(self.signed_in_at()?))?;
        files::keep(kept, &bytes)?;
        // It may have been withdrawn meanwhile.
        if let Err(gone) = self.check_received(conversation, message) {
            self.attachments.forget(conversation)?;
            return Err(gone);
        }
        Ok(bytes)
    }

    fn check_received(&self, conversation: ConversationId, message: MessageId) -> Result<(), Error> {
        let gone =
            || Error::not_found("This message is not here; it may have been withdrawn from your teams.");
        self.reader()?.received(conversation, message)?.map(drop).ok_or_else(gone)
    }
}
