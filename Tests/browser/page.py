#!/usr/bin/env python3
"""Look at the pages of `skiff verify --html` with a real browser.

    page.py SKIFF [--keep FOLDER]      checks; keeps screenshots where a folder is named
    page.py --found                    whether there is a browser

Three pages: a network against a copy of itself with other padding in one convolution, whose layers have names that
would be markup; one against what its framework recorded; one against itself. Each has to show what `--json` says, to
load nothing, to log no error, and not to be blank. Needs a Chromium and Python alone.
"""
import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
from browser import Browser, find, pixels  # noqa: E402

FIXTURES = Path(__file__).resolve().parents[2] / "Fixtures"
TORCH = FIXTURES / "torch-basic" / "model.onnx"
HOSTILE = b"<img/src=x:/onerror=alert()>"
LAYER = b"/layer1/layer1.0/conv1/Conv"
checked = 0


def check(condition, text):
    global checked
    checked += 1
    if not condition:
        sys.exit(f"browser: {text}")


def hostile_copy(path):
    """The network with a layer, and the value it gives, whose name would be markup."""
    data = TORCH.read_bytes()
    # A name of the same length leaves every length in the file as it is.
    name = HOSTILE[:len(LAYER)].ljust(len(LAYER), b"_")
    check(LAYER in data and len(name) == len(LAYER), "the fixture has no such layer")
    path.write_bytes(data.replace(LAYER, name))
    return name.decode()


def changed_copy(path, source):
    """A network with another side padded in one convolution."""
    data = source.read_bytes()
    # An attribute: its name, four integers of one, its type. The other padding gives the same extents.
    pads = b"\x0a\x04pads" + b"\x40\x01" * 4
    places = [place for place in range(len(data)) if data.startswith(pads, place)]
    check(len(places) >= 3, "the fixture has no paddings to change")
    place = places[2] + 6
    data = data[:place] + b"\x40\x00\x40\x00\x40\x02\x40\x02" + data[place + 8:]
    path.write_bytes(data)


def run(skiff, page, *arguments):
    """The object of `--json`, with the page written."""
    done = subprocess.run([skiff, "verify", *map(str, arguments), "--json", "--html", str(page)], capture_output=True)
    check(done.returncode in (0, 1), f"skiff verify fails: {done.stdout}{done.stderr}")
    return json.loads(done.stdout), done.returncode


def text(browser, selector):
    return browser.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")


def look(browser, path, report, keep):
    """What every page has to be."""
    source = path.read_text(encoding="utf-8")
    check("://" not in source, f"{path.name} names an address")
    browser.open(path)
    browser.view(1280, 900)
    check(browser.requests() == ["file://" + str(path)], f"{path.name} requests {browser.requests()}")
    check(browser.complaints() == [], f"{path.name}: {browser.complaints()}")
    dom = browser.evaluate("document.documentElement.outerHTML")
    check(dom.count("<script") == 1 and "<img" not in dom, f"{path.name} has markup that is not its own")
    check(text(browser, "#verdict") == [report["verdict"]], f"{path.name}: the verdict is not {report['verdict']}")
    check(text(browser, "h1") == ["Parity" if report["passed"] else "No parity"], f"{path.name}: title")
    shown = browser.evaluate("[...document.querySelectorAll('#table tbody th .name')].map(e => e.textContent)")
    check(sorted(shown) == sorted(value["name"] for value in report["values"]), f"{path.name}: values in the table")
    verdicts = browser.evaluate("[...document.querySelectorAll('#table tbody tr')].map(e => e.dataset.v)")
    check(Counter(verdicts) == Counter(value["verdict"] for value in report["values"]), f"{path.name}: verdicts")
    for explanation in report["explanations"]:
        check(any(explanation["sentence"] in found for found in text(browser, "#causes .sentence")), "an explanation")
    check(len(text(browser, "#guilty article")) == len(report["guilty"]), f"{path.name}: guilty layers")
    if len(report["values"]) > 1:
        check(text(browser, "#readout")[0] != "", f"{path.name}: the chart's script did not run")
    check(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path.name} is wider than the window")
    views = [("light", 1280, 900), ("dark", 1280, 900), ("light", 390, 844), ("dark", 390, 844)]
    for scheme, width, height in views:
        browser.view(width, height, scheme)
        wide = browser.evaluate("document.documentElement.scrollWidth")
        check(wide <= width, f"{path.name} is {wide} wide in a window of {width}")
        png = browser.screenshot()
        columns, rows, image = pixels(png)
        check((columns, rows) == (width, height), f"a screenshot of {columns}×{rows}")
        colors = Counter(pixel for row in image for pixel in row)
        background, count = colors.most_common(1)[0]
        check(len(colors) > 40 and count < 0.97 * width * height, f"{path.name} is blank at {width}, {scheme}")
        check((sum(background) > 600) == (scheme == "light"), f"{path.name} is not {scheme}")
        if keep:
            (keep / f"{path.stem}-{scheme}-{width}.png").write_bytes(browser.screenshot(whole=True))
    browser.view(1280, 900)


def operate(browser, report):
    """Searching, filtering, sorting and pointing."""
    def visible():
        return browser.evaluate("[...document.querySelectorAll('#table tbody tr')].filter(r => !r.hidden).length")

    def type_in(words):
        browser.evaluate(f"search.value = {json.dumps(words)}; search.dispatchEvent(new Event('input'))")

    count = len(report["values"])
    check(visible() == count, "rows are hidden before anybody asked")
    type_in("bn1")
    check(visible() == sum("bn1" in json.dumps(value) for value in report["values"]), "the search finds something else")
    type_in("nothing has this name")
    check(visible() == 0 and text(browser, "#shown") == [f"0 of {count} values"], "the search finds what is not there")
    type_in("")
    browser.evaluate("document.querySelector('#controls input[value=differs]').click()")
    check(visible() == sum(value["verdict"] != "differs" for value in report["values"]), "the filter of verdicts")
    browser.evaluate("document.querySelector('#controls input[value=differs]').click()")
    browser.evaluate("document.querySelectorAll('#table thead button')[3].click()")
    ratios = browser.evaluate("[...document.querySelectorAll('#table tbody tr')].map(r => r.cells[3].textContent)")
    numbers = [float(ratio.replace("∞", "inf")) for ratio in ratios if ratio != "–"]
    check(numbers == sorted(numbers, reverse=True) and len(numbers) > 1, "sorting by ratio, the largest first")
    check(browser.evaluate("document.querySelectorAll('th[aria-sort=descending]').length") == 1, "no column says it sorts")
    browser.evaluate("document.querySelector('[data-show]').click()")
    check(0 < visible() < count, "a block's button shows that block's values")
    browser.evaluate("chip.click()")
    check(visible() == count, "the block's filter cannot be left")
    before = text(browser, "#readout")
    browser.evaluate("{const s = document.getElementById('position'); s.value = 0; s.dispatchEvent(new Event('input'))}")
    check(text(browser, "#readout") != before, "the slider moves nothing")
    browser.evaluate("theme.click(); theme.click()")
    check(browser.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark", "the theme's button")


def main():
    if sys.argv[1:] == ["--found"]:
        sys.exit(0 if find() else 1)
    skiff = str(Path(sys.argv[1]).resolve())
    keep = Path(sys.argv[3]) if sys.argv[2:3] == ["--keep"] else None
    path = find()
    if not path:
        sys.exit("browser: there is no chromium; SKIFF_BROWSER names one")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        name = hostile_copy(folder / "hostile.onnx")
        changed_copy(folder / "changed.onnx", folder / "hostile.onnx")
        failed, status = run(skiff, folder / "failed.html", folder / "changed.onnx", folder / "hostile.onnx")
        check(status == 1 and failed["verdict"] == "differs", f"other padding is {failed['verdict']}")
        held, status = run(skiff, folder / "held.html", TORCH, "--against", TORCH.parent / "io.npz")
        check(status == 0 and held["verdict"] == "rounding", f"the recording is {held['verdict']}")
        same, status = run(skiff, folder / "same.html", TORCH, TORCH)
        check(status == 0 and same["verdict"] == "identical", f"the network itself is {same['verdict']}")
        check(any(name in value["name"] for value in failed["values"]), "the hostile name is not in the report")
        browser = Browser(path)
        try:
            look(browser, folder / "failed.html", failed, keep)
            shown = " ".join(text(browser, ".name"))
            check(name in shown, "the hostile name is not there as text")
            operate(browser, failed)
            look(browser, folder / "held.html", held, keep)
            look(browser, folder / "same.html", same, keep)
        finally:
            browser.close()
    print(f"browser: {checked} checks hold")


main()
