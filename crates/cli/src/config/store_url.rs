//! Where the store is. The text may hold a password, so it is shown masked wherever it is shown.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

/// Parameters of a PostgreSQL URL that are shown; the value of any other may be a secret.
const SHOWN_PARAMETERS: [&str; 9] = [
    "application_name",
    "dbname",
    "host",
    "options",
    "port",
    "sslcert",
    "sslmode",
    "sslrootcert",
    "user",
];

/// The address of a store.
#[derive(Clone)]
pub enum StoreUrl {
    /// A SQLite file; relative to the data folder until [`StoreUrl::in_folder`].
    Sqlite(PathBuf),
    /// A PostgreSQL URL, password included.
    Postgres(SecretString),
}

impl StoreUrl {
    /// Reads `sqlite:PATH` or `postgres://…`.
    ///
    /// # Errors
    ///
    /// What is wrong and what would be right, without any part of the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" => Err("the path is missing; write sqlite:doorward.db"),
                ":memory:" => Err("a store in memory would be lost; write sqlite:doorward.db"),
                _ if path.contains(['?', '#', '\0']) => {
                    Err("a SQLite store has no parameters; write sqlite:PATH alone")
                }
                _ => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        let rest = text
            .strip_prefix("postgres://")
            .or_else(|| text.strip_prefix("postgresql://"));
        let rest = rest.ok_or("not a store; write sqlite:PATH or postgres://USER@HOST/DATABASE")?;
        if has_host(rest) && !text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            Ok(Self::Postgres(text.to_owned().into()))
        } else {
            // A password with a raw '/' or '@' would end up elsewhere than its writer thinks.
            Err(
                "not a PostgreSQL URL; write postgres://USER:PASSWORD@HOST:PORT/DATABASE, \
                 with / ? # @ and % in the password percent-encoded",
            )
        }
    }

    /// The same store with a relative SQLite path taken from `folder`.
    #[must_use]
    pub fn in_folder(&self, folder: &Path) -> Self {
        match self {
            Self::Sqlite(path) => Self::Sqlite(folder.join(path)),
            Self::Postgres(url) => Self::Postgres(url.clone()),
        }
    }
}

impl PartialEq for StoreUrl {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sqlite(a), Self::Sqlite(b)) => a == b,
            (Self::Postgres(a), Self::Postgres(b)) => a.expose_secret() == b.expose_secret(),
            _ => false,
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

/// Masked: `postgres://user:***@host/db`.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => f.write_str(&mask(url.expose_secret())),
        }
    }
}

/// Whether a host stands where it should: nothing of a mistyped password may pass for one, because
/// hosts are shown.
fn has_host(rest: &str) -> bool {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (name, port) = match host.rfind(']').and_then(|at| host.split_at_checked(at + 1)) {
        Some((name, after)) => (name, after.strip_prefix(':').unwrap_or(after)),
        None => host.split_once(':').unwrap_or((host, "")),
    };
    let names = |c: char| c.is_ascii_alphanumeric() || "-._~%[]:".contains(c);
    authority.matches('@').count() <= 1
        && !tail.contains(['@', '#'])
        && name.chars().all(names)
        && port.bytes().all(|b| b.is_ascii_digit())
        && (!name.is_empty() || tail.contains("host="))
}

fn mask(url: &str) -> String {
    let (start, parameters) = url.split_once('?').unwrap_or((url, ""));
    let mut shown = mask_password(start);
    for (index, parameter) in parameters.split('&').filter(|p| !p.is_empty()).enumerate() {
        shown.push(if index == 0 { '?' } else { '&' });
        match parameter.split_once('=') {
            Some((name, _)) if SHOWN_PARAMETERS.contains(&name) => shown.push_str(parameter),
            Some((name, _)) => shown.extend([name, "=***"]),
            None => shown.push_str("***"),
        }
    }
    shown
}

fn mask_password(start: &str) -> String {
    let masked = start.split_once("://").and_then(|(scheme, rest)| {
        let (user_info, host) = rest.rsplit_once('@')?;
        let (user, _password) = user_info.split_once(':')?;
        Some(format!("{scheme}://{user}:***@{host}"))
    });
    masked.unwrap_or_else(|| start.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_stores_are_read() {
        assert_eq!(
            StoreUrl::parse("sqlite:doorward.db")
                .unwrap()
                .in_folder(Path::new("/data")),
            StoreUrl::Sqlite(PathBuf::from("/data/doorward.db"))
        );
        for text in [
            "postgres://doorward@db/doorward",
            "postgresql://u:p@[::1]:5432/db?sslmode=require",
            "postgres:///db?host=/run/postgresql",
            "postgres://u:p%2Fq@db.example:5432/db",
        ] {
            assert!(
                matches!(StoreUrl::parse(text), Ok(StoreUrl::Postgres(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn other_texts_are_refused_without_being_repeated() {
        for text in [
            "",
            "doorward.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a?mode=ro",
            "mysql://u:hunter2@h/d",
            "postgres://",
            "postgres://u:hunter2",
            "postgres://u:hunter2/x@h/d",
            "postgres://u:hunter2@x@h/d",
            "postgres://u:hunter2#x@h/d",
            "postgres://u:hunter 2@h/d",
        ] {
            let said = StoreUrl::parse(text).expect_err(text);
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_password_is_masked_wherever_it_stands() {
        for (text, shown) in [
            ("postgres://u:hunter2@h/d", "postgres://u:***@h/d"),
            ("postgres://u:a:hunter2@h:1/d", "postgres://u:***@h:1/d"),
            (
                "postgres://u@h/d?password=hunter2",
                "postgres://u@h/d?password=***",
            ),
            (
                "postgres://h/d?sslmode=require&hunter2&passfile=hunter2",
                "postgres://h/d?sslmode=require&***&passfile=***",
            ),
        ] {
            let url = StoreUrl::parse(text).expect(text);
            assert_eq!(url.to_string(), shown);
            assert_eq!(format!("{url:?}"), format!("StoreUrl({shown})"));
        }
    }

    proptest! {
        #[test]
        fn parsing_and_showing_never_panic(text in "(postgres://|sqlite:|)[ -~é]{0,40}") {
            if let Ok(url) = StoreUrl::parse(&text) {
                let _shown = url.to_string();
            }
        }

        #[test]
        fn no_password_is_shown(password in "[!-~]{0,20}", at in "h(:1)?(/d)?") {
            let secret = format!("Qz{password}zQ");
            let shown = match StoreUrl::parse(&format!("postgres://u:{secret}@{at}")) {
                Ok(url) => format!("{url} {url:?}"),
                Err(said) => said.to_owned(),
            };
            prop_assert!(!shown.contains("Qz") && !shown.contains("zQ"), "{}", shown);
        }
    }
}
