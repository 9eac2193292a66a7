"""The command and the browser that looks at what it writes."""

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEHUSK = os.environ.get("DEHUSK", str(ROOT / "target/debug/dehusk"))
CHROMIUM = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None
)
# Nothing but what the page asks for goes over the network.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Nobody's own rules.
ENVIRONMENT = {**os.environ, "XDG_CONFIG_HOME": "/nonexistent"}


def dehusk(*arguments, **options):
    """Runs the command in the repository."""
    words = [DEHUSK, *map(str, arguments)]
    return subprocess.run(words, cwd=ROOT, env=ENVIRONMENT, check=True, capture_output=True, **options)


@contextmanager
def serving(*arguments):
    """A server of previews: its address."""
    words = [DEHUSK, "preview", "--serve", "--port", "0", *map(str, arguments)]
    server = subprocess.Popen(
        words, cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(10)


@contextmanager
def chromium():
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def opened(page, address):
    """A preview, when its marks are drawn."""
    page.goto(address)
    page.wait_for_selector("html[data-ready]", state="attached")
    return page
