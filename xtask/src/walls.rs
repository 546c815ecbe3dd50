//! Who may depend on whom. Arrows point down only (ARCHITECTURE.md), and here
//! is the list that keeps it so.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::Workspace;

const CORE: &str = "doorward-core";
const DEMO_SEARCH: &str = "doorward-demo-search";
const ENGINE: &str = "doorward-engine";
const GATEWAY: &str = "doorward-gateway";
const SERVER: &str = "doorward-server";
const STORE: &str = "doorward-store";
const TESTKIT: &str = "doorward-testkit";

/// Every member, and the members it may depend on. Tests may use the testkit.
const ARROWS: &[(&str, &[&str])] = &[
    (CORE, &[]),
    (STORE, &[CORE]),
    (ENGINE, &[CORE, STORE]),
    (GATEWAY, &[CORE, ENGINE]),
    (SERVER, &[CORE, ENGINE]),
    (
        "doorward",
        &[CORE, DEMO_SEARCH, ENGINE, GATEWAY, SERVER, STORE],
    ),
    // The demo's upstream: it must not know whom it stands behind.
    (DEMO_SEARCH, &[]),
    (TESTKIT, &[CORE, ENGINE, GATEWAY, SERVER, STORE]),
    ("xtask", &[]),
];

/// Foreign crates (and those whose name goes on with a dash) that only these
/// members may name.
const OWNED: &[(&str, &[&str])] = &[
    ("sqlx", &[DEMO_SEARCH, STORE]),
    ("axum", &[DEMO_SEARCH, SERVER, TESTKIT]),
];

/// What the core must not even reach through others: it does no I/O.
const NOT_UNDER_CORE: &[&str] = &["axum", "hyper", "sqlx", "tokio"];

/// Compares the workspace with the lists above.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let graph = Graph::read(&workspace.metadata)?;
    let mut broken = graph.wrong_arrows();
    broken.extend(graph.wrong_owners());
    broken.extend(graph.under_core());
    if !broken.is_empty() {
        bail!("{}", broken.join("\n"));
    }
    println!("{} members keep their walls", graph.members.len());
    Ok(())
}

/// The part of cargo's metadata that walls are made of.
#[derive(Default)]
struct Graph {
    /// Member → the crates its manifest names, whatever the target or feature.
    members: BTreeMap<String, Vec<Dependency>>,
    /// Package id → the package ids it is built with, tests left out.
    built_with: BTreeMap<String, Vec<String>>,
    /// Package id → crate name.
    names: BTreeMap<String, String>,
}

struct Dependency {
    name: String,
    is_for_tests: bool,
}

impl Graph {
    fn wrong_arrows(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (member, dependencies) in &self.members {
            let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| name == member) else {
                broken.push(format!("{member} has no line in xtask/src/walls.rs"));
                continue;
            };
            for dependency in dependencies {
                let name = dependency.name.as_str();
                let is_ours = self.members.contains_key(name);
                let is_test_aid = name == TESTKIT && dependency.is_for_tests;
                // A crate's own tests may see it again, through features.
                let is_itself = name == member;
                if is_ours && !is_test_aid && !is_itself && !allowed.contains(&name) {
                    broken.push(format!("{member} must not depend on {name}"));
                }
            }
        }
        broken
    }

    fn wrong_owners(&self) -> Vec<String> {
        let mut broken = Vec::new();
        for (member, dependencies) in &self.members {
            for Dependency { name, .. } in dependencies {
                let owners = OWNED.iter().find(|(owned, _)| is_family(name, owned));
                if owners.is_some_and(|(_, owners)| !owners.contains(&member.as_str())) {
                    broken.push(format!("{member} must not depend on {name}"));
                }
            }
        }
        broken
    }

    fn under_core(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = self
            .names
            .iter()
            .filter_map(|(id, name)| (name == CORE).then_some(id))
            .collect();
        while let Some(id) = next.pop() {
            if seen.insert(id) {
                next.extend(self.built_with.get(id).into_iter().flatten());
            }
        }
        let reached: BTreeSet<&str> = seen
            .into_iter()
            .filter_map(|id| self.names.get(id).map(String::as_str))
            .collect();
        NOT_UNDER_CORE
            .iter()
            .filter(|banned| reached.iter().any(|name| is_family(name, banned)))
            .map(|banned| format!("{CORE} must not be built with {banned}"))
            .collect()
    }

    fn read(metadata: &Value) -> Result<Self> {
        let mut graph = Self::default();
        let members = array(metadata, "workspace_members")?;
        for package in array(metadata, "packages")? {
            let (id, name) = (text(package, "id")?, text(package, "name")?);
            graph.names.insert(id.to_owned(), name.to_owned());
            if members.iter().any(|member| member.as_str() == Some(id)) {
                let dependencies = array(package, "dependencies")?
                    .iter()
                    .map(Dependency::read)
                    .collect::<Result<_>>()?;
                graph.members.insert(name.to_owned(), dependencies);
            }
        }
        let resolve = metadata.get("resolve").context("no resolve")?;
        for node in array(resolve, "nodes")? {
            let built_with = array(node, "deps")?
                .iter()
                .filter(|dep| !is_only_for_tests(dep))
                .map(|dep| text(dep, "pkg").map(str::to_owned))
                .collect::<Result<_>>()?;
            graph
                .built_with
                .insert(text(node, "id")?.to_owned(), built_with);
        }
        Ok(graph)
    }
}

impl Dependency {
    fn read(value: &Value) -> Result<Self> {
        Ok(Self {
            name: text(value, "name")?.to_owned(),
            is_for_tests: value.get("kind").and_then(Value::as_str) == Some("dev"),
        })
    }
}

/// `sqlx-core` belongs to the family of `sqlx`.
fn is_family(name: &str, head: &str) -> bool {
    name.strip_prefix(head)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn is_only_for_tests(dep: &Value) -> bool {
    let kinds = dep.get("dep_kinds").and_then(Value::as_array);
    kinds.is_some_and(|kinds| {
        kinds
            .iter()
            .all(|kind| kind.get("kind").and_then(Value::as_str) == Some("dev"))
    })
}

fn array<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    let found = value.get(key).and_then(Value::as_array);
    found.with_context(|| format!("cargo metadata has no list {key}"))
}

fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    let found = value.get(key).and_then(Value::as_str);
    found.with_context(|| format!("cargo metadata has no text {key}"))
}

#[cfg(test)]
#[path = "walls/tests.rs"]
mod tests;
