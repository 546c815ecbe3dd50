//! The compiled table of guarded APIs: a look-up costs as many hash look-ups as the host has labels and the
//! segments of the longest path that is claimed, however many APIs there are and however long a request is.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::sync::Arc;

use http::Method;

use super::HostPattern;
use crate::api::{Api, Rule};
use crate::request::Canonical;

/// A table that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Two APIs of one name.
    #[error("two APIs are called \"{0}\"")]
    SameName(String),
    /// Two APIs claim the same host, path and method.
    #[error("\"{0}\" and \"{1}\" claim the same requests")]
    SameClaim(String, String),
    /// A rule that no request reaches (attacks.md S29).
    #[error("rule {rule} of \"{api}\" can never match: {why}")]
    NeverMatches {
        /// The API.
        api: String,
        /// The rule, counted from 1.
        rule: usize,
        /// Why.
        why: String,
    },
}

/// What the table says of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<'a> {
    /// This API claims it.
    Api(&'a Arc<Api>),
    /// These claim the path, but not the method.
    OtherMethods(&'a [Arc<Api>]),
    /// Nobody claims it.
    Nothing,
}

/// The compiled table. The most specific claim decides: an exact host before the longest `*.` host before
/// none; then the longest path; then the method.
#[derive(Debug, Default)]
pub struct Table {
    apis: Vec<Arc<Api>>,
    exact: HashMap<String, Paths>,
    below: HashMap<String, Paths>,
    any: Paths,
}

/// APIs by path prefix.
#[derive(Debug, Default)]
struct Paths {
    claimants: HashMap<String, Vec<Arc<Api>>>,
    /// Length of the longest prefix: no longer piece of a path is hashed, however long a client makes it.
    longest: usize,
}

impl Table {
    /// Compiles a table.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn new(apis: Vec<Api>) -> Result<Self, Vec<TableError>> {
        let mut table = Self::default();
        let mut errors = Vec::new();
        let mut names = HashSet::new();
        for api in apis {
            let api = Arc::new(api);
            if !names.insert(Arc::clone(&api.name)) {
                errors.push(TableError::SameName(api.name.to_string()));
            }
            errors.extend(unreachable_rules(&api));
            table.add(&api, &mut errors);
            table.apis.push(api);
        }
        if errors.is_empty() {
            Ok(table)
        } else {
            errors.dedup();
            Err(errors)
        }
    }

    fn add(&mut self, api: &Arc<Api>, errors: &mut Vec<TableError>) {
        if api.hosts.is_empty() {
            claim(&mut self.any, api, errors);
        }
        for host in &api.hosts {
            let paths = match host {
                HostPattern::Exact(name) => self.exact.entry(name.clone()).or_default(),
                HostPattern::Below(name) => self.below.entry(name.clone()).or_default(),
            };
            claim(paths, api, errors);
        }
    }

    /// All APIs, in the operator's order.
    #[must_use]
    pub fn apis(&self) -> &[Arc<Api>] {
        &self.apis
    }

    /// Who claims a request. The path's oddities are the API's to bear: [`Api::leniency`].
    #[must_use]
    pub fn find(&self, request: &Canonical) -> Found<'_> {
        let Some(claimants) = self.claimants(request.host(), request.matched()) else {
            return Found::Nothing;
        };
        let knows = |api: &&Arc<Api>| knows(api.methods.as_deref(), request.method());
        claimants
            .iter()
            .find(knows)
            .map_or(Found::OtherMethods(claimants), Found::Api)
    }

    fn claimants(&self, host: &str, path: &str) -> Option<&[Arc<Api>]> {
        let exact = || self.exact.get(host).and_then(|paths| paths.longest(path));
        let below = || {
            let dots = host.match_indices('.').map(|(at, _)| at);
            let names = dots.filter_map(|at| host.get(at.saturating_add(1)..));
            names
                .filter_map(|name| self.below.get(name))
                .find_map(|paths| paths.longest(path))
        };
        let below = || (!self.below.is_empty()).then(below).flatten();
        exact().or_else(below).or_else(|| self.any.longest(path))
    }
}

fn claim(paths: &mut Paths, api: &Arc<Api>, errors: &mut Vec<TableError>) {
    for prefix in &api.paths {
        let prefix = prefix.as_str();
        paths.longest = paths.longest.max(prefix.len());
        let claimants = paths.claimants.entry(prefix.to_owned()).or_default();
        for other in claimants.iter() {
            if share_a_method(api.methods.as_deref(), other.methods.as_deref()) {
                errors.push(TableError::SameClaim(
                    other.name.to_string(),
                    api.name.to_string(),
                ));
            }
        }
        claimants.push(Arc::clone(api));
    }
}

impl Paths {
    /// The claimants of the longest prefix that claims a path.
    fn longest(&self, path: &str) -> Option<&[Arc<Api>]> {
        prefixes(path, self.longest)
            .find_map(|prefix| self.claimants.get(prefix))
            .map(Vec::as_slice)
    }
}

/// What may claim a path, longest first: `/a/b` itself, `/a/`, `/a`, `/`; of those only what is at most one
/// character longer than `longest`.
fn prefixes(path: &str, longest: usize) -> impl Iterator<Item = &str> {
    let first = match path.get(..=longest) {
        // The last slash that may end a prefix, or stand right behind one.
        Some(head) => head.rfind('/').and_then(|slash| head.get(..=slash)),
        None => Some(path),
    };
    iter::successors(first, |prefix| match prefix.strip_suffix('/') {
        Some("") => None,
        Some(shorter) => Some(shorter),
        None => prefix.get(..=prefix.rfind('/')?),
    })
}

/// Whether a list of methods knows one; no list knows all.
fn knows(methods: Option<&[Method]>, method: &Method) -> bool {
    methods.is_none_or(|methods| methods.contains(method))
}

fn share_a_method(one: Option<&[Method]>, other: Option<&[Method]>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.iter().any(|method| other.contains(method)),
        _ => true,
    }
}

fn unreachable_rules(api: &Api) -> Vec<TableError> {
    let mut errors = Vec::new();
    for (index, rule) in api.rules.iter().enumerate() {
        let earlier = api.rules.iter().take(index);
        if let Some(why) = why_unreachable(api, rule, earlier) {
            errors.push(TableError::NeverMatches {
                api: api.name.to_string(),
                rule: index.saturating_add(1),
                why,
            });
        }
    }
    errors
}

fn why_unreachable<'r>(
    api: &Api,
    rule: &Rule,
    earlier: impl Iterator<Item = &'r Rule>,
) -> Option<String> {
    if !share_a_method(api.methods.as_deref(), rule.methods.as_deref()) {
        return Some("the API knows none of its methods".to_owned());
    }
    if !api.paths.iter().any(|prefix| rule.path.meets(prefix)) {
        return Some("its path lies outside the API's paths".to_owned());
    }
    for (index, before) in earlier.enumerate() {
        if before.path.covers(&rule.path) && has_all_methods(before, rule) {
            return Some(format!(
                "rule {} matches everything it matches",
                index.saturating_add(1)
            ));
        }
    }
    None
}

fn has_all_methods(wide: &Rule, narrow: &Rule) -> bool {
    match (&wide.methods, &narrow.methods) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(wide), Some(narrow)) => narrow.iter().all(|method| wide.contains(method)),
    }
}

#[cfg(test)]
mod tests;
