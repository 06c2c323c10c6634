//! The board's turns as the domain's measures of fairness take them.

use evendesk_domain::clock::fairness::{QueueJump, Queued, Wait, parity_gap, queue_jumps};
use evendesk_domain::id::TeamId;

use crate::board::{Parity, Turn};

pub(crate) fn parity(turns: &[Turn]) -> Parity {
    let gap = parity_gap(turns.iter().map(|t| Wait {
        channel: t.channel,
        wait_s: t.wait_s,
        live_call: t.live_call,
        waived: t.waived,
    }));
    let thin = gap.channels.iter().filter(|c| !c.enough).map(|c| c.channel).collect();
    Parity { gap: gap.gap, slowest: gap.slowest, fastest: gap.fastest, thin }
}

pub(crate) fn jumps(turns: &[Turn]) -> Vec<QueueJump> {
    let queued: Vec<Queued> = turns
        .iter()
        .map(|t| Queued {
            team: TeamId(t.team),
            channel: t.channel,
            since: t.started_at,
            until: t.closed_at,
            due_at: t.due_at,
            answered: t.closed_at.is_some() && !t.waived,
            ringing: t.answered_ringing,
        })
        .collect();
    queue_jumps(&queued).by_channels
}
