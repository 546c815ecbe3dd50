"""The search page in a browser: for every screen, without a mouse, without script."""

import re
from pathlib import Path

from chromium import base_url, folder, play

SEARCH = base_url + "/s/search.html"
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
SIZES = ((390, 844), (768, 1024), (1440, 900))
LONG = "Donaudampfschifffahrtsgesellschaft" * 10
# What is looked at, and what its answer is.
PAGES = {
    "start": ("collection=example-push", 200),
    "results": ("collection=example-push&query=collection", 200),
    "everything": ("collection=example-push&query=!padrenull&num_ranks=5&start_rank=6", 200),
    "nothing": (f"collection=example-push&query={LONG}", 200),
    "beyond": ("collection=example-push&query=!padrenull&start_rank=900", 200),
    "unknown": (f"collection=not-here&query={LONG}", 404),
    "no-collection": ("query=bins", 400),
}


def look(browser):
    for is_touched, sizes in ((True, SIZES[:2]), (False, SIZES[2:])):
        context = browser.new_context(has_touch=is_touched)
        look_at_all(context.new_page(), sizes)
        context.close()


def look_at_all(page, sizes):
    wrong = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(f"{request.url}: {request.failure}"))
    page.on("response", lambda answer: wrong.append(answer.url) if not answer.ok else None)
    for name, (query, expected) in PAGES.items():
        url = f"{SEARCH}?{query}"
        assert page.goto(url).status == expected, url
        look_at(page, url)
        for width, height in sizes:
            page.set_viewport_size({"width": width, "height": height})
            widths = page.evaluate(WIDTHS)
            assert widths[0] <= widths[1], (url, width, widths)
            backgrounds = [picture(page, f"{name}-{width}", scheme) for scheme in ("light", "dark")]
            assert backgrounds[0] != backgrounds[1], (url, backgrounds)
        if expected != 200:
            # The answer itself, and what the console says about it.
            mentions = (page.url, f"status of {expected}")
            wrong = [text for text in wrong if not any(said in text for said in mentions)]
        assert not wrong, (url, wrong)


def picture(page, name, scheme):
    """Taken for whoever wants to look at it; the background in it."""
    page.emulate_media(color_scheme=scheme)
    page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def look_at(page, url):
    assert page.title().strip(), url
    assert page.locator("h1").count() == 1, url
    for role in ("link", "button", "searchbox", "textbox"):
        everyone, named = page.get_by_role(role), page.get_by_role(role, name=re.compile(r"\w"))
        assert everyone.count() == named.count(), (url, role)
    assert page.get_by_role("searchbox", name="Search for").count() == 1, url


FOCUS = """() => {
    const element = document.activeElement, style = getComputedStyle(element), box = element.getBoundingClientRect();
    return {
        name: element.textContent.trim() || element.name,
        is_page: element === document.body,
        outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
        is_inside: box.width > 0 && box.top >= 0 && box.left >= 0 &&
            box.bottom <= innerHeight && box.right <= innerWidth,
    };
}"""


def by_keyboard(browser):
    """Everything that can be reached is seen where it is reached."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{SEARCH}?{PAGES['everything'][0]}")
    links = page.get_by_role("link").count()
    reached = []
    for _ in range(links + 2):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        assert not focus["is_page"] and focus["outline"] >= 2 and focus["is_inside"], focus
        reached.append(focus["name"])
    assert reached[:3] == ["Skip to the results", "query", "Search"], reached
    assert len(set(reached)) == links + 2, reached

    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    page.get_by_label("Search for").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("bins")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=1, name="bins").wait_for()
    page.close()


def without_script(browser):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{SEARCH}?collection=example-push")
    page.get_by_label("Search for").fill('"paper and glass"')
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Bin collection days").wait_for()
    page.get_by_role("link", name="Title").click()
    page.get_by_role("link", name="Title").and_(page.locator("[aria-current]")).wait_for()
    page.goto(f"{SEARCH}?collection=example-push&query=!padrenull")
    page.get_by_role("link", name="Next").click()
    page.get_by_role("link", name="Previous").wait_for()
    page.close()


play({"look": look, "by-keyboard": by_keyboard, "without-script": without_script})
