//! Tokens from tokens: refresh and impersonation.

use doorward_core::id::{AccountId, UserId};
use doorward_core::identity::{AuthMethod, Impersonator};
use doorward_core::right::Right;
use doorward_core::time::Timestamp;

use super::{Session, SignInError};
use crate::tokens::Draft;
use crate::{Engine, Permit};

impl Engine {
    /// A new token for the same caller (crossbar.md section 7.2); the old one stays. It goes back to the same sign-in, and
    /// `max_total_life` counts from there (decision 17).
    ///
    /// # Errors
    /// [`SignInError::TooOld`] beyond the longest total life.
    pub async fn refresh(&self, permit: &Permit) -> Result<Session, SignInError> {
        let inner = &self.0;
        let identity = permit.identity();
        let now = inner.clock.now();
        let authenticated_at = identity.token.map_or(now, |token| token.authenticated_at);
        let latest_end = authenticated_at.plus(inner.settings.max_total_life);
        if latest_end.unix() <= now.unix() {
            return Err(SignInError::TooOld);
        }
        let account = inner
            .live
            .account(identity.home)
            .await?
            .ok_or(SignInError::Invalid)?;
        let user = match identity.home_user {
            Some(user) => Some(
                inner
                    .live
                    .user(identity.home, user)
                    .await?
                    .ok_or(SignInError::Invalid)?,
            ),
            None => None,
        };
        inner
            .issue(Draft {
                account,
                user,
                method: AuthMethod::Refresh,
                credential: identity.credential,
                factors: identity.factors.clone(),
                authenticated_at,
                switch_to: identity.switch_to.clone(),
                impersonator: identity.impersonator,
                inherited: identity.rests_on.clone(),
                latest_end,
            })
            .await
    }

    /// A token for another account's user (crossbar.md section 3.8). It rests on the impersonator too: what ends the
    /// impersonator's sessions ends it.
    ///
    /// # Errors
    /// [`SignInError::UnknownUser`], [`SignInError::Locked`]; [`SignInError::Invalid`] for a permit that was not given
    /// for impersonation.
    pub async fn impersonate(
        &self,
        permit: &Permit,
        account: AccountId,
        user: UserId,
    ) -> Result<Session, SignInError> {
        let inner = &self.0;
        let identity = permit.identity();
        let resource = permit.resource();
        let (Right::Impersonate, Some(by)) = (resource.right, identity.user) else {
            return Err(SignInError::Invalid);
        };
        if resource.account != Some(account) || resource.user != Some(user) {
            return Err(SignInError::Invalid);
        }
        let now = inner.clock.now();
        let target = inner
            .live
            .account(account)
            .await?
            .ok_or(SignInError::UnknownUser)?;
        let user = inner
            .live
            .user(account, user)
            .await?
            .filter(|user| user.enabled)
            .ok_or(SignInError::UnknownUser)?;
        let above = inner.live.ancestors(&target).await?;
        if let Some(lock) = std::iter::once(&target)
            .chain(&above)
            .find_map(|account| account.lock(now))
        {
            return Err(SignInError::Locked(lock));
        }
        inner
            .issue(Draft {
                account: target,
                user: Some(user),
                method: AuthMethod::UserAuth,
                credential: identity.credential,
                factors: identity.factors.clone(),
                authenticated_at: identity.token.map_or(now, |token| token.authenticated_at),
                switch_to: None,
                impersonator: Some(Impersonator {
                    account: identity.account,
                    user: by,
                }),
                inherited: identity.rests_on.clone(),
                latest_end: Timestamp::MAX,
            })
            .await
    }
}
