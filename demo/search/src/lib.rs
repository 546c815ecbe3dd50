//! A small search service with the shapes of Funnelback's push and public APIs.
//!
//! It is the upstream of Doorward's demo and knows nothing of Doorward, of users or of credentials: whatever arrives
//! is done. Documents are put, looked at and taken away under `/push-api/v1` and `/push-api/v2`; `/s/` answers
//! searches as a page, as JSON and as XML. They are kept in one SQLite file.
//!
//! ```no_run
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use doorward_demo_search::{SearchService, Settings};
//! use tokio::net::TcpListener;
//! use tokio_util::sync::CancellationToken;
//!
//! let service = SearchService::open("data".as_ref(), Settings::default()).await?;
//! let listener = TcpListener::bind("127.0.0.1:0").await?;
//! service.serve(listener, CancellationToken::new()).await;
//! # Ok(())
//! # }
//! ```

mod app;
mod clock;
mod collection;
mod date;
mod extract;
mod http;
mod index;
mod key;
mod params;
mod push;
mod search;
pub mod seed;
mod service;
mod suggest;
mod terms;

pub use app::Settings;
pub use collection::{Collection, CollectionName, Push};
pub use service::{OpenError, SearchService};
