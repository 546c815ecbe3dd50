//! One configuration after another: table and upstreams change together.

use doorward_core::api::{Accept, AcceptMethod, Api};
use doorward_core::route::Table;
use doorward_engine::Guarded;
use doorward_gateway::upstream::UpstreamSettings;

use crate::support::{Seen, answers, door, upstream};

const FIRST: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nfirst";
const SECOND: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond";

fn asked(seen: &Seen) -> usize {
    seen.lock().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_goes_where_the_table_says_by_which_it_was_judged() {
    let (one, first) = upstream(answers(FIRST)).await;
    let (two, second) = upstream(answers(SECOND)).await;
    let door = door(&[&one]).await;
    let accept = Accept::new(vec![vec![AcceptMethod::Token]]).unwrap();
    let mut api = Api::new("renamed", door.app.account("A").id, accept);
    api.paths = vec!["/a/".parse().unwrap()];
    api.upstream = Some("other".into());
    let urls = vec![two.parse().unwrap()];
    let settings = UpstreamSettings::new("other", urls);
    let extension = Some(door.guard.guard([&api], vec![settings]));
    let answer = door.ask("GET /a/x", "").await;
    assert!(
        answer.ends_with("first"),
        "ready, but not in force: {answer}"
    );
    door.app.engine.guard(Guarded {
        table: Table::new(vec![api]).unwrap(),
        extension,
        ..Guarded::default()
    });
    let answer = door.ask("GET /a/x", "").await;
    assert!(answer.ends_with("second"), "{answer}");
    assert_eq!((asked(&first), asked(&second)), (1, 1));
}
