//! Matching: which agency a goal is for, and why.
//!
//! A goal is cut into terms (`words`, `concepts`); each is compared with what an agency says of itself. The same
//! word counts most, a word of the same concept less; a capability counts more than a skill, that more than a
//! role or a description; what few agencies have counts more than what all have; the first word of a goal, its
//! verb, counts more than the rest. Nothing is learned and nothing is asked: the same goal and the same agencies
//! give the same answer, with every reason.

pub mod concepts;
pub mod words;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::agency::AgencyDefinition;
use crate::domain::matching::concepts::{Term, terms};
use crate::domain::matching::words::words;

/// What an agency says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    said: Vec<Said>,
}

/// One term that an agency says of itself.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    term: Term,
    /// All of what it stands in, `performance-testing` say.
    whole: String,
    source: Source,
    agent: Option<String>,
    weight: f64,
}

/// Where an agency says something of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Among its capabilities.
    Capability,
    /// Among an agent's skills.
    Skill,
    /// In an agent's role or name.
    Role,
    /// In its description or name.
    Description,
}

impl Source {
    /// The word, as scripts see it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Capability => "capability",
            Self::Skill => "skill",
            Self::Role => "role",
            Self::Description => "description",
        }
    }

    /// How much it counts: what was written down to be matched counts most.
    fn weight(self) -> f64 {
        match self {
            Self::Capability => 4.0,
            Self::Skill => 3.0,
            Self::Role => 2.0,
            Self::Description => 1.5,
        }
    }
}

/// Why an agency fits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// The goal's word.
    pub word: String,
    /// What the agency says of itself.
    pub matched: String,
    /// Where it says so.
    pub source: Source,
    /// The agent whose skill or role that is.
    pub agent: Option<String>,
    /// How much it counts.
    pub weight: f64,
}

/// How well one agency fits.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// Which.
    pub name: String,
    /// The sum of its reasons' weights.
    pub score: f64,
    /// Why, the best first.
    pub reasons: Vec<Reason>,
    /// The goal's words that say something and that it has no answer to.
    pub missing: Vec<String>,
}

/// A word of the same concept counts this much of the same word.
const SAME_CONCEPT: f64 = 0.8;

/// The first word of a goal says what is to be done; the others, with what.
const FIRST_WORD: f64 = 1.6;

/// What an agency says once of a concept is a side line, so much of it a trade.
const A_TRADE: f64 = 6.0;

/// A term of a longer capability is only a part of it.
const PART: f64 = 0.6;

/// A score below this is no match: less than one clear word.
pub const LEAST_SCORE: f64 = 0.6;

/// A second that has this much of the first's score fits as well.
pub const AMBIGUOUS: f64 = 0.9;

impl Profile {
    /// What a definition says.
    pub fn of(definition: &AgencyDefinition) -> Self {
        Self::named(definition.name.as_str(), definition)
    }

    /// The same under another name, say a template's.
    pub fn named(name: &str, definition: &AgencyDefinition) -> Self {
        let agents = definition
            .agents
            .iter()
            .map(|agent| (agent.name.as_str(), agent.role.as_str(), agent.skills.as_slice()));
        let about = format!("{} {}", definition.name, definition.description);
        Self::of_parts(name, &about, &definition.capabilities, agents)
    }

    /// The same from its parts; of each agent its name, its role and its skills.
    pub fn of_parts<'a>(
        name: &str,
        description: &str,
        capabilities: &[String],
        agents: impl Iterator<Item = (&'a str, &'a str, &'a [String])>,
    ) -> Self {
        let mut said = Vec::new();
        for capability in capabilities {
            said.extend(say(capability, Source::Capability, None));
        }
        for (agent, role, skills) in agents {
            let own = Some(agent);
            said.extend(skills.iter().flat_map(|skill| say(skill, Source::Skill, own)));
            said.extend(say(role, Source::Role, own));
            said.extend(say(agent, Source::Role, own));
        }
        said.extend(say(description, Source::Description, None));
        said.extend(say(name, Source::Description, None));
        Self { name: name.to_owned(), said }
    }

    /// How much it says of a concept, each term by how clearly it speaks.
    fn speaks_of(&self, concept: &str) -> f64 {
        self.said.iter().map(|said| said.clarity(concept) * said.weight).sum()
    }
}

impl Said {
    fn clarity(&self, concept: &str) -> f64 {
        let own = self.term.concepts.iter().find(|(name, _)| *name == concept);
        own.map_or(0.0, |(_, strength)| strength.min(1.0))
    }
}

fn say(text: &str, source: Source, agent: Option<&str>) -> Vec<Said> {
    let terms = terms(&words(text));
    let part = if terms.len() > 1 { PART } else { 1.0 };
    let said = terms.into_iter().map(|term| Said {
        term,
        whole: text.to_owned(),
        source,
        agent: agent.map(str::to_owned),
        weight: source.weight() * part,
    });
    said.collect()
}

/// How well each agency fits, the best first; those that do not fit at all are left out.
pub fn rank(goal: &str, profiles: &[Profile]) -> Vec<Fit> {
    let field = Field::of(profiles);
    let goal = terms(&words(goal));
    let mut fits: Vec<Fit> = profiles.iter().map(|profile| field.fit(&goal, profile)).collect();
    fits.retain(|fit| fit.score >= LEAST_SCORE);
    fits.sort_by(|one, two| two.score.total_cmp(&one.score).then(one.name.cmp(&two.name)));
    fits
}

/// The agencies as a whole: what is rare among them.
struct Field<'p> {
    profiles: &'p [Profile],
    /// How much the one that says most of a concept says.
    most: BTreeMap<&'static str, f64>,
}

impl<'p> Field<'p> {
    fn of(profiles: &'p [Profile]) -> Self {
        let mut most: BTreeMap<&'static str, f64> = BTreeMap::new();
        for profile in profiles {
            let said = profile.said.iter().flat_map(|said| &said.term.concepts);
            let concepts: std::collections::BTreeSet<_> = said.map(|(name, _)| *name).collect();
            for concept in concepts {
                let entry = most.entry(concept).or_default();
                *entry = entry.max(profile.speaks_of(concept));
            }
        }
        Self { profiles, most }
    }

    fn fit(&self, goal: &[Term], profile: &Profile) -> Fit {
        let (mut reasons, mut missing): (Vec<Reason>, Vec<String>) = (Vec::new(), Vec::new());
        for (number, term) in goal.iter().enumerate() {
            let place = if number == 0 { FIRST_WORD } else { 1.0 };
            match self.reason(term, profile, place) {
                // The same word twice is said once.
                Some(reason) if reasons.iter().any(|known| known.word == reason.word) => {}
                Some(reason) => reasons.push(reason),
                None => missing.push(term.text.clone()),
            }
        }
        reasons.sort_by(|one, two| two.weight.total_cmp(&one.weight));
        let score = rounded(reasons.iter().map(|reason| reason.weight).sum());
        Fit { name: profile.name.clone(), score, reasons, missing }
    }

    fn reason(&self, term: &Term, profile: &Profile, place: f64) -> Option<Reason> {
        let by_weight = |one: &(&Said, f64), two: &(&Said, f64)| one.1.total_cmp(&two.1);
        let same = profile
            .said
            .iter()
            .filter(|said| said.term.stem == term.stem)
            .map(|said| (said, self.rarity(&term.stem) * term.strength() * said.weight / 4.0))
            .max_by(by_weight);
        let alike = term.concepts.iter().filter_map(|(concept, strength)| {
            let best = profile.said.iter().filter(|said| said.clarity(concept) > 0.0);
            let best = best.max_by(|one, two| {
                let worth = |said: &Said| said.clarity(concept) * said.weight;
                worth(one).total_cmp(&worth(two))
            })?;
            Some((best, SAME_CONCEPT * strength * self.trade(concept, profile)))
        });
        let alike = alike.max_by(by_weight);
        // Where it says the very word, that is the reason that a person understands.
        let (said, _) = same.or(alike)?;
        let weight = same.into_iter().chain(alike).map(|(_, weight)| weight).fold(0.0, f64::max);
        let weight = rounded(weight * place);
        let matched = said.whole.clone();
        (weight > 0.0).then(|| Reason {
            word: term.text.clone(),
            matched,
            source: said.source,
            agent: said.agent.clone(),
            weight,
        })
    }

    /// From 0 to 1: how much of a trade a concept is here, beside the one that says most of it.
    fn trade(&self, concept: &str, profile: &Profile) -> f64 {
        let own = profile.speaks_of(concept);
        let most = self.most.get(concept).copied().unwrap_or(own).max(A_TRADE);
        if most > 0.0 { own / most } else { 0.0 }
    }

    /// From 0 to 1: 1 for what one agency alone says of itself.
    fn rarity(&self, stem: &str) -> f64 {
        let has = |profile: &&Profile| profile.said.iter().any(|said| said.term.stem == stem);
        let (all, with) = (self.profiles.len(), self.profiles.iter().filter(has).count());
        let share = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX)).max(1.0);
        (1.0 + share(all) / share(with)).ln() / (1.0 + share(all)).ln()
    }
}

/// Two digits: more would promise more than there is.
fn rounded(weight: f64) -> f64 {
    (weight * 100.0).round() / 100.0
}
