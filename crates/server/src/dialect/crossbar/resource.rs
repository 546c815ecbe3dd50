//! Resources: path, verbs, and for each verb the right it demands and the operation it performs; see
//! [`RESOURCES`].

mod table;

use doorward_core::id::UserId;
use doorward_core::right::Right;
use doorward_core::secret::SecretText;
use http::Method;

use self::table::{NOUNS, RESOURCES};

/// The methods the dialect knows, as far as a resource may have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Reads.
    Get,
    /// Creates, or performs an action.
    Put,
    /// Replaces; also carries any other verb inside.
    Post,
    /// Merges.
    Patch,
    /// Deletes.
    Delete,
}

impl Verb {
    /// The verb of a method; HEAD, OPTIONS and foreign methods have none. Methods are case-sensitive (RFC 9110 section
    /// 9.1): a proxy that lets no `DELETE` through lets `delete` pass, so here it is another method too.
    pub(super) fn of(method: &Method) -> Option<Self> {
        Self::named(method.as_str()).filter(|verb| verb.as_str() == method.as_str())
    }

    /// The verb of this name, in any case (crossbar.md section 1.3).
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Get, Self::Put, Self::Post, Self::Patch, Self::Delete];
        all.into_iter()
            .find(|verb| verb.as_str().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }

    /// Whether a request of this verb carries a body that is read.
    pub(super) const fn carries_body(self) -> bool {
        matches!(self, Self::Put | Self::Post | Self::Patch)
    }
}

/// What happens, for whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// `PUT user_auth`.
    SignIn,
    /// `PUT api_auth`.
    SignInWithApiKey,
    /// `GET`, `POST auth/tokeninfo`.
    TokenInfo,
}

/// What happens, with a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Guarded {
    /// `GET user_auth/{token}`.
    ShowOwnToken,
    /// `GET token_auth`.
    ShowToken,
    /// `DELETE token_auth`.
    RevokeToken,
    /// `PUT auth`, `refresh_token`.
    Refresh,
    /// `PUT auth`, `reset_signature_secret`.
    ResetSystemSecret,
    /// `PUT accounts/{account}/auth`, `reset_signature_secret`.
    ResetAccountSecret,
    /// `PUT accounts/{account}/users/{user}/auth`, `reset_signature_secret`.
    ResetUserSecret,
    /// `GET auth/keys`.
    ListKeys,
    /// `GET auth/keys/{key}`.
    ShowKey,
    /// `PUT auth/keys/{key}`, `reset_private_key`.
    ResetKey,
    /// `GET accounts/{account}`.
    ShowAccount,
    /// `GET accounts/{account}/children`.
    ListChildren,
    /// `GET accounts/{account}/descendants`.
    ListDescendants,
    /// `GET accounts/{account}/siblings`.
    ListSiblings,
    /// `GET accounts/{account}/tree`.
    ShowTree,
    /// `GET accounts/{account}/parents`.
    ListParents,
    /// `POST accounts/{account}/move`.
    MoveAccount,
    /// `PUT accounts/{account}/reseller`.
    PromoteReseller,
    /// `DELETE accounts/{account}/reseller`.
    DemoteReseller,
    /// `GET accounts/{account}/users`.
    ListUsers,
    /// `GET accounts/{account}/users/{user}`.
    ShowUser,
    /// `PUT accounts`, `PUT accounts/{account}`.
    CreateAccount,
    /// `POST accounts/{account}`.
    ReplaceAccount,
    /// `PATCH accounts/{account}`.
    PatchAccount,
    /// `DELETE accounts/{account}`.
    DeleteAccount,
    /// `GET accounts/{account}/api_key`.
    ShowApiKey,
    /// `PUT accounts/{account}/api_key`.
    RotateApiKey,
    /// `GET accounts/{account}/phone_numbers`.
    ListPhones,
    /// `GET accounts/{account}/phone_numbers/{phone}`.
    ShowPhone,
    /// `PUT accounts/{account}/phone_numbers/{phone}`.
    AssignPhone,
    /// `PUT accounts/{account}/phone_numbers/{phone}/activate`.
    ActivatePhone,
    /// `DELETE accounts/{account}/phone_numbers/{phone}`.
    ReleasePhone,
    /// `PUT accounts/{account}/users`.
    CreateUser,
    /// `POST accounts/{account}/users/{user}`.
    ReplaceUser,
    /// `PATCH accounts/{account}/users/{user}`.
    PatchUser,
    /// `DELETE accounts/{account}/users/{user}`.
    DeleteUser,
    /// `PUT accounts/{account}/users/{user}/user_auth`, `impersonate_user`.
    Impersonate,
    /// `GET accounts/{account}/users/{user}/roles`.
    ShowUserRoles,
    /// `PUT accounts/{account}/users/{user}/roles`.
    SetUserRoles,
    /// `GET accounts/{account}/roles`.
    ListRoles,
    /// `GET accounts/{account}/roles/{role}`.
    ShowRole,
    /// `PUT accounts/{account}/roles/{role}`.
    SetRole,
    /// `DELETE accounts/{account}/roles/{role}`.
    DeleteRole,
    /// What nobody may do.
    Nothing,
}

/// Who may, and what happens then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Whoever asks.
    Open(Open),
    /// Who holds the right.
    Guarded(Right, Guarded),
}

/// One verb of a resource, or one action of that verb.
#[derive(Debug)]
pub(super) struct Entry {
    /// The verb.
    pub(super) verb: Verb,
    /// The action; `None` for a verb that has none.
    pub(super) action: Option<&'static str>,
    /// Who may, and what happens.
    pub(super) access: Access,
}

/// One resource.
#[derive(Debug)]
pub(super) struct Resource {
    /// Its path behind the version, with `{placeholders}`.
    pub(super) template: &'static str,
    /// What can be done with it.
    pub(super) entries: &'static [Entry],
}

/// Why a resource has no entry for a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoEntry {
    /// It does not know the verb.
    Verb,
    /// The verb needs an action, and none that it knows was named.
    Action {
        /// Actions there are.
        known: Vec<&'static str>,
        /// Whether another one was named.
        named: bool,
    },
}

impl Resource {
    /// Whether anybody may ask; a resource is open for all its verbs or for none.
    pub(super) fn is_open(&self) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| matches!(entry.access, Access::Open(_)))
    }

    /// The verbs it knows, each once.
    pub(super) fn verbs(&self) -> Vec<Verb> {
        let mut verbs = Vec::new();
        for entry in self.entries {
            if !verbs.contains(&entry.verb) {
                verbs.push(entry.verb);
            }
        }
        verbs
    }

    /// Whether a method may lead anywhere. A POST may carry any verb inside, so it waits until that is
    /// known.
    pub(super) fn may_know(&self, verb: Option<Verb>) -> bool {
        match verb {
            None => false,
            Some(Verb::Post) => !self.entries.is_empty(),
            Some(verb) => self.entries.iter().any(|entry| entry.verb == verb),
        }
    }

    /// The right a verb demands whatever the action; `None` if that depends on what stands in the body.
    pub(super) fn right_of(&self, verb: Option<Verb>) -> Option<Right> {
        let verb = verb.filter(|verb| !verb.carries_body())?;
        match self.entry(Some(verb), None).ok()?.access {
            Access::Guarded(right, _) => Some(right),
            Access::Open(_) => None,
        }
    }

    /// The entry for a verb and action.
    pub(super) fn entry(
        &self,
        verb: Option<Verb>,
        action: Option<&str>,
    ) -> Result<&'static Entry, NoEntry> {
        let of_verb = || self.entries.iter().filter(|e| Some(e.verb) == verb);
        if of_verb().next().is_none() {
            return Err(NoEntry::Verb);
        }
        of_verb()
            .find(|entry| entry.action.is_none() || entry.action == action)
            .ok_or_else(|| NoEntry::Action {
                known: of_verb().filter_map(|entry| entry.action).collect(),
                named: action.is_some(),
            })
    }
}

/// The account in a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AccountName {
    /// The caller's own: `account` instead of `accounts/{account}`.
    Own,
    /// This one, as written.
    Named(String),
}

/// A resource and the values of its placeholders, as written.
#[derive(Debug)]
pub(super) struct Target {
    /// The resource.
    pub(super) resource: &'static Resource,
    /// `{account}`.
    pub(super) account: Option<AccountName>,
    /// `{user}`.
    pub(super) user: Option<String>,
    /// `{key}`.
    pub(super) key: Option<String>,
    /// `{phone}`.
    pub(super) phone: Option<String>,
    /// `{role}`.
    pub(super) role: Option<String>,
    /// `{token}`.
    pub(super) token: Option<SecretText>,
}

impl Target {
    /// The user in the path; a text that is no id names nobody.
    pub(super) fn user(&self) -> Option<UserId> {
        self.user.as_deref()?.parse().ok()
    }
}

/// Whether a segment is a word of one of our own resources.
#[must_use]
pub fn is_own_noun(word: &str) -> bool {
    let words = RESOURCES.iter().flat_map(|own| own.template.split('/'));
    words.chain(NOUNS).any(|own| own == word)
}

/// Finds the resource of decoded segments.
pub(super) fn find(segments: &[String]) -> Option<Target> {
    match segments.split_first() {
        Some((first, rest)) if first == "account" => {
            let given = [Given::Text("accounts"), Given::OwnAccount];
            matching(&given.into_iter().chain(texts(rest)))
        }
        _ => matching(&texts(segments)),
    }
}

#[derive(Clone, Copy)]
enum Given<'a> {
    Text(&'a str),
    OwnAccount,
}

fn texts(segments: &[String]) -> impl Iterator<Item = Given<'_>> + Clone {
    segments.iter().map(|segment| Given::Text(segment))
}

fn matching<'a>(given: &(impl Iterator<Item = Given<'a>> + Clone)) -> Option<Target> {
    let mut resources = RESOURCES.iter();
    resources.find_map(|resource| fill(resource, given.clone()))
}

fn fill<'a>(
    resource: &'static Resource,
    mut given: impl Iterator<Item = Given<'a>>,
) -> Option<Target> {
    let mut target = Target {
        resource,
        account: None,
        user: None,
        key: None,
        phone: None,
        role: None,
        token: None,
    };
    for part in resource.template.split('/') {
        match (part, given.next()?) {
            ("{account}", Given::OwnAccount) => target.account = Some(AccountName::Own),
            (_, Given::Text(text)) if !part.starts_with('{') => {
                if part != text {
                    return None;
                }
            }
            // No template goes on behind a role's name, so it is nothing else; the command line takes nouns too.
            ("{role}", Given::Text(text)) => target.role = Some(text.to_owned()),
            (_, Given::Text(text)) if NOUNS.contains(&text) => return None,
            ("{account}", Given::Text(text)) => {
                target.account = Some(AccountName::Named(text.to_owned()));
            }
            ("{user}", Given::Text(text)) => target.user = Some(text.to_owned()),
            ("{key}", Given::Text(text)) => target.key = Some(text.to_owned()),
            ("{phone}", Given::Text(text)) => target.phone = Some(text.to_owned()),
            ("{token}", Given::Text(text)) => target.token = Some(text.into()),
            _ => return None,
        }
    }
    given.next().is_none().then_some(target)
}

#[cfg(test)]
mod tests;
