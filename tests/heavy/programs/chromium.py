"""Chromium without a window, on a page with workers, a canvas, compression, cryptography and a database.

The page sends its result to a small server of ours. Until that has it, it does not answer for one of the page's pictures, so
the page is not loaded before, and Chromium, which ends with a page that is loaded, goes on.
"""

import http.server
import threading

from tests.heavy.harness import Failure, Program

PAGE = r"""<!doctype html>
<meta charset="utf-8"><title>heavy</title>
<img src="picture" alt=""><canvas id="canvas" width="300" height="200"></canvas>
<script>
const lines = [], hex = buffer => [...new Uint8Array(buffer)].map(b => b.toString(16).padStart(2, "0")).join("").slice(0, 16);
const work = `
onmessage = async event => {
    let total = 0;
    for (let i = 0; i < 2000000; i++) total = (total * 31 + i + event.data) % 1000003;
    const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(String(total).repeat(2000)));
    postMessage([event.data, total, [...new Uint8Array(hash)].slice(0, 4).join("-")]);
};`;
const inWorker = n => new Promise((resolve, reject) => {
    const worker = new Worker(URL.createObjectURL(new Blob([work])));
    worker.onmessage = event => { resolve(event.data.join(":")); worker.terminate(); };
    worker.onerror = reject;
    worker.postMessage(n);
});
const packed = async text => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")).pipeThrough(new DecompressionStream("gzip"));
    return (await new Response(stream).text()).length;
};
const database = () => new Promise((resolve, reject) => {
    const open = indexedDB.open("heavy", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("rows", { keyPath: "n" });
    open.onerror = () => reject(open.error);
    open.onsuccess = () => {
        const change = open.result.transaction("rows", "readwrite");
        for (let n = 0; n < 300; n++) change.objectStore("rows").put({ n, text: "row " + n });
        change.oncomplete = () => {
            const all = open.result.transaction("rows").objectStore("rows").getAll();
            all.onsuccess = () => resolve(all.result.length + " " + all.result[123].text);
        };
    };
});
const frames = count => new Promise(resolve => {
    const context = document.getElementById("canvas").getContext("2d");
    const draw = n => {
        context.fillStyle = `rgb(${n * 7 % 256}, ${n * 13 % 256}, ${n * 29 % 256})`;
        context.fillRect(n * 17 % 300, n * 23 % 200, 60, 40);
        if (n < count) setTimeout(draw, 1, n + 1);
        else resolve([...context.getImageData(150, 100, 1, 1).data].join(","));
    };
    draw(0);
});
(async () => {
    for (let i = 0; i < 2000; i++) document.body.append(Object.assign(document.createElement("div"), { textContent: "line " + i }));
    lines.push("workers " + (await Promise.all([1, 2, 3, 4, 5, 6].map(inWorker))).join(" "));
    lines.push("packed " + await packed("text to pack ".repeat(100000)));
    lines.push("hash " + hex(await crypto.subtle.digest("SHA-512", new Uint8Array(5000000))));
    lines.push("database " + await database());
    lines.push("canvas " + await frames(100));
    lines.push("layout " + document.querySelectorAll("div")[1999].offsetTop);
    lines.push("end");
})().catch(error => lines.push("failed: " + error)).then(() => {
    document.title = "done";
    return fetch("result", { method: "POST", body: lines.join("\n") });
});
</script>
"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, kind, content):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        if self.path == "/picture":
            self.server.done.wait(self.server.limit_s)
            self.answer("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"/>')
        else:
            self.answer("text/html; charset=utf-8", PAGE.encode())

    def do_POST(self):
        self.server.result = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer("text/plain", b"")
        self.server.done.set()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """The browser may close a connection that it opened in advance."""


def drive(run, more=()):
    with Server(("127.0.0.1", 0), Handler) as server:
        server.done, server.result, server.limit_s = threading.Event(), None, run.left_s()
        threading.Thread(target=server.serve_forever).start()
        try:
            dom = run.execute(["chromium", "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                               "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                               f"--user-data-dir={run.path('profile')}", "--dump-dom",
                               *more, f"http://127.0.0.1:{server.server_address[1]}/page.html"]).decode()
        finally:
            server.done.set()
            server.shutdown()
    if not (server.result or "").endswith("end") or "<title>done</title>" not in dom:
        raise Failure(f"the page says {server.result!r}, and its document is\n{dom[:2000]}")
    return server.result


PROGRAMS = [
    Program("chromium", lambda run: drive(run, ["--no-sandbox"]), ["chromium", "--version"], unprivileged=True),
    # What runs in the sandbox has no files, so it cannot have a recording of its own.
    Program("chromium-sandbox", drive, ["chromium", "--version"], unprivileged=True,
            expected="no recording in .*; findings go to stderr"),
]
