//! Doorward's rules: who is asking, and may they.
//!
//! Nothing in this crate does I/O, awaits, reads a clock or draws randomness: time and random bytes
//! are arguments. That is what makes every rule here testable with plain values.
//!
//! | Question | Module |
//! | --- | --- |
//! | What did the caller present? | [`credential`] |
//! | Is that secret the stored one? | [`verifier`], [`app_token`], [`digest`] |
//! | Is that token ours, and what does it say? | [`jwt`], [`remember_me`] |
//! | Who is it, resting on what? | [`identity`] |
//! | Is the request one that can be judged? | [`request`] |
//! | Which guarded API claims it? | [`route`], [`api`], [`permission`] |
//! | Where in the account tree may it go? | [`tree`], [`right`] |
//! | What does its upstream never see? | [`strip`] |
//! | How often may one guess? | [`lane`] |

pub mod account;
pub mod address;
pub mod api;
pub mod app_token;
pub mod certificate;
pub mod credential;
pub mod digest;
pub mod document;
pub mod hex;
pub mod id;
pub mod identity;
pub mod jwt;
pub mod lane;
pub mod name;
pub mod permission;
pub mod remember_me;
pub mod request;
pub mod right;
pub mod route;
pub mod secret;
pub mod source;
pub mod spread;
pub mod strip;
pub mod time;
pub mod tree;
pub mod user;
pub mod verifier;
