//! Raw mail and attachments by the hash of what they are. Put before the append that names them, so
//! an event never points at nothing; a blob that no event names is harmless.

mod bucket;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};

#[derive(Clone)]
pub struct Blobs(Arc<dyn ObjectStore>, Arc<Puts>);

/// When each file was last put, of late: whoever deletes must not take one that is on its way in again.
#[derive(Default)]
struct Puts(Mutex<HashMap<String, Instant>>);

/// How long a put is remembered.
const OF_LATE: Duration = Duration::from_secs(600);

#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    #[error("the folder for files cannot be made: {0}")]
    Folder(#[from] std::io::Error),
    #[error("the store of files fails: {0}")]
    Store(#[from] object_store::Error),
    #[error("the address of the files cannot be used: {0}")]
    Address(&'static str),
    #[error("that is not the name of a file here")]
    BadName,
}

impl Blobs {
    /// `s3://BUCKET/PREFIX`, or a folder.
    pub fn at(place: &str) -> Result<Self, BlobError> {
        match place.strip_prefix("s3://") {
            Some(rest) => Ok(Self(bucket::open(rest)?, Arc::default())),
            None => Self::open(Path::new(place)),
        }
    }

    /// A folder, each file safely on disk before its name is given out.
    pub fn open(folder: &Path) -> Result<Self, BlobError> {
        std::fs::create_dir_all(folder)?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)), Arc::default()))
    }

    /// Keeps bytes and returns their lower-case hex SHA-256. Putting them again changes nothing.
    pub async fn put(&self, bytes: Vec<u8>) -> Result<String, BlobError> {
        let hash = hex::encode(Sha256::digest(&bytes));
        let key = key(&hash)?;
        self.1.note(&hash);
        if self.0.head(&key).await.is_ok_and(|kept| kept.size == bytes.len() as u64) {
            return Ok(hash);
        }
        self.0.put(&key, bytes.into()).await?;
        Ok(hash)
    }

    /// Deletes a file that nobody names any more; it need not be there.
    pub async fn delete(&self, hash: &str) -> Result<(), BlobError> {
        match self.0.delete(&key(hash)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether a file was put since `then`, and within the last `of_late`.
    pub fn put_since(&self, hash: &str, then: Instant, of_late: Duration) -> bool {
        let puts = self.1.0.lock().unwrap_or_else(PoisonError::into_inner);
        puts.get(hash).is_some_and(|at| *at > then && at.elapsed() < of_late)
    }

    /// Whether there is a file of that name; what is in it is not looked at.
    pub async fn has(&self, hash: &str) -> Result<bool, BlobError> {
        match self.0.head(&key(hash)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    /// Whether the file of that name is there and is what its name says.
    pub async fn is_whole(&self, hash: &str) -> Result<bool, BlobError> {
        let found = self.get(hash).await?;
        Ok(found.is_some_and(|bytes| hex::encode(Sha256::digest(&bytes)) == hash))
    }

    pub async fn get(&self, hash: &str) -> Result<Option<Bytes>, BlobError> {
        match self.0.get(&key(hash)?).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(e.into()),
        }
    }
}

impl Puts {
    fn note(&self, hash: &str) {
        let mut puts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        puts.retain(|_, at| at.elapsed() < OF_LATE);
        puts.insert(hash.to_owned(), Instant::now());
    }
}

/// Two levels, so that no folder grows beyond what file systems and people like.
fn key(hash: &str) -> Result<Key, BlobError> {
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_hash {
        return Err(BlobError::BadName);
    }
    Ok(Key::from(format!("{}/{hash}", &hash[..2])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_blob_is_had_by_its_hash_and_by_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(dir.path()).unwrap();
        let hash = blobs.put(b"words".to_vec()).await.unwrap();
        assert_eq!(hash, hex::encode(Sha256::digest(b"words")));
        assert_eq!(blobs.put(b"words".to_vec()).await.unwrap(), hash);
        assert_eq!(blobs.get(&hash).await.unwrap().as_deref(), Some(&b"words"[..]));
        assert_eq!(blobs.get(&"0".repeat(64)).await.unwrap(), None);
        for bad in ["../journal.db", "", &hash.to_uppercase()] {
            assert!(matches!(blobs.get(bad).await, Err(BlobError::BadName)), "{bad}");
        }
    }
}
