//! Fetches the parts of a snapshot: bounded, unpacked as they come, into a file that only this user may read.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use evendesk_protocol::limits::{PART_BYTES, PART_COMPRESSED_BYTES};
use zstd::stream::write::Decoder;

use super::address::Server;
use super::{problem, unreachable};
use crate::core::PartWanted;
use crate::error::Error;
use crate::folder::private;
use crate::part_file::PartFile;

/// A slow line takes its time; one that has died is noticed by the socket beside it.
const WITHIN: Duration = Duration::from_secs(1800);

/// Where parts come from, and where they are put.
#[derive(Clone)]
pub struct Parts {
    pub http: reqwest::Client,
    pub folder: PathBuf,
}

impl Parts {
    /// The part, unpacked. Of one that does not come whole, nothing is left.
    pub async fn fetch(&self, server: &Server, token: &str, wanted: &PartWanted) -> Result<PartFile, Error> {
        let PartWanted { number, begin, since } = wanted;
        let path = format!("api/snapshot/{begin}/{since}/{}", evendesk_replica::fingerprint());
        let request = self.http.get(server.http(&path)).bearer_auth(token).timeout(WITHIN);
        let mut response = request.send().await.map_err(|e| unreachable(&e))?;
        if !response.status().is_success() {
            return Err(problem(response).await);
        }
        let mut unpacking = Unpacking::begin(self.folder.join(format!("part-{number}")))?;
        while let Some(chunk) = response.chunk().await.map_err(|e| unreachable(&e))? {
            unpacking.take(&chunk)?;
        }
        unpacking.end()
    }
}

/// Removes what a killed desk has left.
pub fn sweep(folder: &Path) -> Result<(), Error> {
    for entry in std::fs::read_dir(folder).map_err(Error::file(folder))? {
        let file = entry.map_err(Error::file(folder))?.path();
        std::fs::remove_file(&file).map_err(Error::file(&file))?;
    }
    Ok(())
}

/// A part on its way into its file, which goes with this unless it comes whole.
pub struct Unpacking {
    file: PartFile,
    decoder: Decoder<'static, Bounded>,
    compressed: u64,
}

impl Unpacking {
    pub fn begin(path: PathBuf) -> Result<Self, Error> {
        let into = private().create(true).truncate(true).open(&path).map_err(Error::file(&path))?;
        let file = PartFile::at(path);
        let bounded = Bounded { file: into, left: PART_BYTES };
        let decoder = Decoder::new(bounded).map_err(Error::file(file.path()))?;
        Ok(Self { file, decoder, compressed: 0 })
    }

    pub fn take(&mut self, chunk: &[u8]) -> Result<(), Error> {
        self.compressed += chunk.len() as u64;
        if self.compressed > PART_COMPRESSED_BYTES {
            return Err(Error::Protocol("a part of the snapshot is too large".into()));
        }
        self.decoder.write_all(chunk).map_err(Error::file(self.file.path()))
    }

    pub fn end(mut self) -> Result<PartFile, Error> {
        self.decoder.flush().map_err(Error::file(self.file.path()))?;
        Ok(self.file)
    }
}

/// A file that grows to so many bytes and no further.
struct Bounded {
    file: std::fs::File,
    left: u64,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.left = self
            .left
            .checked_sub(written as u64)
            .ok_or_else(|| std::io::Error::other("a part of the snapshot unpacks to too much"))?;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_part_that_does_not_come_whole_nothing_is_left_and_a_whole_one_goes_with_whoever_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("part-1");
        let words = "words that may be withdrawn ".repeat(50_000);
        let packed = zstd::encode_all(words.as_bytes(), 3).unwrap();
        let mut cut = Unpacking::begin(path.clone()).unwrap();
        cut.take(&packed[..packed.len() / 2]).unwrap();
        assert!(path.exists());
        drop(cut);
        assert!(!path.exists());
        let mut whole = Unpacking::begin(path.clone()).unwrap();
        whole.take(&packed).unwrap();
        let file = whole.end().unwrap();
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), words);
        drop(file);
        assert!(!path.exists());
    }
}
