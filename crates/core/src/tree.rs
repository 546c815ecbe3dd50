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

/// Where `target` stands, seen from `origin`. `parent` names the account above; `None` ends the walk,
/// and so does [`MAX_DEPTH`], so that a cycle (which no write can make) denies instead of spinning.
pub fn position<E>(
    origin: AccountId,
    target: AccountId,
    mut parent: impl FnMut(AccountId) -> Result<Option<AccountId>, E>,
) -> Result<Position, E> {
    if origin == target {
        return Ok(Position::Same);
    }
    let mut at = target;
    for _ in 0..MAX_DEPTH {
        match parent(at)? {
            Some(above) if above == origin => return Ok(Position::Below),
            Some(above) => at = above,
            None => break,
        }
    }
    Ok(Position::Elsewhere)
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};
    use std::convert::Infallible;

    use super::*;
    use proptest::prelude::*;

    fn id(n: usize) -> AccountId {
        AccountId::new((n as u128).to_le_bytes())
    }

    fn ask(parents: &HashMap<AccountId, AccountId>, origin: usize, target: usize) -> Position {
        position::<Infallible>(id(origin), id(target), |a| Ok(parents.get(&a).copied())).unwrap()
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
