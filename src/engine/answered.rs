//! Answers that were given: who asks the same thing again, because the answer did not reach it, gets the first one.
//!
//! A supervisor that is killed between its record and its answer has done what was asked. The answer is an event of the
//! same transaction, under a number that the asker made, so that the next supervisor does nothing a second time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::command::Answer;
use crate::engine::event::Event;

/// Answers that are kept: an asker asks again within seconds, and a person gives no hundred commands meanwhile.
const KEPT: usize = 256;

/// The last answers, by the number of what was asked; numbers sort by time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answered {
    answers: BTreeMap<Uuid, Answer>,
}

impl Answered {
    /// The answer that was given to this very request.
    pub fn get(&self, request: Uuid) -> Option<&Answer> {
        self.answers.get(&request)
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &Event) {
        let Event::CommandAnswered { request, answer } = event else { return };
        self.answers.insert(*request, answer.clone());
        if self.answers.len() > KEPT {
            self.answers.pop_first();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answers_are_kept_and_no_more() {
        let mut answered = Answered::default();
        for number in 0..1_000_u128 {
            let request = Uuid::from_u128(number);
            let answer = Answer::Id(number.to_string());
            answered.apply(&Event::CommandAnswered { request, answer });
        }
        assert_eq!(answered.get(Uuid::from_u128(999)), Some(&Answer::Id("999".to_owned())));
        assert_eq!(answered.get(Uuid::from_u128(1)), None);
        assert_eq!(answered.answers.len(), KEPT);
    }
}
