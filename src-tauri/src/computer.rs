//! What this computer is called, for people to know it again in the list of their devices.

/// The host's name and its system: `maya-laptop (linux)`.
pub fn name() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .or_else(|| std::env::var("COMPUTERNAME").ok())
        .or_else(|| std::env::var("HOSTNAME").ok())
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let system = std::env::consts::OS;
    host.map_or_else(|| system.to_owned(), |host| format!("{host} ({system})"))
}
