//! A bounded map whose reads write nothing that cores share.

use std::hash::Hash;

use papaya::{Equivalent, HashMap};

/// Part of the entries given up at once when the map is full: one in this many.
const EVICTED_PART: usize = 16;

/// A concurrent map that never holds much more than its capacity. When it is full an arbitrary
/// sixteenth goes: keys are random or keyed digests, so nobody can choose what is evicted, and only
/// successes are ever inserted, so failures evict nothing (attacks.md S38).
pub(crate) struct Bounded<K, V> {
    map: HashMap<K, V>,
    capacity: usize,
}

impl<K: Hash + Eq + Clone, V: Clone> Bounded<K, V> {
    /// An empty map for about this many entries.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            map: HashMap::new(),
            capacity: capacity.max(EVICTED_PART),
        }
    }

    /// Looks at an entry in place.
    pub(crate) fn with<Q, R>(&self, key: &Q, look: impl FnOnce(&V) -> R) -> Option<R>
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.map.pin().get(key).map(look)
    }

    /// A copy of an entry.
    pub(crate) fn get<Q>(&self, key: &Q) -> Option<V>
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.with(key, V::clone)
    }

    /// Puts an entry in, giving up others if the map is full.
    pub(crate) fn insert(&self, key: K, value: V) {
        let map = self.map.pin();
        if map.len() >= self.capacity {
            let surplus = self.capacity / EVICTED_PART;
            let victims: Vec<K> = map.keys().take(surplus).cloned().collect();
            for victim in &victims {
                map.remove(victim);
            }
        }
        map.insert(key, value);
    }

    /// Takes an entry out.
    pub(crate) fn remove<Q>(&self, key: &Q)
    where
        Q: Equivalent<K> + Hash + ?Sized,
    {
        self.map.pin().remove(key);
    }

    /// Takes everything out.
    pub(crate) fn clear(&self) {
        self.map.pin().clear();
    }

    /// Keeps only what passes.
    pub(crate) fn retain(&self, keep: impl Fn(&V) -> bool) {
        self.map.pin().retain(|_, value| keep(value));
    }

    /// How many entries there are.
    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_outgrows_its_capacity() {
        let cache = Bounded::new(160);
        for n in 0..10_000_u32 {
            cache.insert(n, n);
            assert!(cache.len() <= 160);
            assert_eq!(cache.get(&n), Some(n));
        }
        cache.retain(|n| n % 2 == 0);
        assert!(cache.len() < 160);
        cache.clear();
        assert_eq!(cache.len(), 0);
    }
}
