//! Names and addresses: the only words that become folders, branches and tmux targets.
//!
//! A [`Name`] is checked once, where it enters; whoever holds one may use it in a path. An
//! [`Address`] says who a message is from or for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of an agency, an agent, a feature or a runtime: `[A-Za-z][A-Za-z0-9_-]{0,63}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Name(String);

/// Why a text is not a [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("a name cannot be empty")]
    Empty,
    /// More than 64 characters.
    #[error("the name is {length} characters long, at most 64 are allowed")]
    TooLong {
        /// Characters given.
        length: usize,
    },
    /// The first character is not a letter.
    #[error("the name `{text}` must begin with a letter, not with `{found}`")]
    BadStart {
        /// The text as given.
        text: String,
        /// Its first character.
        found: char,
    },
    /// A character that folders, branches or tmux targets cannot carry.
    #[error("the name `{text}` holds `{found}`; letters, digits, `-` and `_` are allowed")]
    BadCharacter {
        /// The text as given.
        text: String,
        /// The first character that is not allowed.
        found: char,
    },
}

impl Name {
    /// Longest name, in characters: a folder, a branch part and a tmux session must hold it.
    pub const MAX_LENGTH: usize = 64;

    /// Checks a text and makes it a name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let length = text.chars().count();
        if length > Self::MAX_LENGTH {
            return Err(NameError::TooLong { length });
        }
        let Some(first) = text.chars().next() else {
            return Err(NameError::Empty);
        };
        if !first.is_ascii_alphabetic() {
            return Err(NameError::BadStart { text: text.to_owned(), found: first });
        }
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        match text.chars().find(|c| !allowed(c)) {
            Some(found) => Err(NameError::BadCharacter { text: text.to_owned(), found }),
            None => Ok(Self(text.to_owned())),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Name {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl FromStr for Name {
    type Err = NameError;
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

/// One agent of one agency; written `Agency/agent`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentAddress {
    /// The agency.
    pub agency: Name,
    /// The agent within it.
    pub agent: Name,
}

impl AgentAddress {
    /// Puts the two parts together.
    pub fn new(agency: Name, agent: Name) -> Self {
        Self { agency, agent }
    }
}

impl fmt::Display for AgentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.agency, self.agent))
    }
}

impl FromStr for AgentAddress {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        match Address::parse(text)? {
            Address::Agent(agent) => Ok(agent),
            Address::Agency(_) | Address::Operator | Address::Workbench | Address::Everyone => {
                Err(AddressError::NotAnAgent { text: text.to_owned() })
            }
        }
    }
}

impl TryFrom<String> for AgentAddress {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<AgentAddress> for String {
    fn from(address: AgentAddress) -> Self {
        address.to_string()
    }
}

/// Whom a message is from or for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// `Agency/agent`: one agent.
    Agent(AgentAddress),
    /// `Agency`: that agency's coordinator.
    Agency(Name),
    /// `operator`: the human.
    Operator,
    /// `workbench`: the supervisor itself; it only sends.
    Workbench,
    /// `*`: everyone.
    Everyone,
}

/// Why a text is not an [`Address`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// One of its parts is not a name.
    #[error("`{text}` is not an address: {source}")]
    BadName {
        /// The text as given.
        text: String,
        /// What is wrong with the part.
        #[source]
        source: NameError,
    },
    /// An agent was asked for, something else was given.
    #[error("`{text}` is not an agent; write `Agency/agent`")]
    NotAnAgent {
        /// The text as given.
        text: String,
    },
}

impl Address {
    /// The word for the human.
    pub const OPERATOR: &'static str = "operator";
    /// The word for the supervisor itself.
    pub const WORKBENCH: &'static str = "workbench";
    /// The word for everyone.
    pub const EVERYONE: &'static str = "*";

    /// Reads `Agency/agent`, `Agency`, `operator` or `*`.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let name = |part: &str| {
            Name::parse(part)
                .map_err(|source| AddressError::BadName { text: text.to_owned(), source })
        };
        match text {
            Self::OPERATOR => Ok(Self::Operator),
            Self::WORKBENCH => Ok(Self::Workbench),
            Self::EVERYONE => Ok(Self::Everyone),
            _ => match text.split_once('/') {
                Some((agency, agent)) => {
                    Ok(Self::Agent(AgentAddress::new(name(agency)?, name(agent)?)))
                }
                None => Ok(Self::Agency(name(text)?)),
            },
        }
    }

    /// The agency it lies in, if any.
    pub fn agency(&self) -> Option<&Name> {
        match self {
            Self::Agent(agent) => Some(&agent.agency),
            Self::Agency(agency) => Some(agency),
            Self::Operator | Self::Workbench | Self::Everyone => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(agent) => agent.fmt(f),
            Self::Agency(agency) => agency.fmt(f),
            Self::Operator => f.pad(Self::OPERATOR),
            Self::Workbench => f.pad(Self::WORKBENCH),
            Self::Everyone => f.pad(Self::EVERYONE),
        }
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Self, AddressError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;
    fn try_from(text: String) -> Result<Self, AddressError> {
        Self::parse(&text)
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_could_leave_its_folder_is_refused() {
        for text in ["..", ".", "a/b", "a:b", "a.b", "", "1a", "-x", "ä", "a b", "a\n"] {
            assert!(Name::parse(text).is_err(), "{text:?} was taken");
        }
        assert_eq!(Name::parse(&"a".repeat(300)), Err(NameError::TooLong { length: 300 }));
    }

    #[test]
    fn an_address_is_an_agent_an_agency_the_operator_or_everyone() {
        assert_eq!(Address::parse("operator"), Ok(Address::Operator));
        assert_eq!(Address::parse("*"), Ok(Address::Everyone));
        assert!(matches!(Address::parse("Code"), Ok(Address::Agency(_))));
        assert!(matches!(Address::parse("Code/dev-1"), Ok(Address::Agent(_))));
        assert!(Address::parse("Code/dev/1").is_err());
        assert!("Code".parse::<AgentAddress>().is_err());
    }

    proptest! {
        #[test]
        fn an_address_survives_being_written_and_read(agency in "[A-Za-z][A-Za-z0-9_-]{0,63}", agent in "[A-Za-z][A-Za-z0-9_-]{0,63}") {
            prop_assume!(agency != "operator" && agency != "workbench");
            let text = format!("{agency}/{agent}");
            let address: Address = text.parse().expect("valid");
            prop_assert_eq!(address.to_string(), text);
        }
    }
}
