//! Each event, done to the engine and to the model.

use super::{
    AccountChange, AccountId, Event, Fate, Held, Level, ModelAccount, ModelUser, NewAccount,
    Resource, Right, SecretText, SignInError, UserChange, World, add_user, operator,
};
use doorward_engine::{Decision, Permit};

impl World {
    pub(super) async fn play(&mut self, event: Event) {
        match event {
            Event::CreateChild(a) => self.create_child(self.pick_account(a)).await,
            Event::CreateUser(a) => self.create_user(self.pick_account(a)).await,
            Event::Move(a, to) => self.move_account(a, to).await,
            Event::EnableAccount(a, on) => self.enable_account(self.pick_account(a), on).await,
            Event::EnableUser(u, on) => self.enable_user(self.pick_user(u), on).await,
            Event::ChangePassword(u) => self.change_password(self.pick_user(u), true).await,
            Event::SamePassword(u) => self.change_password(self.pick_user(u), false).await,
            Event::ChangeLevel(u, admin) => self.change_level(self.pick_user(u), admin).await,
            Event::DeleteUser(u) => self.delete_user(self.pick_user(u)).await,
            Event::DeleteAccount(a) => self.delete_account(self.pick_account(a)).await,
            Event::SignIn(u) => self.sign_in(self.pick_user(u)).await,
            Event::SignInByKey(a) => self.sign_in_by_key(self.pick_account(a)).await,
            Event::Impersonate(u) => self.impersonate(self.pick_user(u)).await,
            Event::Refresh(n) => self.refresh(n).await,
            reset => self.reset(reset).await,
        }
    }

    async fn reset(&mut self, event: Event) {
        let engine = self.app.engine.clone();
        match event {
            Event::ResetUser(u) => {
                let u = self.pick_user(u);
                let account = self.account_id_of(u);
                let done = engine.reset_user_secret(operator(), account, self.users[u].id);
                done.await.unwrap();
                self.users[u].generation += 1;
            }
            Event::ResetAccount(a) => {
                let a = self.pick_account(a);
                let done = engine.reset_account_secret(operator(), self.accounts[a].id);
                done.await.unwrap();
                self.accounts[a].key_generation += 1;
            }
            Event::RotateApiKey(a) => {
                let a = self.pick_account(a);
                let done = engine.rotate_api_key(operator(), self.accounts[a].id);
                done.await.unwrap();
                self.accounts[a].key_generation += 1;
            }
            Event::EndSessions(a) => {
                let a = self.pick_account(a);
                let done = engine.end_sessions(operator(), self.accounts[a].id);
                done.await.unwrap();
                self.accounts[a].generation += 1;
            }
            Event::ResetSystem => {
                engine.reset_system_secret(operator()).await.unwrap();
                self.system += 1;
            }
            Event::ResetKey => {
                let kid = self.app.secret().await.kid;
                engine.reset_token_key(operator(), kid).await.unwrap();
                self.system += 1;
            }
            other => unreachable!("{other:?} is no reset"),
        }
    }

    fn account_id_of(&self, user: usize) -> AccountId {
        self.accounts[self.users[user].account].id
    }

    pub(super) async fn create_child(&mut self, parent: usize) {
        if self.line(parent).len() >= 8 {
            return;
        }
        let name = format!("account {}", self.accounts.len());
        let new = NewAccount {
            name: name.clone(),
            parent: Some(self.accounts[parent].id),
            ..NewAccount::default()
        };
        let created = self.app.engine.create_account(operator(), new).await;
        let created = created.unwrap();
        self.accounts.push(ModelAccount {
            id: created.id,
            name,
            parent: Some(parent),
            is_enabled: created.enabled,
            is_there: true,
            generation: 0,
            key_generation: 0,
        });
    }

    pub(super) async fn create_user(&mut self, account: usize) {
        let name = format!("user{}", self.users.len());
        let is_admin = self.users.len().is_multiple_of(2);
        let level = if is_admin { Level::Admin } else { Level::User };
        let user = add_user(&self.app, self.accounts[account].id, &name, level).await;
        self.users.push(ModelUser {
            id: user.id,
            account,
            password: format!("pw-{name}"),
            name,
            is_admin,
            is_enabled: true,
            is_there: true,
            generation: 0,
        });
    }

    async fn move_account(&mut self, account: usize, to: usize) {
        let (account, to) = (self.pick_account(account), self.pick_account(to));
        let moved = self.app.engine.move_account(
            operator(),
            self.accounts[account].id,
            self.accounts[to].id,
        );
        let is_allowed = account != 0 && !self.line(to).contains(&account);
        assert_eq!(moved.await.is_ok(), is_allowed, "{account} → {to}");
        if is_allowed {
            self.accounts[account].parent = Some(to);
        }
    }

    async fn enable_account(&mut self, account: usize, enabled: bool) {
        let change = AccountChange {
            enabled: Some(enabled),
            ..AccountChange::default()
        };
        let id = self.accounts[account].id;
        let changed = self.app.engine.change_account(operator(), id, change).await;
        changed.unwrap();
        self.accounts[account].is_enabled = enabled;
    }

    async fn change_user(&self, user: usize, change: UserChange) {
        let (account, id) = (self.account_id_of(user), self.users[user].id);
        let engine = &self.app.engine;
        engine
            .change_user(operator(), account, id, change)
            .await
            .unwrap();
    }

    async fn enable_user(&mut self, user: usize, enabled: bool) {
        let change = UserChange {
            enabled: Some(enabled),
            ..UserChange::default()
        };
        self.change_user(user, change).await;
        if self.users[user].is_enabled != enabled {
            self.users[user].generation += 1;
        }
        self.users[user].is_enabled = enabled;
    }

    async fn change_password(&mut self, user: usize, is_new: bool) {
        if is_new {
            self.users[user].password.push('+');
            self.users[user].generation += 1;
        }
        let change = UserChange {
            password: Some(self.users[user].password.as_str().into()),
            ..UserChange::default()
        };
        self.change_user(user, change).await;
    }

    async fn change_level(&mut self, user: usize, is_admin: bool) {
        let change = UserChange {
            level: Some(if is_admin { Level::Admin } else { Level::User }),
            ..UserChange::default()
        };
        self.change_user(user, change).await;
        self.users[user].is_admin = is_admin;
    }

    async fn delete_user(&mut self, user: usize) {
        // Somebody must be left to choose from.
        if user == 0 {
            return;
        }
        let (account, id) = (self.account_id_of(user), self.users[user].id);
        let engine = &self.app.engine;
        engine.delete_user(operator(), account, id).await.unwrap();
        self.users[user].is_there = false;
    }

    async fn delete_account(&mut self, account: usize) {
        let id = self.accounts[account].id;
        let deleted = self.app.engine.delete_account(operator(), id).await;
        let is_allowed = account != 0 && !self.has_children(account);
        assert_eq!(deleted.is_ok(), is_allowed, "{deleted:?}");
        if is_allowed {
            self.accounts[account].is_there = false;
            for user in &mut self.users {
                user.is_there &= user.account != account;
            }
        }
    }

    /// A sign-in went as the model expects; the token, if there is one.
    fn expect(
        &self,
        result: Result<doorward_engine::Session, SignInError>,
        account: usize,
        is_right: bool,
    ) -> Option<SecretText> {
        match result {
            Ok(session) => {
                assert!(is_right && !self.is_locked(account));
                Some(session.token)
            }
            Err(SignInError::Locked(_)) => {
                assert!(is_right && self.is_locked(account));
                None
            }
            Err(SignInError::Invalid | SignInError::UnknownUser) => {
                assert!(!is_right);
                None
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn sign_in(&mut self, user: usize) {
        let ModelUser {
            account,
            name,
            password,
            is_enabled,
            ..
        } = self.users[user].clone();
        let account_name = self.accounts[account].name.clone();
        let request = self.app.engine_sign_in(&account_name, &name, &password);
        let result = self.app.engine.sign_in(request).await;
        if let Some(token) = self.expect(result, account, is_enabled) {
            self.hold(&token, account, Some(user), &[]);
        }
    }

    async fn sign_in_by_key(&mut self, account: usize) {
        let engine = &self.app.engine;
        let key = engine.api_key(self.accounts[account].id).await.unwrap();
        let client = std::net::Ipv4Addr::LOCALHOST.into();
        let result = engine.sign_in_with_api_key(&key, client).await;
        if let Some(token) = self.expect(result, account, true) {
            self.hold(&token, account, None, &[]);
        }
    }

    async fn permit(&self, held: &Held, resource: Resource) -> Option<Permit> {
        match self.decide(&held.token, resource).await {
            Decision::Allow(permit) => Some(permit),
            _ => None,
        }
    }

    /// The first good token of the root's first admin acts as somebody.
    async fn impersonate(&mut self, target: usize) {
        let is_good = |held: &&Held| held.user == Some(0) && self.fate(held) == Fate::Good;
        let Some(by) = self.held.iter().find(is_good).cloned() else {
            return;
        };
        let account = self.users[target].account;
        let resource = Resource {
            right: Right::Impersonate,
            account: Some(self.accounts[account].id),
            user: Some(self.users[target].id),
        };
        let permit = self.permit(&by, resource).await;
        let may = self.users[0].is_admin && account != 0;
        assert_eq!(permit.is_some(), may, "{by:?} as {target}");
        let Some(permit) = permit else { return };
        let (id, user) = (self.accounts[account].id, self.users[target].id);
        let result = self.app.engine.impersonate(&permit, id, user).await;
        let is_enabled = self.users[target].is_enabled;
        if let Some(token) = self.expect(result, account, is_enabled) {
            let extra: Vec<_> = by.rests_on.keys().copied().collect();
            self.hold(&token, account, Some(target), &extra);
        }
    }

    async fn refresh(&mut self, n: usize) {
        if self.held.is_empty() {
            return;
        }
        let held = self.held[n % self.held.len()].clone();
        let resource = Resource {
            right: Right::Authenticated,
            account: None,
            user: None,
        };
        let permit = self.permit(&held, resource).await;
        assert_eq!(permit.is_some(), self.fate(&held) == Fate::Good);
        let Some(permit) = permit else { return };
        let session = self.app.engine.refresh(&permit).await.unwrap();
        let extra: Vec<_> = held.rests_on.keys().copied().collect();
        self.hold(&session.token, held.account, held.user, &extra);
        assert!(matches!(extra.len(), 3..=5), "{extra:?}");
    }
}
