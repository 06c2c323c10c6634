//! Postfix, reduced to taking mail on one port and putting it into Maildirs.

use std::path::Path;

use super::owner::Owner;
use super::server::Server;

/// With an `auth_port`, it asks Dovecot there whether somebody may sign in.
pub fn start(folder: &Path, port: u16, owner: Owner, auth_port: u16) -> Server {
    let sign_in = match auth_port {
        0 => String::new(),
        port => format!(
            "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\nsmtpd_sasl_path = inet:127.0.0.1:{port}\n"
        ),
    };
    let home = folder.join("postfix");
    let (root, Owner { uid, gid, .. }) = (folder.display(), owner);
    let write =
        |name: &str, text: String| std::fs::write(home.join(name), text).expect("a configuration file");
    write("domains", "/[.]example$/ here\n".to_owned());
    write("mailboxes", String::new());
    write(
        "main.cf",
        format!(
            "compatibility_level = 3.6
queue_directory = {root}/spool
data_directory = {root}/data
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
myhostname = mx.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtputf8_enable = yes
alias_maps =
local_recipient_maps =
default_transport = error:5.1.2 nothing leaves this test
virtual_mailbox_domains = regexp:{root}/postfix/domains
virtual_mailbox_maps = texthash:{root}/postfix/mailboxes
virtual_mailbox_base = {root}/mail
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_mailbox_limit = 0
message_size_limit = 60000000
{sign_in}# Each process serves once, so that a user added later is known.
max_use = 1
"
        ),
    );
    write("master.cf", master(port));
    Server::start("postfix", &script(), folder, !owner.is_root)
}

fn master(port: u16) -> String {
    let services = [
        "cleanup unix n - n - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce",
        "trace unix - - n - 0 bounce",
        "proxymap unix - - n - - proxymap",
        "error unix - - n - - error",
        "retry unix - - n - - error",
        "virtual unix - n n - - virtual",
        "anvil unix - - n - 1 anvil",
        "postlog unix-dgram n - n - 1 postlogd",
    ];
    format!("127.0.0.1:{port} inet n - n - - smtpd\n{}\n", services.join("\n"))
}

/// Lays out the queue and starts the master in a process group of its own, which it ends when it ends.
fn script() -> String {
    // Postfix waits, in steps of 0.3 s, for a configuration written this moment to settle.
    let queues = "active bounce corrupt defer deferred flush hold incoming private saved trace";
    format!(
        "set -e
touch -d '1 hour ago' postfix/*
mkdir data spool
( cd spool
  mkdir {queues} public maildrop pid
  chmod 700 {queues}
  chown postfix ../data {queues}
  chown postfix:postdrop public maildrop
  chmod 710 public
  chmod 730 maildrop )
setsid /usr/lib/postfix/sbin/master -c \"$PWD/postfix\" -d &
pid=$!
end=TERM
# What root made, whoever runs the test could not remove.
trap 'rm -rf data spool' EXIT"
    )
}
