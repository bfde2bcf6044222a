#!/usr/bin/python3
"""The HTML report of a program with findings of many shapes, in a headless Chromium: it opens without a word in the
console and without the network, filters, searches, sorts, unfolds, changes its theme and zooms its graph; it fits a narrow
window and tells everything where scripts may not run.

Usage: html_page_test.py GORDIAN LIBRARY PROGRAM
"""

import os
import subprocess
import sys
import tempfile
import unittest

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, LIBRARY, PROGRAM = (os.path.abspath(path) for path in sys.argv[1:4])
del sys.argv[1:4]

WAIT_S = 30
FINDINGS = 7  # of the gallery: three errors, three warnings, a note

# Chromium as anybody may start it, root too, without looking for the network.
CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,1000")

# The smallest contrast of text with what is behind it, over all texts that are seen. WCAG asks for 4.5.
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
function rgba(colour) {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255];
}
const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
                       return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
function behind(element) {
  for (; element; element = element.parentElement) {
    const c = rgba(getComputedStyle(element).backgroundColor);
    if (c[3] > 0.9) return c;
  }
  return [255, 255, 255, 1];
}
let worst = [99, ''];
for (const element of document.querySelectorAll('main *:not(svg *):not(svg), .bar *')) {
  if (![...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) || !element.checkVisibility()) continue;
  const a = light(rgba(getComputedStyle(element).color)), b = light(behind(element));
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < worst[0]) worst = [contrast, element.outerHTML.slice(0, 120)];
}
return worst;
"""


def make_report(directory, **environment):
    """Run the gallery; the page, as a path, and the status of gordian."""
    path = os.path.join(directory, "report.html")
    run = subprocess.run([GORDIAN, "run", "--html", path, "--", PROGRAM, "live"], stdin=subprocess.DEVNULL, capture_output=True,
                         text=True, timeout=120, env=dict(os.environ, **environment))
    return path, run


class HtmlPageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.path, run = make_report(cls.directory.name)
        if run.returncode != 66:
            raise AssertionError(f"gordian run: status {run.returncode}\n{run.stderr}")
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for argument in CHROMIUM + (f"--user-data-dir={cls.directory.name}/profile",):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        os.environ["HOME"] = cls.directory.name
        cls.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)

    @classmethod
    def tearDownClass(cls):
        cls.driver.quit()
        cls.directory.cleanup()

    def setUp(self):
        self.emulate("prefers-color-scheme", "light")
        self.resize(1280, 1000)
        self.open(self.path)
        self.run_js("try { localStorage.clear(); } catch {}")

    def tearDown(self):
        # The browser's own pages, such as the one that it opens with, have words of their own.
        self.assertEqual([entry for entry in self.driver.get_log("browser") if not entry["message"].startswith("chrome://")], [])

    def open(self, path):
        self.driver.get("about:blank")
        self.driver.get("file://" + path)

    def resize(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def emulate(self, feature, value):
        # Nothing moves smoothly here: what was asked for is so when the next question comes.
        features = {"prefers-reduced-motion": "reduce", feature: value}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": name, "value": value} for name, value in features.items()]})

    def run_js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def wait(self, condition):
        WebDriverWait(self.driver, WAIT_S).until(lambda _: condition())

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def rows(self):
        return [row.find_element(By.CSS_SELECTOR, ".conflict").text for row in self.all("#overview-table tbody tr") if row.is_displayed()]

    def shown(self):
        return [finding for finding in self.all(".finding") if finding.is_displayed()]

    def background(self):
        return self.run_js("return getComputedStyle(document.body).backgroundColor")

    def test_the_page_is_whole_and_asks_for_nothing(self):
        self.assertEqual(self.driver.title, f"{FINDINGS} findings in gallery_program - gordian")
        self.assertEqual(self.one("h1").text, f"{FINDINGS} findings in gallery_program")
        self.assertEqual(len(self.rows()), FINDINGS)
        self.assertEqual(len(self.shown()), FINDINGS)
        self.assertEqual(self.run_js("return performance.getEntriesByType('resource').length"), 0)
        self.assertEqual(self.run_js("return document.querySelectorAll('[src], link, iframe, object, base, [style]').length"), 0)
        ids = self.run_js("return [...document.querySelectorAll('[id]')].map((element) => element.id)")
        self.assertEqual(len(ids), len(set(ids)))
        dead = self.run_js("return [...document.querySelectorAll('a[href^=\"#\"]')].map((a) => a.getAttribute('href').slice(1))"
                           ".filter((id) => !document.getElementById(id))")
        self.assertEqual(dead, [])

    def test_what_the_program_names_is_text(self):
        self.assertEqual(self.all("main img, main b b, main c"), [])
        text = self.one("#overview").text
        for name in ("<img src=x onerror=alert(1)>", "</script><b>", "a&b\"'<c>"):
            self.assertIn(name, text)

    def test_the_deadlock_comes_first_and_is_told_at_a_glance(self):
        first = self.shown()[0]
        self.assertEqual(first.find_element(By.TAG_NAME, "h3").text, "deadlock:\nmain waits for ledger, which it holds itself")
        acts = [act.text for act in first.find_elements(By.CSS_SELECTOR, ".what")]
        self.assertEqual(acts, ["holds ledger, locked at", "waits for ledger at"])
        hits = [line.text for line in first.find_elements(By.CSS_SELECTOR, ".hit")]
        self.assertEqual([hit.split(maxsplit=1)[1].strip() for hit in hits], ["pthread_mutex_lock(&ledger);"] * 2)
        self.assertEqual(len(first.find_elements(By.CSS_SELECTOR, ".knot .thread")), 1)
        self.assertEqual(len(first.find_elements(By.CSS_SELECTOR, ".knot .edge")), 2)

    def test_two_threads_stand_side_by_side(self):
        finding = next(one for one in self.shown() if "poster, holding ledger" in one.text)
        left, right = finding.find_elements(By.CSS_SELECTOR, ".sides .thread")
        self.assertEqual(left.location["y"], right.location["y"])
        self.assertLess(left.location["x"] + left.size["width"], right.location["x"])
        self.assertEqual((left.find_element(By.TAG_NAME, "h4").text, right.find_element(By.TAG_NAME, "h4").text), ("poster", "auditor"))

    def test_five_philosophers_make_a_ring_of_ten(self):
        finding = next(one for one in self.shown() if "5 threads" in one.text)
        self.assertEqual(len(finding.find_elements(By.CSS_SELECTOR, ".knot .thread, .knot .lock")), 10)
        self.assertEqual(len(finding.find_elements(By.CSS_SELECTOR, ".knot .edge.hold")), 5)
        self.assertEqual(len(finding.find_elements(By.CSS_SELECTOR, ".knot .edge.wish")), 5)
        self.assertEqual(len(finding.find_elements(By.CSS_SELECTOR, ".lanes .head")), 5)

    def test_filters(self):
        self.one("input[value=error]").click()
        self.assertEqual(len(self.rows()), 4)
        self.assertEqual(len(self.shown()), 4)
        self.assertEqual(self.one("#shown").text, f"4 of {FINDINGS} shown")
        self.one("input[value=warning]").click()
        self.assertEqual(self.rows(), ["doorman waits for condition rung while it holds shelf"])
        self.one("input[value=note]").click()
        self.assertTrue(self.one("#empty").is_displayed())
        for weight in ("error", "warning", "note"):
            self.one(f"input[value={weight}]").click()
        self.assertEqual(len(self.rows()), FINDINGS)
        self.run_js("const kind = document.getElementById('by-kind'); kind.value = 'deadlock.potential';"
                    "kind.dispatchEvent(new Event('input', {bubbles: true}))")
        self.assertEqual(len(self.rows()), 3)

    def test_searches(self):
        self.press("/")
        self.press("take_both AUDIT")
        self.assertEqual(self.rows(), ["deadlock possible: poster, holding ledger, locks journal; auditor, holding journal, locks ledger"])
        self.assertEqual(len(self.shown()), 1)
        self.one("#search").clear()
        self.one("#search").send_keys("nothing has this name")
        self.assertEqual(self.rows(), [])

    def test_sorts_by_enter(self):
        heads = self.all("#overview-table th button")
        self.assertEqual([head.text for head in heads], ["#", "severity", "conflict", "kind", "times", "first"])
        conflict = heads[2]
        self.run_js("arguments[0].focus()", conflict)
        self.press(Keys.ENTER)
        self.assertEqual(self.rows(), sorted(self.rows(), key=str.casefold))
        self.press(Keys.ENTER)
        self.assertEqual(self.rows(), sorted(self.rows(), key=str.casefold, reverse=True))
        self.assertEqual(conflict.find_element(By.XPATH, "..").get_attribute("aria-sort"), "descending")
        self.run_js("arguments[0].click()", heads[5])
        times = [float(row.text.split()[-2]) for row in self.all("#overview-table tbody tr")]
        self.assertEqual(times, sorted(times, reverse=True))
        for times in (1, 2):
            self.run_js("arguments[0].click()", self.one("#contention-table th:nth-child(7) button"))
            waited = [int(cell.get_dom_attribute("data-v")) for cell in self.all("#contention-table td:nth-child(7)")]
            self.assertEqual(waited, sorted(waited, reverse=times == 1))
            self.assertGreaterEqual(len(waited), 2)

    def test_unfolds(self):
        folds = self.all(".finding > details")
        self.assertTrue(all(fold.get_attribute("open") for fold in folds))
        self.press("c")
        self.assertFalse(any(fold.get_attribute("open") for fold in folds))
        self.press("j", "j", "o")
        self.assertEqual([bool(fold.get_attribute("open")) for fold in folds], [False, True] + [False] * (FINDINGS - 2))
        self.all("#overview-table .conflict a")[3].send_keys(Keys.ENTER)
        self.wait(lambda: folds[3].get_attribute("open"))
        self.press("e")
        self.assertTrue(all(fold.get_attribute("open") for fold in folds))
        full = self.one(".finding .full")
        self.assertNotIn("main", full.text)
        self.run_js("arguments[0].firstElementChild.click()", full)
        self.assertRegex(full.text, r"#\d+ +main  \S*gallery_program\.c:\d+")

    def test_themes(self):
        light = self.background()
        self.emulate("prefers-color-scheme", "dark")
        dark = self.background()
        self.assertNotEqual(light, dark)
        button = self.one("#theme-button")
        self.assertEqual(button.text, "Auto")
        button.click()
        self.assertEqual((button.text, self.background()), ("Light", light))
        self.press("t")
        self.assertEqual((button.text, self.background()), ("Dark", dark))
        self.emulate("prefers-color-scheme", "light")
        self.assertEqual(self.background(), dark)
        self.press("t")
        self.assertEqual((button.text, self.background()), ("Auto", light))

    def test_texts_stand_out(self):
        for theme in ("light", "dark"):
            self.emulate("prefers-color-scheme", theme)
            contrast, where = self.run_js(CONTRAST)
            self.assertGreaterEqual(contrast, 4.5, f"{theme}: {where}")

    def test_everything_to_click_has_a_name(self):
        unnamed = self.run_js("return [...document.querySelectorAll('button, a, summary, input, select')].filter((element) => "
                              "!(element.textContent.trim() || element.getAttribute('aria-label') || (element.labels && element.labels.length)))"
                              ".map((element) => element.outerHTML)")
        self.assertEqual(unnamed, [])
        self.press(Keys.TAB)
        focused = self.driver.switch_to.active_element
        self.assertEqual(focused.text, "Skip to the findings")
        self.assertNotEqual(focused.value_of_css_property("outline-style"), "none")
        self.press("?")
        self.assertTrue(self.one("dialog").is_displayed())
        self.press(Keys.ESCAPE)
        self.assertFalse(self.one("dialog").is_displayed())

    def view(self):
        return [float(part) for part in self.one("#graph svg").get_dom_attribute("viewBox").split()]

    def test_the_graph_zooms_and_moves(self):
        self.assertEqual(len(self.all("#graph .n")), 14)
        self.assertEqual(len(self.all("#graph .e.found")), 9)
        self.assertEqual(len(self.all("#graph .e.cyclic:not(.found)")), 2)  # behind a gate: no finding
        whole = self.view()
        self.press("g", "+")
        near = self.view()
        self.assertLess(near[2], whole[2])
        self.press(Keys.ARROW_RIGHT)
        self.assertGreater(self.view()[0], near[0])
        self.press("0")
        self.assertEqual(self.view(), whole)
        self.one("[data-zoom=out]").click()
        self.assertGreater(self.view()[2], whole[2])
        self.one("[data-zoom=fit]").click()
        node = next(one for one in self.all("#graph .n") if one.text == "gate")
        ActionChains(self.driver).move_to_element(node).click().perform()
        on = {one.text for one in self.all("#graph .n.on")}
        self.assertEqual(on, {"gate", "left", "right"})
        self.run_js("document.getElementById('graph').scrollIntoView({block: 'center'})")
        ActionChains(self.driver).move_to_element(node).click_and_hold().move_by_offset(80, 0).release().perform()
        self.assertLess(self.view()[0], whole[0])

    def test_a_narrow_window(self):
        self.resize(380, 800)
        self.assertLessEqual(self.run_js("return document.documentElement.scrollWidth"), 380)
        finding = next(one for one in self.shown() if "poster, holding ledger" in one.text)
        left, right = finding.find_elements(By.CSS_SELECTOR, ".sides .thread")
        self.assertEqual(left.location["x"], right.location["x"])

    def test_without_scripts_everything_is_there(self):
        whole = self.run_js("return document.querySelector('main').textContent.length")
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        try:
            self.open(self.path)
            self.assertFalse(self.one("#filter").is_displayed())
            self.assertFalse(self.one("#theme-button").is_displayed())
            self.assertEqual(len(self.rows()), FINDINGS)
            self.assertEqual(len(self.shown()), FINDINGS)
            self.assertTrue(self.one("#graph svg").is_displayed())
            self.assertGreaterEqual(len(self.one("main").get_attribute("textContent")), whole - 100)
        finally:
            self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})

    def test_without_graphviz_the_report_says_so(self):
        path, run = make_report(tempfile.mkdtemp(dir=self.directory.name), PATH="/nonexistent")
        self.assertEqual(run.returncode, 66, run.stderr)
        self.open(path)
        self.assertEqual(self.all("#graph"), [])
        self.assertIn("graphviz is not installed", self.one("#orders .warn").text)
        self.assertEqual(len(self.all("#orders-table tbody tr")), 11)


if __name__ == "__main__":
    check.main()
