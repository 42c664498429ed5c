//! Runs a test program, shows its output as it comes, and counts the tests that its closing lines report.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::shell;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    /// Of Playwright: passed at a second try.
    pub flaky: u64,
}

pub struct Counted {
    pub succeeded: bool,
    pub counts: Counts,
}

/// The program keeps our stderr; its stdout passes through us line by line.
pub fn run(command: &mut Command) -> Result<Counted, shell::Failure> {
    println!("    $ {}", shell::shown(command));
    let spawned = command.stdout(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|error| shell::cannot_start(command, &error))?;
    let mut counts = Counts::default();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            counts.add(&line);
        }
    }
    let status = child.wait().map_err(|error| format!("`{}`: {error}", shell::shown(command)))?;
    Ok(Counted { succeeded: status.success(), counts })
}

impl Counts {
    /// `test result: ok. 5 passed; 0 failed; …` of cargo, or `  5 passed (12.0s)` of Playwright.
    fn add(&mut self, line: &str) {
        let line = line.trim();
        if let Some(result) = line.strip_prefix("test result: ") {
            self.passed += number_before(result, "passed");
            self.failed += number_before(result, "failed");
        } else if is_playwright_count(line) {
            self.passed += number_before(line, "passed");
            self.failed += number_before(line, "failed");
            self.flaky += number_before(line, "flaky");
        }
    }

    pub fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            flaky: self.flaky + other.flaky,
        }
    }
}

fn is_playwright_count(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let number = words.next().is_some_and(|word| word.parse::<u64>().is_ok());
    let kind = words.next().is_some_and(|word| matches!(word, "passed" | "failed" | "flaky"));
    number && kind && words.next().is_none_or(|word| word.starts_with('('))
}

fn number_before(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text.split([' ', ';', '.']).filter(|part| !part.is_empty()).collect();
    let pair = words.windows(2).find(|pair| pair[1] == word);
    pair.and_then(|pair| pair[0].parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_lines_are_counted_and_others_are_not() {
        let lines = [
            ("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out", (5, 0, 0)),
            ("test result: FAILED. 3 passed; 2 failed; 0 ignored", (3, 2, 0)),
            ("  7 passed (12.3s)", (7, 0, 0)),
            ("  1 failed", (0, 1, 0)),
            ("  2 flaky", (0, 0, 2)),
            ("test stop::says_5_passed ... ok", (0, 0, 0)),
            ("9 passed the gate", (0, 0, 0)),
        ];
        for (line, (passed, failed, flaky)) in lines {
            let mut counts = Counts::default();
            counts.add(line);
            assert_eq!(counts, Counts { passed, failed, flaky }, "{line}");
        }
    }
}
