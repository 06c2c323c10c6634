//! The desktop app: window, tray, shortcuts, notifications, keychain, thin commands.
//!
//! What an agent can do lives in `crates/desk`; what is here only shows it and carries it
//! between the page, the desktop and the desk. No rule of the trade may be written here.

mod accounts;
mod command_line;
mod commands;
mod computer;
pub mod display;
mod doctor;
mod downloads;
mod home;
mod keychain;
mod letters;
mod log;
mod news;
mod notify;
mod one_click;
mod opening;
mod selection;
mod single;
mod tray;
mod window;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

pub use command_line::CommandLine;
pub use keychain::{Keychain, KeychainError, Place};
pub use notify::{Notice, send as notify};
pub use opening::OpenCustomer;
pub use selection::Captured;
pub use tray::set_overdue;

use tauri::Manager as _;

/// What this start of the app was asked for, known to every part of it.
pub struct Start {
    /// The folder that everything of this desk is kept in.
    pub data: PathBuf,
    /// Whether sample customers write all the time.
    pub demo: bool,
    /// The team's server, where it was named on the command line.
    pub server: Option<String>,
    /// Authorities to believe besides the system's.
    pub ca: Option<PathBuf>,
    /// Unsigned feedback leaves within this long, at a random moment.
    pub feedback_within: Duration,
    /// Whether to wait in the tray rather than show the window.
    pub background: bool,
}

/// Runs the app until it is quit.
pub fn run(options: CommandLine) -> ExitCode {
    log::begin();
    let start = match options.start() {
        Ok(start) => start,
        Err(problem) => {
            eprintln!("evendesk: {problem}");
            return ExitCode::FAILURE;
        }
    };
    if options.doctor {
        return doctor::examine(&start);
    }
    let built = tauri::Builder::default()
        .plugin(single::plugin(&start.data))
        .plugin(tauri_plugin_window_state::Builder::new().with_state_flags(window::kept_state()).build())
        .plugin(one_click::plugin())
        .manage(opening::Openings::default())
        .manage(Keychain::new(&start.data))
        .manage(start)
        .invoke_handler(tauri::generate_handler![
            commands::session,
            commands::connection,
            commands::reconnect,
            commands::directory,
            commands::counts,
            commands::queue,
            commands::customer,
            commands::find_person,
            commands::why,
            commands::search,
            commands::board,
            commands::board_list,
            commands::feedback,
            commands::outgoing,
            commands::unsent,
            commands::elsewhere,
            commands::held_answers,
            commands::draft_get,
            commands::draft_put,
            commands::attachment_open,
            accounts::account_states,
            accounts::set_aside,
            accounts::aside_retry,
            accounts::aside_save,
            letters::attachment_save,
            letters::attachment_picture,
            letters::letter,
            letters::letter_picture,
            letters::pictures_unasked,
            letters::show_pictures_unasked,
            letters::link_open,
            commands::submit,
            commands::outgoing_confirm,
            commands::outgoing_edit,
            commands::outgoing_drop,
            commands::outgoing_reword,
            commands::outgoing_undrop,
            commands::log_feedback,
            commands::undo_feedback,
            commands::start_local,
            commands::join,
            commands::devices,
            commands::device_revoke,
            commands::invitations,
            commands::invite,
            commands::invitation_withdraw,
            commands::password_change,
            commands::look_around,
            commands::sign_out,
            commands::set_conversation_view,
            commands::read_selection,
            commands::take_opening,
        ])
        .setup(|app| {
            set_up(app.handle())?;
            Ok(())
        })
        .build(tauri::generate_context!());
    match built {
        Ok(app) => {
            app.run(|app, event| {
                if matches!(event, tauri::RunEvent::Exit) {
                    app.state::<home::Home>().close();
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("evendesk: the window could not be opened: {error}");
            ExitCode::FAILURE
        }
    }
}

fn set_up(app: &tauri::AppHandle) -> tauri::Result<()> {
    // Only here: a second start has ended by now, and does not find the desk in use.
    match home::Home::open(&app.state::<Start>()) {
        Ok(home) => app.manage(home),
        Err(error) => {
            eprintln!("evendesk: {error}");
            std::process::exit(1)
        }
    };
    let resuming = app.clone();
    std::thread::spawn(move || resuming.state::<home::Home>().resume(&resuming));
    tray::show(app);
    one_click::listen(app);
    if !app.state::<Start>().background {
        window::open(app)?;
    }
    Ok(())
}
