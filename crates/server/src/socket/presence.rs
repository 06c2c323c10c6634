//! Where an agent is, as the others are told: once a second at most. Of what comes faster, the last counts.

use std::time::Duration;

use evendesk_domain::id::ConversationId;

use crate::state::Present;

/// Between one thing told of an agent and the next.
const BETWEEN: Duration = Duration::from_secs(1);

/// The agent is there, or nowhere; and writes, or only looks.
pub type Place = (Option<ConversationId>, bool);

#[derive(Default)]
pub struct Whereabouts {
    /// Where others were told that the agent is.
    pub at: Option<Present>,
    /// To be told once it may.
    next: Option<Place>,
    /// On the connection's clock: when the next may be told.
    free_at: Duration,
}

impl Whereabouts {
    /// The agent goes there; returned where it may be told now.
    pub fn goes(&mut self, place: Place, age: Duration) -> Option<Place> {
        self.next = Some(place);
        self.passes(age)
    }

    /// Time has passed: what may be told now.
    pub fn passes(&mut self, age: Duration) -> Option<Place> {
        if age < self.free_at {
            return None;
        }
        let place = self.next.take()?;
        self.free_at = age + BETWEEN;
        Some(place)
    }

    /// When something waits to be told.
    pub fn due(&self) -> Option<Duration> {
        self.next.map(|_| self.free_at)
    }

    /// What others are told where this agent leaves, if they were anywhere.
    pub fn leaves(&mut self) -> Option<Present> {
        self.at.take().map(|at| Present { writing: false, left: true, ..at })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn however_often_a_desk_says_where_its_agent_is_others_are_told_the_last_once_a_second() {
        let mut whereabouts = Whereabouts::default();
        let place = |n: u32| (Some(ConversationId(Uuid::from_u128(n.into()))), false);
        let ms = |n: u32| Duration::from_millis(n.into());
        let told: Vec<_> = (0..5_000).filter_map(|n| whereabouts.goes(place(n), ms(n))).collect();
        assert_eq!(told, [0, 1_000, 2_000, 3_000, 4_000].map(place));
        assert_eq!((whereabouts.due(), whereabouts.passes(ms(4_999))), (Some(ms(5_000)), None));
        assert_eq!(whereabouts.passes(ms(5_000)), Some(place(4_999)), "the last is not lost");
        assert_eq!((whereabouts.due(), whereabouts.passes(ms(9_000))), (None, None));
    }
}
