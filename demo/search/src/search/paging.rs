//! Where a page of results stands in the whole.

use crate::index::Page;

/// Ranks from 1 on; 0 where there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    pub(super) current_start: i64,
    pub(super) current_end: i64,
    /// Where the page before begins; `None` on the first.
    pub(super) previous_start: Option<i64>,
    /// Where the next page begins; `None` on the last.
    pub(super) next_start: Option<i64>,
}

impl Paging {
    pub(super) fn of(page: Page, total: i64) -> Self {
        let Page { start, size } = page;
        if start > total {
            // Beyond the end; the way back leads to the last full step.
            let steps = total.saturating_sub(1).checked_div(size).unwrap_or(0);
            let last = steps.saturating_mul(size).saturating_add(1);
            return Self {
                current_start: 0,
                current_end: 0,
                previous_start: (total > 0).then_some(last),
                next_start: None,
            };
        }
        let end = start.saturating_add(size).saturating_sub(1).min(total);
        Self {
            current_start: start,
            current_end: end,
            previous_start: (start > 1).then(|| start.saturating_sub(size).max(1)),
            next_start: (end < total).then(|| end.saturating_add(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paging(start: i64, size: i64, total: i64) -> (i64, i64, Option<i64>, Option<i64>) {
        let paging = Paging::of(Page { start, size }, total);
        (
            paging.current_start,
            paging.current_end,
            paging.previous_start,
            paging.next_start,
        )
    }

    #[test]
    fn pages_know_their_neighbours() {
        assert_eq!(paging(1, 10, 25), (1, 10, None, Some(11)));
        assert_eq!(paging(11, 10, 25), (11, 20, Some(1), Some(21)));
        assert_eq!(paging(21, 10, 25), (21, 25, Some(11), None));
        assert_eq!(paging(5, 10, 25), (5, 14, Some(1), Some(15)));
        assert_eq!(paging(1, 10, 10), (1, 10, None, None));
        assert_eq!(paging(1, 10, 0), (0, 0, None, None));
        assert_eq!(paging(31, 10, 25), (0, 0, Some(21), None));
        assert_eq!(paging(i64::MAX, 100, 100), (0, 0, Some(1), None));
    }

    proptest! {
        #[test]
        fn going_on_reaches_every_rank_once(size in 1_i64..=100, total in 0_i64..500) {
            let (mut start, mut seen) = (Some(1), 0);
            while let Some(from) = start {
                let (first, last, _, next) = paging(from, size, total);
                if total > 0 {
                    prop_assert_eq!(first, seen + 1);
                    seen = last;
                }
                start = next;
            }
            prop_assert_eq!(seen, total);
        }
    }
}
