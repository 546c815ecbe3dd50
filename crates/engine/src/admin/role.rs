//! Roles of accounts and users. They are read live: changing one ends nobody's token (decision 16).

use doorward_core::account::Account;
use doorward_core::id::{AccountId, UserId};
use doorward_core::permission::{BUILT_IN, Grants, Role, RoleName};
use doorward_core::user::User;
use doorward_store::{Action, Actor};

use super::AdminError;
use crate::Engine;
use crate::role::{find, shipped_roles};

/// Most own roles of an account.
const MAX_ROLES: usize = 100;
/// Most bytes of names in an account's own roles together.
const MAX_BYTES: usize = 64 * 1024;
/// Most roles of a user.
const MAX_USER_ROLES: usize = 32;

impl Engine {
    /// The roles of an account: those every account has, then its own.
    ///
    /// # Errors
    /// [`AdminError::UnknownAccount`].
    pub async fn roles(&self, id: AccountId) -> Result<Vec<Role>, AdminError> {
        let account = self.store().account(id).await?;
        let own = account.ok_or(AdminError::UnknownAccount)?.roles;
        Ok(shipped_roles().iter().cloned().chain(own).collect())
    }

    /// One role of an account.
    ///
    /// # Errors
    /// [`AdminError::UnknownAccount`], [`AdminError::UnknownRole`].
    pub async fn role(&self, id: AccountId, name: &RoleName) -> Result<Role, AdminError> {
        let account = self.store().account(id).await?;
        let account = account.ok_or(AdminError::UnknownAccount)?;
        find(&account, name)
            .cloned()
            .ok_or_else(|| AdminError::UnknownRole(name.clone()))
    }

    /// Adds a role to an account, or replaces its own of this name.
    ///
    /// # Errors
    /// [`AdminError::ShippedRole`], [`AdminError::UnknownPermission`], [`AdminError::TooManyRoles`].
    pub async fn set_role(
        &self,
        actor: Actor,
        id: AccountId,
        role: Role,
    ) -> Result<Account, AdminError> {
        refuse_shipped(&role.name)?;
        self.check_grants(&role.grants)?;
        self.update_account(actor, Action::SetRole, id, move |account| {
            let roles = &mut account.roles;
            match roles.iter().position(|own| own.name == role.name) {
                Some(place) => roles.splice(place..=place, [role]).for_each(drop),
                None => roles.push(role),
            }
            let bytes: usize = roles.iter().map(size).sum();
            if roles.len() > MAX_ROLES || bytes > MAX_BYTES {
                return Err(AdminError::TooManyRoles);
            }
            Ok(())
        })
        .await
    }

    /// Takes a role from an account. One that users have stays: whoever made it anew would give it to them unseen.
    ///
    /// # Errors
    /// [`AdminError::ShippedRole`], [`AdminError::UnknownRole`], [`AdminError::RoleInUse`].
    pub async fn delete_role(
        &self,
        actor: Actor,
        id: AccountId,
        name: RoleName,
    ) -> Result<Account, AdminError> {
        refuse_shipped(&name)?;
        let names = self.settings().names;
        self.commit(actor, move |write| {
            Box::pin(async move {
                let account = write.account(id).await?;
                let mut account = account.ok_or(AdminError::UnknownAccount)?;
                let before = account.roles.len();
                account.roles.retain(|own| own.name != name);
                if account.roles.len() == before {
                    return Err(AdminError::UnknownRole(name));
                }
                if write.role_in_use(id, &name).await? {
                    return Err(AdminError::RoleInUse);
                }
                let action = Action::DeleteRole;
                account.revision = write.update_account(action, &account, names).await?;
                Ok(account)
            })
        })
        .await
    }

    /// Gives a user exactly these roles.
    ///
    /// # Errors
    /// [`AdminError::UnknownUser`], [`AdminError::UnknownRole`], [`AdminError::TooManyRoles`].
    pub async fn set_user_roles(
        &self,
        actor: Actor,
        account: AccountId,
        id: UserId,
        roles: Vec<RoleName>,
    ) -> Result<User, AdminError> {
        self.commit(actor, move |write| {
            Box::pin(async move {
                // The user first: whoever changes verifiers locks in this order too.
                let user = write.user(account, id).await?;
                let mut user = user.ok_or(AdminError::UnknownUser)?;
                let owner = write.account(account).await?;
                let owner = owner.ok_or(AdminError::UnknownAccount)?;
                user.roles = checked_roles(&owner, roles)?;
                user.revision = write.update_user(Action::GrantRoles, &user).await?;
                Ok(user)
            })
        })
        .await
    }

    fn check_grants(&self, grants: &Grants) -> Result<(), AdminError> {
        let Grants::Some {
            permissions,
            resources,
        } = grants
        else {
            return Ok(());
        };
        let mut listed = resources.iter().flatten();
        if listed.any(|name| name.contains('\0')) {
            return Err(AdminError::Nul);
        }
        let rights = self.rights();
        match permissions.iter().find(|permission| {
            !BUILT_IN.contains(&permission.as_str()) && !rights.contains(*permission)
        }) {
            Some(unknown) => Err(AdminError::UnknownPermission(unknown.clone())),
            None => Ok(()),
        }
    }
}

/// How much a role holds.
fn size(role: &Role) -> usize {
    let name = role.name.as_str().len();
    match &role.grants {
        Grants::Everything => name,
        Grants::Some {
            permissions,
            resources,
        } => {
            let permissions = permissions.iter().map(|name| name.as_str().len());
            let resources = resources.iter().flatten().map(String::len);
            name + permissions.chain(resources).sum::<usize>()
        }
    }
}

fn refuse_shipped(name: &RoleName) -> Result<(), AdminError> {
    match shipped_roles().iter().find(|role| role.name == *name) {
        Some(role) => Err(AdminError::ShippedRole(role.name.clone())),
        None => Ok(()),
    }
}

/// A user's roles: each there, each once.
pub(super) fn checked_roles(
    account: &Account,
    mut roles: Vec<RoleName>,
) -> Result<Vec<RoleName>, AdminError> {
    roles.sort();
    roles.dedup();
    if roles.len() > MAX_USER_ROLES {
        return Err(AdminError::TooManyRoles);
    }
    match roles.iter().find(|name| find(account, name).is_none()) {
        Some(unknown) => Err(AdminError::UnknownRole(unknown.clone())),
        None => Ok(roles),
    }
}
