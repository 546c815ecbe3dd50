//! Secrets in configurations: where they may stand, and that nobody is shown them.

use std::path::Path;

use doorward::config::{MasterKey, StoreUrl};

use crate::{Case, SECRET};

#[test]
fn secrets_are_masked_in_show_debug_and_problems() {
    let url = format!("postgres://u:{SECRET}@h/d");
    let loaded = Case::new(&format!("[store]\nurl = '{url}'\nfeed_url = '{url}'"))
        .env("DOORWARD_MASTER_KEY", SECRET)
        .load()
        .unwrap();
    let shown = format!("{}{loaded:?}", loaded.show());
    assert!(!shown.contains(SECRET), "{shown}");
    assert!(
        shown.contains("url = \"postgres://u:***@h/d\" # from file"),
        "{shown}"
    );
    for wrong in [
        format!("'mysql://u:{SECRET}@h/d'"),
        format!("['{SECRET}']"),
        format!("'{SECRET}'"),
    ] {
        let said = Case::new(&format!("[store]\nurl = {wrong}\nfeed_url = {wrong}")).problems();
        assert!(!said.concat().contains(SECRET), "{said:?}");
    }
    let said = Case::new("").env("DOORWARD_STORE__URL", SECRET).problems();
    assert!(!said.concat().contains(SECRET), "{said:?}");
}

#[test]
fn a_secret_can_stand_in_a_file_named_by_the_environment() {
    let case = Case::new("");
    let path = case.folder.path().join("url");
    std::fs::write(&path, "postgres://u:p@h/d\n").unwrap();
    let case = case.env("DOORWARD_STORE__URL_FILE", path.to_str().unwrap());
    assert_eq!(
        case.settings().store.url,
        StoreUrl::parse("postgres://u:p@h/d").unwrap()
    );
    let case = case.env("DOORWARD_STORE__URL", "sqlite:x");
    assert!(
        case.problems()
            .concat()
            .contains("is set as well; set only one of them")
    );
    let said = Case::new("")
        .env("DOORWARD_STORE__URL_FILE", "/nonexistent")
        .problems();
    assert!(
        said.concat()
            .starts_with("environment DOORWARD_STORE__URL_FILE: store.url: cannot read")
    );
    let said = Case::new("")
        .env("DOORWARD_HASH__TIME_FILE", "/x")
        .problems();
    assert!(said.concat().contains("unknown variable"), "{said:?}");
}

#[test]
fn the_master_key_comes_from_one_place() {
    let text = Case::new("").env("DOORWARD_MASTER_KEY", "k");
    assert!(matches!(text.settings().master_key, MasterKey::Text(_)));
    let file = Case::new("").env("DOORWARD_MASTER_KEY_FILE", "/run/key");
    assert!(matches!(file.settings().master_key, MasterKey::File(p) if p == Path::new("/run/key")));
    let both = file.env("DOORWARD_MASTER_KEY", "k");
    assert!(
        both.problems()
            .concat()
            .contains("DOORWARD_MASTER_KEY is set as well")
    );
}
