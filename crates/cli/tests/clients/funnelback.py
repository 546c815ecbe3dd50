"""Sessions of `requests` with the Funnelback dialect. Arguments: what to do, base url, username, password, a folder."""

import base64
import faulthandler
import sys

import requests

part, base_url, username, password, _ = sys.argv[1:]

ACCOUNT = base_url + "/admin-api/account/v1/"
COLLECTION = base_url + "/push-api/v2/collections/example-push/"
SEARCH = base_url + "/s/search.json"
COOKIE = "SPRING_SECURITY_REMEMBER_ME_COOKIE"
HEADER = "X-Security-Token"


def new_session():
    session = requests.Session()
    # Neither the machine's proxies nor its netrc.
    session.trust_env = False
    return session


def good(answer):
    """The JSON of an answer that must be good."""
    assert answer.status_code == 200, (answer.url, answer.status_code, answer.text)
    return answer.json()


def sign_in(session):
    """The token of the header; the jar has it too."""
    form = {"username": username, "password": password}
    answer = session.post(ACCOUNT + "login", data=form)
    assert good(answer)["data"] == "Authenticated, see x-security-token."
    token = answer.headers[HEADER]
    assert session.cookies.get(COOKIE, path="/") == token
    [cookie] = session.cookies
    assert not cookie.secure and cookie.has_nonstandard_attr("HttpOnly")
    return token


def found(session, query, **more):
    parameters = {"collection": "example-push", "query": query}
    answer = session.get(SEARCH, params=parameters, **more)
    packet = good(answer)["response"]["resultPacket"]
    return packet["resultsSummary"]["totalMatching"], [hit["liveUrl"] for hit in packet["results"]]


def content(session, key):
    """A document's, as it was pushed."""
    document = good(session.get(COLLECTION + "documents", params={"key": key}))
    assert document["fullKey"] == key, document
    return base64.b64decode(document["pushContent"]["content"]).decode()


def go_through_it_all():
    session = new_session()
    key = "http://example.com/bees"
    assert session.get(ACCOUNT).status_code == 401
    bad = session.post(ACCOUNT + "login", data={"username": username, "password": "wrong"})
    assert bad.status_code == 401 and not session.cookies
    token = sign_in(session)
    assert good(session.get(ACCOUNT))["data"]["id"] == username
    total, _ = found(session, "!padrenull")
    assert total > 20, total

    # By the cookie alone, nobody knows which page asks for a write.
    put = {"url": COLLECTION + "documents", "params": {"key": key}}
    put |= {"data": "<title>On bees</title><p>Zumzumzum.", "headers": {"Content-Type": "text/html"}}
    assert session.put(**put).status_code == 403
    put["headers"][HEADER] = token
    good(session.put(**put))
    assert content(session, key) == put["data"]
    assert good(session.post(COLLECTION + "commit", headers={HEADER: token}))
    assert found(session, "zumzumzum") == (1, [key])

    good(session.post(ACCOUNT + "logout", headers={HEADER: token}))
    assert not session.cookies, session.cookies
    assert session.get(ACCOUNT).status_code == 401
    assert session.put(**put).status_code == 401
    assert session.get(COLLECTION + "state", headers={HEADER: token}).status_code == 401
    # Whoever may search without a name still may.
    assert found(session, "zumzumzum") == (1, [key])


def sign_in_again():
    session = new_session()
    gone = sign_in(session)
    good(new_session().post(ACCOUNT + "logout", headers={HEADER: gone}))
    assert session.get(COLLECTION + "state").status_code == 401
    assert not session.cookies, session.cookies
    token = sign_in(session)
    assert token != gone
    assert good(session.get(ACCOUNT))["data"]["id"] == username
    good(session.get(COLLECTION + "state"))


def send_basic():
    """Who sends the password each time is never asked for it, and gets no cookie."""
    session = new_session()
    session.auth = (username, password)
    keys = [f"http://example.com/{number}" for number in range(100)]
    for key in keys:
        page = f"<title>Page</title><p>Quuxly {key}"
        headers = {"Content-Type": "text/html"}
        good(session.put(COLLECTION + "documents", params={"key": key}, data=page, headers=headers))
    good(session.post(COLLECTION + "commit"))
    total, first = found(session, "quuxly", auth=(username, password))
    assert total == 100 and set(first) <= set(keys), (total, first)
    assert content(session, keys[42]).endswith(keys[42])
    assert not session.cookies, session.cookies
    # The admin API takes no passwords.
    assert session.get(ACCOUNT).status_code == 401
    pools = session.get_adapter(base_url).poolmanager.pools
    counts = [(pool.num_connections, pool.num_requests) for pool in map(pools.get, pools.keys())]
    assert counts == [(1, 104)], counts


# What is never answered has no end of its own; this says where it stood.
faulthandler.dump_traceback_later(180, exit=True)
if part == "go-through-it-all":
    go_through_it_all()
elif part == "sign-in-again":
    sign_in_again()
elif part == "send-basic":
    send_basic()
else:
    raise SystemExit(f"nothing is called {part}")
print("good")
