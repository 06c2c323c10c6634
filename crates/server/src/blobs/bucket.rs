//! Files in storage that speaks S3: `BUCKET/PREFIX?endpoint=…&region=…`. Keys come from the environment,
//! as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and are shown to nobody.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, RetryConfig};

use super::BlobError;

/// Somebody waits for the file, or a mail for its turn: both are told, and come again by themselves.
const RETRY_WITHIN: Duration = Duration::from_secs(5);

pub(super) fn open(address: &str) -> Result<Arc<dyn ObjectStore>, BlobError> {
    let (place, query) = address.split_once('?').unwrap_or((address, ""));
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    if bucket.is_empty() {
        return Err(BlobError::Address("it names no bucket: s3://BUCKET/PREFIX"));
    }
    let mut asked = Asked { region: "us-east-1", ..Asked::default() };
    for part in query.split('&').filter(|part| !part.is_empty()) {
        match part.split_once('=') {
            Some(("endpoint", endpoint)) => asked.endpoint = Some(endpoint),
            Some(("region", region)) => asked.region = region,
            Some(("plaintext", "yes")) => asked.plaintext = true,
            _ => return Err(BlobError::Address("after ? it may say endpoint=, region= and plaintext=yes")),
        }
    }
    // A command has not started a server, which does this. Whoever came first has installed the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let store = asked.keys(AmazonS3Builder::new().with_bucket_name(bucket))?;
    let retry = RetryConfig { retry_timeout: RETRY_WITHIN, ..RetryConfig::default() };
    let store = asked.endpoint(store)?.with_retry(retry).build()?;
    if prefix.is_empty() { Ok(Arc::new(store)) } else { Ok(Arc::new(PrefixStore::new(store, prefix))) }
}

#[derive(Default)]
struct Asked<'a> {
    endpoint: Option<&'a str>,
    region: &'a str,
    /// Unencrypted beyond this machine, on a network that is trusted.
    plaintext: bool,
}

impl Asked<'_> {
    fn keys(&self, store: AmazonS3Builder) -> Result<AmazonS3Builder, BlobError> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let missing =
            BlobError::Address("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be in the environment");
        let (Some(id), Some(secret)) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"))
        else {
            return Err(missing);
        };
        let store = store.with_region(self.region).with_access_key_id(id).with_secret_access_key(secret);
        Ok(match variable("AWS_SESSION_TOKEN") {
            Some(token) => store.with_token(token),
            None => store,
        })
    }

    fn endpoint(&self, store: AmazonS3Builder) -> Result<AmazonS3Builder, BlobError> {
        let Some(endpoint) = self.endpoint else { return Ok(store) };
        let uri: Uri = endpoint.parse().map_err(|_| BlobError::Address("the endpoint is no https:// URL"))?;
        let here = uri.host().is_some_and(is_loopback);
        match uri.scheme_str() {
            Some("https") => Ok(store.with_endpoint(endpoint)),
            Some("http") if here || self.plaintext => Ok(store.with_endpoint(endpoint).with_allow_http(true)),
            Some("http") => Err(BlobError::Address(
                "the endpoint is not encrypted; use https://, or add plaintext=yes where the network itself \
                 is trusted",
            )),
            _ => Err(BlobError::Address("the endpoint is no https:// URL")),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unencrypted_way_beyond_this_machine_is_refused_unless_the_address_says_so() {
        let builder = || AmazonS3Builder::new().with_bucket_name("desk");
        let asked = |endpoint, plaintext| Asked { endpoint: Some(endpoint), region: "x", plaintext };
        assert!(asked("https://s3.example", false).endpoint(builder()).is_ok());
        assert!(asked("http://127.0.0.1:9000", false).endpoint(builder()).is_ok());
        assert!(asked("http://s3.example", true).endpoint(builder()).is_ok());
        let refused = asked("http://s3.example", false).endpoint(builder()).err().unwrap();
        assert!(refused.to_string().contains("plaintext=yes"), "{refused}");
        assert!(asked("ftp://s3.example", true).endpoint(builder()).is_err());
    }
}
