//! Guarded APIs, their upstreams and identities, from checked rows to what the rest of the program takes.
//! Accounts and users are still texts here: what they mean is asked of the store (decision 4).

use std::collections::BTreeSet;
use std::sync::Arc;

use doorward_core::api::{Accept, AcceptMethod, Api, Dialect, IdentityHeaders, Members, Rule};
use doorward_core::certificate::San;
use doorward_core::id::AccountId;
use doorward_core::permission::{BUILT_IN, Permission};
use doorward_core::request::{Leniency, Oddity};
use http::{HeaderName, Method};
use ipnet::IpNet;

use super::rows::{self, Row};
use super::section::tls;
use super::unknown::closest;
use super::upstream::Upstream;
use super::value::{Mismatch, Values};
use super::{Problem, shape};

mod own;
mod whole;

/// What stands for the account until the store was asked.
const UNRESOLVED: AccountId = AccountId::new([0; 16]);

/// Everything about guarded APIs.
#[derive(Debug, Clone, Default)]
pub struct Guarded {
    /// The APIs.
    pub apis: Vec<ApiSettings>,
    /// Whom addresses and certificates stand for.
    pub identities: Vec<IdentitySettings>,
    /// The services behind.
    pub upstreams: Vec<Upstream>,
    /// Rights besides the built-in ones.
    pub rights: BTreeSet<Permission>,
}

/// An API whose account is still a text.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// The key of the account, for pins: `api.push.account`.
    pub key: String,
    /// Id, realm or name.
    pub account: String,
    /// Everything else.
    pub api: Api,
    /// Whether it serves foreign nouns in the Crossbar tree, and is reached past that dialect's checks alone.
    pub is_foreign: bool,
}

/// An identity whose account and user are still texts.
#[derive(Debug, Clone)]
pub struct IdentitySettings {
    /// The key of the account, for pins: `identity.1.account`.
    pub key: String,
    /// Id, realm or name.
    pub account: String,
    /// The key of the user, for pins: `identity.1.user`.
    pub user_key: String,
    /// Id or username of the user, if it stands for one.
    pub user: Option<String>,
    /// What stands for it.
    pub by: Mapped,
}

/// What stands for an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapped {
    /// The client's address.
    Ip(Vec<IpNet>),
    /// A name in the client's certificate.
    CertSan(San),
}

impl Guarded {
    /// Builds it, and finds what is wrong with several values seen together.
    pub(super) fn build(values: &Values, rows: &[Row]) -> Result<(Self, Vec<Problem>), Mismatch> {
        let mut problems = Vec::new();
        let mut guarded = Self {
            rights: values.parse_all("rights")?.into_iter().collect(),
            ..Self::default()
        };
        for row in rows::of(rows, "upstream") {
            guarded.upstreams.push(Upstream::build(row, &mut problems)?);
        }
        for row in rows::of(rows, "identity") {
            guarded.identities.extend(identity(row, &mut problems)?);
        }
        for row in rows::of(rows, "api") {
            if let Some(api) = api(row, &mut problems)? {
                guarded.refers(values, row, &api.api, &mut problems);
                guarded.apis.push(api);
            }
        }
        problems.extend(own::unserved(values, &guarded.apis));
        problems.extend(whole::problems(&guarded.apis, rows));
        Ok((guarded, problems))
    }

    /// What an API names must be there.
    fn refers(&self, values: &Values, row: &Row, api: &Api, problems: &mut Vec<Problem>) {
        if let Some(upstream) = &api.upstream {
            let names = || {
                self.upstreams
                    .iter()
                    .map(|upstream| &*upstream.settings.name)
            };
            if !names().any(|name| name == &**upstream) {
                let hint = closest(upstream, names());
                let hint = hint.map(|name| format!("; did you mean \"{name}\"?"));
                let message = format!(
                    "there is no [upstream.{upstream}]{}",
                    hint.unwrap_or_default()
                );
                problems.push(row.problem("api.upstream", message));
            }
        }
        let by = |fits: fn(&Mapped) -> bool| self.identities.iter().any(|it| fits(&it.by));
        if api.accept.names(AcceptMethod::Ip) && !by(|by| matches!(by, Mapped::Ip(_))) {
            let message = "\"ip\" needs an [[identity]] that says whom addresses stand for";
            problems.push(row.problem("api.accept", message));
        }
        if api.accept.names(AcceptMethod::Mtls) {
            let named = by(|by| matches!(by, Mapped::CertSan(_)));
            let believed: Option<String> = values.read(tls::CLIENT_CA).unwrap_or_default();
            let missing = [
                (!named).then_some("an [[identity]] with cert_san"),
                believed.is_none().then_some("tls.client_ca"),
            ];
            let missing: Vec<&str> = missing.into_iter().flatten().collect();
            if !missing.is_empty() {
                let message = format!("\"mtls\" needs {}", missing.join(" and "));
                problems.push(row.problem("api.accept", message));
            }
        }
        let origins: Vec<String> = values.read("origins").unwrap_or_default();
        if api.assertion && origins.is_empty() {
            let message = "a signed token says who issued it: set origins to our public address";
            problems.push(row.problem("api.assertion", message));
        }
        problems.extend(own::problem(values, row, api));
        self.demands(row, "api.permission", api.permission.as_ref(), problems);
        for (rule, row) in api.rules.iter().zip(rule_rows(row)) {
            let permission = Some(&rule.permission);
            self.demands(row, "api.rule.permission", permission, problems);
            if let Some(capture) = &rule.resource
                && !rule.path.captures(capture)
            {
                let message = format!("the path has no \"{{{capture}}}\"");
                problems.push(row.problem("api.rule.resource", message));
            }
        }
    }

    /// A right must be a built-in one, or listed.
    fn demands(
        &self,
        row: &Row,
        key: &'static str,
        permission: Option<&Permission>,
        problems: &mut Vec<Problem>,
    ) {
        let Some(permission) = permission else { return };
        let listed = self.rights.iter().map(Permission::as_str);
        let mut known = BUILT_IN.into_iter().chain(listed);
        if !known.clone().any(|known| known == permission.as_str()) {
            let hint = closest(permission.as_str(), known.by_ref());
            let hint = hint.map_or_else(
                || "list it in rights".to_owned(),
                |known| format!("did you mean \"{known}\"?"),
            );
            problems.push(row.problem(key, format!("there is no right \"{permission}\"; {hint}")));
        }
    }
}

fn identity(row: &Row, problems: &mut Vec<Problem>) -> Result<Option<IdentitySettings>, Mismatch> {
    let account: Option<String> = row.values.read("identity.account")?;
    let ip: Vec<IpNet> = row.values.read("identity.ip")?;
    let san: Option<San> = row.values.parse("identity.cert_san")?;
    let user: Option<String> = row.values.read("identity.user")?;
    let by = match (ip.is_empty(), san) {
        (false, None) => Mapped::Ip(ip),
        (true, Some(san)) => Mapped::CertSan(san),
        (is_nothing, _) => {
            problems.push(row.problem_as_whole(if is_nothing {
                "nothing stands for it; set ip or cert_san"
            } else {
                "ip and cert_san are two identities; write a second [[identity]]"
            }));
            return Ok(None);
        }
    };
    let Some(account) = account else {
        return Ok(None);
    };
    Ok(Some(IdentitySettings {
        key: format!("{}.account", row.label),
        account,
        user_key: format!("{}.user", row.label),
        user,
        by,
    }))
}

/// `None` for one that lacks something: that is reported already.
fn api(row: &Row, problems: &mut Vec<Problem>) -> Result<Option<ApiSettings>, Mismatch> {
    let values = &row.values;
    let name: Option<String> = values.read("api.name")?;
    let account: Option<String> = values.read("api.account")?;
    let accept: Option<Vec<Vec<AcceptMethod>>> = values.read("api.accept")?;
    let paths: Option<Vec<String>> = values.read("api.paths")?;
    let (Some(name), Some(account), Some(accept), Some(_)) = (name, account, accept, paths) else {
        return Ok(None);
    };
    let accept = match Accept::new(accept) {
        Ok(accept) => accept,
        Err(error) => {
            problems.push(row.problem("api.accept", error.to_string()));
            return Ok(None);
        }
    };
    let upstream: Option<String> = values.read("api.upstream")?;
    let members: &str = values.read("api.members")?;
    let dialect: &str = values.read("api.dialect")?;
    let outage: &str = values.read("api.outage")?;
    let odd: Vec<String> = values.read("api.path_allow")?;
    let odd: Vec<Oddity> = odd.iter().filter_map(|word| shape::oddity(word)).collect();
    let api = Api {
        hosts: values.parse_all("api.hosts")?,
        paths: values.parse_all("api.paths")?,
        methods: methods(values, "api.methods")?,
        upstream: upstream.map(Arc::from),
        members: match members {
            "subtree" => Members::Subtree,
            _ => Members::Account,
        },
        dialect: match dialect {
            "funnelback" => Dialect::Funnelback,
            "crossbar" => Dialect::Crossbar,
            _ => Dialect::Doorward,
        },
        permission: values.parse("api.permission")?,
        rules: rule_rows(row)
            .filter_map(|row| rule(row).transpose())
            .collect::<Result<_, _>>()?,
        headers: headers(row, problems)?,
        assertion: values.read("api.assertion")?,
        max_stream_age: values.read("api.max_stream_age")?,
        closed_in_outage: outage == "closed",
        leniency: Leniency::of(&odd),
        ..Api::new(&name, UNRESOLVED, accept)
    };
    Ok(Some(ApiSettings {
        key: format!("api.{name}.account"),
        account,
        is_foreign: own::is_foreign(&api),
        api,
    }))
}

/// The rows of the rules an API has: one that lacks something is reported already and is none of them.
fn rule_rows(api: &Row) -> impl Iterator<Item = &Row> {
    rows::of(&api.rows, "api.rule").filter(|row| !matches!(rule(row), Ok(None)))
}

fn rule(row: &Row) -> Result<Option<Rule>, Mismatch> {
    let resource: Option<String> = row.values.read("api.rule.resource")?;
    let path = row.values.parse("api.rule.path")?;
    let permission = row.values.parse("api.rule.permission")?;
    let (Some(path), Some(permission)) = (path, permission) else {
        return Ok(None);
    };
    Ok(Some(Rule {
        methods: methods(&row.values, "api.rule.methods")?,
        path,
        permission,
        resource: resource.map(|text| text.trim_matches(['{', '}']).to_owned()),
    }))
}

fn methods(values: &Values, key: &'static str) -> Result<Option<Vec<Method>>, Mismatch> {
    let methods: Vec<Method> = values.parse_all(key)?;
    Ok(Some(methods).filter(|methods| !methods.is_empty()))
}

fn headers(row: &Row, problems: &mut Vec<Problem>) -> Result<IdentityHeaders, Mismatch> {
    let values = &row.values;
    let name = |key| -> Result<HeaderName, Mismatch> { values.parse(key)?.ok_or(Mismatch(key)) };
    let headers = IdentityHeaders {
        account: name("api.headers.account")?,
        user: name("api.headers.user")?,
        username: name("api.headers.username")?,
        method: name("api.headers.method")?,
        roles: name("api.headers.roles")?,
        actor: name("api.headers.actor")?,
        assertion: name("api.headers.assertion")?,
    };
    let mut seen = BTreeSet::new();
    if let Some(twice) = headers
        .all()
        .iter()
        .find(|name| !seen.insert(name.as_str()))
    {
        let message = format!("two things are told under one name, {twice}");
        problems.push(row.problem_as_whole(message));
    }
    Ok(headers)
}
