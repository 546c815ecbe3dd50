"""Debian's Chromium for the scripts beside this one. Their arguments: what to do, base url, username, password, a
folder."""

import faulthandler
import sys

from playwright.sync_api import sync_playwright

part, base_url, username, password, folder = sys.argv[1:]

# The pages are our own, and root has no sandbox. Nothing but our pages is to be asked for.
SWITCHES = """--no-sandbox --disable-gpu --disable-quic --disable-dev-shm-usage --no-first-run --no-proxy-server
--disable-background-networking --disable-component-update --disable-sync""".split()


def play(parts):
    """The part that is asked for, which says that all is good if it is."""
    # What waits for ever in a page has no end of its own; this says where it stood.
    faulthandler.dump_traceback_later(180, exit=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        parts[part](chromium)
        chromium.close()
    print("good")
