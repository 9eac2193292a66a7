"""Takes the picture of a preview that the README shows: docs/preview.png."""

import tempfile
from pathlib import Path

from browser import ROOT, chromium, dehusk, opened

PAGE = "corpus/lemonde.fr/article/page.html"


def main():
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "preview.html"
        file.write_bytes(dehusk("preview", PAGE).stdout)
        page = browser.new_page(viewport={"width": 1120, "height": 720})
        opened(page, file.as_uri())
        page.frame_locator("#page").locator("text=Envoyer par Messenger").hover()
        page.screenshot(path=ROOT / "docs/preview.png")


main()
