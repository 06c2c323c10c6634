//! The walls of the architecture, held by reading the project itself. Which room may import
//! which is the table of the design; a new room or import is a decision, made here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Which of our crates each of our crates may import. `testkit` may import any, and be imported
/// by tests alone.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("remains", &[]),
    ("journal", &["domain", "remains"]),
    ("replica", &["domain", "remains"]),
    ("channels", &["domain"]),
    ("protocol", &["domain"]),
    ("desk", &["domain", "remains", "replica", "protocol"]),
    ("server", &["domain", "journal", "replica", "channels", "protocol"]),
    ("app", &["domain", "desk", "server", "protocol", "replica"]),
];

/// What comes from elsewhere and may be imported by these rooms alone.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("axum", &["server"]),
    ("imap", &["channels"]),
    ("rusqlite", &["remains", "journal", "replica", "desk"]),
    ("tauri", &["app"]),
];

/// Where SQL may be written.
const SQL_IN: &[&str] = &[
    "crates/remains/",
    "crates/journal/",
    "crates/replica/",
    "crates/desk/src/outbox/",
    "crates/desk/src/error.rs",
];

/// What would give the domain a clock, chance or the world: all of these are passed in to it.
const NOT_IN_DOMAIN: &[&str] = &[
    "Utc::now",
    "Local::now",
    "SystemTime",
    "Instant::now",
    "now_v7(",
    "new_v4(",
    "rand::",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "tokio::",
];

const RUST_LINES: usize = 500;
const SVELTE_LINES: usize = 600;

#[test]
fn every_room_imports_only_what_its_design_allows() {
    let allowed: BTreeMap<&str, &[&str]> = ROOMS.iter().copied().collect();
    let mut wrong = Vec::new();
    for (room, package) in rooms(&metadata()) {
        if room == "testkit" {
            continue;
        }
        let Some(allowed) = allowed.get(room.as_str()) else {
            wrong.push(format!("{room} is no room of the design"));
            continue;
        };
        let imported = imports(&package).filter_map(|name| Some(name.strip_prefix("evendesk-")?.to_owned()));
        wrong.extend(
            imported
                .filter(|other| !allowed.contains(&other.as_str()))
                .map(|other| format!("{room} → {other}")),
        );
    }
    assert_none(&wrong, "imports that the design does not allow");
}

#[test]
fn what_reaches_the_world_is_imported_only_where_it_is_at_home() {
    let mut wrong = Vec::new();
    for (room, package) in rooms(&metadata()).into_iter().filter(|(room, _)| room != "testkit") {
        for name in imports(&package) {
            let guarded = ELSEWHERE.iter().find(|(guarded, _)| name == *guarded || is_part(&name, guarded));
            if guarded.is_some_and(|(_, homes)| !homes.contains(&room.as_str())) {
                wrong.push(format!("{room} → {name}"));
            }
        }
    }
    assert_none(&wrong, "imports away from home");
}

#[test]
fn sql_is_written_only_where_stores_are() {
    let wrong: Vec<String> = files(&["crates", "src-tauri"], "rs")
        .filter(|(path, text)| {
            text.contains("rusqlite::")
                && !SQL_IN.iter().any(|home| path.starts_with(home))
                // A test may look into the file that a store has written.
                && !path.contains("/tests/")
        })
        .map(|(path, _)| path)
        .collect();
    assert_none(&wrong, "SQL outside journal, replica and the desk's outbox");
}

#[test]
fn the_domain_has_no_clock_no_chance_and_no_world() {
    let wrong: Vec<String> = files(&["crates/domain/src"], "rs")
        .flat_map(|(path, text)| {
            let found = NOT_IN_DOMAIN.iter().filter(|forbidden| text.contains(**forbidden));
            found.map(|forbidden| format!("{path}: {forbidden}")).collect::<Vec<_>>()
        })
        .collect();
    assert_none(&wrong, "what the domain must be given instead");
}

#[test]
fn every_file_fits_one_thought_and_every_module_says_which() {
    let rust = files(&["crates", "src-tauri", "tests"], "rs");
    let mut wrong: Vec<String> = rust
        .flat_map(|(path, text)| {
            let silent = (!text.starts_with("//!")).then(|| format!("{path} does not say what lives there"));
            silent.into_iter().chain(too_long(&path, &text, RUST_LINES))
        })
        .collect();
    wrong
        .extend(files(&["ui/src"], "svelte").filter_map(|(path, text)| too_long(&path, &text, SVELTE_LINES)));
    assert_none(&wrong, "files to mend");
}

#[test]
fn the_pages_lock_file_names_no_host() {
    let lock = fs::read_to_string(root().join("ui/package-lock.json")).unwrap();
    assert!(!lock.contains("\"resolved\""), "npm wrote addresses into the lock file; see ui/.npmrc");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn metadata() -> Metadata {
    let manifest = root().join("Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().expect("cargo knows the project")
}

/// Our crates by the name of their room; the root package is the app.
fn rooms(metadata: &Metadata) -> Vec<(String, Package)> {
    let packages = metadata.packages.iter();
    packages
        .map(|package| {
            let room = package.name.strip_prefix("evendesk-").unwrap_or("app");
            (room.to_owned(), package.clone())
        })
        .collect()
}

/// What a crate imports, tests apart.
fn imports(package: &Package) -> impl Iterator<Item = String> {
    let dependencies = package.dependencies.iter();
    dependencies.filter(|dependency| dependency.kind != DependencyKind::Development).map(|d| d.name.clone())
}

/// Whether `name` is one of the crates that `family` consists of, as `tauri-build` of `tauri`.
fn is_part(name: &str, family: &str) -> bool {
    name.strip_prefix(family).is_some_and(|rest| rest.starts_with('-'))
}

fn too_long(path: &str, text: &str, most: usize) -> Option<String> {
    let lines = text.lines().count();
    (lines > most).then(|| format!("{path} has {lines} lines; {most} is the most"))
}

/// The files with this extension in these folders: path from the root, and text.
fn files(folders: &[&str], extension: &'static str) -> impl Iterator<Item = (String, String)> {
    let mut found = Vec::new();
    let mut unread: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = unread.pop() {
        for entry in
            fs::read_dir(&folder).expect("a folder of the project").map(|entry| entry.unwrap().path())
        {
            if entry.is_dir() {
                unread.push(entry);
            } else if entry.extension().is_some_and(|found| found == extension) {
                found.push(entry);
            }
        }
    }
    assert!(!found.is_empty(), "there are no .{extension} files in {folders:?}");
    found.into_iter().map(|path| {
        let text = fs::read_to_string(&path).expect("a source file");
        let path = path.strip_prefix(root()).expect("it is below the root");
        (path.to_string_lossy().into_owned(), text)
    })
}

fn assert_none(wrong: &[String], what: &str) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}
