//! The commands around reading mail: HTML, pictures, links, and files that are kept.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use evendesk_desk::{ApiError, Code, Size, Wanted};
use evendesk_domain::id::{ConversationId, CustomerId, MessageId};
use evendesk_protocol::http::Letter;
use tauri::{State, Url, ipc};

use crate::commands::Answer;
use crate::home::Home;

/// Copies of one name beside which another is not made.
const COPIES: u32 = 1_000;

#[tauri::command(async)]
pub fn letter(home: State<'_, Home>, conversation: ConversationId, message: MessageId) -> Answer<Letter> {
    Ok(home.desk().letter(conversation, message)?)
}

/// A picture that the mail has elsewhere, by its place.
#[tauri::command(async)]
pub fn letter_picture(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
    place: usize,
) -> Answer<ipc::Response> {
    Ok(ipc::Response::new(home.desk().letter_picture(conversation, message, place)?))
}

/// A file of a message as a picture, small in a list of files.
#[tauri::command(async)]
pub fn attachment_picture(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
    blob: String,
    small: bool,
) -> Answer<ipc::Response> {
    let size = if small { Size::Thumbnail } else { Size::Whole };
    let wanted = Wanted { conversation, message, blob, name: "picture".to_owned() };
    Ok(ipc::Response::new(home.desk().picture(wanted, size)?))
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
#[tauri::command(async)]
pub fn attachment_save(
    home: State<'_, Home>,
    conversation: ConversationId,
    message: MessageId,
    blob: String,
    name: String,
) -> Answer<PathBuf> {
    let path = home.desk().attachment(Wanted { conversation, message, blob, name })?;
    let folder = dirs::download_dir().or_else(dirs::home_dir).unwrap_or_default();
    copy_into(&folder, &path).map_err(|error| ApiError {
        code: Code::Storage,
        sentence: format!("It could not be kept in {} ({error}).", folder.display()),
    })
}

/// Copies a file without ever replacing another.
fn copy_into(folder: &Path, file: &Path) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let (stem, extension) = (file.file_stem().unwrap_or_default(), file.extension());
    for copy in 1..COPIES {
        let mut name = stem.to_owned();
        if copy > 1 {
            name.push(format!(" ({copy})"));
        }
        let mut path = folder.join(name);
        if let Some(extension) = extension {
            path.as_mut_os_string().push(".");
            path.as_mut_os_string().push(extension);
        }
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut into) => {
                io::copy(&mut fs::File::open(file)?, &mut into)?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_beside_another_of_its_name_and_never_in_its_place() {
        let home = tempfile::tempdir().unwrap();
        let (file, folder) = (home.path().join("plan.tar.gz"), home.path().join("Downloads"));
        fs::write(&file, "new").unwrap();
        for expected in ["plan.tar.gz", "plan.tar (2).gz", "plan.tar (3).gz"] {
            let kept = copy_into(&folder, &file).unwrap();
            assert_eq!(kept, folder.join(expected));
            assert_eq!(fs::read_to_string(kept).unwrap(), "new");
        }
    }
}
