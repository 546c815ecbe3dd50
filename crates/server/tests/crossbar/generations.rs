//! The fate of every token after every event, against a model that knows the table of decision 16 and
//! the tree rule of crossbar.md section 5.7, and nothing else.

use std::collections::HashMap;

use doorward_core::account::Lock;
use doorward_core::credential::Presented;
use doorward_core::id::{AccountId, UserId};
use doorward_core::right::Right;
use doorward_core::secret::SecretText;
use doorward_core::user::Level;
use doorward_engine::admin::{AccountChange, NewAccount, UserChange};
use doorward_engine::{Decision, Reason, Refusal, Request, Resource, SignInError, Trace};
use proptest::prelude::*;

use crate::support::add_user;
use doorward_testkit::{App, operator};

/// What happens; the numbers choose among what is there.
#[derive(Debug, Clone)]
enum Event {
    CreateChild(usize),
    CreateUser(usize),
    Move(usize, usize),
    EnableAccount(usize, bool),
    EnableUser(usize, bool),
    ChangePassword(usize),
    SamePassword(usize),
    ChangeLevel(usize, bool),
    ResetUser(usize),
    ResetAccount(usize),
    ResetSystem,
    ResetKey,
    RotateApiKey(usize),
    EndSessions(usize),
    DeleteUser(usize),
    DeleteAccount(usize),
    SignIn(usize),
    SignInByKey(usize),
    Impersonate(usize),
    Refresh(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let n = || 0_usize..1000;
    prop_oneof![
        2 => n().prop_map(Event::CreateChild),
        3 => n().prop_map(Event::CreateUser),
        3 => (n(), n()).prop_map(|(a, b)| Event::Move(a, b)),
        3 => (n(), any::<bool>()).prop_map(|(a, on)| Event::EnableAccount(a, on)),
        3 => (n(), any::<bool>()).prop_map(|(u, on)| Event::EnableUser(u, on)),
        2 => n().prop_map(Event::ChangePassword),
        1 => n().prop_map(Event::SamePassword),
        1 => (n(), any::<bool>()).prop_map(|(u, admin)| Event::ChangeLevel(u, admin)),
        2 => n().prop_map(Event::ResetUser),
        2 => n().prop_map(Event::ResetAccount),
        1 => Just(Event::ResetSystem),
        1 => Just(Event::ResetKey),
        2 => n().prop_map(Event::RotateApiKey),
        1 => n().prop_map(Event::EndSessions),
        2 => n().prop_map(Event::DeleteUser),
        2 => n().prop_map(Event::DeleteAccount),
        6 => n().prop_map(Event::SignIn),
        4 => n().prop_map(Event::SignInByKey),
        3 => n().prop_map(Event::Impersonate),
        3 => n().prop_map(Event::Refresh),
    ]
}

#[derive(Debug, Clone)]
struct ModelAccount {
    id: AccountId,
    name: String,
    parent: Option<usize>,
    is_enabled: bool,
    is_there: bool,
    generation: u32,
    key_generation: u32,
}

#[derive(Debug, Clone)]
struct ModelUser {
    id: UserId,
    account: usize,
    name: String,
    password: String,
    is_admin: bool,
    is_enabled: bool,
    is_there: bool,
    generation: u32,
}

/// What a token rested on when it was made.
#[derive(Debug, Clone)]
struct Held {
    token: String,
    account: usize,
    user: Option<usize>,
    rests_on: HashMap<Ground, u32>,
}

/// Something whose generation a token remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Ground {
    System,
    Account(usize),
    Key(usize),
    User(usize),
}

/// What a token is good for.
#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Good,
    Locked,
    Dead,
}

struct World {
    app: App,
    accounts: Vec<ModelAccount>,
    users: Vec<ModelUser>,
    held: Vec<Held>,
    system: u32,
}

impl World {
    async fn start() -> Self {
        let app = App::with(|settings, _| settings.limits.enabled = false).await;
        let root = app.account("M");
        let mad = app.user("mad");
        let mut world = Self {
            accounts: vec![ModelAccount {
                id: root.id,
                name: root.name.clone(),
                parent: None,
                is_enabled: true,
                is_there: true,
                generation: 0,
                key_generation: 0,
            }],
            users: vec![ModelUser {
                id: mad.id,
                account: 0,
                name: "mad".to_owned(),
                password: "pw-mad".to_owned(),
                is_admin: true,
                is_enabled: true,
                is_there: true,
                generation: 0,
            }],
            held: Vec::new(),
            system: 0,
            app,
        };
        world.create_child(0).await;
        world.create_user(1).await;
        world
    }

    fn pick_account(&self, n: usize) -> usize {
        let there: Vec<_> = (0..self.accounts.len())
            .filter(|a| self.accounts[*a].is_there)
            .collect();
        there[n % there.len()]
    }

    fn pick_user(&self, n: usize) -> usize {
        let there: Vec<_> = (0..self.users.len())
            .filter(|u| self.users[*u].is_there)
            .collect();
        there[n % there.len()]
    }

    fn has_children(&self, account: usize) -> bool {
        self.accounts
            .iter()
            .any(|a| a.is_there && a.parent == Some(account))
    }

    /// The account and everything above it.
    fn line(&self, account: usize) -> Vec<usize> {
        std::iter::successors(Some(account), |a| self.accounts[*a].parent).collect()
    }

    fn is_locked(&self, account: usize) -> bool {
        let line = self.line(account);
        line.into_iter().any(|a| !self.accounts[a].is_enabled)
    }

    fn generation(&self, ground: Ground) -> u32 {
        match ground {
            Ground::System => self.system,
            Ground::Account(a) => self.accounts[a].generation,
            Ground::Key(a) => self.accounts[a].key_generation,
            Ground::User(u) => self.users[u].generation,
        }
    }

    fn fate(&self, held: &Held) -> Fate {
        let is_there = |ground: &Ground| match ground {
            Ground::System => true,
            Ground::Account(a) | Ground::Key(a) => self.accounts[*a].is_there,
            Ground::User(u) => self.users[*u].is_there && self.users[*u].is_enabled,
        };
        let rests =
            |(ground, then): (&Ground, &u32)| is_there(ground) && self.generation(*ground) == *then;
        // Whether the root's first admin may impersonate is a right, and rights are read live.
        let is_impersonated = held.user != Some(0) && held.rests_on.contains_key(&Ground::User(0));
        let may_impersonate = self.users[0].is_admin;
        if !held.rests_on.iter().all(rests) || (is_impersonated && !may_impersonate) {
            Fate::Dead
        } else if self.is_locked(held.account) {
            Fate::Locked
        } else {
            Fate::Good
        }
    }

    fn hold(&mut self, token: &SecretText, account: usize, user: Option<usize>, extra: &[Ground]) {
        let subject = user.map_or(Ground::Key(account), Ground::User);
        let mut grounds = vec![Ground::System, Ground::Account(account), subject];
        grounds.extend_from_slice(extra);
        let rests_on = grounds
            .into_iter()
            .map(|ground| (ground, self.generation(ground)))
            .collect();
        self.held.push(Held {
            token: token.expose().to_owned(),
            account,
            user,
            rests_on,
        });
    }

    async fn decide(&self, token: &str, resource: Resource) -> Decision {
        let presented = Presented::Token {
            token: token.into(),
            account: None,
        };
        let request = Request {
            presented: &presented,
            client: std::net::Ipv4Addr::LOCALHOST.into(),
            resource,
        };
        let engine = &self.app.engine;
        engine.decide(&request, &mut Trace::off()).await
    }

    /// Compares every token's fate, and what it reaches, with the model.
    async fn compare(&self) {
        for held in &self.held {
            let resource = Resource {
                right: Right::Authenticated,
                account: None,
                user: None,
            };
            let fate = match self.decide(&held.token, resource).await {
                Decision::Allow(_) => Fate::Good,
                Decision::Deny(Reason::Locked(Lock::Disabled)) => Fate::Locked,
                Decision::Challenge => Fate::Dead,
                other => panic!("{other:?} for {held:?}"),
            };
            assert_eq!(fate, self.fate(held), "{held:?}");
            if fate == Fate::Good {
                self.compare_reach(held).await;
            }
        }
    }

    async fn compare_reach(&self, held: &Held) {
        let is_admin = held.user.is_none_or(|user| self.users[user].is_admin);
        for (target, account) in self.accounts.iter().enumerate() {
            let resource = Resource {
                right: Right::Reach,
                account: Some(account.id),
                user: None,
            };
            let may = (held.account == 0 && is_admin) || self.line(target).contains(&held.account);
            match self.decide(&held.token, resource).await {
                Decision::Allow(_) if account.is_there => assert!(may, "{held:?} → {account:?}"),
                Decision::Deny(Reason::OutsideTree) if account.is_there => {
                    assert!(!may, "{held:?} → {account:?}");
                }
                Decision::Refuse(Refusal::UnknownAccount(_)) if !account.is_there => {}
                other => panic!("{other:?} for {held:?} → {account:?}"),
            }
        }
    }
}

mod play;

proptest! {
    #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_token_fares_as_the_table_says(events in prop::collection::vec(event(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::start().await;
            for event in events {
                world.play(event).await;
                world.compare().await;
            }
        });
    }
}
