//! Lanes: work that may block, in order within a lane, side by side between lanes.
//!
//! A lane is a thread that ends when it had nothing to do for a while, so that an idle workbench has
//! none. Nothing is ever dropped; whoever asks for a mere look asks with [`Lanes::refresh`], which
//! keeps at most one waiting.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Work for a lane.
pub type Job = Box<dyn FnOnce() + Send>;

/// An idle lane's thread ends after this time; the next job starts a new one for some 50 µs.
const IDLE: Duration = Duration::from_secs(20);

/// All lanes.
#[derive(Clone, Default)]
pub struct Lanes {
    lanes: Arc<Mutex<HashMap<String, Lane>>>,
}

struct Lane {
    jobs: Sender<Job>,
    waiting: Arc<Mutex<usize>>,
}

impl Lanes {
    /// Puts a job at the end of a lane.
    pub fn push(&self, lane: &str, job: Job) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = lanes.entry(lane.to_owned()).or_insert_with(|| self.open(lane));
        *entry.waiting.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        if let Err(mpsc::SendError(job)) = entry.jobs.send(job) {
            // Its thread has just ended: a new one takes over.
            let fresh = self.open(lane);
            *fresh.waiting.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            let _ = fresh.jobs.send(job);
            lanes.insert(lane.to_owned(), fresh);
        }
    }

    /// Puts a job at the end of a lane unless one is waiting there already.
    pub fn refresh(&self, lane: &str, job: Job) {
        let is_waiting = {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.get(lane).is_some_and(|lane| {
                *lane.waiting.lock().unwrap_or_else(PoisonError::into_inner) > 0
            })
        };
        if !is_waiting {
            self.push(lane, job);
        }
    }

    /// Waits until everything that is now in the lanes of this kind is done, but no longer than that.
    pub fn settle(&self, kind: &str, limit: Duration) {
        let until = Instant::now() + limit;
        let names: Vec<String> = {
            let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
            lanes.keys().filter(|name| name.starts_with(kind)).cloned().collect()
        };
        let (done, is_done) = mpsc::channel::<()>();
        for name in names {
            let done = done.clone();
            self.push(&name, Box::new(move || drop(done)));
        }
        drop(done);
        // Ends when the last one has dropped its end, each at the end of its lane.
        let _ = is_done.recv_timeout(until.saturating_duration_since(Instant::now()));
    }

    fn open(&self, name: &str) -> Lane {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let waiting = Arc::new(Mutex::new(0_usize));
        let lane = Lane { jobs, waiting: Arc::clone(&waiting) };
        let lanes = Arc::clone(&self.lanes);
        let name = name.to_owned();
        std::thread::spawn(move || {
            loop {
                match inbox.recv_timeout(IDLE) {
                    Ok(job) => {
                        *waiting.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
                        job();
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                    Err(RecvTimeoutError::Timeout) => {
                        let mut lanes = lanes.lock().unwrap_or_else(PoisonError::into_inner);
                        let is_empty = *waiting.lock().unwrap_or_else(PoisonError::into_inner) == 0;
                        if is_empty {
                            lanes.remove(&name);
                            return;
                        }
                    }
                }
            }
        });
        lane
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_of_a_lane_run_in_order_and_lanes_run_side_by_side() {
        let lanes = Lanes::default();
        let (sender, seen) = mpsc::channel();
        let (gate, wait) = mpsc::channel::<()>();
        lanes.push("slow", Box::new(move || wait.recv().expect("the gate opens")));
        for number in 0..3 {
            let sender = sender.clone();
            lanes.push("slow", Box::new(move || sender.send(number).expect("heard")));
        }
        let quick = sender.clone();
        lanes.push("quick", Box::new(move || quick.send(9).expect("heard")));
        let deadline = Duration::from_secs(5);
        assert_eq!(seen.recv_timeout(deadline), Ok(9));
        gate.send(()).expect("the gate opens");
        let rest: Vec<i32> = (0..3).map(|_| seen.recv_timeout(deadline).expect("runs")).collect();
        assert_eq!(rest, [0, 1, 2]);
    }

    #[test]
    fn settling_waits_for_the_lanes_of_a_kind_and_for_no_other() {
        let lanes = Lanes::default();
        let (sender, seen) = mpsc::channel();
        let (gate, wait) = mpsc::channel::<()>();
        lanes.push("other", Box::new(move || wait.recv().expect("the gate opens")));
        for (number, lane) in ["session:a", "session:b"].into_iter().enumerate() {
            let sender = sender.clone();
            lanes.push(lane, Box::new(move || sender.send(number).expect("heard")));
        }
        lanes.settle("session:", Duration::from_secs(5));
        assert_eq!(seen.try_iter().count(), 2);
        lanes.settle("other", Duration::ZERO);
        gate.send(()).expect("it was left waiting after the limit");
    }

    #[test]
    fn only_one_refresh_waits() {
        let lanes = Lanes::default();
        let (sender, seen) = mpsc::channel();
        let (gate, wait) = mpsc::channel::<()>();
        let (begun, is_begun) = mpsc::channel::<()>();
        lanes.push(
            "look",
            Box::new(move || {
                begun.send(()).expect("heard");
                wait.recv().expect("the gate opens");
            }),
        );
        is_begun.recv().expect("begun");
        for number in 0..3 {
            let sender = sender.clone();
            lanes.refresh("look", Box::new(move || sender.send(number).expect("heard")));
        }
        drop(sender);
        gate.send(()).expect("the gate opens");
        assert_eq!(seen.iter().collect::<Vec<i32>>(), [0]);
    }
}
