//! One line of the checklist and what came of it.

use std::fmt;

/// What came of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// What was seen is something that the client is right under.
    Passed(String),
    Failed {
        seen: String,
        todo: String,
    },
    /// And why not.
    NotTried(String),
}

impl Verdict {
    pub fn passed(seen: impl Into<String>) -> Self {
        Self::Passed(seen.into())
    }

    pub fn failed(seen: impl Into<String>, todo: impl Into<String>) -> Self {
        Self::Failed { seen: seen.into(), todo: todo.into() }
    }

    pub fn not_tried(why: impl Into<String>) -> Self {
        Self::NotTried(why.into())
    }
}

/// A line: its number in the checklist (letters for what comes before it) and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: &'static str,
    pub title: &'static str,
    pub verdict: Verdict,
}

impl Line {
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self.verdict, Verdict::Failed { .. })
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, title, verdict } = self;
        match verdict {
            Verdict::Passed(seen) => write!(f, "passed     {number:>2}  {title}: {seen}"),
            Verdict::Failed { seen, todo } => {
                write!(f, "failed     {number:>2}  {title}: {seen}. To do: {todo}")
            }
            Verdict::NotTried(why) => write!(f, "not tried  {number:>2}  {title}: {why}"),
        }
    }
}
