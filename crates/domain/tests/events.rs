//! Events are for ever. `tests/data/events.jsonl` holds one of every kind and version ever written;
//! lines are added to it and never changed. `WRITE_EVENTS=1` adds what is missing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use evendesk_domain::blank::gone;
use evendesk_domain::channel::{Channel, Identity, IdentityKind};
use evendesk_domain::clock::{
    Calendar, MergedFacts, MergedResolution, MergedTurn, Opening, Policy, Priority, Target, Targets, Terms,
    Weekly,
};
use evendesk_domain::conversation::Route;
use evendesk_domain::event::{Call, CallDirection, CallOutcome, Event, FeedbackLogged, Opened, Reply, Step};
use evendesk_domain::feedback::{FeedbackKind, FeedbackOutcome, FeedbackSource};
use evendesk_domain::id::{AccountId, ConversationId, CustomerId, MessageId, TeamId, TermsId, UserId};
use evendesk_domain::inbound::{Attachment, Author, Bounce, Doubt, Inbound, MailThread, SenderCheck};
use evendesk_domain::settings::{AccountSettings, Fate, LedgerEntry, MailSettings, OAuth, Role};
use evendesk_domain::stream::Actor;
use evendesk_domain::time::Timestamp;
use uuid::Uuid;

const ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
const AT: Timestamp = Timestamp::from_seconds(1_780_300_800);
const MESSAGE: MessageId = MessageId(ID);

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/events.jsonl")
}

fn mail() -> MailThread {
    MailThread {
        message_id: Some("b@example.com".into()),
        in_reply_to: vec!["a@example.com".into()],
        references: vec!["a@example.com".into()],
    }
}

fn inbound() -> Inbound {
    Inbound {
        channel: Channel::Email,
        account: AccountId(ID),
        remote_id: "sha256:00".into(),
        from: Identity { kind: IdentityKind::Email, value: "ada@example.com".into() },
        from_name: "Ada".into(),
        verified: true,
        subject: "Order 20881".into(),
        text: "Where is it?\n> quoted".into(),
        folded: vec![(13, 21)],
        spoke_at: AT,
        attachments: vec![Attachment {
            name: "scan.pdf".into(),
            media_type: "application/pdf".into(),
            bytes: 3,
            blob: "ab".into(),
            inline: false,
        }],
        raw: Some("cd".into()),
        author: Author::Person,
        bounce: Some(Bounce {
            recipient: Some("x@example.com".into()),
            status: Some("5.1.1".into()),
            permanent: true,
            original_message_id: Some("c@example.com".into()),
        }),
        doubts: vec![
            Doubt::SeveralSenders { addresses: vec!["ada@example.com".into(), "bob@example.com".into()] },
            Doubt::RepliesElsewhere { address: "bob@example.com".into() },
            Doubt::NameIsAddress { address: "bob@example.com".into() },
            Doubt::LookAlike { domain: "éxample.com".into(), resembles: "example.com".into() },
            Doubt::Unproven { check: SenderCheck::Dmarc },
        ],
        mail: mail(),
        thread: Some("at://post".into()),
        reply_to: Some("ada@example.com".into()),
        cc: vec!["bob@example.com".into()],
        answers: None,
    }
}

fn reply() -> Reply {
    Reply {
        message: MESSAGE,
        channel: Channel::Email,
        account: AccountId(ID),
        to: "ada@example.com".into(),
        cc: vec!["bob@example.com".into()],
        subject: "Re: Order 20881".into(),
        text: "It left yesterday.".into(),
        author_name: "Maya K".into(),
        follow_up: true,
        mail: mail(),
        thread: None,
        seen: Some(MESSAGE),
        to_stranger: false,
    }
}

fn route() -> Route {
    Route {
        channel: Channel::Email,
        account: AccountId(ID),
        to: "ada@example.com".into(),
        cc: vec!["bob@example.com".into()],
        subject: "Order 20881".into(),
        mail: mail(),
        thread: Some("at://post".into()),
    }
}

fn facts() -> MergedFacts {
    let turn = MergedTurn {
        target: Target::FirstResponse,
        channel: Channel::Email,
        promised: true,
        started_at: AT,
        consumed_s: 60,
        breached_at: Some(AT),
    };
    let resolution =
        MergedResolution { channel: Channel::Email, started_at: AT, consumed_s: 60, breached_at: None };
    MergedFacts { open_turn: Some(turn), resolution: Some(resolution) }
}

fn call() -> Call {
    Call {
        direction: CallDirection::Inbound,
        outcome: CallOutcome::Answered,
        number: Some(Identity { kind: IdentityKind::Phone, value: "+442079460018".into() }),
        started_at: AT,
        answered_at: AT,
        ended_at: AT,
        note: "Asked about the order".into(),
        follow_up: false,
        entered_by_hand: true,
    }
}

fn terms() -> Terms {
    let opening = Opening("09:00".parse().unwrap(), "24:00".parse().unwrap());
    Terms {
        calendar: Calendar {
            timezone: "Europe/Berlin".into(),
            weekly: Weekly { mon: vec![opening], ..Weekly::default() },
            overrides: Vec::new(),
        },
        policy: Policy {
            targets: [(Priority::Normal, Targets { first_response: Some(7200), ..Targets::default() })]
                .into(),
            at_risk: 0.75,
            pause_resolution_on_hold: true,
        },
    }
}

fn account() -> AccountSettings {
    AccountSettings {
        channel: Channel::Email,
        name: "support".into(),
        address: "support@example.com".into(),
        team: TeamId(ID),
        imap: Some("imaps://mail.example.com".into()),
        smtp: Some("smtp://mail.example.com".into()),
        user: Some("support".into()),
        webhook: None,
        mail: MailSettings::default(),
    }
}

fn mail_settings() -> MailSettings {
    MailSettings {
        folders: vec!["INBOX".into(), "Returns".into()],
        ca: Some("-----BEGIN CERTIFICATE-----".into()),
        oauth: Some(OAuth {
            authorize_url: "https://sign-in.example.com/authorize".into(),
            token_url: "https://sign-in.example.com/token".into(),
            client_id: "evendesk".into(),
            scope: "mail".into(),
        }),
    }
}

fn conversation_events() -> Vec<Event> {
    let opened = Opened {
        customer: CustomerId(ID),
        channel: Channel::Email,
        subject: "Order 20881".into(),
        team: TeamId(ID),
        terms: TermsId(ID),
        priority: Priority::Normal,
        account: Some(AccountId(ID)),
        split_from: None,
        related: None,
    };
    let note = Event::NoteAdded { message: MESSAGE, text: "Carrier lost it".into() };
    vec![
        Event::ConversationOpened(opened.clone()),
        Event::MessageReceived { message: MESSAGE, inbound: Box::new(inbound()), guessed: false },
        Event::Replied(Box::new(reply())),
        Event::Delivered { message: MESSAGE },
        Event::DeliveryFailed { message: MESSAGE, reason: "550 no such user".into() },
        Event::ReplyHeld { message: MESSAGE },
        Event::ReplyReleased { message: MESSAGE },
        Event::ReplyHadGone { message: MESSAGE },
        note.clone(),
        Event::CallLogged { message: MESSAGE, call: Box::new(call()) },
        Event::Assigned { assignee: Some(UserId(ID)) },
        Event::TeamChanged { from: TeamId(ID), to: TeamId(ID) },
        Event::PriorityChanged { priority: Priority::Urgent },
        Event::TermsChanged { terms: TermsId(ID), effective_at: AT },
        Event::Snoozed { until: AT },
        Event::Unsnoozed,
        Event::WaitingSet,
        Event::HoldSet,
        Event::Resumed,
        Event::Resolved,
        Event::Reopened,
        Event::NoReplyNeeded,
        Event::StepReached { timer: 0, step: Step::AtRisk },
        Event::MessageMovedOut { message: MESSAGE, to: ConversationId(ID) },
        Event::ConversationOpened(Opened { related: Some(ConversationId(ID)), ..opened }),
        Event::MessageReceived {
            message: MESSAGE,
            inbound: Box::new(Inbound { answers: Some(MESSAGE), ..inbound() }),
            guessed: true,
        },
        Event::Replied(Box::new(Reply { to_stranger: true, ..reply() })),
        Event::MessageCopied { message: MESSAGE, account: AccountId(ID), remote_id: "sha256:00".into() },
        Event::ConversationMerged { into: ConversationId(ID) },
        Event::ConversationMergedIn {
            from: ConversationId(ID),
            facts: Box::new(facts()),
            routes: vec![route()],
            participants: vec!["bob@example.com".into()],
        },
        Event::MessageMovedIn {
            message: MESSAGE,
            from: ConversationId(ID),
            learnt_at: AT,
            by: Actor::User(UserId(ID)),
            original: Box::new(note),
        },
    ]
}

fn other_events() -> Vec<Event> {
    let logged = FeedbackLogged {
        text: "Third week waiting".into(),
        feedback_kind: FeedbackKind::Complaint,
        source: FeedbackSource { title: "A blog".into(), address: "https://blog.example".into() },
        department: TeamId(ID),
        terms: TermsId(ID),
        heard_at: AT,
        signed_by: None,
    };
    let entry = |fate| LedgerEntry { uid: 7, remote_id: "sha256:00".into(), fate };
    vec![
        Event::CustomerOpened { name: "Ada".into() },
        Event::CustomerNamed { name: "Ada Byron".into() },
        Event::IdentityAdded { identity: inbound().from, verified: true },
        Event::CustomerMerged { into: CustomerId(ID) },
        Event::CustomerUnmerged,
        Event::FeedbackLogged(Box::new(logged)),
        Event::FeedbackAcknowledged,
        Event::FeedbackAssigned { owner: None },
        Event::FeedbackNoted { text: "Asked the warehouse".into() },
        Event::FeedbackClosed { outcome: FeedbackOutcome::Explained, because: "Carrier strike".into() },
        Event::FeedbackReopened,
        Event::FeedbackWithdrawn,
        Event::TermsSaved { name: "Office hours".into(), terms: Box::new(terms()) },
        Event::TeamSaved { name: "Orders".into(), terms: TermsId(ID) },
        Event::UserSaved {
            name: "Maya K".into(),
            login: "maya".into(),
            role: Role::Agent,
            teams: vec![TeamId(ID)],
        },
        Event::WorkspaceRestored { backup_made_at: AT },
        Event::UserDeactivated,
        Event::UserReactivated,
        Event::AccountSaved { settings: Box::new(account()) },
        Event::MailboxAdvanced {
            uid_validity: 1,
            last_uid: 7,
            entries: vec![
                entry(Fate::Taken),
                entry(Fate::Duplicate),
                entry(Fate::Quarantined { blob: "ab".into(), why: "no sender".into() }),
                entry(Fate::TooLarge { bytes: 1 << 30 }),
            ],
        },
        Event::AccountSaved { settings: Box::new(AccountSettings { mail: mail_settings(), ..account() }) },
        Event::AccountRemoved,
        Event::FolderAdvanced {
            folder: "Returns".into(),
            uid_validity: 1,
            last_uid: 7,
            entries: vec![entry(Fate::Taken), entry(Fate::Withheld { why: "not given".into() })],
        },
        Event::SetAsideRetried { of: 5, place: 2, entry: entry(Fate::Taken) },
        Event::Redacted { seqs: vec![1, 2] },
    ]
}

fn kind(text: &str) -> String {
    serde_json::from_str::<serde_json::Value>(text).unwrap()["kind"].as_str().unwrap().to_owned()
}

#[test]
fn every_event_ever_written_is_still_read_and_means_the_same() {
    let samples: Vec<String> =
        conversation_events().iter().chain(&other_events()).map(Event::to_text).collect();
    let mut kept = std::fs::read_to_string(golden()).unwrap_or_default();
    if std::env::var_os("WRITE_EVENTS").is_some() {
        for sample in &samples {
            if kept.lines().all(|l| l != sample) {
                kept.push_str(sample);
                kept.push('\n');
            }
        }
        std::fs::write(golden(), &kept).unwrap();
    }
    for line in kept.lines() {
        let event = Event::from_text(line).unwrap();
        assert!(!event.is_from_the_future(), "this build has forgotten {line}");
        assert_eq!(Event::from_text(&event.to_text()).unwrap(), event);
    }
    for sample in &samples {
        assert!(
            kept.lines().any(|l| l == sample),
            "not in the golden file, or changed without a version: {sample}"
        );
    }
}

/// What the samples above say that is anybody's words, name, address, or an id of the outside world.
const WORDS: [&str; 18] = [
    "Order",
    "Ada",
    "ada",
    "bob",
    "Where",
    "quoted",
    "scan",
    "\"ab\"",
    "\"cd\"",
    "example.com",
    "at://",
    "left",
    "Maya",
    "550",
    "Carrier",
    "Asked",
    "+4420",
    "sha256:",
];

#[test]
fn a_blanked_event_has_nobodys_words_and_is_still_the_same_event() {
    let of_feedback = ["Third", "blog", "warehouse", "strike"];
    let settings = ["terms_saved", "team_saved", "user_saved", "account_saved"];
    let gone = [gone("sha256:00")].into();
    for event in conversation_events().iter().chain(&other_events()) {
        if settings.contains(&kind(&event.to_text()).as_str()) {
            continue;
        }
        let blanked = event.blanked().without_ids(&gone);
        assert_eq!(std::mem::discriminant(&blanked), std::mem::discriminant(event));
        assert_eq!(blanked.blanked().without_ids(&gone), blanked);
        let text = blanked.to_text();
        assert_eq!(Event::from_text(&text).unwrap(), blanked);
        // A mail that could not be read is nobody's: it is deleted by whoever looks through what was set aside.
        let text = text.replace(r#""quarantined":{"blob":"ab""#, "");
        for word in WORDS.iter().chain(&of_feedback) {
            assert!(!text.contains(word), "{word} in {text}");
        }
    }
}

#[test]
fn the_golden_file_has_every_kind_there_is() {
    let kept = std::fs::read_to_string(golden()).unwrap();
    let kept: BTreeSet<String> = kept.lines().map(kind).collect();
    // serde names all kinds it knows when it meets one that it does not.
    let refusal = Event::deserialize(&mut serde_json::Deserializer::from_str(r#"{"kind":"?"}"#)).unwrap_err();
    let known = refusal.to_string();
    let known: BTreeSet<String> =
        known.split('`').skip(3).step_by(2).map(str::to_owned).filter(|k| k != "?").collect();
    assert!(known.len() > 30, "{known:?}");
    assert_eq!(kept, known);
}
