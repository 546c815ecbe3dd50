//! The account tree: who is above whom.

use crate::id::AccountId;

/// Deepest the tree may be; moves and creations beyond are refused (decision 29).
pub const MAX_DEPTH: usize = 32;

/// What a walk up the tree found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// The two are the same account.
    Same,
    /// The target is somewhere below.
    Below,
    /// Anywhere else: above, beside, elsewhere, or the tree is broken.
    Elsewhere,
}

/// Where `target` stands, seen from `origin`. `ancestors` are the accounts above the target, nearest
/// first. What lies beyond [`MAX_DEPTH`] is not looked at, so that a cycle (which no write can make)
/// denies instead of spinning.
pub fn position(
    origin: AccountId,
    target: AccountId,
    ancestors: impl IntoIterator<Item = AccountId>,
) -> Position {
    if origin == target {
        Position::Same
    } else if ancestors
        .into_iter()
        .take(MAX_DEPTH)
        .any(|above| above == origin)
    {
        Position::Below
    } else {
        Position::Elsewhere
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use super::*;
    use proptest::prelude::*;

    fn id(n: usize) -> AccountId {
        AccountId::new((n as u128).to_le_bytes())
    }

    fn ask(parents: &HashMap<AccountId, AccountId>, origin: usize, target: usize) -> Position {
        let mut at = id(target);
        let above = std::iter::from_fn(|| {
            at = *parents.get(&at)?;
            Some(at)
        });
        position(id(origin), id(target), above)
    }

    #[test]
    fn a_cycle_denies() {
        let parents = HashMap::from([(id(1), id(2)), (id(2), id(1))]);
        assert_eq!(ask(&parents, 3, 1), Position::Elsewhere);
    }

    proptest! {
        /// The naive model: the set of everything below, computed from the top.
        #[test]
        fn the_rule_equals_the_set_of_descendants(links in prop::collection::vec(0usize..1000, 1..30)) {
            let parents: HashMap<_, _> =
                links.iter().enumerate().map(|(i, link)| (id(i + 1), id(link % (i + 1)))).collect();
            let count = links.len() + 1;
            for origin in 0..count {
                let mut below = HashSet::new();
                let mut grew = true;
                while grew {
                    grew = false;
                    for (child, parent) in &parents {
                        if (*parent == id(origin) || below.contains(parent)) && below.insert(*child) {
                            grew = true;
                        }
                    }
                }
                for target in 0..count {
                    let expected = if origin == target {
                        Position::Same
                    } else if below.contains(&id(target)) {
                        Position::Below
                    } else {
                        Position::Elsewhere
                    };
                    prop_assert_eq!(ask(&parents, origin, target), expected);
                }
            }
        }
    }
}
