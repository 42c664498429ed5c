//! What a suite is and how a list of them is run: seconds, a table, and one closing line.

use std::time::Instant;

use crate::shell::Failure;
use crate::tee::{Counted, Counts};

pub struct Suite {
    pub name: &'static str,
    pub about: &'static str,
    pub run: fn(full: bool) -> Verdict,
}

pub enum Verdict {
    Passed(String),
    Failed(String),
    /// Nothing to run here; the reason is shown.
    Skipped(String),
}

impl Verdict {
    pub fn of(result: Result<(), Failure>) -> Self {
        match result {
            Ok(()) => Self::Passed(String::new()),
            Err(sentence) => Self::Failed(sentence),
        }
    }

    /// A suite of tests that ran none has not passed.
    pub fn of_tests(runs: Result<Vec<Counted>, Failure>) -> Self {
        let runs = match runs {
            Ok(runs) => runs,
            Err(sentence) => return Self::Failed(sentence),
        };
        let total = runs.iter().fold(Counts::default(), |sum, run| sum.plus(run.counts));
        let mut told = format!("{} tests passed, {} failed", total.passed, total.failed);
        if total.flaky > 0 {
            told += &format!(", {} only at a second try: mend them", total.flaky);
        }
        if runs.iter().any(|run| !run.succeeded) {
            Self::Failed(if total.failed == 0 { format!("did not finish; {told}") } else { told })
        } else if total.passed + total.flaky == 0 {
            Self::Failed("ran no test".into())
        } else {
            Self::Passed(told)
        }
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Passed(_) => "passed",
            Self::Failed(_) => "FAILED",
            Self::Skipped(_) => "skipped",
        }
    }

    fn detail(&self) -> &str {
        match self {
            Self::Passed(detail) | Self::Failed(detail) | Self::Skipped(detail) => detail,
        }
    }
}

/// Runs all of them, also after a failure: one run shows everything that is wrong.
pub fn run_all(suites: &[&Suite], full: bool) -> Result<(), Failure> {
    let mut rows = Vec::new();
    for suite in suites {
        println!("\n== {}: {}", suite.name, suite.about);
        let started = Instant::now();
        let verdict = (suite.run)(full);
        let seconds = started.elapsed().as_secs_f64();
        println!("== {} {} in {seconds:.0} s  {}", suite.name, verdict.word(), verdict.detail());
        rows.push((suite.name, verdict, seconds));
    }
    summary(&rows)
}

fn summary(rows: &[(&str, Verdict, f64)]) -> Result<(), Failure> {
    println!("\n{:<10} {:<8} {:>8}", "suite", "result", "seconds");
    for (name, verdict, seconds) in rows {
        println!("{name:<10} {:<8} {seconds:>8.0}  {}", verdict.word(), verdict.detail());
    }
    let count = |word: &str| rows.iter().filter(|(_, verdict, _)| verdict.word() == word).count();
    let (passed, failed, skipped) = (count("passed"), count("FAILED"), count("skipped"));
    println!("{:<10} {:<8} {:>8.0}\n", "all", "", rows.iter().map(|row| row.2).sum::<f64>());
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} suites failed", rows.len())) }
}
