//! The Funnelback dialect's check-list (funnelback.md section 11) over real sockets: the public listener as `doorward
//! serve` puts it together, in front of the search service of the demo.
//!
//! Each test is named after its row: `fb_r01_…`.

mod exchange;
mod first;
mod site;
