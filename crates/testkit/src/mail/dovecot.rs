//! Dovecot, reduced to IMAP with passwords over the Maildirs that Postfix fills.

use std::path::Path;

use super::owner::Owner;
use super::server::Server;

pub fn start(folder: &Path, port: u16, owner: Owner) -> Server {
    let (root, Owner { uid, gid, is_root }) = (folder.display(), owner);
    // Root's server runs its parts as the users that the package made; anyone else's runs as they are.
    let own_user = if is_root {
        String::new()
    } else {
        let (user, group) = (id("-un"), id("-gn"));
        let chroots = ["anvil", "stats", "imap-login"].map(|s| format!("service {s} {{\n  chroot =\n}}\n"));
        format!(
            "default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n{}",
            chroots.concat()
        )
    };
    let configuration = format!(
        "base_dir = {root}/dovecot/run
state_dir = {root}/dovecot/state
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
mail_fsync = never
mail_location = maildir:{root}/mail/%u
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {root}/dovecot/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u allow_all_users=yes
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
{own_user}"
    );
    std::fs::write(folder.join("dovecot/dovecot.conf"), configuration).expect("a configuration file");
    let users = folder.join("dovecot/users");
    if !users.exists() {
        std::fs::write(users, "").expect("a list of users");
    }
    // Its polite end takes a second; its parts end by themselves when the master is gone.
    Server::start(
        "dovecot",
        "/usr/sbin/dovecot -F -c \"$PWD/dovecot/dovecot.conf\" &\npid=$!\nend=KILL",
        folder,
        false,
    )
}

/// Name of our user or group.
fn id(which: &str) -> String {
    let said = std::process::Command::new("id").arg(which).output().expect("`id` says who we are");
    String::from_utf8_lossy(&said.stdout).trim().to_owned()
}
