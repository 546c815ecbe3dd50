"""A browser at the Funnelback dialect: what its cookie is good for, and for whom."""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

from playwright.sync_api import Error

from chromium import base_url, password, play, username

ACCOUNT = "/admin-api/account/v1/"
COLLECTION = "/push-api/v2/collections/example-push/"
SEARCH = base_url + "/s/search.html?collection=example-push"
COOKIE = "SPRING_SECURITY_REMEMBER_ME_COOKIE"

FETCH = """async ([target, options]) => {
    if (options.form) {
        options = {...options, body: new URLSearchParams(options.form)};
    }
    const answer = await fetch(target, options);
    return {status: answer.status, text: await answer.text(), headers: Object.fromEntries(answer.headers)};
}"""


def ask(page, target, **options):
    """What a script of the page is answered."""
    return page.evaluate(FETCH, [target, options])


def status(page, target, **options):
    return ask(page, target, **options)["status"]


def sign_in(page):
    page.goto(SEARCH)
    form = {"username": username, "password": password}
    answer = ask(page, ACCOUNT + "login", method="POST", form=form)
    assert answer["status"] == 200, answer
    return answer["headers"]["x-security-token"]


def document(key):
    return f"{COLLECTION}documents?key={quote(key, safe='')}"


def work(browser):
    # The search page's own policy lets nothing be fetched; an application's page on this origin would have none.
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    token = sign_in(page)
    assert page.evaluate("document.cookie") == ""
    [cookie] = context.cookies()
    fortnight = cookie.pop("expires") - time.time()
    assert abs(fortnight - 1_209_600) < 600, fortnight
    assert cookie == {
        "name": COOKIE,
        "value": token,
        "domain": "127.0.0.1",
        "path": "/",
        "httpOnly": True,
        "secure": False,
        "sameSite": "Lax",
    }, cookie

    named = ask(page, ACCOUNT)
    assert named["status"] == 200 and f'"{username}"' in named["text"], named
    key = "http://example.com/bees"
    put = {"method": "PUT", "body": "<title>On bees</title><p>Zumzumzum."}
    put["headers"] = {"Content-Type": "text/html"}
    assert status(page, document(key), **put) == 200
    assert status(page, COLLECTION + "commit", method="POST") == 200
    page.get_by_label("Search for").fill("zumzumzum")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="On bees").wait_for()
    # Another tab has the same jar.
    other = context.new_page()
    answer = other.goto(base_url + document(key))
    assert answer.status == 200, answer.text()

    assert status(page, ACCOUNT + "logout", method="POST") == 200
    assert context.cookies() == []
    assert status(page, ACCOUNT) == 401
    # Without this the browser would ask for a password, and nobody is there to type one in.
    put["headers"]["X-Requested-With"] = "XMLHttpRequest"
    assert status(page, document(key), **put) == 401
    assert other.goto(base_url + ACCOUNT).status == 401


class Others:
    """Pages of somebody else: on the same host, so of the same site but another origin; and on another site."""

    def __init__(self):
        self.pages = pages = {}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                html = pages.get(self.path)
                self.send_response(200 if html else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((html or "").encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.same_site, self.foreign = [
            f"http://{host}:{self.server.server_port}" for host in ("127.0.0.1", "localhost")
        ]

    def add(self, path, body):
        self.pages[path] = f"<!doctype html><title>Another's</title>{body}"


FORGED = "http://example.com/forged"

# Without a preflight: what a form or a script of any page may send.
SIMPLE = {
    "/put": (COLLECTION + f"documents/content-and-metadata?key={FORGED}", "multipart/form-data"),
    "/commit": (COLLECTION + "commit", "text/plain"),
    "/logout": (ACCOUNT + "logout", "application/x-www-form-urlencoded"),
}


def form(target, encoding):
    """It sends itself."""
    return f"""<form method="post" action="{base_url}{target}" enctype="{encoding}">
        <input name="content" value="forged"><input name="metadata" value="{{}}"></form>
        <script>document.forms[0].submit()</script>"""


def forge(browser):
    context = browser.new_context(bypass_csp=True)
    ours, page = context.new_page(), context.new_page()
    sign_in(ours)
    answers = []

    def at_ours(answer):
        return answer.url.startswith(base_url) and "/s/" not in answer.url

    context.on("response", lambda answer: at_ours(answer) and answers.append(answer))
    others = Others()
    others.add("/", f'<a href="{base_url}{ACCOUNT}">Look</a>')
    for path, (target, encoding) in SIMPLE.items():
        others.add(path, form(target, encoding))
        # A page that does not say where it is: its origin is `null`.
        others.add(path + "/hidden", '<meta name="referrer" content="no-referrer">' + form(target, encoding))

    # From the same site the cookie comes along, and the origin tells; from another site it stays at home.
    for other, refused in ((others.same_site, 403), (others.foreign, 401)):
        for path in [path + hidden for path in SIMPLE for hidden in ("", "/hidden")]:
            with page.expect_response(at_ours) as sent:
                goto_what_leads_away(page, other + path)
            assert sent.value.request.method == "POST", sent.value.request
            assert sent.value.status == refused, (other, path, sent.value.status)
            origin = "null" if path.endswith("/hidden") else other
            assert sent.value.request.all_headers()["origin"] == origin, path
            page.wait_for_load_state()
        forge_by_script(page, other)
        assert {answer.status for answer in answers if answer.request.method == "POST"} == {refused}
        assert not [answer for answer in answers if answer.request.method == "PUT"]
        for answer in answers:
            shared = [name for name in answer.all_headers() if name.startswith("access-control-")]
            assert not shared, (answer.url, shared)
        answers.clear()
    assert status(ours, document(FORGED)) == 404
    assert status(ours, ACCOUNT) == 200

    # Following a link from another site is not writing: the cookie comes along.
    page.goto(others.foreign)
    with page.expect_navigation() as led:
        page.get_by_role("link", name="Look").click()
    assert led.value.status == 200, led.value.text()
    assert led.value.request.all_headers()["sec-fetch-site"] == "cross-site"
    assert led.value.json()["data"]["id"] == username

    # The very same form is taken from a page of ours, if it says where it is: the search page does not.
    html = '<meta name="referrer" content="same-origin">' + form(*SIMPLE["/put"])
    with ours.expect_response(at_ours) as sent:
        ours.evaluate("html => void setTimeout(() => document.write(html))", html)
    assert sent.value.status == 200, sent.value.text()


def goto_what_leads_away(page, url):
    """A form that sends itself may do so before its page is there."""
    try:
        page.goto(url, wait_until="commit")
    except Error as error:
        assert "interrupted" in error.message or "ERR_ABORTED" in error.message, error


def forge_by_script(page, other):
    """A script of the page reads no answer, and cannot even ask for what is no simple request."""
    page.goto(other)
    for target, _ in SIMPLE.values():
        sent = {"method": "POST", "credentials": "include", "body": "content=forged"}
        unread = """([target, options]) => fetch(target, {...options, mode: "no-cors"}).then(a => a.type)"""
        assert page.evaluate(unread, [base_url + target, sent]) == "opaque"
        fails_to_fetch(page, base_url + target, sent)
    fails_to_fetch(page, base_url + ACCOUNT, {"credentials": "include"})
    put = {"method": "PUT", "credentials": "include", "body": "forged"}
    fails_to_fetch(page, base_url + document(FORGED), put)
    token = {"credentials": "include", "headers": {"X-Security-Token": "x"}}
    fails_to_fetch(page, base_url + ACCOUNT, token)


def fails_to_fetch(page, target, options):
    try:
        answer = ask(page, target, **options)
    except Error as error:
        assert "Failed to fetch" in error.message, error
    else:
        raise AssertionError(f"{target} was read: {answer}")


class Dialogs:
    """What a browser would ask its user a password for, and what the user does."""

    def __init__(self, page):
        self.asked, self.answer = [], {"response": "CancelAuth"}
        self.session = page.context.new_cdp_session(page)
        self.session.on("Fetch.requestPaused", self.go_on)
        self.session.on("Fetch.authRequired", self.ask)
        self.session.send("Fetch.enable", {"handleAuthRequests": True})

    def go_on(self, event):
        self.session.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    def ask(self, event):
        self.asked.append(event["request"]["url"].removeprefix(base_url))
        answer = {"requestId": event["requestId"], "authChallengeResponse": self.answer}
        self.session.send("Fetch.continueWithAuth", answer)

    def take(self):
        asked, self.asked = self.asked, []
        return asked


def challenge(browser):
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.goto(SEARCH)
    dialogs, state = Dialogs(page), COLLECTION + "state"
    assert status(page, state) == 401
    assert dialogs.take() == [state]
    # A script that says it is one asks its user itself.
    answer = ask(page, state, headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer["status"] == 401
    assert "basic" not in answer["headers"].get("www-authenticate", "").lower(), answer
    # Nor is there a dialog where no password is taken.
    assert status(page, ACCOUNT) == 401
    wrong = {"username": username, "password": "wrong"}
    assert status(page, ACCOUNT + "login", method="POST", form=wrong) == 401
    assert page.goto(base_url + ACCOUNT).status == 401
    assert dialogs.take() == []

    # Who types it in is let in, and the browser sends it along from then on.
    dialogs.answer = {"response": "ProvideCredentials", "username": username, "password": password}
    assert page.goto(base_url + state).status == 200
    assert dialogs.take() == [state]
    assert status(page, state) == 200
    assert dialogs.take() == [] and context.cookies() == []


play({"work": work, "forge": forge, "challenge": challenge})
