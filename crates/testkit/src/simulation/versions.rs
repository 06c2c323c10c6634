//! An office in the middle of an upgrade: some desk or node is of another version for a while. What such a build
//! would say differs only in its `hello`, so that is what differs here; the answer is the real one.

use evendesk_protocol::{FromDesk, FromServer, NEWEST, OLDEST};

use super::{CHAOS_MS, Next, World};

/// What a desk or a node is built of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Build {
    #[default]
    Now,
    /// Speaks the versions of the protocol before the oldest that is spoken now.
    OldProtocol,
    /// Speaks the same, and keeps its rows in another way.
    OtherRows,
}

impl World {
    pub(super) fn plan_upgrades(&mut self) {
        let builds = [Build::OldProtocol, Build::OtherRows];
        if self.chance.one_in(2) {
            let desk = self.chance.index(self.desks.len());
            self.desks[desk].build = builds[self.chance.index(2)];
            let ms = self.chance.between(20_000, CHAOS_MS - 5_000);
            self.at(ms, Next::UpgradeDesk { desk });
        }
        if self.nodes.len() > 1 && self.chance.one_in(2) {
            let node = self.chance.index(self.nodes.len());
            self.nodes[node].build = builds[self.chance.index(2)];
            let ms = self.chance.between(20_000, CHAOS_MS - 5_000);
            self.at(ms, Next::UpgradeNode { node });
        }
    }

    /// The app is closed, upgraded, and opened again: with a cache of its own, and the outbox that was there.
    pub(super) fn upgrade_desk(&mut self, desk: usize) {
        self.kill_desk(desk, "upgraded");
        if std::mem::take(&mut self.desks[desk].build) == Build::OtherRows {
            let _ = std::fs::remove_dir_all(self.desks[desk].folder.join("cache"));
        }
        self.note(&format!("d{desk} is upgraded"));
        self.done.insert("a desk upgraded");
    }

    pub(super) fn upgrade_node(&mut self, node: usize) {
        self.stop_node(node, "upgraded");
        if std::mem::take(&mut self.nodes[node].build) == Build::OtherRows {
            let _ = std::fs::remove_dir_all(self.nodes[node].folder.join("replica"));
        }
        self.note(&format!("n{node} is upgraded"));
        self.done.insert("a node upgraded");
    }

    pub(super) fn keeps_other_rows(&self, desk: usize, node: usize) -> bool {
        (self.desks[desk].build == Build::OtherRows) != (self.nodes[node].build == Build::OtherRows)
    }

    /// What a desk says, as a node of that build hears it.
    pub(super) fn between_builds(&self, desk: usize, node: usize, said: &mut FromDesk) {
        let FromDesk::Hello { protocol, oldest, read_model, .. } = said else { return };
        match (self.desks[desk].build, self.nodes[node].build) {
            (Build::OldProtocol, _) => (*protocol, *oldest) = (OLDEST - 1, None),
            // To an old node this desk is what a desk from the future is to one of now.
            (_, Build::OldProtocol) => (*protocol, *oldest) = (NEWEST + 1, Some(NEWEST + 1)),
            _ if self.keeps_other_rows(desk, node) => *read_model = "another".into(),
            _ => {}
        }
    }

    /// A node of the first version says that the versions do not fit, and not which side is behind.
    pub(super) fn as_said_by(&self, node: usize, said: &mut FromServer) {
        if let (Build::OldProtocol, FromServer::Welcome { upgrade, .. }) = (self.nodes[node].build, said) {
            *upgrade = None;
        }
    }
}
