//! The Funnelback dialect's check-list (funnelback.md section 11) over real sockets: the public listener as `doorward
//! serve` puts it together, in front of the search service of the demo.
//!
//! Each test is named after its row: `fb_r01_…`.

mod app_tokens;
mod exchange;
mod first;
mod forge;
mod leakage;
mod peers;
mod rights;
mod site;
mod token;
mod token_life;
mod upstream;
