//! The order of checks (decision 33).
//!
//! 401 comes before anything that reveals what exists; open resources never look at a token, so that a
//! stale one cannot keep anybody from signing in.

use doorward_core::credential::Presented;
use doorward_core::id::AccountId;
use doorward_core::right::Right;
use doorward_engine::{Decision, Permit, Request, Resource as Wanted, Trace};
use http::Method;

use super::body::{Inbox, PEEK};
use super::call::Call;
use super::envelope::Answer;
use super::error::Error;
use super::input::{self, Input};
use super::query::Query;
use super::resource::{Access, AccountName, Entry, NoEntry, Resource, Target, Verb};
use super::validate::Details;
use super::{Exchange, Progress, Service, cors, handlers, media_type, presented};

impl Service {
    /// A path nobody claims: tokens of the head only, never a slow hash (decisions 10 and 11).
    pub(super) async fn unclaimed(&self, exchange: &Exchange) -> Result<Answer, Error> {
        let presented = presented::in_head(&exchange.head.headers, &Query::default());
        refuse_exposed(exchange, &presented)?;
        if !matches!(presented, Presented::Token { .. }) {
            return Err(Error::InvalidCredentials);
        }
        self.permit(exchange, &presented, anybody()).await?;
        Err(Error::NotFound)
    }

    /// A path of ours that leads nowhere: 401 for strangers, 404 for others.
    pub(super) async fn unknown(
        &self,
        exchange: &Exchange,
        query: &Query,
        progress: &mut Progress,
    ) -> Result<Answer, Error> {
        progress.route = "unknown";
        if exchange.head.method == Method::OPTIONS && cors::is_asked(&exchange.head.headers) {
            return Ok(Answer::Preflight);
        }
        let presented = presented::in_head(&exchange.head.headers, query);
        refuse_exposed(exchange, &presented)?;
        self.permit(exchange, &presented, anybody()).await?;
        Err(Error::NotFound)
    }

    /// A resource, in the order of decision 33: method, credential, account and tree, body, verb and action,
    /// right, operation.
    pub(super) async fn known(
        &self,
        exchange: &Exchange,
        target: Target,
        mut inbox: Inbox,
        query: Query,
        progress: &mut Progress,
    ) -> Result<Answer, Error> {
        let head = &exchange.head;
        if head.method == Method::OPTIONS && cors::is_asked(&head.headers) {
            return Ok(Answer::Preflight);
        }
        let presented = presented::in_head(&head.headers, &query);
        refuse_exposed(exchange, &presented)?;
        let method = Verb::of(&head.method);
        if !target.resource.may_know(method) {
            return Err(Error::MethodNotAllowed);
        }
        let entered = if target.resource.is_open() {
            refuse_exposed_input(exchange)?;
            Entered::stranger()
        } else {
            let presented = match presented {
                Presented::Nothing => peek(exchange, &mut inbox).await?,
                presented => presented,
            };
            self.enter(exchange, presented, &target).await?
        };
        if let Presented::Token { token, .. } = &entered.presented {
            progress.proven = Some(token.clone());
        }
        let input = if method.is_some_and(Verb::carries_body) {
            self.read(exchange, &mut inbox, query).await?
        } else {
            Input::without_body(query)
        };
        progress.pretty |= input.flag("pretty_print");
        let verb = effective_verb(method, &input);
        let entry = entry(target.resource, verb, input.parameter("action"))?;
        let answer = self
            .perform(exchange, target, input, entered, entry)
            .await?;
        Ok(as_tunnelled(answer, method, entry))
    }

    /// Right, validation, operation.
    async fn perform(
        &self,
        exchange: &Exchange,
        target: Target,
        input: Input,
        entered: Entered,
        entry: &Entry,
    ) -> Result<Answer, Error> {
        let call = Call {
            engine: &self.engine,
            settings: &self.settings,
            exchange,
            account: entered.account,
            target,
            input,
            verb: entry.verb,
            presented: entered.presented,
        };
        match entry.access {
            Access::Open(operation) => handlers::open(&call, operation).await,
            Access::Guarded(right, operation) => {
                let early = entered.permit;
                let permit = match early.filter(|permit| permit.resource().right == right) {
                    Some(permit) => permit,
                    None => {
                        self.permit(exchange, &call.presented, call.wanted(right))
                            .await?
                    }
                };
                handlers::guarded(&call, &permit, operation).await
            }
        }
    }

    /// Who is asking, and does the tree let them at the account in the path? Asks for the final right
    /// straight away when the body has no say in which that is.
    async fn enter(
        &self,
        exchange: &Exchange,
        presented: Presented,
        target: &Target,
    ) -> Result<Entered, Error> {
        let right = target.resource.right_of(Verb::of(&exchange.head.method));
        let account = match &target.account {
            None => None,
            Some(AccountName::Own) => {
                let permit = self.permit(exchange, &presented, anybody()).await?;
                Some(permit.identity().account)
            }
            Some(AccountName::Named(text)) => {
                let Ok(id) = text.parse::<AccountId>() else {
                    self.permit(exchange, &presented, anybody()).await?;
                    return Err(no_such_account(text));
                };
                Some(id)
            }
        };
        let least = if account.is_some() {
            Right::Reach
        } else {
            Right::Authenticated
        };
        let wanted = Wanted {
            right: right.unwrap_or(least),
            account,
            user: target.user(),
        };
        let permit = self.permit(exchange, &presented, wanted).await?;
        Ok(Entered {
            presented,
            account,
            permit: right.map(|_| permit),
        })
    }

    /// Asks the engine.
    pub(super) async fn permit(
        &self,
        exchange: &Exchange,
        presented: &Presented,
        resource: Wanted,
    ) -> Result<Permit, Error> {
        let request = Request {
            presented,
            client: exchange.client.address,
            resource,
        };
        match self.engine.decide(&request, &mut Trace::off()).await {
            Decision::Allow(permit) => Ok(permit),
            Decision::Challenge => Err(Error::InvalidCredentials),
            Decision::Deny(reason) => Err(reason.into()),
            Decision::Throttle(after) => Err(Error::TooManyRequests(after)),
            Decision::Unavailable => Err(Error::Unavailable),
            Decision::Refuse(refusal) => Err(refusal.into()),
        }
    }

    /// Reads and parses the whole body: content type first, then size, then form.
    async fn read(
        &self,
        exchange: &Exchange,
        inbox: &mut Inbox,
        query: Query,
    ) -> Result<Input, Error> {
        let media_type = media_type::of(&exchange.head.headers)?;
        let limit = self.settings.max_body;
        let bytes = inbox.whole(limit).await?;
        let bytes = bytes.ok_or(Error::BodyTooLarge(limit))?;
        let members = if inbox.is_large() {
            // Parsing megabytes takes as long as a slow hash: not on a thread that others wait for.
            tokio::task::spawn_blocking(move || input::parse(&bytes, media_type))
                .await
                .map_err(|_| Error::Fault("a large body could not be parsed".to_owned()))??
        } else {
            input::parse(&bytes, media_type)?
        };
        Input::new(members, query)
    }
}

/// A caller who got as far as the account in the path.
struct Entered {
    presented: Presented,
    account: Option<AccountId>,
    /// The permit, if it is the final one.
    permit: Option<Permit>,
}

impl Entered {
    /// Somebody at an open resource, where credentials beside the input are not looked at.
    const fn stranger() -> Self {
        Self {
            presented: Presented::Nothing,
            account: None,
            permit: None,
        }
    }
}

/// A text that is no account's id: of the right length it might have been one.
pub(super) fn no_such_account(text: &str) -> Error {
    if text.chars().count() == 32 {
        Error::BadIdentifier(text.to_owned())
    } else {
        Error::MalformedAccountId(text.to_owned())
    }
}

/// What a resource without an account demands at first.
pub(super) const fn anybody() -> Wanted {
    Wanted {
        right: Right::Authenticated,
        account: None,
        user: None,
    }
}

/// Looks for a credential in a small body; whatever else is wrong with the body is said to people who
/// are known only.
async fn peek(exchange: &Exchange, inbox: &mut Inbox) -> Result<Presented, Error> {
    let headers = &exchange.head.headers;
    let Ok(media_type) = media_type::of(headers) else {
        return Ok(Presented::Nothing);
    };
    let Some(bytes) = inbox.whole(PEEK).await? else {
        return Ok(Presented::Nothing);
    };
    let Ok(members) = input::parse(&bytes, media_type) else {
        return Ok(Presented::Nothing);
    };
    let presented = presented::in_body(&members, headers);
    refuse_exposed(exchange, &presented)?;
    Ok(presented)
}

/// Attack: a credential read on the way over plain HTTP. Answer: it is not even looked at, so that nobody
/// gets used to it (decision 40).
pub(super) const fn refuse_exposed(
    exchange: &Exchange,
    presented: &Presented,
) -> Result<(), Error> {
    if exchange.client.exposed && presented.is_present() {
        return Err(Error::Plaintext);
    }
    Ok(())
}

/// Open resources take credentials as their input.
const fn refuse_exposed_input(exchange: &Exchange) -> Result<(), Error> {
    if exchange.client.exposed {
        return Err(Error::Plaintext);
    }
    Ok(())
}

/// The verb a POST carries inside, else the method's own (crossbar.md section 1.3). Only a POST may carry
/// one, so that reading never writes.
fn effective_verb(method: Option<Verb>, input: &Input) -> Option<Verb> {
    match (method, input.parameter("verb")) {
        (Some(Verb::Post), Some(name)) => Verb::named(name),
        (method, _) => method,
    }
}

/// The table's entry, or why there is none.
fn entry(
    resource: &Resource,
    verb: Option<Verb>,
    action: Option<&str>,
) -> Result<&'static Entry, Error> {
    resource.entry(verb, action).map_err(|none| match none {
        NoEntry::Verb => Error::MethodNotAllowed,
        NoEntry::Action { known, named } => {
            let mut details = Details::default();
            if named {
                details.not_one_of("action", &known);
            } else {
                details.required("action");
            }
            Error::Validation(details)
        }
    })
}

/// What a tunnelled verb creates is answered 200, for it has no `Location` (crossbar.md section 1.3).
fn as_tunnelled(answer: Answer, method: Option<Verb>, entry: &Entry) -> Answer {
    match answer {
        Answer::Success(mut success) if method != Some(entry.verb) => {
            success.created = false;
            success.location = None;
            Answer::Success(success)
        }
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_post_carries_another_verb() {
        let input = || Input::without_body(Query::parse(Some("verb=delete")));
        assert_eq!(
            effective_verb(Some(Verb::Post), &input()),
            Some(Verb::Delete)
        );
        assert_eq!(effective_verb(Some(Verb::Get), &input()), Some(Verb::Get));
        let input = Input::without_body(Query::parse(Some("verb=options")));
        assert_eq!(effective_verb(Some(Verb::Post), &input), None);
    }
}
