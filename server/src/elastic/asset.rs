//! One thing that an engine or a Kibana is to have: where it is read and written, and what it is.

use reqwest::Method;
use serde_json::Value;

use super::Standing;
use super::compare::difference;
use super::connection::{Connection, reason};

/// How it is written.
#[derive(Clone, Debug)]
pub(super) enum Write {
    /// One call, whether it was there or not.
    Put(Method, String),
    /// State management wants to know which version is replaced.
    Versioned(String),
    /// Kibana: made by one call, changed by another, whose body leaves out what cannot change.
    Twofold(String, &'static [&'static str]),
}

/// An asset.
#[derive(Clone, Debug)]
pub(crate) struct Asset {
    pub kind: &'static str,
    pub name: String,
    /// Where it is read.
    pub(super) path: String,
    /// Where it lies in the answer.
    pub(super) pointer: String,
    pub(super) write: Write,
    pub(super) body: Value,
    /// What of the body has to be found in the answer; all of it, when `None`.
    pub(super) seen: Option<Value>,
    /// Without it nothing is delivered.
    pub is_needed: bool,
}

/// How it stands, and the answer that says so.
pub(super) struct Look {
    pub standing: Standing,
    answer: Value,
}

impl Asset {
    /// Compares. `Err`: nobody answers.
    pub(super) async fn look(&self, connection: &Connection) -> Result<Look, String> {
        let (status, answer) = connection.call(Method::GET, &self.path, None).await?;
        let standing = match status {
            200 => match answer.pointer(&self.pointer) {
                Some(found) => self.compared(found),
                None => Standing::Missing,
            },
            404 => Standing::Missing,
            429 | 500.. => return Err(reason(status, &answer)),
            _ => Standing::Refused(reason(status, &answer)),
        };
        Ok(Look { standing, answer })
    }

    fn compared(&self, found: &Value) -> Standing {
        let theirs = found["_meta"]["owner"].as_str().filter(|owner| *owner != "deltascope");
        if let Some(owner) = theirs {
            return Standing::Differs(format!("it belongs to {owner}; rename or remove it first"));
        }
        difference(self.seen.as_ref().unwrap_or(&self.body), found).map_or(Standing::There, Standing::Differs)
    }

    /// Whether what differs there is not ours to replace.
    fn is_foreign(&self, look: &Look) -> bool {
        let owner = look.answer.pointer(&self.pointer).map(|found| found["_meta"]["owner"].clone());
        owner.is_some_and(|owner| owner.is_string() && owner != "deltascope")
    }

    /// Puts it where it is missing or differs.
    pub(super) async fn put(&self, connection: &Connection) -> Result<Standing, String> {
        let look = self.look(connection).await?;
        let after = match &look.standing {
            Standing::Missing => Standing::Made,
            Standing::Differs(_) if self.is_foreign(&look) => return Ok(look.standing),
            Standing::Differs(why) => Standing::Replaced(why.clone()),
            Standing::There
            | Standing::NotSupported(_)
            | Standing::Refused(_)
            | Standing::Made
            | Standing::Replaced(_) => return Ok(look.standing),
        };
        let is_new = after == Standing::Made;
        let (method, path, body) = match &self.write {
            Write::Put(method, path) => (method.clone(), path.clone(), self.body.clone()),
            Write::Versioned(path) if is_new => (Method::PUT, path.clone(), self.body.clone()),
            Write::Versioned(path) => {
                let (seq, term) = (&look.answer["_seq_no"], &look.answer["_primary_term"]);
                (Method::PUT, format!("{path}?if_seq_no={seq}&if_primary_term={term}"), self.body.clone())
            }
            Write::Twofold(path, _) if is_new => (Method::POST, path.clone(), self.body.clone()),
            Write::Twofold(path, fixed) => {
                let mut body = self.body.clone();
                if let Value::Object(fields) = &mut body {
                    fields.retain(|key, _| !fixed.contains(&key.as_str()));
                }
                (Method::PUT, path.clone(), body)
            }
        };
        let (status, answer) = connection.call(method, &path, Some(&body)).await?;
        Ok(match status {
            200 | 201 => after,
            _ => Standing::Refused(reason(status, &answer)),
        })
    }

    /// Puts it without a look, as who only delivers does. Status and answer.
    pub async fn put_blindly(&self, connection: &Connection) -> Result<(u16, Value), String> {
        match &self.write {
            Write::Put(method, path) => connection.call(method.clone(), path, Some(&self.body)).await,
            Write::Versioned(path) | Write::Twofold(path, _) => {
                connection.call(Method::PUT, path, Some(&self.body)).await
            }
        }
    }
}
