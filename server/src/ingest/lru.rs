//! A map of bounded size that forgets what was not asked for longest.

use std::collections::{BTreeMap, HashMap};

#[derive(Debug)]
pub(crate) struct Lru<V> {
    capacity: usize,
    values: HashMap<String, (V, u64)>,
    order: BTreeMap<u64, String>,
    turn: u64,
}

impl<V> Lru<V> {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, values: HashMap::new(), order: BTreeMap::new(), turn: 0 }
    }

    /// The value of a key, which is the latest now.
    pub fn get(&mut self, key: &str) -> Option<&mut V> {
        self.turn += 1;
        let (value, turn) = self.values.get_mut(key)?;
        self.order.remove(turn);
        *turn = self.turn;
        self.order.insert(self.turn, key.to_owned());
        Some(value)
    }

    pub fn insert(&mut self, key: &str, value: V) {
        if let Some(held) = self.get(key) {
            *held = value;
            return;
        }
        if self.values.len() >= self.capacity
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.values.remove(&oldest);
        }
        self.values.insert(key.to_owned(), (value, self.turn));
        self.order.insert(self.turn, key.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_asked_for_longest_goes() {
        let mut map = Lru::new(2);
        map.insert("a", 1);
        map.insert("b", 2);
        assert_eq!(map.get("a"), Some(&mut 1));
        map.insert("c", 3);
        let found = ["a", "b", "c"].map(|key| map.get(key).copied());
        assert_eq!(found, [Some(1), None, Some(3)]);
        map.insert("a", 9);
        assert_eq!(map.get("a"), Some(&mut 9));
        assert_eq!((map.values.len(), map.order.len()), (2, 2));
    }
}
