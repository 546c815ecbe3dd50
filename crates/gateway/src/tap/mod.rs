//! A tap on the socket: it reads along, never edits, and stops what it cannot follow (decision 39).
//!
//! Attack: a request whose end two servers see in different places, so that the second finds another request
//! in what the first took for a body (attacks.md S31). hyper mends some of what is wrong before anybody can
//! ask about it. Answer: every byte of HTTP/1 is followed here before hyper sees it; whatever is not exactly
//! RFC 9112 ends the connection with 400. hyper still does the parsing that counts.

mod chunks;
mod head;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use self::chunks::Chunks;
use self::head::Framing;
use crate::connection::MAX_HEAD_BYTES;

/// The longest head that is followed, and as much as hyper is told to take. It gets no byte more: it answers 431 with
/// its buffer full, but looks at that only before it reads on, and what one read brings may well be more.
const MAX_HEAD: usize = MAX_HEAD_BYTES as usize;
/// What an HTTP/2 connection begins with (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The request is not what RFC 9112 says, from the byte on at which it begins or goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    /// How many of the bytes just read may still be handed on.
    pub(crate) good: usize,
    /// Whether it is a body that went wrong: then the request under way ends with it.
    pub(crate) in_body: bool,
}

/// Switches the tap off: what follows is another protocol's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Switch(Arc<AtomicBool>);

impl Switch {
    /// From now on.
    pub(crate) fn off(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Follows the requests of one connection.
#[derive(Debug)]
pub(crate) struct Tap {
    state: State,
    switch: Switch,
}

#[derive(Debug)]
enum State {
    /// Collects a head; `empty` is whether a line end stood before it.
    Head { bytes: Vec<u8>, empty: bool },
    /// HTTP/2 was agreed on; so many bytes of its preface came.
    Preface(usize),
    /// So many bytes of a body are still to come.
    Body(u64),
    /// A body in chunks.
    Chunks(Chunks),
    /// A head with more than is looked at: hyper answers it, and nothing behind it goes on.
    TooLarge,
    /// Nothing is followed any more.
    Off,
    /// It went wrong.
    Broken,
}

impl State {
    const fn head() -> Self {
        Self::Head {
            bytes: Vec::new(),
            empty: false,
        }
    }
}

impl Tap {
    /// A tap on a new connection.
    pub(crate) const fn new(switch: Switch) -> Self {
        Self {
            state: State::head(),
            switch,
        }
    }

    /// A tap where HTTP/2 was agreed on in the handshake: HTTP/1 in its place would go by unfollowed.
    pub(crate) const fn http2(switch: Switch) -> Self {
        Self {
            state: State::Preface(0),
            switch,
        }
    }

    /// Follows the bytes just read.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.switch.0.load(Ordering::Acquire) {
            self.state = State::Off;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let at = bytes.len().saturating_sub(rest.len());
            match self.step(rest) {
                Ok(taken) => rest = rest.get(taken..).unwrap_or_default(),
                Err(good) => {
                    let in_body = matches!(self.state, State::Chunks(_));
                    self.state = State::Broken;
                    return Err(Fault {
                        good: at.saturating_add(good),
                        in_body,
                    });
                }
            }
        }
        Ok(())
    }

    /// How many bytes one step of the way took; or how many are good before it goes wrong.
    fn step(&mut self, rest: &[u8]) -> Result<usize, usize> {
        match &mut self.state {
            State::Off => Ok(rest.len()),
            State::Broken | State::TooLarge => Err(0),
            State::Body(left) => {
                let taken = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left = left.saturating_sub(taken as u64);
                if *left == 0 {
                    self.state = State::head();
                }
                Ok(taken)
            }
            State::Chunks(chunks) => {
                let (taken, over) = chunks.read(rest)?;
                if over {
                    self.state = State::head();
                }
                Ok(taken)
            }
            State::Preface(come) => {
                let expected = PREFACE.get(*come..).unwrap_or_default();
                let taken = rest.len().min(expected.len());
                if rest.get(..taken) != expected.get(..taken) {
                    return Err(0);
                }
                *come = come.saturating_add(taken);
                if *come == PREFACE.len() {
                    self.state = State::Off;
                }
                Ok(taken)
            }
            State::Head { bytes, empty } => {
                let (taken, next) = collect(bytes, empty, rest).ok_or(0_usize)?;
                if let Some(next) = next {
                    self.state = next;
                }
                Ok(taken)
            }
        }
    }
}

/// Adds to a head, byte by byte; gives what comes behind it once it is complete. `None`: it is none.
fn collect(head: &mut Vec<u8>, empty: &mut bool, rest: &[u8]) -> Option<(usize, Option<State>)> {
    let mut taken = 0_usize;
    for byte in rest.iter().copied() {
        taken = taken.saturating_add(1);
        head::may_follow(head, byte).then_some(())?;
        head.push(byte);
        if head.len() == PREFACE.len() && head == PREFACE {
            return Some((taken, Some(State::Off)));
        }
        if head == b"\r\n" {
            // RFC 9112 section 2.2 lets one stand before a request line.
            (!*empty).then_some(())?;
            *empty = true;
            head.clear();
        } else if head.ends_with(b"\r\n\r\n") && !PREFACE.starts_with(head) {
            let next = match head::framing(head)? {
                Framing::None => State::head(),
                Framing::Length(length) => State::Body(length),
                Framing::Chunked => State::Chunks(Chunks::default()),
                Framing::TooLarge => State::TooLarge,
            };
            return Some((taken, Some(next)));
        } else if head.len() >= MAX_HEAD {
            return Some((taken, Some(State::TooLarge)));
        }
    }
    Some((taken, None))
}

#[cfg(test)]
mod tests;
