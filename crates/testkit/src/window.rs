//! The real window of the real app, driven as a person would: by what it shows, by keys and clicks.
//!
//! WebKit's own driver starts the app, so a crash and a new start are a new [`Window`] on the
//! same [`Screen`].

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::eventually::{eventually, eventually_now};
use crate::process::{Process, children, is_running, kill_now};
use crate::screen::Screen;

/// How long anything that the window shows may take before a test gives up on it. What must be
/// faster says so itself.
const PATIENCE: Duration = Duration::from_secs(15);

/// Finds an element by its role and name, or says what there is.
const FIND_BY_ROLE: &str = include_str!("window/find_by_role.js");

pub struct Window<'screen> {
    client: Client,
    app: u32,
    /// Ends the app with itself.
    _driver: Process,
    screen: &'screen Screen,
}

impl<'screen> Window<'screen> {
    /// Starts `binary` with `args` on `screen` and waits for its window.
    pub async fn open(screen: &'screen Screen, binary: &Path, args: &[&str]) -> Window<'screen> {
        let port = free_port();
        let mut command = screen.command("WebKitWebDriver");
        command
            .arg(format!("--port={port}"))
            .env("TAURI_AUTOMATION", "true")
            .env("TAURI_WEBVIEW_AUTOMATION", "true");
        let driver = Process::start(&command, &screen.log());
        eventually_now("WebKit's driver listens", PATIENCE, || {
            TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()
        });

        let options = json!({ "binary": binary, "args": args });
        let Value::Object(capabilities) = json!({ "webkitgtk:browserOptions": options }) else {
            unreachable!("an object is an object")
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("the window did not open: {error}\n{}", said(screen)));
        let app = *children(driver.id()).first().expect("the driver has started the app");
        Window { client, app, _driver: driver, screen }
    }

    /// The driver's client, for what is not here.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The app's process.
    pub fn app(&self) -> u32 {
        self.app
    }

    /// Everything that the window shows as text.
    pub async fn text(&self) -> String {
        let text = self.script("return document.body.innerText", &[]).await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the window shows `text`.
    pub async fn shows(&self, text: &str) {
        self.shows_within(text, PATIENCE).await;
    }

    /// Waits until the window shows `text`, for at most `within`.
    pub async fn shows_within(&self, text: &str, within: Duration) {
        let what = format!("the window shows {text:?}");
        let look = async || self.text().await.contains(text).then_some(());
        eventually(&what, within, look).await;
    }

    /// Waits until the window no longer shows `text`.
    pub async fn gone(&self, text: &str) {
        let what = format!("the window no longer shows {text:?}");
        eventually(&what, PATIENCE, async || (!self.text().await.contains(text)).then_some(())).await;
    }

    /// The first element that matches the CSS selector, once there is one.
    pub async fn find(&self, css: &str) -> Element {
        let what = format!("the window has {css:?}");
        eventually(&what, PATIENCE, async || self.client.find(Locator::Css(css)).await.ok()).await
    }

    /// The visible element with this role whose name contains `name`, once there is one: as a
    /// screen reader would call it, so a test that finds a thing has shown that it can be found.
    pub async fn by_role(&self, role: &str, name: &str) -> Element {
        let what = format!("the window has a {role} called {name:?}");
        let wanted = [json!(role), json!(name)];
        eventually(&what, PATIENCE, async || {
            let found = self.client.execute(FIND_BY_ROLE, wanted.to_vec()).await.ok()?;
            let id = found.as_object()?.values().next()?.as_str()?.to_owned();
            Some(Element::from_element_id(self.client.clone(), ElementRef::from(id)))
        })
        .await
    }

    /// Clicks what [`Window::by_role`] finds.
    pub async fn click(&self, role: &str, name: &str) {
        let element = self.by_role(role, name).await;
        element.click().await.unwrap_or_else(|error| panic!("{role} {name:?} not clicked: {error}"));
    }

    /// Presses keys where the focus is: `"j"`, `"Enter"`, `"Ctrl+Enter"`, or several after one
    /// another, as `"g f"`.
    pub async fn press(&self, keys: &str) {
        for chord in keys.split(' ') {
            let pressed = self.client.perform_actions(key_actions(chord)).await;
            pressed.unwrap_or_else(|error| panic!("{chord} was not pressed: {error}"));
        }
    }

    /// Types `text` where the focus is.
    pub async fn type_text(&self, text: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(text).await.expect("the text was typed");
    }

    /// Runs a script in the page, with `arguments`, and returns what it returns.
    pub async fn script(&self, script: &str, arguments: &[Value]) -> Value {
        let ran = self.client.execute(script, arguments.to_vec()).await;
        ran.unwrap_or_else(|error| panic!("the page did not run {script:?}: {error}"))
    }

    /// Asks the app itself, as its page does, for what only a test would look at.
    pub async fn ask(&self, command: &str, arguments: Value) -> Result<Value, Value> {
        const ASK: &str = "const [command, given, done] = arguments;
            window.__TAURI_INTERNALS__.invoke(command, given)
                .then((value) => done({ value }), (error) => done({ error }));";
        let asked = self.client.execute_async(ASK, vec![json!(command), arguments]).await;
        let mut answer = asked.unwrap_or_else(|error| panic!("{command} was not asked: {error}"));
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["value"].take()),
        }
    }

    /// Takes a picture of the screen, kept as `target/screenshots/NAME.png`, once what the page
    /// shows by now is painted. (The driver's own picture waits for a change of the page, and for
    /// ever where there is none.)
    pub async fn picture(&self, name: &str) -> PathBuf {
        const PAINTED: &str = "const [done] = arguments;
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50)));";
        self.client.execute_async(PAINTED, vec![]).await.expect("the page is painted");
        let file = pictures().join(format!("{name}.png"));
        self.screen.picture(&file);
        file
    }

    /// Ends the app as a crash would (`kill -9`), with the window it had.
    pub fn kill(self) {
        kill_now(self.app);
    }

    /// Closes the app in good order.
    pub async fn close(self) {
        // The driver ends the app with its session; a window that is gone already is closed too.
        let _ = self.client.clone().close().await;
        eventually_now("the app has ended", PATIENCE, || (!is_running(self.app)).then_some(()));
    }
}

/// A test that fails leaves a picture of what the screen showed and what the app said.
impl Drop for Window<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let file = pictures().join(format!("failed-{}.png", std::process::id()));
            self.screen.picture(&file);
            eprintln!("what the screen showed: {}\n{}", file.display(), said(self.screen));
        }
    }
}

/// The last of what the programs on `screen` said.
fn said(screen: &Screen) -> String {
    let text = std::fs::read_to_string(screen.log()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}

fn pictures() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
    std::fs::create_dir_all(&folder).expect("a folder for the pictures");
    folder.canonicalize().expect("it was just made")
}

/// The driver cannot choose its own port and say it. One that was free a moment ago will do.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it has an address").port()
}

/// The key presses and releases of one chord, such as `Ctrl+Shift+K`.
fn key_actions(chord: &str) -> KeyActions {
    let keys: Vec<char> = match chord {
        "+" => vec!['+'],
        _ => chord.split('+').map(key).collect(),
    };
    let mut actions = KeyActions::new("keyboard".to_owned());
    for &value in &keys {
        actions = actions.then(KeyAction::Down { value });
    }
    for &value in keys.iter().rev() {
        actions = actions.then(KeyAction::Up { value });
    }
    actions
}

fn key(name: &str) -> char {
    match name {
        "Ctrl" => Key::Control.into(),
        "Shift" => Key::Shift.into(),
        "Alt" => Key::Alt.into(),
        "Enter" => Key::Enter.into(),
        "Escape" => Key::Escape.into(),
        "Tab" => Key::Tab.into(),
        "Backspace" => Key::Backspace.into(),
        "Delete" => Key::Delete.into(),
        "Space" => ' ',
        "Up" => Key::Up.into(),
        "Down" => Key::Down.into(),
        "Left" => Key::Left.into(),
        "Right" => Key::Right.into(),
        "Home" => Key::Home.into(),
        "End" => Key::End.into(),
        "PageDown" => Key::PageDown.into(),
        "PageUp" => Key::PageUp.into(),
        other => {
            let mut characters = other.chars();
            let (Some(character), None) = (characters.next(), characters.next()) else {
                panic!("{other:?} is no key")
            };
            character
        }
    }
}
