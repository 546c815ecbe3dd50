//! One named step of a chore, its clock, and the count at the end.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::command::Workspace;

/// A named piece of work that is green or red.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// What the developer types and reads.
    pub(crate) name: &'static str,
    work: Work,
}

#[derive(Clone, Copy)]
enum Work {
    Plain(fn(&Workspace) -> Result<()>),
    Counting(fn(&Workspace) -> Result<Tests>),
}

/// How many tests a step ran; a step that counts some failed is red.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tests {
    /// Tests that held.
    pub(crate) passed: usize,
    /// Tests that did not.
    pub(crate) failed: usize,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Everything held.
    Green,
    /// Something did not, and nothing after it should run.
    Red,
}

/// Green steps and passed tests on one side, red ones on the other.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    tests: Tests,
}

impl Step {
    /// A step that counts as one.
    pub(crate) const fn new(name: &'static str, work: fn(&Workspace) -> Result<()>) -> Self {
        Self {
            name,
            work: Work::Plain(work),
        }
    }

    /// A step that brings the number of its tests and counts as one more.
    pub(crate) const fn counting(
        name: &'static str,
        work: fn(&Workspace) -> Result<Tests>,
    ) -> Self {
        Self {
            name,
            work: Work::Counting(work),
        }
    }

    /// Runs the step, prints its name and seconds, and adds it to the tally.
    pub(crate) fn play(&self, workspace: &Workspace, tally: &mut Tally) -> Outcome {
        println!("==> {}", self.name);
        let (result, took) = timed(|| match self.work {
            Work::Plain(work) => work(workspace).map(|()| Tests::default()),
            Work::Counting(work) => work(workspace),
        });
        let outcome = tally.add(&result);
        if let Err(error) = &result {
            println!("{error:#}");
        }
        let colour = match outcome {
            Outcome::Green => "green",
            Outcome::Red => "RED",
        };
        println!("<== {} {colour}, {:.1} s", self.name, took.as_secs_f64());
        outcome
    }
}

impl Tally {
    fn add(&mut self, result: &Result<Tests>) -> Outcome {
        match result {
            Ok(tests) if tests.failed == 0 => {
                self.tests.passed += tests.passed + 1;
                Outcome::Green
            }
            Ok(tests) => {
                self.tests.passed += tests.passed;
                self.tests.failed += tests.failed;
                Outcome::Red
            }
            Err(_) => {
                self.fail();
                Outcome::Red
            }
        }
    }

    /// Counts something that could not even be tried.
    pub(crate) const fn fail(&mut self) {
        self.tests.failed += 1;
    }

    /// Nothing failed.
    pub(crate) const fn is_green(&self) -> bool {
        self.tests.failed == 0
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} passed, {} failed",
            self.tests.passed, self.tests.failed
        )
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the chores measure real seconds: there is no clock to move here"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn green_steps_and_tests_are_added_and_closed_with_one_line() {
        let mut tally = Tally::default();
        assert_eq!(tally.add(&Ok(Tests::default())), Outcome::Green);
        let tests = Tests {
            passed: 40,
            failed: 0,
        };
        assert_eq!(tally.add(&Ok(tests)), Outcome::Green);
        assert!(tally.is_green());
        assert_eq!(tally.to_string(), "42 passed, 0 failed");
    }

    #[test]
    fn failed_tests_count_one_each_and_a_broken_step_counts_one() {
        let mut tally = Tally::default();
        let tests = Tests {
            passed: 5,
            failed: 2,
        };
        assert_eq!(tally.add(&Ok(tests)), Outcome::Red);
        assert_eq!(tally.add(&Err(anyhow!("does not build"))), Outcome::Red);
        assert!(!tally.is_green());
        assert_eq!(tally.to_string(), "5 passed, 3 failed");
    }
}
