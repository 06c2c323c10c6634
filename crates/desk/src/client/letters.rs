//! What is shown of a mail's HTML, and the pictures that it has elsewhere, as the server gives them.

use evendesk_domain::id::{ConversationId, MessageId};
use evendesk_domain::limits::PICTURE_BYTES;

use super::body_up_to;
use super::people::done;
use super::session::SignedInAt;
use crate::error::Error;

/// Bytes of a letter: the most HTML that is cleaned, with room for how it is written.
const LETTER_BYTES: usize = 16 * 1024 * 1024;

impl SignedInAt {
    pub async fn letter(self, conversation: ConversationId, message: MessageId) -> Result<Vec<u8>, Error> {
        let request = self.get(&format!("api/letter/{conversation}/{message}"));
        body_up_to(done(request).await?, LETTER_BYTES).await
    }

    pub async fn letter_picture(
        self,
        conversation: ConversationId,
        message: MessageId,
        place: usize,
    ) -> Result<Vec<u8>, Error> {
        let request = self.get(&format!("api/letter/{conversation}/{message}/{place}"));
        body_up_to(done(request).await?, PICTURE_BYTES).await
    }
}
