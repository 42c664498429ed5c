//! One record of a window: how it is written, what became of it, and what is believed of a refusal.

use super::super::Item;
use super::super::blame::{Blame, blame};
use super::Verdict;
use crate::store::telemetry::StoredRecord;

/// Server errors of a single record, while its neighbours were taken, before it is given up.
const ATTEMPTS: u32 = 8;

/// How a record is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    Full,
    /// The payload as one text, which fits any mapping.
    Text,
    /// Without its payload and with a short message.
    Truncated,
}

/// A record to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    pub record: StoredRecord,
    pub form: Form,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Pending,
    /// In the request of that number.
    Sent(u64),
    /// Refused while nobody was taken. `elsewhere`: how many all lanes had seen taken by then.
    Aside {
        status: u16,
        reason: String,
        blame: Blame,
        elsewhere: u64,
    },
    Delivered,
    Duplicate,
    FailureStore,
    Dead {
        status: u16,
        reason: String,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub record: StoredRecord,
    pub form: Form,
    /// Server errors while neighbours were taken.
    pub attempts: u32,
    /// How many the lane had seen taken when it was refused: with more, the record is suspected.
    pub refused_at: Option<u64>,
    /// An answer about it was lost: it may lie in this index (empty: any) or in one that came after it.
    pub unsure: Option<String>,
    /// So often it was put aside and no neighbour told whose fault it is.
    pub rounds: u32,
    /// It was tried again after others had been taken elsewhere: until then the destination may have been put right since.
    pub tried_again: bool,
    pub fate: Fate,
}

/// What is known when a record is refused.
#[derive(Clone, Copy, Debug)]
pub(super) struct Evidence {
    /// A neighbour in the same request was taken.
    pub same_request: bool,
    /// The request held so few that they may all be to blame.
    pub small: bool,
    /// How many of the window were taken before.
    pub taken: u64,
    /// How many of all lanes.
    pub elsewhere: u64,
}

impl Entry {
    pub fn is_unsure(&self) -> bool {
        self.unsure.is_some() && self.fate == Fate::Pending
    }

    pub fn judge(&mut self, item: &Item, evidence: Evidence) -> Verdict {
        let (status, reason) = (item.status, item.reason.clone());
        // A refusal does not say that it is not there already.
        match blame(item) {
            Blame::Nobody => {
                self.unsure = None;
                self.fate = match status {
                    _ if item.failure_store => Fate::FailureStore,
                    409 => Fate::Duplicate,
                    _ => Fate::Delivered,
                };
                Verdict::Fine
            }
            Blame::Destination => {
                self.fate = Fate::Pending;
                Verdict::Hold { status, reason }
            }
            Blame::Busy => {
                self.fate = Fate::Pending;
                Verdict::Retry { status, reason }
            }
            Blame::Server => {
                self.failed(status, &reason, evidence);
                Verdict::Retry { status, reason }
            }
            whose @ (Blame::Record | Blame::Unknown | Blame::Request) => {
                self.suspect(status, &reason, whose, evidence);
                Verdict::Fine
            }
        }
    }

    /// A server in trouble refuses everybody; only when neighbours are taken is the record suspected, and each time
    /// needs a witness of its own.
    fn failed(&mut self, status: u16, reason: &str, evidence: Evidence) {
        let witnessed = evidence.same_request || self.refused_at.is_some_and(|then| evidence.taken > then);
        self.refused_at = Some(evidence.taken);
        self.attempts += u32::from(witnessed);
        let reason = reason.to_owned();
        self.fate = if self.attempts >= ATTEMPTS {
            Fate::Dead { status, reason }
        } else if evidence.same_request {
            Fate::Pending
        } else {
            Fate::Aside { status, reason, blame: Blame::Server, elsewhere: evidence.elsewhere }
        };
    }

    /// Refused: believed when a neighbour was taken beside it, or since it was refused first.
    pub fn suspect(&mut self, status: u16, reason: &str, blame: Blame, evidence: Evidence) {
        let then = *self.refused_at.get_or_insert(evidence.taken);
        let believed = evidence.same_request || (evidence.small && evidence.taken > then);
        if believed || (status == 413 && self.form != Form::Truncated) {
            self.escalate(status, reason);
        } else {
            let (reason, elsewhere) = (reason.to_owned(), evidence.elsewhere);
            self.fate = Fate::Aside { status, reason, blame, elsewhere };
        }
    }

    /// It is the record: in another form, or not at all.
    pub fn escalate(&mut self, status: u16, reason: &str) {
        let next = match (self.form, status) {
            (Form::Full | Form::Text, 413) => Some(Form::Truncated),
            (Form::Full, _) => Some(Form::Text),
            (Form::Text | Form::Truncated, _) => None,
        };
        match next {
            Some(form) => {
                self.form = form;
                self.fate = Fate::Pending;
            }
            None => self.fate = Fate::Dead { status, reason: reason.to_owned() },
        }
    }
}
