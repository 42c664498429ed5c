//! One request at a time per idempotency key: a repeat that comes while the first is under way waits for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

type Key = (String, String);

/// The keys that are under way; cheap to clone.
#[derive(Clone, Default)]
pub struct Keys(Arc<Mutex<HashMap<Key, Arc<Turn<()>>>>>);

/// Held while a keyed request is under way.
pub struct Held {
    keys: Keys,
    key: Key,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Keys {
    /// Waits until no other request of this user and key is under way.
    pub async fn hold(&self, username: &str, key: &str) -> Held {
        let key = (username.to_owned(), key.to_owned());
        let turn = {
            let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(keys.entry(key.clone()).or_default())
        };
        Held { keys: self.clone(), key, turn: Some(turn.lock_owned().await) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut keys = self.keys.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.turn = None;
        // Only the map holds it: nobody waits.
        if keys.get(&self.key).is_some_and(|turn| Arc::strong_count(turn) == 1) {
            keys.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_same_key_waits_and_is_forgotten_after() {
        let keys = Keys::default();
        let held = keys.hold("alice", "k1").await;
        let _other = keys.hold("alice", "k2").await;
        let second = tokio::spawn({
            let keys = keys.clone();
            async move { drop(keys.hold("alice", "k1").await) }
        });
        drop(held);
        second.await.unwrap();
        assert_eq!(keys.0.lock().unwrap().len(), 1, "only the key that is held");
    }
}
