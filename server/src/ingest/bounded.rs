//! A map that forgets its oldest entry when it is full, and hands the forgotten value to the newcomer: whoever
//! makes new keys to get fresh budgets inherits used ones.

use std::collections::{HashMap, VecDeque};

pub(super) struct Bounded<V> {
    capacity: usize,
    values: HashMap<String, V>,
    order: VecDeque<String>,
}

impl<V> Bounded<V> {
    pub fn new(capacity: usize) -> Self {
        Self { capacity, values: HashMap::new(), order: VecDeque::new() }
    }

    /// The value of a key; a new key gets the value of the oldest one when the map is full, else `make()`. The
    /// flag says whether the value was inherited.
    pub fn entry(&mut self, key: &str, make: impl FnOnce() -> V) -> (&mut V, bool) {
        let mut inherited = false;
        let mut old = None;
        if !self.values.contains_key(key) {
            if self.values.len() >= self.capacity {
                old = self.order.pop_front().and_then(|oldest| self.values.remove(&oldest));
                inherited = old.is_some();
            }
            self.order.push_back(key.to_owned());
        }
        let value = self.values.entry(key.to_owned()).or_insert_with(|| old.unwrap_or_else(make));
        (value, inherited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newcomer_inherits_the_oldest_value() {
        let mut map = Bounded::new(2);
        *map.entry("a", || 10).0 = 1;
        *map.entry("b", || 10).0 = 2;
        assert_eq!(map.entry("c", || 10), (&mut 1, true));
        assert_eq!(map.entry("b", || 10), (&mut 2, false));
        assert_eq!(map.values.len(), 2);
    }
}
