//! How much of a list is asked for, and how much is still missing.

use crate::args::Paging;
use crate::fail::{Fail, Outcome};

/// Rows asked for at once.
const PAGE: u32 = 500;

/// What is still wanted of a list.
#[derive(Debug)]
pub(crate) struct Pages {
    missing: Option<u32>,
    asked: u32,
    is_over: bool,
}

impl Pages {
    /// What the command line wants.
    pub(crate) fn new(paging: &Paging) -> Outcome<Self> {
        if paging.limit == Some(0) {
            return Err(Fail::usage("--limit takes a number from 1 on"));
        }
        Ok(Self {
            missing: paging.limit,
            asked: 0,
            is_over: false,
        })
    }

    /// How many rows to ask for now; `None` at the end.
    pub(crate) fn next(&mut self) -> Option<u32> {
        self.asked = self.missing.unwrap_or(PAGE).min(PAGE);
        (!self.is_over && self.asked > 0).then_some(self.asked)
    }

    /// So many rows came.
    pub(crate) fn came(&mut self, rows: usize) {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.is_over = rows < self.asked;
        self.missing = self.missing.map(|missing| missing.saturating_sub(rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is asked for when a list has so many rows.
    fn asked(limit: Option<u32>, mut rows: u32) -> Vec<u32> {
        let mut pages = Pages::new(&Paging { limit, after: None }).unwrap();
        let mut asked = Vec::new();
        while let Some(limit) = pages.next() {
            asked.push(limit);
            pages.came(rows.min(limit) as usize);
            rows -= rows.min(limit);
        }
        asked
    }

    #[test]
    fn a_list_is_read_to_its_end_or_to_its_limit() {
        assert_eq!(asked(None, 0), [500]);
        assert_eq!(asked(None, 500), [500, 500]);
        assert_eq!(asked(None, 1001), [500, 500, 500]);
        assert_eq!(asked(Some(3), 2), [3]);
        assert_eq!(asked(Some(3), 9), [3]);
        assert_eq!(asked(Some(501), 9000), [500, 1]);
    }

    #[test]
    fn no_rows_at_all_are_not_asked_for() {
        let none = Paging {
            limit: Some(0),
            after: None,
        };
        assert!(Pages::new(&none).is_err());
    }
}
