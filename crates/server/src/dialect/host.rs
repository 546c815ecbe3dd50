//! Which hosts the dialect answers on.

use http::{HeaderMap, Uri, header};

/// Whether the request is for one of the hosts; all hosts if none is listed.
pub(crate) fn is_one_of(hosts: &[String], uri: &Uri, headers: &HeaderMap) -> bool {
    if hosts.is_empty() {
        return true;
    }
    let header = headers.get(header::HOST);
    let named = match (uri.authority(), header.map(|host| host.to_str())) {
        (Some(authority), _) => authority.as_str(),
        (None, Some(Ok(host))) => host,
        _ => return false,
    };
    let name = match named.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => named,
    };
    // The root's dot names the same host, and guarded APIs are found without it.
    let name = name.strip_suffix('.').unwrap_or(name);
    hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_host(hosts: &[&str], host: &str) -> bool {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let request = http::Request::builder().header("host", host);
        let (head, ()) = request.body(()).unwrap().into_parts();
        is_one_of(&hosts, &head.uri, &head.headers)
    }

    #[test]
    fn hosts_are_compared_without_port_and_case() {
        assert!(is_host(&[], "anything"));
        assert!(is_host(&["api.example.com"], "API.example.com:8000"));
        assert!(is_host(&["[::1]"], "[::1]:8000"));
        assert!(is_host(&["[::1]"], "[::1]"));
        assert!(is_host(&["api.example.com"], "api.example.com."));
        assert!(is_host(&["api.example.com"], "Api.Example.Com.:443"));
        assert!(!is_host(&["api.example.com"], "api.example.com.."));
        assert!(!is_host(&["api.example.com"], "example.com"));
    }
}
