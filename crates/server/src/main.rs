//! The `evendesk-server` binary; everything is in the library, which the desktop app uses too.

fn main() -> std::process::ExitCode {
    evendesk_server::cli::main()
}
