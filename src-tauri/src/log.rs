//! What the app says while it runs: to standard error, as much as `EVENDESK_LOG` asks for.

use tracing_subscriber::EnvFilter;

/// Begins logging. Without `EVENDESK_LOG` only what someone should act on is said.
pub fn begin() {
    let filter =
        EnvFilter::try_from_env("EVENDESK_LOG").unwrap_or_else(|_| EnvFilter::new("warn,zbus=error"));
    // Sockets would tell what is said on them, and by which token.
    let filter = match "tungstenite=info".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    let begun = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    if let Err(error) = begun {
        eprintln!("evendesk: logging could not begin: {error}");
    }
}
