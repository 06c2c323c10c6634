//! A desktop for one person: a display nobody sees, a session bus, something that shows
//! notifications, and a home folder; all gone when dropped.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;

/// As large as the window is at first, so that a picture of the screen is one of the window.
pub const WIDTH: usize = 1280;
pub const HEIGHT: usize = 820;

/// What one notification said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub title: String,
    pub body: String,
}

pub struct Screen {
    // Dropped in this order: what uses the display before the display, the folder last.
    running: Vec<Process>,
    variables: Vec<(&'static str, OsString)>,
    home: TempDir,
}

impl Screen {
    /// Starts the desktop; notifications are shown where `dunst` is installed.
    pub fn start() -> Screen {
        let home = tempfile::tempdir().expect("a folder for the test");
        let variables = variables(home.path());
        let mut screen = Screen { running: Vec::new(), variables, home };
        screen.start_display();
        screen.start_bus();
        screen.start_notifier();
        screen.give_browser();
        screen
    }

    /// Has programs that are started from here on show themselves dark, as a person's settings do.
    pub fn darken(&self) {
        let folder = self.home().join("config/gtk-3.0");
        fs::create_dir_all(&folder).expect("a folder for settings");
        let dark = "[Settings]\ngtk-application-prefer-dark-theme=1\n";
        fs::write(folder.join("settings.ini"), dark).expect("settings");
    }

    /// The links that programs had opened in the browser, the oldest first.
    pub fn opened_links(&self) -> Vec<String> {
        let opened = fs::read_to_string(self.home().join("opened-links")).unwrap_or_default();
        opened.lines().map(str::to_owned).collect()
    }

    /// The person's home: everything that programs started here keep.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// What the programs started here said.
    pub fn log(&self) -> PathBuf {
        self.home.path().join("programs.log")
    }

    /// A program that will run on this desktop.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.env_remove("WAYLAND_DISPLAY").envs(self.variables.iter().map(|(k, v)| (k, v)));
        command
    }

    /// Every notification shown so far, the oldest first.
    pub fn notifications(&self) -> Vec<Notification> {
        let shown = fs::read_to_string(self.home.path().join("notifications")).unwrap_or_default();
        let mut parts = shown.split_terminator('\u{1f}');
        let mut notifications = Vec::new();
        while let (Some(title), Some(body)) = (parts.next(), parts.next()) {
            notifications.push(Notification { title: title.to_owned(), body: from_markup(body) });
        }
        notifications
    }

    /// Clicks the notification that was shown last.
    pub fn click_notification(&self) {
        let clicked = self.command("dunstctl").args(["action", "0"]).status();
        assert!(clicked.is_ok_and(|status| status.success()), "the notification was not clicked");
    }

    /// Takes a picture of the whole display, also when no window answers any more.
    pub fn picture(&self, to: &Path) {
        let taken = self.command("import").args(["-silent", "-window", "root"]).arg(to).status();
        if !taken.is_ok_and(|status| status.success()) {
            eprintln!("no picture of the screen could be taken");
        }
    }

    /// The file in which the display is: 32 bits a pixel, row by row, behind a header. Always what is
    /// shown just now, and cheap to look at many times a second.
    pub fn framebuffer(&self) -> PathBuf {
        self.home.path().join("Xvfb_screen0")
    }

    fn start_display(&mut self) {
        let mut display = self.command("Xvfb");
        display.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &format!("{WIDTH}x{HEIGHT}x24"),
            "-nolisten",
            "tcp",
        ]);
        display.arg("-fbdir").arg(self.home.path());
        let (display, number) = Process::start_and_hear(&display, &self.log());
        self.running.insert(0, display);
        self.variables.push(("DISPLAY", format!(":{number}").into()));
    }

    /// The bus starts services itself, so it must already know the display and the home folder.
    fn start_bus(&mut self) {
        let mut bus = self.command("dbus-daemon");
        bus.args(["--session", "--nofork", "--print-address=1"]);
        let (bus, address) = Process::start_and_hear(&bus, &self.log());
        self.running.insert(0, bus);
        self.variables.push(("DBUS_SESSION_BUS_ADDRESS", address.into()));
    }

    /// A browser that only notes down what it was to open.
    fn give_browser(&mut self) {
        let (script, opened) = (self.home().join("browser"), self.home().join("opened-links"));
        let noting = format!("#!/bin/sh\nprintf '%s\\n' \"$1\" >> '{}'\n", opened.display());
        fs::write(&script, noting).expect("a browser");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it can be run");
        self.variables.push(("BROWSER", script.into()));
    }

    fn start_notifier(&mut self) {
        if Command::new("dunst").arg("--version").output().is_err() {
            return;
        }
        let home = self.home.path();
        let script = home.join("on-notification");
        fs::write(&script, note_down(&home.join("notifications"))).expect("a script for dunst");
        fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it can be run");
        let config = home.join("dunstrc");
        fs::write(&config, format!("[each]\nsummary = *\nscript = {}\n", script.display()))
            .expect("a configuration for dunst");
        let mut notifier = self.command("dunst");
        notifier.arg("-conf").arg(config);
        let notifier = Process::start(&notifier, &self.log());
        self.running.insert(0, notifier);
    }
}

/// What programs are told of the home folder, with the folders that they are told of.
fn variables(home: &Path) -> Vec<(&'static str, OsString)> {
    let mut variables =
        vec![("HOME", home.as_os_str().to_owned()), ("LANG", "C.UTF-8".into()), ("TZ", "UTC".into())];
    for (variable, name) in [
        ("XDG_CACHE_HOME", "cache"),
        ("XDG_CONFIG_HOME", "config"),
        ("XDG_DATA_HOME", "data"),
        ("XDG_RUNTIME_DIR", "runtime"),
        ("XDG_STATE_HOME", "state"),
    ] {
        let folder = home.join(name);
        fs::create_dir(&folder).expect("a folder for the test");
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).expect("for this user alone");
        variables.push((variable, folder.into_os_string()));
    }
    variables
}

/// Bodies are markup on the bus; tests compare what a person reads.
fn from_markup(body: &str) -> String {
    body.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// A script that the notifier runs for each notification: appends its title and body.
fn note_down(file: &Path) -> String {
    format!("#!/bin/sh\nprintf '%s\\037%s\\037' \"$DUNST_SUMMARY\" \"$DUNST_BODY\" >> '{}'\n", file.display())
}
