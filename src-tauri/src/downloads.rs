//! Files that a person keeps: in their folder for downloads, each beside what is there and never in its place.

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use evendesk_desk::{ApiError, Code};

use crate::commands::Answer;

/// Files of one name beside which another is not made.
const COPIES: u32 = 1_000;

/// Keeps what `from` gives under a name that is no path, and says where.
pub fn keep(name: &str, from: &mut impl Read) -> Answer<PathBuf> {
    let folder = dirs::download_dir().or_else(dirs::home_dir).unwrap_or_default();
    keep_in(&folder, name, from).map_err(|error| ApiError {
        code: Code::Storage,
        sentence: format!("It could not be kept in {} ({error}).", folder.display()),
    })
}

fn keep_in(folder: &Path, name: &str, from: &mut impl Read) -> io::Result<PathBuf> {
    fs::create_dir_all(folder)?;
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    for copy in 1..COPIES {
        let number = if copy == 1 { String::new() } else { format!(" ({copy})") };
        let path = folder.join(format!("{stem}{number}{ending}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut into) => {
                io::copy(from, &mut into)?;
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
        let folder = home.path().join("Downloads");
        for (words, expected) in
            [("one", "plan.tar.gz"), ("two", "plan.tar (2).gz"), ("three", "plan.tar (3).gz")]
        {
            let kept = keep_in(&folder, "plan.tar.gz", &mut words.as_bytes()).unwrap();
            assert_eq!(kept, folder.join(expected));
            assert_eq!(fs::read_to_string(kept).unwrap(), words);
        }
    }
}
