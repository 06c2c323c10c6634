//! Versions of the protocol, and what is said where two sides have none in common.
//!
//! | version | what it brought |
//! | --- | --- |
//! | 1 | one version only, said in `hello`; no classes; a batch bounded by its count |
//! | 2 | a range in `hello` and the version picked in `welcome`; classes; `visible_set`; snapshots; `new_incarnation`; grants in parts; `set_aside`; `erase`; who leaves a conversation |

use serde::{Deserialize, Serialize};

/// What this build speaks: raised when a message changes in a way that the other side must know of.
pub const NEWEST: u32 = 2;
/// The oldest that this build still speaks.
pub const OLDEST: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Desk,
    Server,
}

/// Which side is to be upgraded, and what to do, for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    pub side: Side,
    pub sentence: String,
}

impl Upgrade {
    pub fn of(side: Side) -> Self {
        let sentence = match side {
            Side::Desk => {
                "This Evendesk is too old for its server. Upgrade it on this computer; what you did is kept \
                 and goes out afterwards."
            }
            Side::Server => {
                "The server is too old for this Evendesk. Ask whoever runs it to upgrade it; what you do is \
                 kept and goes out afterwards."
            }
        };
        Self { side, sentence: sentence.to_owned() }
    }
}

/// The version that both speak, given the range of the other side.
pub fn agree(oldest: u32, newest: u32) -> Result<u32, Side> {
    let version = newest.min(NEWEST);
    if newest < OLDEST {
        Err(Side::Desk)
    } else if oldest > NEWEST {
        Err(Side::Server)
    } else {
        Ok(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_that_both_speak_is_picked_or_the_older_side_is_named() {
        for (oldest, newest, expected) in [
            (OLDEST, NEWEST, Ok(NEWEST)),
            (1, NEWEST + 7, Ok(NEWEST)),
            (1, OLDEST, Ok(OLDEST)),
            (0, OLDEST - 1, Err(Side::Desk)),
            (NEWEST + 1, NEWEST + 3, Err(Side::Server)),
        ] {
            assert_eq!(agree(oldest, newest), expected, "{oldest} to {newest}");
        }
    }
}
