//! What goes wrong while it lasts, and the end of it.

use super::{Next, World};

impl World {
    pub(super) fn fault(&mut self) {
        if self.calm {
            return;
        }
        let ms = self.chance.between(300, 6_000);
        self.after(ms, Next::Fault);
        let desk = self.chance.index(self.desks.len());
        let node = self.chance.index(self.nodes.len());
        let name = match self.chance.index(12) {
            0..3 => self.cut(),
            3 => {
                let off = !self.desks[desk].offline;
                self.desks[desk].offline = off;
                if off {
                    self.desk_ends(desk, None);
                }
                "a desk offline"
            }
            4 | 5 => {
                self.desks[desk].fuse.light(self.chance.between(1, 12));
                "a desk to be killed at a boundary"
            }
            6 => {
                self.kill_desk(desk, "killed at rest");
                "a desk killed at rest"
            }
            7 | 8 => {
                self.nodes[node].fuse.light(self.chance.between(1, 9));
                "a node to be killed at a boundary"
            }
            9 => {
                self.nodes[node].fence.light(1);
                "the journal taken over in mid-batch"
            }
            10 => {
                self.desks[desk].clock_off_ms = self.chance.between(-7_200_000, 7_200_000);
                "a clock that jumped"
            }
            _ => self.slow(),
        };
        self.note(&format!("fault: {name} (d{desk}, n{node})"));
        self.done.insert(name);
    }

    /// A connection breaks: both ways, or one; noticed by both, one or nobody.
    fn cut(&mut self) -> &'static str {
        let all: Vec<u64> = self.connections.keys().copied().collect();
        let Some(id) = self.chance.pick(&all).copied() else { return "nothing to cut" };
        let (how, quiet) = (self.chance.index(3), self.chance.one_in(2));
        let Some(found) = self.connections.get_mut(&id) else { return "nothing to cut" };
        found.up.lost |= how != 1;
        found.down.lost |= how != 2;
        let desk = found.desk;
        if !quiet {
            if self.desks[desk].connection == Some(id) {
                self.desk_lost_its_connection(desk, None);
            }
            return "a connection cut";
        }
        ["both ways cut, unnoticed", "the way down cut", "the way up cut"][how]
    }

    fn slow(&mut self) -> &'static str {
        let all: Vec<u64> = self.connections.keys().copied().collect();
        let (pick, ms) = (self.chance.pick(&all).copied(), self.chance.between(200, 15_000));
        if let Some(found) = pick.and_then(|id| self.connections.get_mut(&id)) {
            found.up.slow_ms = ms;
            found.down.slow_ms = ms / 3;
        }
        "a slow connection"
    }

    /// Faults stop; what is broken is started again, and nobody clicks any more.
    pub(super) fn heal(&mut self) {
        self.calm = true;
        self.note("faults stop");
        for node in 0..self.nodes.len() {
            self.nodes[node].fuse.light(0);
            self.nodes[node].fence.light(0);
            self.after(100, Next::Restart { node });
        }
        for desk in 0..self.desks.len() {
            self.desks[desk].fuse.light(0);
            self.desks[desk].offline = false;
            self.after(200, Next::Reopen { desk });
        }
        for found in self.connections.values_mut() {
            (found.up.slow_ms, found.down.slow_ms) = (0, 0);
        }
        // Watchers go on by their timers.
        for round in 0..20 {
            self.after(10_000 + round * 20_000, Next::Deliver);
        }
        if self.past.era > 0 {
            self.see_to_held_answers();
        }
    }
}
