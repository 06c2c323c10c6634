//! Where the journeys take place: a shop with one mailbox on real mail servers, a real server process,
//! and people who sit down at real windows.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use evendesk_testkit::mail::MailWorld;
use evendesk_testkit::screen::Screen;
use evendesk_testkit::server_process::ServerProcess;
use evendesk_testkit::window::Window;
use serde_json::{Value, json};

pub const APP: &str = env!("CARGO_BIN_EXE_evendesk");

/// The shop's mailbox.
pub const SHOP: &str = "support@shop.example";
/// Someone who writes to it.
pub const CARLA: &str = "carla@customer.example";

/// Their logins.
pub const ADA: &str = "ada.byron";
pub const SAM: &str = "sam.reyes";
pub const MIRA: &str = "mira.holt";

/// Everybody's password.
const PASSWORD: &str = "correct horse battery";

/// A desk that finds no server tries again within half a minute.
pub const UNTIL_TRIED_AGAIN: Duration = Duration::from_secs(45);

pub struct Office {
    pub mail: MailWorld,
    pub server: ServerProcess,
    /// The address of the form's page.
    pub form: String,
}

impl Office {
    /// Opens with Ada, an agent, Sam, who supervises, and Mira, an admin.
    pub fn open() -> Office {
        Office::open_where(|_| {})
    }

    /// The same, where the server is told something before it starts.
    pub fn open_where(tell: impl FnOnce(&mut ServerProcess)) -> Office {
        let mail = MailWorld::start();
        mail.add_user(SHOP, PASSWORD);
        mail.add_user(CARLA, PASSWORD);
        let mut server = ServerProcess::new(&server_program());
        for (login, name, role) in
            [(ADA, "Ada Byron", "agent"), (SAM, "Sam Reyes", "supervisor"), (MIRA, "Mira Holt", "admin")]
        {
            server.run(&["user", "add", login, "--name", name, "--role", role, "--password-stdin"], PASSWORD);
        }
        let (imap, smtp) =
            (format!("imap://127.0.0.1:{}", mail.imap_port), format!("smtp://127.0.0.1:{}", mail.smtp_port));
        let mailbox = ["mailbox", "add", "Support", "--imap", &imap, "--smtp", &smtp, "--user", SHOP];
        server.run(&[&mailbox[..], &["--password-stdin"]].concat(), PASSWORD);
        let told = server.run(&["form", "add", "Contact"], "");
        let page = told.split_whitespace().find(|word| word.starts_with("/forms/"));
        let page = page.expect("it says where the form's page is").trim_end_matches([',', '.', ';']);
        let form = format!("{}{page}", server.url());
        tell(&mut server);
        server.start();
        Office { mail, server, form }
    }

    /// Someone sits down at a window, joins the team, and sees the queue.
    pub async fn seat<'screen>(&self, screen: &'screen Screen, login: &str) -> Window<'screen> {
        self.seat_with(screen, login, &[]).await
    }

    /// The same, with the app started in its own way.
    pub async fn seat_with<'screen>(
        &self,
        screen: &'screen Screen,
        login: &str,
        arguments: &[&str],
    ) -> Window<'screen> {
        let window = Window::open(screen, Path::new(APP), arguments).await;
        window.click("button", "Join my team").await;
        for (field, text) in [("Server address", self.server.url().as_str()), ("Name or email", login)] {
            window.click("textbox", field).await;
            window.type_text(text).await;
        }
        window.click("textbox", "Password").await;
        window.type_text(PASSWORD).await;
        window.press("Enter").await;
        window.shows("in sync").await;
        window
    }

    /// A mail from Carla, as her program would send it: in the shop's mailbox when this returns.
    pub fn carla_writes(&self, mail: &Mail) {
        self.mail.deliver(mail.text().as_bytes(), CARLA, SHOP);
    }

    /// A mail from Carla as it is, with all of its headers but the first three.
    pub fn carla_sends(&self, id: &str, subject: &str, rest: &str) {
        let head = format!(
            "From: Carla Neri <{CARLA}>\nTo: {SHOP}\nSubject: {subject}\nMessage-ID: {id}\nMIME-Version: 1.0\n"
        );
        let raw = (head + rest).replace('\n', "\r\n");
        self.mail.deliver(raw.as_bytes(), CARLA, SHOP);
    }

    /// The same, but the mail has lain in the shop's mailbox for days before anybody looks.
    pub fn carla_wrote(&self, days_ago: u64, mail: &Mail) {
        let then = SystemTime::now() - Duration::from_secs(days_ago * 24 * 3600);
        self.mail.drop_in_as_of(mail.text().as_bytes(), SHOP, then);
    }

    /// What has arrived in Carla's mailbox, once there is as much.
    pub fn carla_reads(&self, count: usize) -> Vec<String> {
        let mails = self.mail.wait_for_mails(CARLA, count);
        mails.iter().map(|mail| String::from_utf8_lossy(mail).into_owned()).collect()
    }
}

/// A mail from Carla to the shop.
pub struct Mail<'a> {
    pub id: &'a str,
    pub subject: &'a str,
    pub answers: Option<&'a str>,
    pub text: &'a str,
}

impl Mail<'_> {
    fn text(&self) -> String {
        let Mail { id, subject, text, .. } = self;
        let thread = self.answers.map(|id| format!("In-Reply-To: {id}\r\nReferences: {id}\r\n"));
        format!(
            "From: Carla Neri <{CARLA}>\r\nTo: {SHOP}\r\nSubject: {subject}\r\nMessage-ID: {id}\r\n{}\
             MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
            thread.unwrap_or_default()
        )
    }
}

/// A header's value, unfolded; empty where there is none.
pub fn header(mail: &str, name: &str) -> String {
    let mut value = None::<String>;
    for line in mail.lines().take_while(|line| !line.is_empty()) {
        match &mut value {
            Some(value) if line.starts_with([' ', '\t']) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            Some(_) => break,
            None => {
                let named = line.split_once(':').filter(|(found, _)| found.eq_ignore_ascii_case(name));
                value = named.map(|(_, rest)| rest.trim().to_owned());
            }
        }
    }
    value.unwrap_or_default()
}

/// A customer's page, as the desk gives it to the window.
pub async fn page_of(window: &Window<'_>, name: &str) -> Value {
    let due = json!({ "place": { "kind": "due_next" }, "offset": 0, "limit": 50 });
    let rows = window.ask("queue", due).await.expect("the desk has a queue");
    let row = rows["rows"].as_array().into_iter().flatten().find(|row| row["name"] == name);
    let customer = &row.unwrap_or_else(|| panic!("{name} is not in the queue: {rows:#}"))["customer"];
    let page = json!({ "customer": customer, "before": null, "limit": 100 });
    window.ask("customer", page).await.expect("the desk has the customer")
}

/// The clocks over the customer on screen, as `TARGET STATE`.
pub async fn clocks(window: &Window<'_>) -> Vec<String> {
    const CLOCKS: &str = "return [...document.querySelectorAll('[data-testid=clock][data-target]')]
        .map((clock) => `${clock.dataset.target} ${clock.dataset.state}`);";
    let clocks = window.script(CLOCKS, &[]).await;
    clocks.as_array().into_iter().flatten().filter_map(|clock| Some(clock.as_str()?.to_owned())).collect()
}

/// Built beside the app.
pub fn server_program() -> PathBuf {
    Path::new(APP).with_file_name("evendesk-server")
}
