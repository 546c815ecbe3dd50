//! The one form in which a request is judged *and* forwarded, or the reason why it is refused.
//!
//! Attack: two components that disagree about what the request was (attacks.md S21 to S25). Answer: one
//! canonical path is made before anything is matched; what cannot be made unambiguous is refused, never
//! mended.

mod canonical;
mod host;
mod path;
mod refused;

pub use canonical::{Canonical, MAX_TARGET, Scheme, Target};
pub(crate) use host::parse as parse_host;
pub(crate) use path::{canonical as canonical_path, matched as matched_path};
pub use refused::{Leniency, Oddity, Refused};
