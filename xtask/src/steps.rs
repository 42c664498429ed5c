//! Says which of how many steps a command is at, and how long it took so far.

use std::time::Instant;

use crate::shell;

pub struct Steps {
    of: usize,
    at: usize,
    started: Instant,
}

impl Steps {
    pub fn new(of: usize) -> Self {
        Self { of, at: 0, started: Instant::now() }
    }

    pub fn begin(&mut self, what: &str) {
        self.at += 1;
        println!("{}", self.told(what));
    }

    /// These steps have nothing to do.
    pub fn skip(&mut self, steps: usize, why: &str) {
        self.at += steps;
        println!("{}", self.told(why));
    }

    fn told(&self, what: &str) -> String {
        format!("[step {} of {}, {}] {what}", self.at, self.of, shell::duration(self.started.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_counted_also_when_skipped() {
        let mut steps = Steps::new(5);
        steps.begin("one");
        steps.skip(3, "three more");
        assert_eq!(steps.told("now"), "[step 4 of 5, 0 s] now");
    }
}
