//! Channels and the identities people have on them.
//!
//! The channel is shown and counted, and decides how an answer travels; no clock, target or rule
//! has a field for it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Phone,
    WebForm,
    Social,
    Letter,
}

impl Channel {
    pub const ALL: [Self; 5] = [Self::Email, Self::Phone, Self::WebForm, Self::Social, Self::Letter];

    /// The name used in events, on the wire and in the stores.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::WebForm => "web_form",
            Self::Social => "social",
            Self::Letter => "letter",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }
}

/// What an identity is an identity on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    Email,
    Phone,
    Social,
    Postal,
}

impl IdentityKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Social => "social",
            Self::Postal => "postal",
        }
    }
}

/// By what a customer is recognised: always the immutable id (address, E.164 number, DID, account
/// URI), normalised by [`Identity::new`], so that equal means the same. Names and handles are not
/// identities: they change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
pub struct Identity {
    pub kind: IdentityKind,
    pub value: String,
}

/// Why a value cannot be an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {} characters", crate::limits::IDENTITY_CHARS)]
    TooLong,
    #[error("an email address needs one @ with something on both sides")]
    NotAnAddress,
    #[error("a phone number needs a country code, as in +44 20 7946 0018, or a default country")]
    NotANumber,
}

impl Identity {
    /// Normalises and checks. Email addresses are lower-cased whole (case in the local part is
    /// significant only on paper); numbers become E.164, read in `default_country` (ISO 3166, as in
    /// `DE`) when they carry no country code; the rest is trimmed.
    pub fn new(
        kind: IdentityKind,
        value: &str,
        default_country: Option<&str>,
    ) -> Result<Self, IdentityError> {
        let value = value.trim();
        if value.is_empty() {
            return Err(IdentityError::Empty);
        }
        if value.chars().count() > crate::limits::IDENTITY_CHARS {
            return Err(IdentityError::TooLong);
        }
        let value = match kind {
            IdentityKind::Email => address(value)?,
            IdentityKind::Phone => e164(value, default_country)?,
            IdentityKind::Social | IdentityKind::Postal => value.to_owned(),
        };
        Ok(Self { kind, value })
    }

    pub fn email(value: &str) -> Result<Self, IdentityError> {
        Self::new(IdentityKind::Email, value, None)
    }
}

fn address(value: &str) -> Result<String, IdentityError> {
    let (local, host) = value.rsplit_once('@').ok_or(IdentityError::NotAnAddress)?;
    let blank = |s: &str| s.is_empty() || s.chars().any(|c| c.is_whitespace() || c.is_control());
    if blank(local) || blank(host) {
        return Err(IdentityError::NotAnAddress);
    }
    Ok(value.to_lowercase())
}

fn e164(value: &str, default_country: Option<&str>) -> Result<String, IdentityError> {
    let country = default_country.and_then(|c| c.parse().ok());
    let number = phonenumber::parse(country, value).map_err(|_| IdentityError::NotANumber)?;
    Ok(number.format().mode(phonenumber::Mode::E164).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_in_any_case_is_one_identity() {
        assert_eq!(Identity::email(" Ada@Analytical.Example "), Identity::email("ada@analytical.example"));
    }

    #[test]
    fn a_number_is_the_same_with_and_without_its_country_code() {
        let number = |v, c| Identity::new(IdentityKind::Phone, v, c).map(|i| i.value);
        assert_eq!(number("020 7946 0018", Some("GB")).as_deref(), Ok("+442079460018"));
        assert_eq!(number("+44 20 7946 0018", None).as_deref(), Ok("+442079460018"));
        assert_eq!(number("hello", Some("GB")), Err(IdentityError::NotANumber));
    }

    #[test]
    fn half_an_address_is_refused() {
        for bad in ["@host", "ada@", "ada", "a da@host"] {
            assert_eq!(Identity::email(bad), Err(IdentityError::NotAnAddress), "{bad}");
        }
    }
}
