//! How a command fails: one sentence, at most two hints, an exit code. Never a backtrace, never a
//! secret.

use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use doorward_engine::admin::EditError;
use doorward_engine::{AdminError, StartError};
use doorward_gateway::listen::ListenError;
use doorward_gateway::tls::TlsError;
use doorward_server::Complaint;
use doorward_store::{Conflict, OpenError, StoreError};

/// Most hints that are shown.
const MAX_HINTS: usize = 2;

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(crate) struct Fail {
    cause: anyhow::Error,
    hints: Vec<String>,
    code: u8,
}

/// What a command returns.
pub(crate) type Outcome<T = ()> = Result<T, Fail>;

impl Fail {
    /// It was tried and did not work: exit code 1.
    pub(crate) fn new(sentence: impl fmt::Display) -> Self {
        Self::from(anyhow::Error::msg(sentence.to_string()))
    }

    /// It was asked for in a wrong way: exit code 2.
    pub(crate) fn usage(sentence: impl fmt::Display) -> Self {
        Self {
            code: 2,
            ..Self::new(sentence)
        }
    }

    /// A file or folder gave the trouble.
    pub(crate) fn file(doing: &str, path: &Path, error: io::Error) -> Self {
        let fail = Self::from(
            anyhow::Error::new(error).context(format!("cannot {doing} {}", path.display())),
        );
        match fail.io_kind() {
            Some(io::ErrorKind::NotFound) => fail.hint("check the path"),
            Some(io::ErrorKind::PermissionDenied) => {
                fail.hint("run it as the user who owns the folder")
            }
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                fail.hint("free some space and try again")
            }
            _ => fail,
        }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hints.push(hint.to_string());
        self
    }

    /// Whether the reader of our output went away, which is no failure.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        self.io_kind() == Some(io::ErrorKind::BrokenPipe)
    }

    /// Whether this cause of this type lies below.
    pub(crate) fn cause<E: std::error::Error + Send + Sync + 'static>(&self) -> Option<&E> {
        self.cause.downcast_ref()
    }

    /// The exit code.
    pub(crate) fn code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }

    fn io_kind(&self) -> Option<io::ErrorKind> {
        self.cause::<io::Error>().map(io::Error::kind)
    }
}

impl From<anyhow::Error> for Fail {
    fn from(cause: anyhow::Error) -> Self {
        Self {
            cause,
            hints: Vec::new(),
            code: 1,
        }
    }
}

impl From<ListenError> for Fail {
    fn from(error: ListenError) -> Self {
        Self::new(error)
    }
}

impl From<TlsError> for Fail {
    fn from(error: TlsError) -> Self {
        Self::new(format!("[tls]: {error}"))
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        let sentence = match &error {
            StoreError::Conflict(Conflict::AccountName) => "another account has this name",
            StoreError::Conflict(Conflict::Realm) => "another account has this realm",
            StoreError::Conflict(Conflict::Username) => "another user of the account has this name",
            StoreError::Conflict(Conflict::Phone) => "another account has this phone number",
            StoreError::Conflict(_) => "somebody else changed the same thing just now; try again",
            StoreError::Missing => "it is not there any more",
            StoreError::HasChildren => "the account still has accounts below it; delete them first",
            StoreError::Tree => {
                "the account cannot be there: it would be below itself, or more than 32 levels deep"
            }
            _ => return Self::from(anyhow::Error::new(error)),
        };
        Self::from(anyhow::Error::new(error).context(sentence)).without_causes(sentence)
    }
}

impl From<OpenError> for Fail {
    fn from(error: OpenError) -> Self {
        let hints: &[&str] = match &error {
            OpenError::Absent(_) => {
                &["create one with `doorward init`, or name the right folder with --data"]
            }
            OpenError::Corrupt { .. } => &[
                "put a backup in its place with `doorward restore FILE --force`",
                "keep a copy of the damaged file",
            ],
            OpenError::WrongMasterKey => {
                &["use the master.key (or DOORWARD_MASTER_KEY) the store was made with"]
            }
            OpenError::Newer => &["install that version, or restore a backup made by this one"],
            _ => &[],
        };
        let fail = match error {
            OpenError::Store(error) => Self::from(error),
            error => Self::from(anyhow::Error::new(error)),
        };
        hints.iter().fold(fail, Self::hint)
    }
}

impl From<AdminError> for Fail {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Store(error) => error.into(),
            error => Self::from(anyhow::Error::new(error)),
        }
    }
}

impl From<Complaint> for Fail {
    fn from(complaint: Complaint) -> Self {
        Self::new(complaint)
    }
}

impl From<EditError<Complaint>> for Fail {
    fn from(error: EditError<Complaint>) -> Self {
        match error {
            EditError::Refused(complaint) => complaint.into(),
            EditError::Failed(error) => error.into(),
        }
    }
}

impl From<StartError> for Fail {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Refused(error) => error.into(),
            StartError::Store(error) => error.into(),
            error => Self::from(anyhow::Error::new(error)),
        }
    }
}

impl Fail {
    /// The sentence alone, where the causes would only repeat it in other words.
    fn without_causes(self, sentence: &'static str) -> Self {
        Self {
            cause: anyhow::Error::msg(sentence),
            ..self
        }
    }
}

/// As it stands on standard error.
impl fmt::Display for Fail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "doorward: {}", one_line(&format!("{:#}", self.cause)))?;
        for hint in self.hints.iter().take(MAX_HINTS) {
            write!(f, "\n  {}", one_line(hint))?;
        }
        Ok(())
    }
}

/// A text without line breaks and other control characters.
fn one_line(text: &str) -> String {
    let spaced = text.replace(char::is_control, " ");
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_and_at_most_two_hints() {
        let fail = Fail::new("a\nb\u{1b}[2J")
            .hint("one")
            .hint("two")
            .hint("three");
        assert_eq!(fail.to_string(), "doorward: a b [2J\n  one\n  two");
    }

    #[test]
    fn causes_stand_behind_the_sentence() {
        let error = io::Error::from(io::ErrorKind::NotFound);
        let fail = Fail::file("read", Path::new("/x"), error);
        assert_eq!(
            fail.to_string(),
            "doorward: cannot read /x: entity not found\n  check the path"
        );
    }

    #[test]
    fn a_conflict_says_what_is_taken() {
        let fail = Fail::from(StoreError::Conflict(Conflict::Realm));
        assert_eq!(fail.to_string(), "doorward: another account has this realm");
    }
}
