#!/usr/bin/env python3
"""Opens HTML pages in headless Chromium and says what is wrong with them.

    browse.py [--chromium PROGRAM] [--axe axe.min.js] [--pictures FOLDER] [--sort PAGE] [--print] PAGE...

For each page: no script error, no console message, no request for anything but the page itself, no horizontal
overflow at 360, 768 and 1440 px in light and dark, no text cut off or on top of other text in a plot; light on paper
even where the screen is dark; usable without eyes, colours and mouse by the rules of access.js, wide and light, narrow and
dark; with --axe also no violation of WCAG 2.2 A and AA and of axe's best practices, in the same two views.
--sort presses the first sortable heading of that one of the pages and looks whether the rows moved; --print prints to PDF,
which takes as long as everything else. --pictures keeps a PNG of every view and the PDF.

Speaks the DevTools protocol over a pipe, so it needs Python and Chromium alone. Exit 0: nothing wrong; 3: complaints on
standard output, one a line; anything else: the pages could not be looked at."""
import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile

WIDTHS = (360, 768, 1440)

# Boxes of the visible texts of a plot: cut off by the plot's edge, or over each other by more than a hair.
TEXTS = """(() => {
  const wrong = [];
  for (const svg of document.querySelectorAll('svg')) {
    const edge = svg.getBoundingClientRect();
    if (edge.width === 0) continue;
    const boxes = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim())
      .map(t => [t.getBoundingClientRect(), t.textContent.trim()]).filter(([box]) => box.width > 0);
    const name = svg.querySelector('title') ? svg.querySelector('title').textContent : svg.getAttribute('aria-label');
    boxes.forEach(([a, what], i) => {
      if (a.left < edge.left - 1 || a.right > edge.right + 1 || a.top < edge.top - 1 || a.bottom > edge.bottom + 1)
        wrong.push(`text "${what}" is cut off in plot "${name}"`);
      for (const [b, other] of boxes.slice(i + 1)) {
        const x = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const y = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (x > 2 && y > 4) wrong.push(`texts "${what}" and "${other}" overlap in plot "${name}"`);
      }
    });
  }
  return [...new Set(wrong)];
})()"""

OVERFLOW = """(() => {
  const page = document.documentElement, width = window.innerWidth;
  if (page.scrollWidth <= width) return '';
  const wide = [...document.querySelectorAll('body *')].find(e => e.getBoundingClientRect().right > width + 1
    && !e.closest('.scroll'));
  return `the page is ${page.scrollWidth} px wide in a window of ${width} px`
    + (wide ? ': ' + wide.outerHTML.slice(0, 90) : '');
})()"""

SORT = """(async () => {
  const button = document.querySelector('th[aria-sort] button');
  if (!button) return 'no heading of a table can be pressed';
  const heading = button.closest('th'), body = heading.closest('table').tBodies[0];
  const order = () => [...body.rows].map(r => r.textContent).join('|');
  button.click();
  const up = order(), said = heading.getAttribute('aria-sort');
  button.click();
  const down = order();
  if (said === 'none' || heading.getAttribute('aria-sort') === said) return 'aria-sort does not follow the order';
  return body.rows.length > 1 && up === down ? 'pressing a heading does not sort' : '';
})()"""

# Of a page in the dark, as it goes to paper: boxes that would print as dark as the screen.
DARK_ON_PAPER = """(() => {
  const dark = e => {
    const c = getComputedStyle(e).backgroundColor.match(/[0-9.]+/g).map(Number);
    return (c.length < 4 || c[3] > 0.5) && c[0] + c[1] + c[2] < 300;
  };
  const wrong = [...document.querySelectorAll('html, body, body *')].find(e => !e.matches('.swatch') && dark(e));
  return wrong ? 'prints a dark box: ' + wrong.outerHTML.slice(0, 90) : '';
})()"""

ACCESS = pathlib.Path(__file__).with_name("access.js").read_text()

AXE = """axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(
  r => r.violations.map(v => `${v.id}: ${v.help} (${v.nodes.length}; first ${v.nodes[0].html.slice(0, 120)}; `
    + `${(v.nodes[0].any[0] || v.nodes[0].all[0] || v.nodes[0].none[0] || {}).message})`))"""


class Browser:
    """One headless Chromium and the pipe to it."""

    def __init__(self, program, profile):
        from_us, to_us = os.pipe(), os.pipe()

        def connect():  # Chromium reads from 3 and writes to 4
            a, b = os.dup(from_us[0]), os.dup(to_us[1])
            os.dup2(a, 3)
            os.dup2(b, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
             "--remote-debugging-pipe", "--user-data-dir=" + profile],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=connect, close_fds=False)
        os.close(from_us[0])
        os.close(to_us[1])
        self.out, self.into = from_us[1], to_us[0]
        self.rest, self.number, self.session, self.events = b"", 0, None, []

    def read(self):
        while b"\0" not in self.rest:
            part = os.read(self.into, 1 << 16)
            if not part:
                raise RuntimeError("Chromium went away")
            self.rest += part
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        text = json.dumps(request).encode() + b"\0"
        while text:
            text = text[os.write(self.out, text):]
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, address):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.events = []
        self.call("Page.navigate", url=address)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events):
            self.events.append(self.read())
        return target

    def close(self, target):
        self.session = None
        self.call("Target.closeTarget", targetId=target)

    def value(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"].get("exception", answer["exceptionDetails"])))
        return answer["result"].get("value")

    def look(self, width, scheme):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1,
                  mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def quit(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def heard(browser, address):
    """What the page said or asked for, besides itself."""
    for event in browser.events:
        what, more = event.get("method"), event.get("params", {})
        if what == "Runtime.exceptionThrown":
            yield "script error: " + str(more["exceptionDetails"].get("exception", {}).get("description"))
        elif what == "Runtime.consoleAPICalled":
            yield "console: " + str(more["args"])[:200]
        elif what == "Log.entryAdded":
            yield f"{more['entry']['source']} {more['entry']['level']}: {more['entry']['text'][:200]}"
        elif what == "Network.requestWillBeSent":
            url = more["request"]["url"]
            if url != address and not url.startswith("data:"):
                yield "asked for " + url


def check(browser, page, axe, pictures, sort, paper):
    address = page.resolve().as_uri()
    target = browser.open(address)
    name = pictures / (page.parent.name + "-" + page.stem) if pictures else None
    for scheme in ("light", "dark"):
        for width in WIDTHS:
            browser.look(width, scheme)
            where = f"{width} px, {scheme}: "
            wide = browser.value(OVERFLOW)
            if wide:
                yield where + wide
            if scheme == "light":
                yield from (where + text for text in browser.value(TEXTS))
            if name:
                shot = browser.call("Page.captureScreenshot", captureBeyondViewport=True)
                pathlib.Path(f"{name}-{width}-{scheme}.png").write_bytes(base64.b64decode(shot["data"]))
    if sort:
        wrong = browser.value(SORT)
        if wrong:
            yield wrong
    yield from heard(browser, address)
    for scheme, width in (("light", 1440), ("dark", 360)):
        browser.look(width, scheme)
        yield from (f"{width} px, {scheme}: {w}" for w in browser.value(ACCESS))
    # now that everything is open, so are the plots that were folded
    yield from ("unfolded, 360 px: " + text for text in browser.value(TEXTS))
    if axe:
        # pictures of colour are told as well; what axe itself writes to the console is not the page's
        browser.value(axe + "; true")
        for scheme, width in (("light", 1440), ("dark", 360)):
            browser.look(width, scheme)
            yield from (f"{width} px, {scheme}: {v}" for v in browser.value(AXE))
    browser.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    dark = browser.value(DARK_ON_PAPER)
    if dark:
        yield dark
    browser.call("Emulation.setEmulatedMedia", media="", features=[])
    if paper or name:
        pdf = base64.b64decode(browser.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
        if not pdf.startswith(b"%PDF-") or len(pdf) < 5000:
            yield "does not print"
        if name:
            pathlib.Path(f"{name}.pdf").write_bytes(pdf)
    browser.close(target)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--chromium", default="chromium")
    parser.add_argument("--axe", type=pathlib.Path)
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("--sort", type=pathlib.Path)
    parser.add_argument("--print", action="store_true", dest="paper")
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    asked = parser.parse_args()
    axe = asked.axe.read_text() if asked.axe else None
    if asked.pictures:
        asked.pictures.mkdir(parents=True, exist_ok=True)
    wrong = 0
    with tempfile.TemporaryDirectory() as profile:
        browser = Browser(asked.chromium, profile)
        try:
            for page in asked.pages:
                for complaint in check(browser, page, axe, asked.pictures, page == asked.sort, asked.paper):
                    print(f"{page}: {complaint}")
                    wrong += 1
        finally:
            browser.quit()
    return 3 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
