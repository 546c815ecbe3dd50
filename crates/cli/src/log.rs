//! Logging to standard output: text on a terminal, JSON otherwise.
//!
//! A log line is evidence. Whoever can make a value hold a newline could otherwise write lines of
//! their own, and whoever can make it hold an escape sequence could rewrite the reader's terminal:
//! control characters are escaped in every field, in JSON by its own rules.

use std::fmt::{self, Write};
use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing::Subscriber;
use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::filter::{LevelFilter, ParseError};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::{Writer, debug_fn};
use tracing_subscriber::reload;

use crate::config::{Log, LogFormat};

/// Libraries that log frames, statements or parameters below `info`. Someone who wants to see them
/// names them in `RUST_LOG`; asking for everything is not asking for secrets.
const TALKATIVE: &str = "h2=info,hyper=info,hyper_util=info,rustls=info,sqlx=info,tower=info";

/// Why logging cannot begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// `RUST_LOG` is set to something that is no filter.
    #[error(
        "RUST_LOG is not a filter ({0}); write for example RUST_LOG=info or RUST_LOG=doorward=debug"
    )]
    Filter(String),
    /// A subscriber was installed before.
    #[error("logging is already set up")]
    Twice,
    /// The subscriber does not exist any more.
    #[error("logging has ended")]
    Gone,
}

/// Where records go and who reads them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A person at a terminal: text with colours.
    Terminal,
    /// A person at a terminal that shall not have colours (`NO_COLOR`).
    PlainTerminal,
    /// A file or another program: no escape sequences ever.
    Program,
}

/// Changes the level of an installed subscriber.
pub struct Level(Box<dyn Fn(EnvFilter) -> Result<(), reload::Error> + Send + Sync>);

impl Level {
    /// Logs at the level of these settings from now on; `RUST_LOG` still wins over it.
    ///
    /// # Errors
    ///
    /// If `RUST_LOG` is not a filter, or the subscriber is gone.
    pub fn set(&self, settings: &Log) -> Result<(), LogError> {
        (self.0)(filter(settings, rust_log().as_deref())?).map_err(|_| LogError::Gone)
    }
}

fn rust_log() -> Option<String> {
    std::env::var("RUST_LOG").ok()
}

/// Installs the subscriber of the process. `RUST_LOG` wins over the level of the settings.
///
/// # Errors
///
/// If `RUST_LOG` is not a filter, or a subscriber is already installed.
pub fn init(settings: &Log) -> Result<Level, LogError> {
    let reader = match (io::stdout().is_terminal(), std::env::var_os("NO_COLOR")) {
        (false, _) => Reader::Program,
        (true, Some(set)) if !set.is_empty() => Reader::PlainTerminal,
        (true, _) => Reader::Terminal,
    };
    let (subscriber, level) = build(settings, rust_log().as_deref(), reader, io::stdout)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Twice)?;
    Ok(level)
}

/// Makes a subscriber that writes to `writer`, without installing it.
///
/// # Errors
///
/// If `rust_log` is not a filter.
pub fn subscriber<W>(
    settings: &Log,
    rust_log: Option<&str>,
    reader: Reader,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    build(settings, rust_log, reader, writer).map(|(subscriber, _)| subscriber)
}

fn build<W>(
    settings: &Log,
    rust_log: Option<&str>,
    reader: Reader,
    writer: W,
) -> Result<(Box<dyn Subscriber + Send + Sync>, Level), LogError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(settings, rust_log)?)
        .with_ansi(reader == Reader::Terminal)
        .with_writer(writer);
    let json = match settings.format {
        LogFormat::Auto => reader == Reader::Program,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    if json {
        let builder = builder.json().with_filter_reloading();
        let handle = builder.reload_handle();
        let level = Level(Box::new(move |filter| handle.reload(filter)));
        return Ok((Box::new(builder.finish()), level));
    }
    let builder = builder
        .fmt_fields(debug_fn(field).delimited(" "))
        .with_filter_reloading();
    let handle = builder.reload_handle();
    let level = Level(Box::new(move |filter| handle.reload(filter)));
    Ok((Box::new(builder.finish()), level))
}

fn filter(settings: &Log, rust_log: Option<&str>) -> Result<EnvFilter, LogError> {
    let wanted = rust_log
        .filter(|text| !text.is_empty())
        .unwrap_or(settings.level);
    let wrong = |error: ParseError| LogError::Filter(error.to_string().escape_debug().to_string());
    let filter = EnvFilter::try_new(wanted).map_err(wrong)?;
    if filter
        .max_level_hint()
        .is_none_or(|most| most <= LevelFilter::INFO)
    {
        return Ok(filter);
    }
    // The later directive for a target wins, so that one can still name a library.
    EnvFilter::try_new(format!("{TALKATIVE},{wanted}")).map_err(wrong)
}

fn field(writer: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug) -> fmt::Result {
    match field.name() {
        "message" => {}
        name => write!(writer, "{}=", name.strip_prefix("r#").unwrap_or(name))?,
    }
    write!(Escaped(writer), "{value:?}")
}

/// Writes what a reader or a terminal could take for more than a character as its escape.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if is_dangerous(c) {
                write!(self.0, "{}", c.escape_default())?;
            } else {
                self.0.write_char(c)?;
            }
        }
        Ok(())
    }
}

/// Controls, line and paragraph separators, and the characters that turn the direction of text.
fn is_dangerous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(format: LogFormat, rust_log: Option<&str>, reader: Reader, act: fn()) -> String {
        let buffer = Buffer::default();
        let writer = buffer.clone();
        let settings = Log {
            level: "info",
            format,
        };
        let subscriber = subscriber(&settings, rust_log, reader, move || writer.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    fn hostile() {
        let evil = "a\nINFO forged\r\u{1b}[2J\u{9b}\u{2028}\u{202e}b";
        let span = tracing::info_span!("request", path = %evil);
        let _entered = span.enter();
        let error = io::Error::other(evil);
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::info!(shown = %evil, debugged = ?evil, text = evil, error, "message {evil}");
    }

    #[test]
    fn no_value_makes_a_second_line_or_reaches_the_terminal_in_text() {
        for reader in [Reader::Program, Reader::PlainTerminal] {
            let text = logged(LogFormat::Text, None, reader, hostile);
            assert!(
                text.ends_with('\n') && text.matches('\n').count() == 1,
                "{text:?}"
            );
            assert!(
                !text.trim_end_matches('\n').contains(is_dangerous),
                "{text:?}"
            );
            assert!(text.contains("message a\\nINFO forged"), "{text}");
            assert!(text.contains("shown=a\\n"), "{text}");
        }
    }

    #[test]
    fn no_value_makes_a_second_line_in_json() {
        let text = logged(LogFormat::Json, None, Reader::Program, hostile);
        assert_eq!(text.matches('\n').count(), 1);
        assert!(
            !text
                .trim_end_matches('\n')
                .contains(|c: char| c.is_ascii_control()),
            "{text:?}"
        );
        let record: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(
            record["timestamp"].as_str().unwrap().ends_with('Z'),
            "{text}"
        );
        assert_eq!(record["level"], "INFO");
    }

    #[test]
    fn automatic_is_json_unless_a_person_reads() {
        let act = || tracing::info!("hello");
        assert!(logged(LogFormat::Auto, None, Reader::Program, act).starts_with('{'));
        assert!(!logged(LogFormat::Auto, None, Reader::PlainTerminal, act).contains('{'));
        assert!(logged(LogFormat::Auto, None, Reader::Terminal, act).contains('\u{1b}'));
        assert!(!logged(LogFormat::Text, None, Reader::Program, act).contains('\u{1b}'));
    }

    #[test]
    fn rust_log_wins_over_the_settings() {
        let act = || {
            tracing::info!("informed");
            tracing::debug!("details");
            tracing::debug!(target: "h2::frame", "headers");
        };
        let text = |rust_log| logged(LogFormat::Text, rust_log, Reader::Program, act);
        assert!(text(None).contains("informed") && !text(None).contains("details"));
        assert!(text(Some("")).contains("informed"));
        assert!(!text(Some("warn")).contains("informed"));
        assert!(text(Some("trace")).contains("details"));
        assert!(!text(Some("trace")).contains("headers"));
        assert!(text(Some("warn,h2=trace")).contains("headers"));
    }

    #[test]
    fn a_wrong_rust_log_is_an_error_in_one_line() {
        let settings = Log {
            level: "info",
            format: LogFormat::Text,
        };
        let said = match subscriber(
            &settings,
            Some("doorward=lou\nd"),
            Reader::Program,
            io::sink,
        ) {
            Ok(_) => panic!("accepted"),
            Err(error) => error.to_string(),
        };
        assert!(
            said.starts_with("RUST_LOG is not a filter") && !said.contains('\n'),
            "{said}"
        );
    }
}
