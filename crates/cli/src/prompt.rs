//! Passwords: twice on a terminal, or one line of standard input; never an argument.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _};

use doorward_core::secret::SecretText;

use crate::fail::{Fail, Outcome};

/// Longest password, in bytes.
const MAX_PASSWORD: usize = 1024;

/// A new password, from standard input if that was asked for, else from the terminal.
pub(crate) fn new_password(from_stdin: bool) -> Outcome<SecretText> {
    if from_stdin {
        return password_line(&mut io::stdin().lock());
    }
    if !io::stdin().is_terminal() {
        return Err(Fail::usage("there is no terminal to ask for the password")
            .hint("add --password-stdin and write the password to standard input"));
    }
    let ask = |prompt| {
        rpassword::prompt_password(prompt)
            .map(SecretText::new)
            .map_err(|error| Fail::new(format!("cannot read the password: {error}")))
    };
    let password = ask("Password: ")?;
    if password.is_empty() {
        return Err(Fail::new("the password is empty; nothing was changed"));
    }
    if ask("The same password again: ")?.expose() != password.expose() {
        return Err(Fail::new("the two passwords differ; nothing was changed"));
    }
    Ok(password)
}

/// The first line, without the newline that ends it.
fn password_line(input: &mut impl io::BufRead) -> Outcome<SecretText> {
    // Filled in place: a growing buffer would leave copies of the password behind.
    let mut line = Vec::with_capacity(MAX_PASSWORD + 2);
    input
        .take(MAX_PASSWORD as u64 + 1)
        .read_until(b'\n', &mut line)
        .map_err(|error| Fail::new(format!("cannot read the password: {error}")))?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    if line.len() > MAX_PASSWORD {
        return Err(Fail::new("the password is longer than 1024 bytes"));
    }
    match String::from_utf8(line) {
        Ok(line) if line.is_empty() => Err(Fail::new("there is no password on standard input")),
        Ok(line) => Ok(SecretText::new(line)),
        Err(_) => Err(Fail::new("the password is not UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut input: &[u8]) -> Result<String, String> {
        password_line(&mut input)
            .map(|password| password.expose().to_owned())
            .map_err(|fail| fail.to_string())
    }

    #[test]
    fn one_newline_is_taken_off_and_nothing_else() {
        assert_eq!(read(b"hunter2\n"), Ok("hunter2".to_owned()));
        assert_eq!(read(b" a b \nsecond line\n"), Ok(" a b ".to_owned()));
        assert_eq!(read(b"no newline"), Ok("no newline".to_owned()));
        assert_eq!(read(&[b'a'; 1024]), Ok("a".repeat(1024)));
        let mut full = vec![b'a'; 1024];
        full.push(b'\n');
        assert_eq!(read(&full), Ok("a".repeat(1024)));
    }

    #[test]
    fn what_is_no_password_is_refused_without_being_repeated() {
        assert!(read(b"").unwrap_err().contains("no password"));
        assert!(read(b"\n").unwrap_err().contains("no password"));
        assert!(
            read(&[b'a'; 1025])
                .unwrap_err()
                .contains("longer than 1024")
        );
        assert!(read(b"\xff\xfe").unwrap_err().contains("UTF-8"));
    }
}
