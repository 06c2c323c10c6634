//! The commands around reading mail: HTML, pictures, links, and files that are kept.

use std::fs::File;
use std::path::PathBuf;

use evendesk_desk::{ApiError, Code, Size, Wanted};
use evendesk_domain::id::{ConversationId, CustomerId, MessageId};
use evendesk_protocol::http::Letter;
use tauri::{State, Url, ipc};

use crate::commands::Answer;
use crate::downloads;
use crate::home::Home;

#[tauri::command]
pub async fn letter(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
) -> Answer<Letter> {
    home.ask(move |desk| desk.letter(conversation, message)).await
}

/// A picture that the mail has elsewhere, by its place.
#[tauri::command]
pub async fn letter_picture(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
    place: usize,
) -> Answer<ipc::Response> {
    home.ask(move |desk| desk.letter_picture(conversation, message, place)).await.map(ipc::Response::new)
}

/// A file of a message as a picture, small in a list of files.
#[tauri::command]
pub async fn attachment_picture(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
    blob: String,
    small: bool,
) -> Answer<ipc::Response> {
    let size = if small { Size::Thumbnail } else { Size::Whole };
    let wanted = Wanted { conversation, message, blob, name: "picture".to_owned() };
    home.ask(move |desk| desk.picture(wanted, size)).await.map(ipc::Response::new)
}

#[tauri::command(async)]
pub fn pictures_unasked(home: State<'_, Home>) -> Answer<Vec<CustomerId>> {
    Ok(home.desk().pictures_unasked()?)
}

#[tauri::command(async)]
pub fn show_pictures_unasked(home: State<'_, Home>, customer: CustomerId, unasked: bool) -> Answer<()> {
    Ok(home.desk().show_pictures_unasked(customer, unasked)?)
}

/// Opens a link of a mail with the system's program for it: never here.
#[tauri::command(async)]
pub fn link_open(address: &str) -> Answer<()> {
    let invalid = |sentence: &str| ApiError { code: Code::Invalid, sentence: sentence.to_owned() };
    let link = Url::parse(address).map_err(|_| invalid("This link leads nowhere."))?;
    if !matches!(link.scheme(), "http" | "https" | "mailto" | "tel") {
        return Err(invalid("Links of this kind are not opened: they could start any program."));
    }
    opener::open_browser(link.as_str()).map_err(|error| ApiError {
        code: Code::Storage,
        sentence: format!("No program could open the link ({error})."),
    })
}

/// Puts a copy of a message's file into the person's folder for downloads and says where it is.
#[tauri::command]
pub async fn attachment_save(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
    blob: String,
    name: String,
) -> Answer<PathBuf> {
    let wanted = Wanted { conversation, message, blob, name };
    let path = home.ask(move |desk| desk.attachment(wanted)).await?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mut file = File::open(&path).map_err(|error| ApiError {
        code: Code::Storage,
        sentence: format!("{} cannot be read ({error}).", path.display()),
    })?;
    downloads::keep(&name, &mut file)
}
