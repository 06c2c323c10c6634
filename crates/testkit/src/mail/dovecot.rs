//! Dovecot, reduced to IMAP with passwords over the Maildirs that Postfix fills.

use std::path::Path;

use super::owner::Owner;
use super::server::Server;

/// How the server is to be unlike the simplest one.
#[derive(Clone, Default)]
pub struct Wishes {
    /// Names a certificate of its own is for; with it, STARTTLS is offered and TLS spoken on a port of its own.
    pub certificate: Option<Certificate>,
    pub imaps_port: u16,
    /// Where it asks whose a token is.
    pub introspection_url: Option<String>,
    /// Where it tells Postfix whether somebody may sign in.
    pub auth_port: u16,
}

#[derive(Clone)]
pub struct Certificate {
    pub pem: String,
    pub key: String,
}

impl Wishes {
    fn tls(&self, folder: &Path) -> String {
        let Some(Certificate { pem, key }) = &self.certificate else { return "ssl = no\n".to_owned() };
        let root = folder.display();
        for (name, text) in [("server.pem", pem), ("server.key", key)] {
            std::fs::write(folder.join("dovecot").join(name), text).expect("a certificate");
        }
        format!("ssl = yes\nssl_cert = <{root}/dovecot/server.pem\nssl_key = <{root}/dovecot/server.key\n")
    }

    fn tokens(&self, folder: &Path) -> String {
        let Some(url) = &self.introspection_url else { return String::new() };
        let file = folder.join("dovecot/oauth2.conf");
        let how = format!(
            "introspection_mode = post\nintrospection_url = {url}\nusername_attribute = email\n\
             active_attribute = active\nactive_value = true\n"
        );
        std::fs::write(&file, how).expect("a configuration file");
        format!(
            "auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {}
  }}
}}
",
            file.display(),
            self.auth_port
        )
    }
}

pub fn start(folder: &Path, port: u16, owner: Owner, wishes: &Wishes) -> Server {
    let (tls, tokens, imaps_port) = (wishes.tls(folder), wishes.tokens(folder), wishes.imaps_port);
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
{tls}disable_plaintext_auth = no
auth_failure_delay = 0
mail_fsync = never
mail_location = maildir:{root}/mail/%u
first_valid_uid = 1
{tokens}passdb {{
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
    port = {imaps_port}
    ssl = yes
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
