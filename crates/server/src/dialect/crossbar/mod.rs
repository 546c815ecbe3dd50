//! The Crossbar dialect: [`Service::serve`] reads like the order of checks of decision 33.
//!
//! 401 comes before anything that reveals what exists; public resources never look at a token, so that a
//! stale one cannot keep anybody from signing in.

mod body;
mod call;
mod cors;
mod envelope;
mod error;
mod handlers;
mod host;
mod input;
mod media_type;
mod path;
mod presented;
mod query;
mod resource;
mod validate;
mod view;

use axum::body::Body;
use axum::response::Response;
use doorward_core::credential::Presented;
use doorward_core::id::AccountId;
use doorward_core::right::Right;
use doorward_core::secret::SecretText;
use doorward_engine::{Decision, Engine, Permit, Request, Resource as Wanted, Trace};
use http::request::Parts;
use http::{HeaderMap, Method};

use self::body::{Inbox, PEEK};
use self::call::Call;
use self::envelope::{Answer, Frame};
use self::error::Error;
use self::input::Input;
use self::path::Place;
use self::query::Query;
use self::resource::{Access, AccountName, Entry, NoEntry, Target, Verb};
use self::validate::Details;
use crate::Crossbar;
use crate::client::Client;

/// A request without its body.
pub(crate) struct Exchange {
    /// The request's head.
    pub(crate) head: Parts,
    /// Who sent it.
    pub(crate) client: Client,
    /// Its id.
    pub(crate) request_id: String,
}

/// The dialect over an engine.
pub(crate) struct Service {
    engine: Engine,
    settings: Crossbar,
    on: bool,
    node: String,
}

/// How far a request came, for the answer's frame and the log.
struct Progress {
    route: &'static str,
    resource: Option<&'static resource::Resource>,
    pretty: bool,
    proven: Option<SecretText>,
}

impl Service {
    /// The dialect; with `None` it is off, and every path is unclaimed.
    pub(crate) fn new(engine: Engine, settings: Option<Crossbar>) -> Self {
        Self {
            node: envelope::node(&engine.installation()),
            on: settings.is_some(),
            settings: settings.unwrap_or_default(),
            engine,
        }
    }

    /// The engine below.
    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Answers a request; also the template of its resource.
    pub(crate) async fn serve(&self, exchange: &Exchange, body: Body) -> (&'static str, Response) {
        let query = Query::parse(exchange.head.uri.query());
        let mut progress = Progress {
            route: "unclaimed",
            resource: None,
            pretty: query.first("pretty_print") == Some("true")
                || is_true(&exchange.head.headers, "x-pretty-print"),
            proven: None,
        };
        let outcome = self.answer(exchange, body, query, &mut progress).await;
        (progress.route, self.respond(exchange, &progress, outcome))
    }

    /// The answer to a request whose handler panicked.
    pub(crate) fn fault(&self, exchange: &Exchange) -> Response {
        let progress = Progress {
            route: "panicked",
            resource: None,
            pretty: false,
            proven: None,
        };
        let error = Error::Fault("a handler panicked".to_owned());
        self.respond(exchange, &progress, Err(error))
    }

    fn respond(
        &self,
        exchange: &Exchange,
        progress: &Progress,
        outcome: Result<Answer, Error>,
    ) -> Response {
        if let Err(Error::Fault(problem)) = &outcome {
            tracing::error!(problem, "a request failed");
        }
        let frame = Frame {
            node: &self.node,
            request_id: &exchange.request_id,
            now: self.engine.now(),
            pretty: progress.pretty,
            proven: progress.proven.as_ref(),
        };
        let mut response = match outcome {
            Ok(answer) => frame.respond(Ok(answer)),
            Err(error) => frame.respond(Err(&error)),
        };
        let asked = &exchange.head.headers;
        if cors::is_asked(asked) {
            cors::add(response.headers_mut(), asked, progress.resource);
        }
        if exchange.head.method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }

    /// Head, then what the path leads to.
    async fn answer(
        &self,
        exchange: &Exchange,
        body: Body,
        query: Query,
        progress: &mut Progress,
    ) -> Result<Answer, Error> {
        let head = &exchange.head;
        let ours = self.on && host::is_one_of(&self.settings.hosts, head);
        let place = match path::read(head.uri.path(), self.settings.v1) {
            place if ours || place == Place::Root => place,
            _ => Place::Unclaimed,
        };
        match place {
            Place::Root if matches!(head.method, Method::GET | Method::HEAD) => {
                progress.route = "/";
                Ok(Answer::Banner)
            }
            Place::Root | Place::Unclaimed => self.unclaimed(exchange).await,
            Place::Gone => Err(Error::Gone),
            Place::Unknown => self.unknown(exchange, &query, progress).await,
            Place::Segments(segments) => match resource::find(&segments) {
                None => self.unknown(exchange, &query, progress).await,
                Some(target) => {
                    progress.route = target.resource.template;
                    progress.resource = Some(target.resource);
                    let inbox = Inbox::new(body, self.settings.body_timeout);
                    self.known(exchange, target, inbox, query, progress).await
                }
            },
        }
    }

    /// A path nobody claims: tokens of the head only, never a slow hash (decisions 10 and 11).
    async fn unclaimed(&self, exchange: &Exchange) -> Result<Answer, Error> {
        let presented = presented::in_head(&exchange.head.headers, &Query::default());
        refuse_exposed(exchange, &presented)?;
        if !matches!(presented, Presented::Token { .. }) {
            return Err(Error::InvalidCredentials);
        }
        self.permit(exchange, &presented, anybody()).await?;
        Err(Error::NotFound)
    }

    /// A path of ours that leads nowhere: 401 for strangers, 404 for others.
    async fn unknown(
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

    /// A resource: method, credential, account and tree, body, verb and action, right, operation.
    async fn known(
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
        let mut presented = presented::in_head(&head.headers, &query);
        refuse_exposed(exchange, &presented)?;
        let method = Verb::of(&head.method);
        if !target.resource.may_know(method) {
            return Err(Error::MethodNotAllowed);
        }
        let mut entered = Entered::default();
        if target.resource.is_open() {
            refuse_exposed_input(exchange)?;
        } else {
            if !presented.is_present() {
                presented = peek(exchange, &mut inbox).await?;
            }
            let right = target.resource.right_of(method);
            entered = self.enter(exchange, &presented, &target, right).await?;
            if let Presented::Token { token, .. } = &presented {
                progress.proven = Some(token.clone());
            }
        }
        let carries_body = method.is_some_and(Verb::carries_body);
        let input = if carries_body {
            self.read(exchange, &mut inbox, query).await?
        } else {
            Input::without_body(query)
        };
        progress.pretty |= input.flag("pretty_print");

        let verb = effective_verb(method, &input);
        let entry = entry(target.resource, verb, input.parameter("action"))?;
        let call = Call {
            engine: &self.engine,
            settings: &self.settings,
            exchange,
            account: entered.account,
            target,
            input,
            verb: entry.verb,
            presented,
        };
        let answer = match entry.access {
            Access::Open(operation) => handlers::open(&call, operation).await?,
            Access::Guarded(right, operation) => {
                let early = entered.permit;
                let permit = match early.filter(|permit| permit.resource().right == right) {
                    Some(permit) => permit,
                    None => {
                        self.permit(exchange, &call.presented, call.wanted(right))
                            .await?
                    }
                };
                handlers::guarded(&call, &permit, operation).await?
            }
        };
        Ok(as_tunnelled(answer, method, entry))
    }

    /// Who is asking, and does the tree let them at the account in the path? Asks for the final right
    /// straight away when the body has no say in which that is.
    async fn enter(
        &self,
        exchange: &Exchange,
        presented: &Presented,
        target: &Target,
        right: Option<Right>,
    ) -> Result<Entered, Error> {
        let account = match &target.account {
            None => None,
            Some(AccountName::Own) => {
                let permit = self.permit(exchange, presented, anybody()).await?;
                Some(permit.identity().account)
            }
            Some(AccountName::Named(text)) => {
                let Ok(id) = text.parse::<AccountId>() else {
                    self.permit(exchange, presented, anybody()).await?;
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
        let permit = self.permit(exchange, presented, wanted).await?;
        Ok(Entered {
            account,
            permit: right.map(|_| permit),
        })
    }

    /// Asks the engine.
    async fn permit(
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
        Input::new(input::parse(&bytes, media_type)?, query)
    }
}

/// A caller who got as far as the account in the path.
#[derive(Default)]
struct Entered {
    account: Option<AccountId>,
    /// The permit, if it is the final one.
    permit: Option<Permit>,
}

/// A text that is no account's id: of the right length it might have been one.
fn no_such_account(text: &str) -> Error {
    if text.chars().count() == 32 {
        Error::BadIdentifier(text.to_owned())
    } else {
        Error::MalformedAccountId(text.to_owned())
    }
}

/// What a resource without an account demands at first.
const fn anybody() -> Wanted {
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
const fn refuse_exposed(exchange: &Exchange, presented: &Presented) -> Result<(), Error> {
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
    resource: &resource::Resource,
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
            Answer::Success(success)
        }
        answer => answer,
    }
}

fn is_true(headers: &HeaderMap, name: &str) -> bool {
    headers
        .get(name)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
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
