//! One click logs what was heard, with or without the server, and nothing that it leaves there tells who
//! it was.

use std::collections::BTreeMap;
use std::path::Path;

use evendesk_desk::{Desk, Options};
use evendesk_testkit::screen::Screen;
use evendesk_testkit::window::Window;
use uuid::Uuid;

use crate::office::{ADA, APP, Mail, Office, UNTIL_TRIED_AGAIN};

const HEARD: [&str; 4] = [
    "The new lamps hum all evening.",
    "The catalogue smells of fish.",
    "My neighbour waits for his sofa too.",
    "The parcel man sings beautifully.",
];

#[tokio::test]
async fn one_click_logs_feedback_online_and_offline_and_no_trace_of_it_leads_to_the_agent() {
    let mut office = Office::open();
    let screen = Screen::start();
    let window = office.seat(&screen, ADA).await;
    let text = HEARD.join("\r\n\r\n");
    office.carla_writes(&Mail {
        id: "<rant-1@customer.example>",
        subject: "All of it",
        answers: None,
        text: &text,
    });
    window.shows("Carla Neri").await;
    let agent = agent(&screen, window).await;
    office.server.kill();
    let before = Traces::of(&office, &agent);
    office.server.start();
    let window = Window::open(&screen, Path::new(APP), &["--feedback-within", "0"]).await;
    window.shows("in sync").await;
    window.press("j Enter").await;
    window.shows(HEARD[3]).await;

    let [kept, taken_back, kept_offline, never_sent] = HEARD;
    one_click(&window, kept).await;
    window.picture("feedback-1-one-click").await;
    window.click("button", "Close").await;
    one_click(&window, taken_back).await;
    take_back(&window).await;
    window.press("g f").await;
    window.shows(kept).await;
    window.picture("feedback-2-list").await;

    office.server.kill();
    window.shows("offline").await;
    window.press("g d j Enter").await;
    window.shows("All of it").await;
    one_click(&window, kept_offline).await;
    window.click("button", "Close").await;
    one_click(&window, never_sent).await;
    take_back(&window).await;
    office.server.start();
    window.shows_within("in sync", UNTIL_TRIED_AGAIN).await;
    window.press("g f").await;
    window.shows_within(kept_offline, UNTIL_TRIED_AGAIN).await;
    window.picture("feedback-3-from-offline").await;
    let list = window.text().await;
    assert!(!list.contains(never_sent), "{list}");
    window.close().await;
    office.server.kill();

    let after = Traces::of(&office, &agent);
    let added = &after.events[before.events.len()..];
    assert!(added.iter().any(|event| event.contains(kept)), "{added:#?}");
    assert!(!added.iter().any(|event| event.contains(never_sent)), "{added:#?}");
    for needle in agent.iter().map(|needle| String::from_utf8_lossy(needle)) {
        assert!(!added.iter().any(|event| event.contains(&*needle)), "{needle} is in {added:#?}");
    }
    assert_eq!(after.of_agent, before.of_agent, "nowhere in the files is the agent named once more");
}

/// Marks `text` on the page and presses the button for feedback, once.
async fn one_click(window: &Window<'_>, text: &str) {
    const MARK: &str = "const texts = document.createTreeWalker(document.querySelector('[role=log]'), NodeFilter.SHOW_TEXT);
        while (texts.nextNode()) {
            const at = texts.currentNode.data.indexOf(arguments[0]);
            if (at < 0) continue;
            getSelection().setBaseAndExtent(texts.currentNode, at, texts.currentNode, at + arguments[0].length);
            return true;
        }
        return false;";
    assert_eq!(window.script(MARK, &[text.into()]).await, true, "{text:?} is on the page");
    window.find("[title^='Log what is selected'] button").await.click().await.expect("it can be clicked");
    window.shows("Logged as feedback, without your name").await;
}

/// Undoes what was logged last by its message's button, and closes what is told of that.
async fn take_back(window: &Window<'_>) {
    window.click("button", "Undo").await;
    window.shows("Undone").await;
    window.click("button", "Close").await;
    window.gone("Undone").await;
}

/// What would tell who it was, as text and as it is stored: the name, login, id and device of whoever
/// sits at `window`, which is closed to look at its desk.
async fn agent(screen: &Screen, window: Window<'_>) -> Vec<Vec<u8>> {
    let session = window.ask("session", serde_json::json!({})).await.expect("somebody is signed in");
    window.close().await;
    let desk =
        Desk::open(&screen.home().join("data/evendesk/desk"), Options::default()).expect("a closed desk");
    let device = desk.device().expect("a device").0;
    let user: Uuid = session["user"]["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    let name = session["user"]["name"].as_str().expect("a name");
    let mut needles = vec![name.as_bytes().to_vec(), ADA.as_bytes().to_vec()];
    for id in [user, device] {
        needles.push(id.to_string().into_bytes());
        needles.push(id.as_bytes().to_vec());
    }
    needles
}

/// What a server's files and log hold.
struct Traces {
    events: Vec<String>,
    /// How often something of the agent's is in each.
    of_agent: BTreeMap<String, usize>,
}

impl Traces {
    /// Of a server that is down. Its doctor closes the files in order first, so that nothing is in
    /// them twice.
    fn of(office: &Office, agent: &[Vec<u8>]) -> Traces {
        let doctor = office.server.run(&["doctor"], "");
        assert!(doctor.contains(" 0 differences"), "{doctor}");
        let events = office.server.journal();
        let events = events.iter().map(|event| format!("{:?} {}", event.by, event.event.to_text())).collect();
        let mut of_agent = BTreeMap::new();
        count(&office.server.folder(), agent, &mut of_agent);
        count(&office.server.log(), agent, &mut of_agent);
        Traces { events, of_agent }
    }
}

fn count(path: &Path, agent: &[Vec<u8>], counts: &mut BTreeMap<String, usize>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("the server's folder").flatten() {
            count(&entry.path(), agent, counts);
        }
        return;
    }
    let bytes = std::fs::read(path).expect("a file of the server's");
    let times = |needle: &Vec<u8>| bytes.windows(needle.len()).filter(|window| window == needle).count();
    counts.insert(path.display().to_string(), agent.iter().map(times).sum());
}
