//! Who can sign in at the example. The passwords are no secrets: they stand here and are printed.

use doorward_core::digest::{md5_credentials, sha1_credentials};

pub(super) const ROOT: Login = Login::new(
    "Example Telecom",
    "telecom.example",
    "admin",
    "demo-admin-1",
);
pub(super) const RESELLER: Login =
    Login::new("Northwind", "northwind.example", "rita", "demo-rita-2");
pub(super) const CUSTOMER: Login = Login::new("Acme", "acme.example", "alice", "demo-alice-3");
pub(super) const COLLEAGUE: Login = Login::new("Acme", "acme.example", "bob", "demo-bob-4");
pub(super) const NEIGHBOUR: Login = Login::new("Globex", "globex.example", "gina", "demo-gina-5");
pub(super) const BRANCH: Login = Login::new(
    "Acme Branch",
    "branch.acme.example",
    "carol",
    "demo-carol-6",
);
/// The user of the vendor's own examples, password and all.
pub(super) const ADMIN: Login = Login::new("Acme", "acme.example", "admin", "pwd");
/// Pushes into one collection and may nothing else.
pub(super) const FEEDER: Login = Login::new("Acme", "acme.example", "feeder", "f33d-demo-7");
/// Searches only.
pub(super) const READER: Login = Login::new("Acme", "acme.example", "reader", "r34d-demo-8");

/// Somebody who can sign in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Login {
    pub(super) account: &'static str,
    pub(super) realm: &'static str,
    pub(super) username: &'static str,
    pub(super) password: &'static str,
}

impl Login {
    const fn new(
        account: &'static str,
        realm: &'static str,
        username: &'static str,
        password: &'static str,
    ) -> Self {
        Self {
            account,
            realm,
            username,
            password,
        }
    }

    /// What the first vendor's clients send.
    pub(super) fn md5(&self) -> String {
        md5_credentials(self.username, self.password)
    }

    /// What they send with `method: sha`.
    pub(super) fn sha1(&self) -> String {
        sha1_credentials(self.username, self.password)
    }
}
