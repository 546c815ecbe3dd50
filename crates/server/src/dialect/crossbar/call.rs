//! What an operation is told about the request it serves.

use doorward_core::credential::Presented;
use doorward_core::id::{AccountId, KeyId, UserId};
use doorward_core::right::Right;
use doorward_core::secret::SecretText;
use doorward_engine::Actor;
use doorward_engine::{Engine, Permit, Resource as Wanted};
use http::header;

use super::Exchange;
use super::error::Error;
use super::input::Input;
use super::resource::{Target, Verb};
use crate::Crossbar;

/// A request on its way to an operation. Not `Debug`: it holds credentials.
pub(super) struct Call<'a> {
    /// The rules.
    pub(super) engine: &'a Engine,
    /// The dialect's settings.
    pub(super) settings: &'a Crossbar,
    /// Head, client, id.
    pub(super) exchange: &'a Exchange,
    /// The account in the path; its existence and place in the tree are checked.
    pub(super) account: Option<AccountId>,
    /// Resource and placeholders.
    pub(super) target: Target,
    /// Body and query.
    pub(super) input: Input,
    /// The verb, tunnelled or not.
    pub(super) verb: Verb,
    /// The credential.
    pub(super) presented: Presented,
}

impl Call<'_> {
    /// What the engine is asked about the operation.
    pub(super) fn wanted(&self, right: Right) -> Wanted {
        Wanted {
            right,
            account: self.account,
            user: self.target.user(),
        }
    }

    /// The account in the path.
    pub(super) fn account(&self) -> Result<AccountId, Error> {
        self.account.ok_or(Error::NotFound)
    }

    /// The user in the path; a text that is no id names nobody.
    pub(super) fn user(&self) -> Result<UserId, Error> {
        let text = self.target.user.clone().unwrap_or_default();
        self.target.user().ok_or(Error::BadIdentifier(text))
    }

    /// The key in the path; a text that is no id names none.
    pub(super) fn key(&self) -> Result<KeyId, Error> {
        let text = self.target.key.as_deref().unwrap_or_default();
        text.parse()
            .map_err(|_| Error::BadIdentifier(text.to_owned()))
    }

    /// The caller as the actor of a write.
    pub(super) fn actor(&self, permit: &Permit) -> Actor {
        permit.actor(&self.exchange.request_id)
    }

    /// The token the caller presented; none with Basic.
    pub(super) const fn token(&self) -> Option<&SecretText> {
        match &self.presented {
            Presented::Token { token, .. } => Some(token),
            _ => None,
        }
    }

    /// Whether the caller wants this media type rather than JSON; the parameter `accept` wins over the
    /// header (crossbar.md section 1.3).
    pub(super) fn accepts(&self, media_type: &str) -> bool {
        let header = self.exchange.head.headers.get(header::ACCEPT);
        let header = header.and_then(|value| value.to_str().ok());
        let accept = self.input.parameter("accept").or(header);
        let mut types = accept.unwrap_or_default().split(',');
        types.any(|one| {
            let (essence, _) = one.split_once(';').unwrap_or((one, ""));
            essence.trim().eq_ignore_ascii_case(media_type)
        })
    }

    /// Whether the client's copy has this entity tag (RFC 9110 section 13.1.2).
    pub(super) fn has_copy(&self, tag: &str) -> bool {
        let quoted = super::envelope::quoted(tag);
        let lines = self.exchange.head.headers.get_all(header::IF_NONE_MATCH);
        lines
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(str::trim)
            .any(|one| one == "*" || one.trim_start_matches("W/") == quoted)
    }
}
