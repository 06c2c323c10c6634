//! Before anything is answered: is it us that is called, from a page of ours or none, by whom.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use super::HttpError;
use super::network::Network;
use crate::auth::digest;
use crate::sign_in::{self, NotSignedIn};
use crate::state::{App, SignedInAs};

/// Refuses calls under a foreign name, and from pages of other sites.
pub async fn ours(State(app): State<App>, request: Request, next: Next) -> Result<Response, HttpError> {
    let host = host(&request).ok_or(HttpError::Forbidden)?;
    if !app.hosts.allow(&host) || !from_our_page(request.headers(), &host) {
        return Err(HttpError::Forbidden);
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if app.private {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    Ok(response)
}

fn host(request: &Request) -> Option<String> {
    if let Some(host) = request.headers().get(header::HOST) {
        return host.to_str().ok().map(str::to_owned);
    }
    request.uri().authority().map(|a| a.as_str().to_owned())
}

/// Programs send no Origin; a page does, and it must be one that we gave out.
fn from_our_page(headers: &HeaderMap, host: &str) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin = origin.to_str().unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

/// The token's owner, as they are now: roles and teams are read anew on every request.
pub async fn who(app: &App, headers: &HeaderMap) -> Result<SignedInAs, HttpError> {
    let token = headers
        .get(header::AUTHORIZATION)
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.strip_prefix("Bearer "))
        .ok_or(HttpError::SignIn)?;
    let digest = digest(token);
    match look(app, digest).await? {
        // Made a moment ago, perhaps, on another node: told to sign in again, a desk would come no more.
        Err(NotSignedIn::NotYet) => {
            app.catch_up().await?;
            Ok(look(app, digest).await??)
        }
        looked => Ok(looked?),
    }
}

async fn look(app: &App, digest: [u8; 32]) -> Result<Result<SignedInAs, NotSignedIn>, HttpError> {
    let (journal, readers, now) = (Arc::clone(&app.journal), app.readers.clone(), app.clock.now());
    Ok(tokio::task::spawn_blocking(move || sign_in::look(&*journal, &readers, digest, now)).await?)
}

impl FromRequestParts<App> for SignedInAs {
    type Rejection = HttpError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, HttpError> {
        who(app, &parts.headers).await
    }
}

/// Where a request comes from, for limits only; never logged, never kept.
pub struct Caller(pub IpAddr);

impl FromRequestParts<App> for Caller {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let is_proxy = app.behind_proxy && is_proxy(peer, &app.proxies);
        let told = is_proxy.then(|| last_hop(&parts.headers)).flatten();
        Ok(Self(counted(told.unwrap_or(peer))))
    }
}

/// Whether that is a proxy whose word about its callers is taken: one on this machine, or one that was named.
fn is_proxy(peer: IpAddr, named: &[Network]) -> bool {
    peer.to_canonical().is_loopback() || named.iter().any(|network| network.contains(peer))
}

/// As limits count: of IPv6 the network, since whoever has one address there has all of it.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// Whom the proxy answers. It adds them last; what comes before, anyone may have written.
fn last_hop(headers: &HeaderMap) -> Option<IpAddr> {
    let hops = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    hops.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_proxy_added_last_is_believed() {
        let mut headers = HeaderMap::new();
        assert_eq!(last_hop(&headers), None);
        headers.append("x-forwarded-for", HeaderValue::from_static("10.0.0.1"));
        headers.append("x-forwarded-for", HeaderValue::from_static("192.0.2.1, 192.0.2.7"));
        assert_eq!(last_hop(&headers), "192.0.2.7".parse().ok());
        headers.append("x-forwarded-for", HeaderValue::from_static("192.0.2.1, unknown"));
        assert_eq!(last_hop(&headers), None);
    }

    #[test]
    fn only_a_proxy_here_or_one_that_was_named_is_asked_for_whom_it_calls() {
        let named: [Network; 1] = ["10.0.0.8/30".parse().unwrap()];
        let asked = |peer: &str| is_proxy(peer.parse().unwrap(), &named);
        assert!(asked("127.0.0.1") && asked("::1") && asked("::ffff:127.0.0.1") && asked("10.0.0.10"));
        assert!(!asked("10.0.0.12") && !asked("192.0.2.1"));
    }

    #[test]
    fn a_whole_ipv6_network_counts_as_one_caller() {
        let counted = |text: &str| counted(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
    }
}
