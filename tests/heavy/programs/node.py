"""Node.js: worker threads, and the pool behind its crypto, compression, files and name look-ups."""

from tests.heavy.harness import Program

SCRIPT = r"""
const { Worker, isMainThread, parentPort, workerData } = require("worker_threads");
const crypto = require("crypto"), dns = require("dns"), fs = require("fs"), util = require("util"), zlib = require("zlib");
const hash = (...parts) => parts.reduce((total, part) => total.update(part), crypto.createHash("sha256")).digest("hex");

if (!isMainThread) {
    const { counter, from } = workerData, view = new Int32Array(counter);
    let total = 0;
    for (let i = 0; i < 1500000; i++) { total = (total * 31 + i + from) % 1000003; if (i % 100 === 0) Atomics.add(view, 0, 1); }
    parentPort.on("message", message => {
        if (message === "end") return parentPort.close();
        parentPort.postMessage({ from, total, text: zlib.gzipSync(Buffer.from(message.repeat(200))).length });
    });
} else {
    (async () => {
        const counter = new SharedArrayBuffer(4);
        const workers = await Promise.all([...Array(6).keys()].map(from => new Promise((resolve, reject) => {
            const answers = [], worker = new Worker(__filename, { workerData: { counter, from } });
            for (let i = 0; i < 100; i++) worker.postMessage("message " + i);
            worker.on("message", answer => { if (answers.push(answer) === 100) worker.postMessage("end"); });
            worker.on("error", reject);
            worker.on("exit", code => resolve([code, hash(JSON.stringify(answers))]));
        })));
        console.log("workers", workers, new Int32Array(counter)[0]);

        const pbkdf2 = util.promisify(crypto.pbkdf2), scrypt = util.promisify(crypto.scrypt);
        const keys = await Promise.all([...Array(150).keys()].map(n => pbkdf2("secret", "salt" + n, 6000, 32, "sha512")));
        keys.push(...await Promise.all([...Array(10).keys()].map(n => scrypt("secret", "salt" + n, 32))));
        console.log("crypto", hash(...keys));

        const text = Buffer.from([...Array(200000).keys()].map(n => "line " + n * 7919 % 200000 + "\n").join(""));
        const packed = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9].map(level => util.promisify(zlib.gzip)(text, { level })));
        const unpacked = await Promise.all(packed.map(one => util.promisify(zlib.gunzip)(one)));
        console.log("zlib", unpacked.every(one => one.equals(text)), hash(...packed));

        await Promise.all([...Array(1000).keys()].map(async n => {
            await fs.promises.writeFile("file" + n, "content " + n);
            await fs.promises.rename("file" + n, "renamed" + n);
        }));
        const contents = await Promise.all([...Array(1000).keys()].map(n => fs.promises.readFile("renamed" + n)));
        console.log("files", hash(...contents), (await fs.promises.readdir(".")).filter(name => name.startsWith("renamed")).length);
        const names = await Promise.all([...Array(40).keys()].map(() => dns.promises.lookup("localhost", { family: 4 })));
        console.log("names", new Set(names.map(name => name.address)));
    })().catch(error => { console.error(error); process.exitCode = 1; });
}
"""


def drive(run):
    return run.execute(["node", run.write("script.js", SCRIPT)]).decode()


PROGRAMS = [Program("node", drive, ["node", "--version"])]
