//! The Crossbar dialect's sign-in from outside: one test for each row of its check-list that is due
//! (crossbar.md section 16), and what attackers and unlucky clients do.
//!
//! A state that a row only presupposes is set through the engine; what the row is about goes over the
//! wire.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail the test"
)]

mod support;

mod account_keys;
mod accounts;
mod api_key;
mod auth_resource;
mod basic;
mod below;
mod bounds;
mod envelope;
mod family;
mod forged;
mod generations;
mod guessing;
mod hang_up;
mod impersonation;
mod lists;
mod order;
mod parallel;
mod phone_numbers;
mod role_resource;
mod roles;
mod roles_in_force;
mod security;
mod shape;
mod sign_in;
mod sign_in_refused;
mod token_life;
mod token_place;
mod tokens;
mod transport;
mod tree;
mod user_level;
mod users;
mod users_refused;
