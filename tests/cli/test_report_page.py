# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The bulla authors

"""The page of audit report as a browser shows it: a screenshot has the plots in their colours, light and dark, and names
that are markup are text. Chromium, without a window; skipped where it is not there."""

import shutil
import struct
import subprocess
import time
import zlib

from command import Skip, run_tests, test
from records import DAY, HOUR, use, write

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTH, HEIGHT = 700, 1000
LIGHT = {"opened": "2f6fde", "changed": "8d99ad", "refused": "d8452e", "page": "ffffff"}
DARK = {"opened": "6ba3ff", "changed": "77839a", "refused": "ff7a62", "page": "12161d"}
SCRIPT = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"


def browse(box, name, *options):
    """Starts the browser on page.html, with a folder of its own."""
    return subprocess.Popen([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
                             "--disable-background-networking", "--disable-dev-shm-usage", f"--user-data-dir={box.path(name)}",
                             f"--window-size={WIDTH},{HEIGHT}", *options, box.path("page.html").as_uri()],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def unfilter(kind, line, above, size):
    """Undoes what PNG (RFC 2083, section 6) does to a line of pixels of |size| bytes."""
    if kind == 2:
        return bytearray((x + y) & 255 for x, y in zip(line, above))
    for i in range(len(line)) if kind else ():
        left = line[i - size] if i >= size else 0
        corner = above[i - size] if i >= size else 0
        guess = left + above[i] - corner
        paeth = min((left, above[i], corner), key=lambda value: abs(guess - value))
        line[i] = (line[i] + (left, 0, (left + above[i]) // 2, paeth)[kind - 1]) & 255
    return line


def colours(png):
    """How many pixels of each colour a picture has."""
    at, data, counts = 8, b"", {}
    while at < len(png):
        length, = struct.unpack(">I", png[at:at + 4])
        if png[at + 4:at + 8] == b"IHDR":
            width, height, depth, kind = struct.unpack(">IIBB", png[at + 8:at + 18])
        data += png[at + 8:at + 8 + length] if png[at + 4:at + 8] == b"IDAT" else b""
        at += length + 12
    assert depth == 8 and kind in (2, 6), (depth, kind)
    size, lines = 3 if kind == 2 else 4, zlib.decompress(data)
    above = bytearray(width * size)
    for row in range(height):
        start = row * (width * size + 1)
        above = unfilter(lines[start], bytearray(lines[start + 1:start + 1 + width * size]), above, size)
        text = above.hex()
        for i in range(0, len(text), 2 * size):
            counts[text[i:i + 6]] = counts.get(text[i:i + 6], 0) + 1
    return counts


@test
def a_browser_shows_the_plots_and_runs_nothing(box):
    if BROWSER is None:
        raise Skip("chromium is not installed")
    box.run("put", "acme/db", "host=1")
    now = int(time.time())
    write(box, *(use(now - day * DAY, f"job {day % 3}", f"acme/entry {day % 4}", times=day) for day in range(20, 0, -1)),
          use(now - 3 * HOUR, SCRIPT, "acme/guess", "not-found", SCRIPT, times=9), use(now - HOUR, "x", outcome="canary"))
    box.run("audit", "report", "--html", "page.html")
    runs = [browse(box, "a", "--dump-dom"), browse(box, "b", f"--screenshot={box.path('light.png')}"),
            browse(box, "c", f"--screenshot={box.path('dark.png')}", "--blink-settings=preferredColorScheme=0")]
    dom = runs[0].communicate(timeout=60)[0].decode()
    assert all(run.wait(timeout=60) == 0 for run in runs), [run.returncode for run in runs]
    assert "<title>Audit report</title>" in dom and "CANARY" in dom and "&lt;script&gt;document.title=" in dom, dom
    assert dom.count("<figure id=") == 3 and "<script" not in dom and "<img" not in dom, dom
    for name, wanted in (("light.png", LIGHT), ("dark.png", DARK)):
        seen = colours(box.path(name).read_bytes())
        of_kind = {kind: seen.get(colour, 0) for kind, colour in wanted.items()}
        # More than the legends alone, which have about 190 of each.
        least = {"page": 200_000, "opened": 4_000, "refused": 1_500, "changed": 220}
        assert all(of_kind[kind] > num for kind, num in least.items()), (name, of_kind)


run_tests()
