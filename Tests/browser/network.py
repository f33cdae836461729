#!/usr/bin/env python3
"""Look at the drawings of `skiff inspect` and `skiff diff` with a real browser.

    network.py SKIFF [--keep FOLDER]      checks; keeps screenshots where a folder is named

Pages and SVG files of fixtures, one with layers whose names would be markup: each has to show what `--json` says, to load
nothing, to log no error, to be readable (contrast of text, no text over other text) in light and dark, and to work by
keyboard. Needs a Chromium and Python alone.
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from browser import Browser, find  # noqa: E402

FIXTURES = Path(__file__).resolve().parents[2] / "Fixtures"
TORCH = FIXTURES / "torch-basic" / "model.onnx"
HOSTILE = b"<img/src=x:/onerror=alert()>"
LAYER = b"/layer1/layer1.0/conv1/Conv"
checked = 0

# Text over text, by the boxes that the browser laid out.
OVERLAPS = """(root => {
  const boxes = [...document.querySelectorAll(root + " text")].filter(t => t.textContent)
    .map(t => [t.getBoundingClientRect(), t.textContent]).filter(([b]) => b.width > 0);
  const found = [];
  for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
    const [a, b] = [boxes[i][0], boxes[j][0]];
    // Two pixels of every side are leading and no ink.
    if (a.left + 1 < b.right - 1 && b.left + 1 < a.right - 1 && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3)
      found.push(boxes[i][1] + " / " + boxes[j][1]);
  }
  return found;
})"""

# Chips narrower than their text.
SPILLS = """(root => [...document.querySelectorAll(root + " .chip")].map(chip => {
  const text = chip.nextElementSibling;
  if (!text || !text.classList.contains("chip-text")) return null;
  const [a, b] = [chip.getBoundingClientRect(), text.getBoundingClientRect()];
  return b.left < a.left - .5 || b.right > a.right + .5 ? text.textContent : null;
}).filter(text => text))"""

# The least contrast of text in a drawing with what it stands on (WCAG 2.2, 1.4.3).
CONTRAST = """((root, paper) => {
  const parse = color => color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = color => {
    const [r, g, b] = parse(color).map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b;
  };
  let least = 99, worst = "";
  for (const text of document.querySelectorAll(root + " text")) {
    const before = text.previousElementSibling;
    const own = before && !text.classList.contains("small") && ["chip", "stride", "badge", "label-box"].some(c => before.classList.contains(c));
    const under = own ? getComputedStyle(before).fill : paper;
    const [a, b] = [light(getComputedStyle(text).fill), light(under)];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < least) [least, worst] = [ratio, text.textContent];
  }
  return [least, worst];
})"""


def check(condition, text):
    global checked
    checked += 1
    if not condition:
        sys.exit(f"browser: {text}")


def run(skiff, *arguments, status=(0,)):
    done = subprocess.run([skiff, *map(str, arguments)], capture_output=True)
    check(done.returncode in status, f"skiff {arguments[0]}: {done.stdout}{done.stderr}")
    return done.stdout.decode()


def readable(browser, root, name, paper):
    over = browser.evaluate(f"{OVERLAPS}({json.dumps(root)})")
    check(over == [], f"{name}: text over text: {over[:4]}")
    wide = browser.evaluate(f"{SPILLS}({json.dumps(root)})")
    check(wide == [], f"{name}: text is wider than its chip: {wide[:4]}")
    least, worst = browser.evaluate(f"{CONTRAST}({json.dumps(root)}, {json.dumps(paper)})")
    check(least >= 4.5, f"{name}: contrast {least:.2f} of {worst}")


def look(browser, path, keep):
    """What every page and drawing has to be."""
    browser.open(path)
    browser.view(1280, 900)
    check(browser.requests() == ["file://" + str(path)], f"{path.name} requests {browser.requests()}")
    check(browser.complaints() == [], f"{path.name}: {browser.complaints()}")
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 400)):
        browser.view(width, 900, scheme)
        # Drawings follow the window's size.
        browser.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))")
        if path.suffix == ".svg":
            paper = browser.evaluate("getComputedStyle(document.querySelector('.back')).fill")
            readable(browser, "svg", f"{path.name}, {scheme}", paper)
        else:
            wide = browser.evaluate("document.documentElement.scrollWidth")
            check(wide <= width, f"{path.name} is {wide} wide in a window of {width}")
            paper = "rgb(255,255,255)" if scheme == "light" else "rgb(26,33,40)"
            if width > 1000:
                readable(browser, "svg.drawing", f"{path.name}, {scheme}", paper)
            dom = browser.evaluate("document.documentElement.outerHTML")
            check("<img" not in dom and dom.count("<script") <= 2, f"{path.name} has markup that is not its own")
        if keep:
            (keep / f"{path.stem}{path.suffix[1:]}-{scheme}-{width}.png").write_bytes(browser.screenshot(whole=path.suffix != ".svg"))
    browser.view(1280, 900)


def key(browser, name, text=""):
    for kind in ("keyDown", "keyUp"):
        browser.call("Input.dispatchKeyEvent", type=kind, key=name, **({"text": text} if text and kind == "keyDown" else {}))


def operate(browser, report, name):
    """Opening boxes, zooming and searching, by keyboard."""
    def text(selector):
        return browser.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")

    blocks = report["blocks"]
    check(text("#family-name") == [report["family"]["text"]], "the family's name")
    check(text("#block-table tbody .name") == [block["name"] for block in blocks], "the table of blocks")
    labels = browser.evaluate("[...document.querySelectorAll('[data-u]')].map(e => e.getAttribute('aria-label'))")
    for block in blocks:
        check(any(label.startswith(block["name"] + ":") for label in labels), f"no box says {block['name']}")
    check(browser.evaluate("document.querySelectorAll('[data-u][tabindex=\"0\"]').length") == 1, "one box is in the order of focus")
    browser.evaluate("document.querySelector('[data-u][tabindex=\"0\"]').focus()")
    key(browser, "ArrowRight")
    check(browser.evaluate("[...document.querySelectorAll('[data-u]')].indexOf(document.activeElement)") == 1, "arrow keys go on")
    key(browser, "Enter")
    opened = text("#detail h3")
    check(opened == [blocks[0]["name"]], f"Enter opens {opened}")
    rows = text("#detail tbody th")
    check(set(blocks[0]["nodes"]) <= set(rows), "the layers of the opened block")
    check(len(text("#detail figure")) > 0 and browser.evaluate("document.querySelectorAll('#detail .bars').length") > 0,
          "histograms of its weights")
    before = browser.evaluate("document.querySelector('#view svg').getBoundingClientRect().width")
    key(browser, "+", "+")
    check(browser.evaluate("document.querySelector('#view svg').getBoundingClientRect().width") > before * 1.1, "+ zooms")
    key(browser, "0", "0")
    after = browser.evaluate("document.querySelector('#view svg').getBoundingClientRect().width")
    check(abs(after - before) < 2, "0 fits again")
    browser.evaluate(f"find.focus(); find.value = {json.dumps(name)}; find.dispatchEvent(new Event('input'))")
    check(any(name in hit for hit in text("#hits li")), "the search finds a layer by name")
    check(text("#hits img") == [], "a found name became markup")
    key(browser, "ArrowDown")
    key(browser, "Enter")
    check(browser.evaluate("document.querySelector('#detail tr[aria-current] .name').textContent") in text("#detail tbody th"),
          "what was found is marked")
    browser.evaluate("find.focus(); find.value = 'nothing is called so'; find.dispatchEvent(new Event('input'))")
    check(text("#count") == ["0 found"], "the search finds what is not there")


def main():
    skiff = str(Path(sys.argv[1]).resolve())
    keep = Path(sys.argv[3]) if sys.argv[2:3] == ["--keep"] else None
    path = find()
    if not path:
        sys.exit("browser: there is no chromium; SKIFF_BROWSER names one")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data = TORCH.read_bytes()
        # A name of the same length leaves every length in the file as it is.
        name = HOSTILE[:len(LAYER)].ljust(len(LAYER), b"_")
        hostile = folder / "hostile.onnx"
        hostile.write_bytes(data.replace(LAYER, name))
        report = json.loads(run(skiff, "inspect", hostile, "--json", "--flow", "--html", folder / "network.html", "--svg", folder / "network.svg"))
        run(skiff, "diff", "-q", TORCH, hostile, "--html", folder / "same.html", status=(0, 1))
        others = [TORCH, FIXTURES / "mobile-like" / "model.onnx", FIXTURES / "keras2-preact" / "model.h5"]
        drawings = []
        for other in others:
            if other.exists():
                drawings.append(folder / f"{other.parent.name}.svg")
                run(skiff, "inspect", "-q", other, "--svg", drawings[-1])
        run(skiff, "diff", "-q", TORCH, FIXTURES / "keras3-bottleneck" / "model.h5", "--html", folder / "other.html",
            "--svg", folder / "other.svg", status=(1,))
        browser = Browser(path)
        try:
            look(browser, folder / "network.html", keep)
            operate(browser, report, name.decode())
            for file in [folder / "network.svg", folder / "other.svg", *drawings]:
                look(browser, file, keep)
            look(browser, folder / "same.html", keep)
            look(browser, folder / "other.html", keep)
            counts = browser.evaluate("document.querySelectorAll('.row').length")
            check(counts > 0, "the page of a difference has no rows")
        finally:
            browser.close()
    print(f"browser: {checked} checks of drawings hold")


main()
