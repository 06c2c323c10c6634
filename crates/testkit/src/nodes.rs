//! A site: real server processes on one real PostgreSQL, real desks that know them all, and between any two
//! of them a link that a test can harm.

use std::path::{Path, PathBuf};
use std::time::Duration;

use evendesk_desk::{Desk, Error};
use evendesk_domain::stream::Recorded;
use evendesk_journal::postgres::Address;
use evendesk_journal::{Journal as _, PostgresJournal};
use evendesk_replica::{Keeps, Replica};
use tempfile::TempDir;

use crate::bucket::{Bucket, KEY_ID, SECRET};
use crate::eventually::eventually_now;
use crate::link::Link;
use crate::postgres::Postgres;
use crate::server_process::ServerProcess;
use crate::world::quick;

const SIGN_IN: Duration = Duration::from_secs(20);
const DATABASE: &str = "desk";
/// Everybody's password.
const PASSWORD: &str = "correct horse battery";

pub struct Site {
    // Dropped in this order: desks and nodes before what they use.
    pub nodes: Vec<Node>,
    pub postgres: Postgres,
    url: String,
    /// Where the files are, as the environment says it.
    files: Vec<(&'static str, String)>,
    folder: TempDir,
}

/// One server, and the ways to it and from it.
pub struct Node {
    pub server: ServerProcess,
    pub from_desks: Link,
    pub to_journal: Link,
}

impl Site {
    /// Starts a database and so many nodes of `binary` on it.
    pub fn start(binary: &Path, nodes: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let blobs = folder.path().join("blobs").display().to_string();
        Self::start_in(folder, binary, nodes, vec![("EVENDESK_BLOBS", blobs)])
    }

    /// The same, with the files in a bucket.
    pub fn start_on_bucket(binary: &Path, nodes: usize, bucket: &Bucket) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let keys = [("AWS_ACCESS_KEY_ID", KEY_ID), ("AWS_SECRET_ACCESS_KEY", SECRET)];
        let mut files = vec![("EVENDESK_BLOBS", bucket.url("files"))];
        files.extend(keys.map(|(name, value)| (name, value.to_owned())));
        Self::start_in(folder, binary, nodes, files)
    }

    fn start_in(folder: TempDir, binary: &Path, nodes: usize, files: Vec<(&'static str, String)>) -> Self {
        let postgres = Postgres::start();
        let url = postgres.database(DATABASE);
        let mut site = Self { nodes: Vec::new(), postgres, url, files, folder };
        for _ in 0..nodes {
            let node = site.node(binary);
            site.nodes.push(node);
        }
        site
    }

    fn node(&self, binary: &Path) -> Node {
        let port = self.url.rsplit([':', '/']).nth(1).and_then(|port| port.parse().ok());
        let port: u16 = port.expect("the database's address has a port");
        let to_journal = Link::to(port);
        let url = self.url.replace(&format!(":{port}/"), &format!(":{}/", to_journal.port()));
        let mut server = ServerProcess::node(binary, &url, &self.files);
        match self.nodes.first() {
            Some(first) => server.take_key_of(&first.server),
            // Otherwise the first start would make someone, and say so.
            None => drop(server.run(&["user", "add", "operator", "--password-stdin"], PASSWORD)),
        }
        server.start();
        let from_desks = Link::to(server.port());
        Node { server, from_desks, to_journal }
    }

    /// Makes a person, and a desk at which they are signed in; it knows every node, the `nth` first.
    pub fn seat(&self, login: &str, nth: usize) -> Desk {
        let mut addresses: Vec<String> =
            self.nodes.iter().map(|n| format!("http://127.0.0.1:{}", n.from_desks.port())).collect();
        let turn = nth % addresses.len();
        addresses.rotate_left(turn);
        self.seat_at(login, &addresses.join(","))
    }

    /// Makes a person, and a desk at which they are signed in, at this address.
    pub fn seat_at(&self, login: &str, address: &str) -> Desk {
        self.nodes[0].server.run(&["user", "add", login, "--password-stdin"], PASSWORD);
        let desk = Desk::open(&self.folder.path().join(login), quick()).expect("a desk");
        // A balancer may have to look at the nodes first. That someone is new is no reason to wait.
        eventually_now("the address is answered at", SIGN_IN, || {
            match desk.sign_in(address, login, PASSWORD) {
                Ok(_) => Some(()),
                Err(Error::SignIn(why)) => panic!("{login} cannot sign in: {why}"),
                Err(_) => None,
            }
        });
        desk
    }

    /// The database is lost, and a standby takes its place: nodes find it where they found the other.
    pub fn fail_over_to(&mut self, standby: Postgres) {
        self.postgres.kill();
        standby.promote();
        self.nodes.iter().for_each(|node| node.to_journal.lead_to(standby.port()));
        self.url = standby.url(DATABASE);
        self.postgres = standby;
    }

    /// Starts the nodes again that have ended by themselves, as a service manager does; returns how many.
    pub fn restart_the_ended(&mut self) -> usize {
        let ended = self.nodes.iter_mut().filter(|node| node.server.has_ended());
        ended.map(|node| node.server.start()).count()
    }

    /// The journal itself, past every node and link.
    pub fn journal(&self) -> PostgresJournal {
        let address = Address::parse(&self.url).expect("the database's address");
        PostgresJournal::open(&address).expect("the journal can be opened")
    }

    /// Everything that has happened.
    pub fn events(&self) -> Vec<Recorded> {
        self.journal().read(0, 1_000_000).expect("the journal can be read")
    }

    /// What the whole journal folds to, from nothing.
    pub fn folded_anew(&self) -> Replica {
        let folder = self.scratch();
        let mut replica = Replica::open(&folder, Keeps::RowsOnly).expect("a replica");
        let writer = replica.write().expect("a transaction");
        writer.fold(&self.events()).expect("the journal folds");
        writer.commit().expect("a commit");
        replica
    }

    /// The replica of a node that has ended.
    pub fn replica_of(&self, node: usize) -> Replica {
        let server = &self.nodes[node].server;
        assert!(!server.is_up(), "a server that is up writes its replica");
        Replica::open(&server.folder().join("replica"), Keeps::RowsOnly).expect("the node's replica")
    }

    fn scratch(&self) -> PathBuf {
        self.folder.path().join(format!("anew-{}", uuid::Uuid::new_v4()))
    }
}
