//! Signed in without a password: by tokens, which are renewed, and which their owner can take back.

use std::sync::{Arc, Mutex};

use evendesk_channels::email::fetch::{FetchError, Fetcher};
use evendesk_channels::email::oauth::{Grant, Keeps, Tokens};
use evendesk_channels::email::send::{Outgoing, Verdict, test};
use evendesk_channels::email::sign_in::SignIn;
use evendesk_domain::settings::OAuth;
use evendesk_testkit::mail::MailWorld;
use evendesk_testkit::mail::tokens::TokenServer;

use crate::fetching::{PASSWORD, SUPPORT, access, mail, now, subjects};
use crate::paper::Paper;

const FIRST_GRANT: &str = "grant-of-the-first-day";

struct Kept(Mutex<Grant>);

impl Keeps for Kept {
    fn load(&self) -> Result<Grant, String> {
        Ok(self.0.lock().expect("kept").clone())
    }

    fn keep(&self, grant: &Grant) -> Result<(), String> {
        *self.0.lock().expect("kept") = grant.clone();
        Ok(())
    }
}

fn tokens(provider: &TokenServer) -> (Arc<Tokens>, Arc<Kept>) {
    let grant = Grant { refresh_token: FIRST_GRANT.to_owned(), client_secret: None };
    let kept = Arc::new(Kept(Mutex::new(grant)));
    let oauth = OAuth {
        authorize_url: String::new(),
        token_url: provider.token_url(),
        client_id: "evendesk".to_owned(),
        scope: "mail".to_owned(),
    };
    (Arc::new(Tokens::new(oauth, kept.clone())), kept)
}

#[tokio::test]
async fn mail_is_read_and_sent_by_tokens_that_are_renewed_until_their_owner_takes_them_back() {
    let provider = TokenServer::start(SUPPORT, FIRST_GRANT);
    let world = MailWorld::start_trusting(&provider);
    world.add_user(SUPPORT, PASSWORD);
    world.drop_in(&mail(0), SUPPORT);
    let (tokens, kept) = tokens(&provider);
    let (paper, sign_in) = (Paper::default(), SignIn::Tokens(tokens));
    let mut access = access(&world, PASSWORD);
    access.sign_in = sign_in.clone();
    let outgoing = Outgoing {
        server: format!("smtp://127.0.0.1:{}", world.smtp_port).parse().expect("an address"),
        sign_in: Some((SUPPORT.to_owned(), sign_in)),
        from: SUPPORT.to_owned(),
        ca: None,
    };
    Fetcher::new(access.clone()).pull(&paper, now()).await.expect("read");
    assert_eq!(test(&outgoing).await, Verdict::Sent);
    assert_eq!(provider.given(), 1, "one token does for both ways");
    assert_eq!(kept.load().map(|g| g.refresh_token), Ok("grant-1".to_owned()), "the new grant is kept");

    // Too old before its time: another is asked for, and nobody is troubled.
    provider.expire();
    world.drop_in(&mail(1), SUPPORT);
    Fetcher::new(access.clone()).pull(&paper, now()).await.expect("read");
    assert_eq!((paper.subjects(), provider.given()), (subjects(0..2), 2));
    provider.expire();
    assert_eq!(test(&outgoing).await, Verdict::Sent);
    assert_eq!(provider.given(), 3);

    provider.revoke();
    let refused = Fetcher::new(access).pull(&paper, now()).await.expect_err("taken back");
    assert!(matches!(refused, FetchError::Token(_)) && refused.needs_a_person(), "{refused}");
    let said = refused.to_string();
    assert!(said.contains("Sign in to this mailbox again") && !said.contains("grant-"), "{said}");
    let refused = test(&outgoing).await;
    assert!(matches!(&refused, Verdict::AccountNeedsAttention(why) if why.contains("again")), "{refused:?}");
}
