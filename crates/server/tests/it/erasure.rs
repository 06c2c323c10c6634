//! A customer erased: no word of theirs is left in any file of the server, the clocks say what they said,
//! and a backup does not bring them back.

use std::path::Path;
use std::sync::Arc;

use evendesk_domain::channel::Identity;
use evendesk_domain::command::{CallDraft, CommandBody, SystemCommand};
use evendesk_domain::decide::{RefusalCode, World};
use evendesk_domain::event::{Call, CallDirection, CallOutcome, Event};
use evendesk_domain::feedback::{FeedbackKind, FeedbackSource};
use evendesk_domain::id::{ConversationId, CustomerId, FeedbackId, MessageId};
use evendesk_domain::inbound::{Attachment, MailThread};
use evendesk_domain::settings::{Fate, INBOX, LedgerEntry, Role};
use evendesk_domain::stream::{Actor, StreamKind};
use evendesk_domain::time::Timestamp;
use evendesk_journal::{Journal, SqliteJournal};
use evendesk_protocol::Outcome;
use evendesk_replica::Viewer;
use evendesk_server::blobs::Blobs;
use evendesk_server::erasure::{self, Ledger};
use evendesk_server::location::Location;
use evendesk_server::writer::Work;
use uuid::Uuid;

use crate::office::{Office, inbound, note, operate, settle, user};

/// Of the name that is said in every place where words can be.
/// As it is looked for: a search index keeps a word without what it shares with the one before it.
const TRACE: &str = "nthippe";

/// Everything in a folder whose bytes hold the word.
fn holders(folder: &Path, word: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path)
                .unwrap()
                .windows(word.len())
                .any(|w| w.eq_ignore_ascii_case(word.as_bytes()))
            {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

struct Xanthippe {
    customer: CustomerId,
    conversation: ConversationId,
    blob: String,
    shared: String,
    excerpt: FeedbackId,
    impersonal: FeedbackId,
    remote_id: String,
}

/// A customer with something said in every way there is.
async fn xanthippe(office: &Office) -> Xanthippe {
    let app = office.app();
    let blob = app.blobs.put(b"raw mail of xanthippe".to_vec()).await.unwrap();
    let shared = app.blobs.put(b"a logo that others send too".to_vec()).await.unwrap();
    let file = |blob: &String, name: &str| Attachment {
        name: name.into(),
        media_type: "text/plain".into(),
        bytes: 1,
        blob: blob.clone(),
        inline: false,
    };
    let mut mail =
        inbound("xanthippe@athens.example", "Where is the xanthippe order, the one with the blue jug?");
    mail.from_name = "Xanthippe of Athens".into();
    mail.subject = "xanthippe order".into();
    mail.remote_id = "xanthippe@athens.example 00aa".into();
    mail.raw = Some(blob.clone());
    mail.attachments = vec![file(&blob, "xanthippe.txt"), file(&shared, "logo.png")];
    mail.mail = MailThread { message_id: Some("xanthippe.1@athens.example".into()), ..MailThread::default() };
    let mut other = inbound("socrates@athens.example", "Know thyself");
    other.attachments = vec![file(&shared, "logo.png")];
    let (account, remote_id) = (mail.account, mail.remote_id.clone());
    let receive = |inbound| SystemCommand::Receive {
        message: MessageId(Uuid::now_v7()),
        customer: CustomerId(Uuid::now_v7()),
        conversation: ConversationId(Uuid::now_v7()),
        inbound: Box::new(inbound),
    };
    let entry = |id: &str| LedgerEntry { uid: 1, remote_id: id.into(), fate: Fate::Taken };
    let commands = vec![
        receive(mail),
        receive(other),
        SystemCommand::AdvanceMailbox {
            account,
            folder: INBOX.into(),
            uid_validity: 1,
            last_uid: 2,
            entries: vec![entry(&remote_id), entry("someone else's")],
        },
    ];
    settle(app, Work::System { commands, by: Actor::System }).await;
    let (customer, conversation) = {
        let reader = app.readers.get().unwrap();
        let world = reader.world_kept();
        let identity = Identity::email("xanthippe@athens.example").unwrap();
        let customer = world.identity_owner(&identity).unwrap().unwrap();
        (customer, world.conversations_of(customer).unwrap()[0])
    };
    office.command(office.ada, note(conversation, "xanthippe sounds cross")).await;
    office.command(office.ada, call(customer)).await;
    let [excerpt, impersonal] =
        ["the xanthippe order, the one with the blue jug", "people keep asking about blue jugs"]
            .map(|text| (FeedbackId(Uuid::now_v7()), text));
    for (feedback, text) in [excerpt, impersonal] {
        let source = FeedbackSource::default();
        let body =
            CommandBody::LogFeedback { feedback, text: text.into(), kind: FeedbackKind::Unsorted, source };
        office.command(office.ada, body).await;
    }
    // Refused, and kept as decided: with nobody's address.
    office.command(office.ada, note(conversation, "")).await;
    let (excerpt, impersonal) = (excerpt.0, impersonal.0);
    Xanthippe { customer, conversation, blob, shared, excerpt, impersonal, remote_id }
}

/// A call by a number that is not known yet: its candidate becomes the customer's.
fn call(customer: CustomerId) -> CommandBody {
    let at = Timestamp::from_seconds(1_700_000_000);
    CommandBody::LogCall(CallDraft {
        message: MessageId(Uuid::now_v7()),
        call: Call {
            direction: CallDirection::Inbound,
            outcome: CallOutcome::Answered,
            number: Some(
                Identity::new(evendesk_domain::channel::IdentityKind::Phone, "+302101234567", None).unwrap(),
            ),
            started_at: at,
            answered_at: at,
            ended_at: at,
            note: "Xanthippe again".into(),
            follow_up: false,
            entered_by_hand: true,
        },
        conversation: ConversationId(Uuid::now_v7()),
        opens: true,
        customer,
        opens_customer: false,
        name: String::new(),
        team: None,
    })
}

fn count(office: &Office, is: impl Fn(&Event) -> bool) -> usize {
    office.app().journal.read(0, 10_000).unwrap().iter().filter(|e| is(&e.event)).count()
}

async fn with_admin() -> (Office, Xanthippe) {
    let office = Office::open().await;
    operate(office.app(), user(office.sue, "sue", Role::Admin, vec![])).await;
    let her = xanthippe(&office).await;
    (office, her)
}

/// What the clocks and the board make of it: rows without their words.
fn figures(office: &Office) -> (String, String) {
    let reader = office.app().readers.get().unwrap();
    let now = office.app().clock.now();
    let now = Timestamp::from_seconds(now.seconds() / 100_000 * 100_000 + 200_000);
    let board = reader.board(&Viewer { user: office.sue, now }, 28).unwrap();
    let timers = reader.streams().unwrap().into_iter().filter(|s| s.kind == StreamKind::Conversation);
    let timers: Vec<String> = timers.map(|s| timers_of(&reader.dump_stream(s).unwrap())).collect();
    (format!("{board:?}"), timers.join("\n"))
}

/// Of a stream's dump, the rows of its timers: of all its rows those without a quotation from anybody.
fn timers_of(dump: &str) -> String {
    let timers = dump.lines().filter(|line| line.contains("_response") || line.contains("resolution"));
    timers.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_the_servers_folder_holds_a_word_of_who_was_erased_and_the_figures_stay() {
    let (office, her) = with_admin().await;
    assert!(!holders(office.dir.path(), TRACE).is_empty());
    let before = figures(&office);

    let erase = CommandBody::EraseCustomer { customer: her.customer };
    for other in [office.ada, office.bob] {
        let refused = office.command(other, erase.clone()).await;
        assert!(matches!(refused, Outcome::Refused { code: RefusalCode::NotAllowed, .. }), "{refused:?}");
    }
    let done = office.command(office.sue, erase.clone()).await;
    assert!(matches!(done, Outcome::Accepted { .. }), "{done:?}");
    assert_eq!(figures(&office), before);

    let app = office.app();
    for _ in 0..200 {
        if app.blobs.get(&her.blob).await.unwrap().is_none() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(holders(office.dir.path(), TRACE), Vec::<String>::new());
    assert!(app.blobs.get(&her.shared).await.unwrap().is_some(), "others name it too");
    {
        let reader = app.readers.get().unwrap();
        let feedback = reader.feedback(0, 10).unwrap();
        let text = |id| feedback.rows.iter().find(|f| f.id == id).unwrap().text.clone();
        assert_eq!(
            (text(her.excerpt).as_str(), text(her.impersonal).as_str()),
            ("", "people keep asking about blue jugs")
        );
        assert!(reader.pending_deliveries(10).unwrap().is_empty());
        assert!(reader.search("athens", 0, 10).unwrap().hits.is_empty());
    }

    let erased = count(&office, |e| matches!(e, Event::Redacted { .. }));
    office.command(office.sue, erase).await;
    assert_eq!(
        count(&office, |e| matches!(e, Event::Redacted { .. })),
        erased,
        "erasing again changes nothing"
    );
    let refused = office.command(office.ada, note(her.conversation, "more of xanthippe")).await;
    assert!(matches!(refused, Outcome::Refused { code: RefusalCode::NotNow, .. }), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_mail_opens_a_new_customer_and_the_erased_one_read_again_does_not_come_back() {
    let (office, her) = with_admin().await;
    office.command(office.sue, CommandBody::EraseCustomer { customer: her.customer }).await;
    let mut same = inbound("xanthippe@athens.example", "Where is the xanthippe order?");
    same.remote_id.clone_from(&her.remote_id);
    let received = count(&office, |e| matches!(e, Event::MessageReceived { .. }));
    let command = SystemCommand::Receive {
        message: MessageId(Uuid::now_v7()),
        customer: CustomerId(Uuid::now_v7()),
        conversation: ConversationId(Uuid::now_v7()),
        inbound: Box::new(same),
    };
    settle(office.app(), Work::System { commands: vec![command], by: Actor::System }).await;
    assert_eq!(count(&office, |e| matches!(e, Event::MessageReceived { .. })), received);

    let (fresh, _) = office.mail("xanthippe@athens.example", "It is me again").await;
    let reader = office.app().readers.get().unwrap();
    let world = reader.world_kept();
    let conversation = world.conversation(fresh).unwrap().expect("a new conversation");
    assert_ne!(conversation.customer, her.customer);
    assert_eq!(world.customer(conversation.customer).unwrap().unwrap().erased_at, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_folded_anew_equals_the_one_that_saw_the_words() {
    let (office, her) = with_admin().await;
    office.command(office.sue, CommandBody::EraseCustomer { customer: her.customer }).await;
    let Office { dir, running, .. } = office;
    running.stop().await;
    let report = evendesk_server::doctor::examine(&Location::new(dir.path())).await.unwrap();
    assert_eq!(report.differences, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_from_before_does_not_bring_an_erased_customer_back() {
    let (office, her) = with_admin().await;
    let backup = tempfile::tempdir().unwrap();
    let copy = backup.path().join("journal.db");
    let live = rusqlite::Connection::open(office.dir.path().join("journal.db")).unwrap();
    live.execute_batch("PRAGMA secure_delete = ON").unwrap();
    live.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    drop(live);
    office.command(office.sue, CommandBody::EraseCustomer { customer: her.customer }).await;
    let Office { dir, running, .. } = office;
    running.stop().await;

    // A restore is another incarnation, and the ledger is not part of it.
    std::fs::copy(&copy, dir.path().join("journal.db")).unwrap();
    rusqlite::Connection::open(dir.path().join("journal.db"))
        .unwrap()
        .execute("UPDATE workspace SET incarnation = randomblob(16)", [])
        .unwrap();
    let blobs = Blobs::open(&dir.path().join("blobs")).unwrap();
    blobs.put(b"raw mail of xanthippe".to_vec()).await.unwrap();
    let journal: Arc<dyn Journal> = Arc::new(SqliteJournal::open(&dir.path().join("journal.db")).unwrap());
    let ledger = Arc::new(Ledger::open(&dir.path().join("erasures.jsonl")).unwrap());
    assert!(erasure::apply(&*journal, &ledger, Timestamp::from_seconds(5)).unwrap() > 0);
    let head = journal.head().unwrap();
    assert_eq!(erasure::apply(&*journal, &ledger, Timestamp::from_seconds(6)).unwrap(), 0);
    assert_eq!(journal.head().unwrap(), head);
    let events = journal.read(0, 1_000).unwrap();
    assert!(events.iter().any(|e| matches!(e.event, Event::Redacted { .. })));
    erasure::sweep(&journal, &blobs, &ledger).await.unwrap();
    drop(journal);
    drop(ledger);
    assert!(blobs.get(&her.shared).await.unwrap().is_some());
    assert_eq!(holders(dir.path(), TRACE), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_what_it_would_reach_and_erases_only_when_told_to() {
    let (office, her) = with_admin().await;
    let Office { dir, running, .. } = office;
    running.stop().await;
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_evendesk-server"));
        let output = command.arg("--data").arg(dir.path()).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    let said = run(&["customer", "erase", "Xanthippe@Athens.example"]);
    assert!(said.contains("2 conversation(s), 1 feedback") && said.contains("--yes"), "{said}");
    assert!(!holders(dir.path(), TRACE).is_empty());
    assert!(run(&["customer", "erase", "nobody@athens.example", "--yes"]).contains("nobody is known as"));
    let said = run(&["customer", "erase", &her.customer.to_string(), "--yes"]);
    assert!(said.contains("Erased"), "{said}");
    assert_eq!(holders(dir.path(), TRACE), Vec::<String>::new());
}
