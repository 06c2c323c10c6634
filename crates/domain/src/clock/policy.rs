//! How long each thing may take, and the immutable settings row that says so.
//!
//! There is no field for a channel here, and there must never be one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::calendar::{Calendar, CalendarError};
use super::openings::CompiledCalendar;
use super::timer::Target;
use crate::id::TermsId;

/// A target longer than this is a slip of the pen.
const TARGET_MAX_S: u64 = 10 * 366 * 86_400;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    High,
    Urgent,
}

impl Priority {
    pub const ALL: [Self; 4] = [Self::Low, Self::Normal, Self::High, Self::Urgent];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

/// Seconds of business time for each kind of timer; a kind without a target shows no timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(default)]
pub struct Targets {
    #[ts(type = "number | null")]
    pub first_response: Option<u64>,
    #[ts(type = "number | null")]
    pub next_response: Option<u64>,
    #[ts(type = "number | null")]
    pub resolution: Option<u64>,
}

impl Targets {
    pub const fn of(&self, target: Target) -> Option<u64> {
        match target {
            Target::FirstResponse => self.first_response,
            Target::NextResponse => self.next_response,
            Target::Resolution => self.resolution,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Policy {
    /// A priority left out has no targets.
    pub targets: BTreeMap<Priority, Targets>,
    /// The share of a target after which a timer is at risk.
    #[serde(default = "three_quarters")]
    pub at_risk: f64,
    #[serde(default)]
    pub pause_resolution_on_hold: bool,
}

const fn three_quarters() -> f64 {
    0.75
}

/// Why a policy cannot be saved.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PolicyError {
    #[error("the at-risk share must be above 0 and at most 1, not {0}")]
    AtRisk(f64),
    #[error("the target of {seconds} s for priority {priority} must be between 1 s and ten years", priority = .priority.name())]
    Target { priority: Priority, seconds: u64 },
}

impl Policy {
    pub fn check(&self) -> Result<(), PolicyError> {
        if !(self.at_risk > 0.0 && self.at_risk <= 1.0) {
            return Err(PolicyError::AtRisk(self.at_risk));
        }
        for (&priority, targets) in &self.targets {
            let set = [targets.first_response, targets.next_response, targets.resolution];
            if let Some(seconds) = set.into_iter().flatten().find(|s| !(1..=TARGET_MAX_S).contains(s)) {
                return Err(PolicyError::Target { priority, seconds });
            }
        }
        Ok(())
    }

    pub fn target_s(&self, priority: Priority, target: Target) -> Option<u64> {
        self.targets.get(&priority)?.of(target)
    }

    /// Consumed seconds from which a timer with this target is at risk.
    pub fn at_risk_s(&self, target_s: u64) -> u64 {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "targets are below 2^53; the cast saturates"
        )]
        let seconds = (self.at_risk * target_s as f64).ceil() as u64;
        seconds
    }
}

/// What a conversation is held to: an immutable settings row, never edited, only followed by another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
pub struct Terms {
    pub calendar: Calendar,
    pub policy: Policy,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TermsError {
    #[error(transparent)]
    Calendar(#[from] CalendarError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

impl Terms {
    pub fn check(&self) -> Result<(), TermsError> {
        self.calendar.check()?;
        Ok(self.policy.check()?)
    }

    /// Ready to time against. Do it once for each row and keep it.
    pub fn compile(&self) -> Result<CompiledTerms, TermsError> {
        self.policy.check()?;
        Ok(CompiledTerms { policy: self.policy.clone(), calendar: CompiledCalendar::new(&self.calendar)? })
    }
}

#[derive(Debug)]
pub struct CompiledTerms {
    pub policy: Policy,
    pub calendar: CompiledCalendar,
}

/// Where the engine finds the rows a history names. A row that is not there (a desk that has not
/// received it yet) gives timers without targets, never an error.
pub trait TermsLookup {
    fn terms(&self, id: TermsId) -> Option<Arc<CompiledTerms>>;
}

impl TermsLookup for HashMap<TermsId, Arc<CompiledTerms>> {
    fn terms(&self, id: TermsId) -> Option<Arc<CompiledTerms>> {
        self.get(&id).cloned()
    }
}
