use super::*;
use crate::api::{Accept, AcceptMethod, Demand};
use crate::id::AccountId;
use crate::request::{Scheme, Target};
use proptest::prelude::*;

fn api(name: &str, hosts: &[&str], paths: &[&str], methods: &[&str]) -> Api {
    Api {
        hosts: hosts.iter().map(|host| host.parse().unwrap()).collect(),
        paths: paths.iter().map(|path| path.parse().unwrap()).collect(),
        methods: methods_of(methods),
        ..Api::new(
            name,
            AccountId::new([1; 16]),
            Accept::new(vec![vec![AcceptMethod::Token]]).unwrap(),
        )
    }
}

fn methods_of(methods: &[&str]) -> Option<Vec<Method>> {
    let methods = methods.iter().map(|method| method.parse().unwrap());
    Some(methods.collect::<Vec<Method>>()).filter(|methods| !methods.is_empty())
}

fn rule(methods: &[&str], path: &str) -> Rule {
    Rule {
        methods: methods_of(methods),
        path: path.parse().unwrap(),
        permission: "push.read".parse().unwrap(),
        resource: None,
    }
}

fn asked(method: &str, host: &str, path: &str) -> Canonical {
    Canonical::new(Target {
        method: &method.parse().unwrap(),
        scheme: Scheme::Http,
        host,
        path_and_query: path,
    })
    .unwrap()
}

fn name<'t>(table: &'t Table, method: &str, host: &str, path: &str) -> &'t str {
    match table.find(&asked(method, host, path)) {
        Found::Api(api) => &api.name,
        Found::OtherMethods(_) => "405",
        Found::Nothing => "-",
    }
}

#[test]
fn the_most_specific_claim_decides() {
    let table = Table::new(vec![
        api("any", &[], &["/"], &[]),
        api("push", &[], &["/push-api/"], &[]),
        api("news", &[], &["/push-api/v1/news"], &["GET"]),
        api("host", &["api.example.com"], &["/"], &[]),
        api("below", &["*.example.com"], &["/"], &[]),
        api("deep", &["*.deep.example.com"], &["/x"], &[]),
    ])
    .unwrap();
    assert_eq!(name(&table, "GET", "h", "/push-api/v1"), "push");
    assert_eq!(name(&table, "GET", "h", "/push-api"), "any");
    assert_eq!(name(&table, "GET", "h", "/push-api/v1/news"), "news");
    assert_eq!(name(&table, "GET", "h", "/push-api/v1/news/1"), "news");
    assert_eq!(name(&table, "GET", "h", "/push-api/v1/newsx"), "push");
    assert_eq!(name(&table, "PUT", "h", "/push-api/v1/news"), "405");
    assert_eq!(
        name(&table, "GET", "API.example.com:80", "/push-api/x"),
        "host"
    );
    assert_eq!(name(&table, "GET", "b.example.com", "/x"), "below");
    assert_eq!(name(&table, "GET", "b.deep.example.com", "/x"), "deep");
    assert_eq!(name(&table, "GET", "b.deep.example.com", "/y"), "below");
    assert_eq!(name(&table, "GET", "example.com", "/x"), "any");
    let none = Table::default();
    assert_eq!(name(&none, "GET", "h", "/"), "-");
}

#[test]
fn atk_s27_a_path_is_matched_with_regard_to_case_with_and_without_escapes() {
    let table = Table::new(vec![api("a", &[], &["/Admin/"], &[])]).unwrap();
    assert_eq!(name(&table, "GET", "h", "/%41dmin/x"), "a");
    assert_eq!(name(&table, "GET", "h", "/admin/x"), "-");
    assert_eq!(name(&table, "GET", "h", "/%61dmin/x"), "-");
}

#[test]
fn atk_s27_no_escape_passes_by_a_rule_or_an_api() {
    let mut strict = rule(&[], "/v1/users:search");
    strict.permission = "admin.read".parse().unwrap();
    let mut named = rule(&[], "/v1/shops/{shop}/**");
    named.resource = Some("shop".to_owned());
    let open = Api {
        rules: vec![strict, named],
        ..api("open", &[], &["/v1/"], &[])
    };
    for path in [
        "/v1/users:search",
        "/v1/users%3Asearch",
        "/v1/%75sers%3asearch",
    ] {
        let request = asked("GET", "h", path);
        let permission = open.demand(&request).permission;
        assert_eq!(permission.unwrap().as_str(), "admin.read", "{path}");
    }
    for path in ["/v1/shops/a@b/x", "/v1/shops/a%40b/x"] {
        let request = asked("GET", "h", path);
        assert_eq!(
            open.demand(&request).resource.as_deref(),
            Some("a@b"),
            "{path}"
        );
    }
    let table = Table::new(vec![open, api("me", &[], &["/v1/%40me/"], &[])]).unwrap();
    for path in ["/v1/@me/x", "/v1/%40me/x"] {
        assert_eq!(name(&table, "GET", "h", path), "me", "{path}");
    }
    assert_eq!(name(&table, "GET", "h", "/v1/%2540me/x"), "open");
}

#[test]
fn atk_s30_methods_are_judged_as_sent() {
    let table = Table::new(vec![api("a", &[], &["/"], &["GET"])]).unwrap();
    for method in ["HEAD", "OPTIONS", "get", "BREW"] {
        assert_eq!(name(&table, method, "h", "/"), "405", "{method}");
    }
}

#[test]
fn a_table_that_cannot_be_right_is_refused() {
    let same = Table::new(vec![
        api("a", &[], &["/a"], &[]),
        api("a", &[], &["/b"], &[]),
    ]);
    assert_eq!(same.unwrap_err(), [TableError::SameName("a".to_owned())]);
    let claim = Table::new(vec![
        api("a", &[], &["/a"], &["GET", "PUT"]),
        api("b", &[], &["/%61"], &["PUT"]),
        api("c", &[], &["/a"], &["POST"]),
    ]);
    let expected = TableError::SameClaim("a".to_owned(), "b".to_owned());
    assert_eq!(claim.unwrap_err(), [expected]);
}

#[test]
fn atk_s29_a_rule_that_can_never_match_is_refused() {
    let cases = [
        vec![rule(&["PUT"], "/p/a")],
        vec![rule(&[], "/other/**")],
        vec![rule(&[], "/p/**"), rule(&["GET"], "/p/{x}")],
        vec![rule(&["GET", "HEAD"], "/p/{x}"), rule(&["GET"], "/p/a")],
    ];
    for rules in cases {
        let last = rules.len();
        let api = Api {
            rules,
            ..api("a", &[], &["/p/"], &["GET", "HEAD"])
        };
        let errors = Table::new(vec![api]).unwrap_err();
        assert!(
            matches!(errors.as_slice(), [TableError::NeverMatches { rule, .. }] if *rule == last),
            "{errors:?}"
        );
    }
    let fine = Api {
        rules: vec![
            rule(&["GET"], "/p/a"),
            rule(&[], "/p/{x}"),
            rule(&[], "/p/**"),
        ],
        ..api("a", &[], &["/p/"], &[])
    };
    assert!(Table::new(vec![fine]).is_ok());
}

#[test]
fn the_first_rule_that_matches_says_what_is_demanded() {
    let mut write = rule(&["PUT"], "/p/{collection}/**");
    write.permission = "push.write".parse().unwrap();
    write.resource = Some("collection".to_owned());
    let api = Api {
        rules: vec![write, rule(&["GET"], "/p/**")],
        ..api("a", &[], &["/p/"], &[])
    };
    let demand = |method, path| -> Demand<'_> { api.demand(&asked(method, "h", path)) };
    let put = demand("PUT", "/p/news/1");
    assert_eq!(put.permission.unwrap().as_str(), "push.write");
    assert_eq!(put.resource.as_deref(), Some("news"));
    assert_eq!(
        demand("GET", "/p/news").permission.unwrap().as_str(),
        "push.read"
    );
    assert_eq!(demand("POST", "/p/news").permission, None);
}

#[test]
fn a_long_path_is_looked_up_no_further_than_the_longest_prefix() {
    let path = "/a".repeat(4000);
    let looked_up: Vec<&str> = prefixes(&path, 4).collect();
    assert_eq!(looked_up, ["/a/a/", "/a/a", "/a/", "/a", "/"]);
    assert_eq!(prefixes("/ab/c", 2).collect::<Vec<_>>(), ["/"]);
    assert_eq!(prefixes("/ab", 3).collect::<Vec<_>>(), ["/ab", "/"]);
    assert_eq!(prefixes("/", 0).collect::<Vec<_>>(), ["/"]);
}

/// What the table must do, said as simply as it can be.
fn naive<'a>(apis: &'a [Api], request: &Canonical) -> Option<Vec<&'a str>> {
    let host_rank = |host: &HostPattern| match host {
        HostPattern::Exact(name) => (name == request.host()).then_some(1000),
        HostPattern::Below(name) => request
            .host()
            .ends_with(&format!(".{name}"))
            .then_some(name.len()),
    };
    let mut claims = Vec::new();
    for api in apis {
        let mut ranks: Vec<usize> = api.hosts.iter().filter_map(host_rank).collect();
        if api.hosts.is_empty() {
            ranks.push(0);
        }
        for rank in ranks {
            for prefix in api
                .paths
                .iter()
                .filter(|prefix| prefix.claims(request.matched()))
            {
                claims.push(((rank, prefix.as_str().len()), api));
            }
        }
    }
    let best = claims.iter().map(|(rank, _)| *rank).max()?;
    let group = claims.iter().filter(|(rank, _)| *rank == best);
    let knowing = group.filter(|(_, api)| knows(api.methods.as_deref(), request.method()));
    Some(knowing.map(|(_, api)| &*api.name).collect())
}

fn agrees(apis: Vec<Api>, request: &Canonical) {
    let expected =
        naive(&apis, request).map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let Ok(table) = Table::new(apis) else { return };
    match (table.find(request), expected) {
        (Found::Nothing, None) => {}
        (Found::OtherMethods(_), Some(names)) => assert!(names.is_empty(), "{names:?}"),
        (Found::Api(api), Some(names)) => assert_eq!(names, [&*api.name]),
        (found, expected) => panic!("{found:?} {expected:?}"),
    }
}

#[test]
fn atk_s28_a_large_table_finds_what_a_naive_one_does() {
    for count in [1, 100, 101, 10_000] {
        let apis: Vec<Api> = (0..count)
            .map(|n| {
                let (host, path) = (format!("H{}.example.com", n % 150), format!("/a{n}/"));
                api(&format!("n{n}"), &[&host], &[&path], &[])
            })
            .collect();
        let last = count - 1;
        let host = format!("h{}.EXAMPLE.com", last % 150);
        let request = asked("GET", &host, &format!("/a{last}/x"));
        assert_eq!(
            naive(&apis, &request),
            Some(vec![format!("n{last}").as_str()])
        );
        agrees(apis, &request);
    }
}

proptest! {
    #[test]
    fn the_compiled_table_finds_what_a_naive_one_does(
        specs in proptest::collection::vec(
            (proptest::sample::subsequence(vec!["a.x", "*.x", "*.b.x", "x"], 0..3),
             proptest::sample::subsequence(vec!["/", "/a", "/a/", "/a/b", "/a/b/", "/ab"], 1..3),
             proptest::sample::subsequence(vec!["GET", "PUT"], 0..2)),
            0..6),
        method in proptest::sample::select(vec!["GET", "PUT", "HEAD"]),
        host in proptest::sample::select(vec!["a.x", "b.x", "c.b.x", "x", "y"]),
        path in "/(a|ab|b)?(/(a|b)?){0,9}",
    ) {
        let apis: Vec<Api> = specs
            .iter()
            .enumerate()
            .map(|(n, (hosts, paths, methods))| api(&format!("n{n}"), hosts, paths, methods))
            .collect();
        agrees(apis, &asked(method, host, &path));
    }
}

/// RFC 9110 section 9.3.2 makes HEAD a GET without a body; a rule says what it says.
#[test]
fn a_rule_for_get_is_none_for_head() {
    let mut api = api("a", &[], &["/"], &[]);
    api.permission = Some("x.read".parse().unwrap());
    api.rules = vec![rule(&["GET"], "/secret/**")];
    for (method, permission) in [
        ("GET", "push.read"),
        ("HEAD", "x.read"),
        ("OPTIONS", "x.read"),
        ("get", "x.read"),
        ("BREW", "x.read"),
    ] {
        let request = asked(method, "h", "/secret/1");
        let demanded = api.demand(&request).permission;
        assert_eq!(demanded.unwrap().as_str(), permission, "{method}");
    }
    api.methods = Some(vec![Method::GET]);
    let table = Table::new(vec![api]).unwrap();
    let head = asked("HEAD", "h", "/secret/1");
    assert!(matches!(table.find(&head), Found::OtherMethods(_)));
}
