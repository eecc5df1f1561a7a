//! Two agents, whoever is named first.
//!
//! A loop is between two, not from one to the other.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::name::{AddressError, AgentAddress};

/// Two agents; written `Agency/agent Agency/agent`, the lesser first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pair {
    one: AgentAddress,
    other: AgentAddress,
}

impl Pair {
    /// The pair of these two.
    pub fn of(one: &AgentAddress, other: &AgentAddress) -> Self {
        let (one, other) = if one <= other { (one, other) } else { (other, one) };
        Self { one: one.clone(), other: other.clone() }
    }

    /// Both of them.
    pub fn both(&self) -> [&AgentAddress; 2] {
        [&self.one, &self.other]
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.one, self.other)
    }
}

impl TryFrom<String> for Pair {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        let (one, other) = text.split_once(' ').unwrap_or((&text, ""));
        Ok(Self::of(&one.parse()?, &other.parse()?))
    }
}

impl From<Pair> for String {
    fn from(pair: Pair) -> Self {
        pair.to_string()
    }
}
