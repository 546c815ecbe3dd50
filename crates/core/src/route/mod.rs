//! Which guarded API claims a request: hosts, then the longest path, then the method.

mod pattern;
mod table;

pub use pattern::{HostPattern, NotAPattern, PathPattern, PathPrefix};
pub use table::{Found, Table, TableError};
