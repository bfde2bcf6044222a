#!/usr/bin/env python3
"""Real programs, as Debian ships them, do under `gordian run` what they do without it, and nothing is found in them.

    programs_test.py GORDIAN [Class.test...]

Servers listen on a free port of the loopback interface.
"""

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402
from tests.e2e import watched  # noqa: E402

GORDIAN, = watched.paths(1)
PYTHON = "/usr/bin/python3"

QUEUES = """
import queue, sys, threading
tasks, results, total, lock = queue.Queue(5), queue.Queue(), 0, threading.Lock()
def work():
    global total
    while (n := tasks.get()) is not None:
        with lock:
            total += n
        results.put(n * n)
        tasks.task_done()
workers = [threading.Thread(target=work) for _ in range(4)]
for worker in workers: worker.start()
for n in range(2000): tasks.put(n)
tasks.join()
for _ in workers: tasks.put(None)
for worker in workers: worker.join()
print(total, sum(results.get() for _ in range(2000)))
print("to stderr", file=sys.stderr)
sys.exit(3)
"""

CONNECTIONS = """
import sqlite3, sys, threading
def write(n):
    with sqlite3.connect(sys.argv[1], timeout=30) as database:
        for i in range(20):
            database.execute("insert into t values (?, ?)", (n, i))
            database.commit()
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("create table t (a, b)")
writers = [threading.Thread(target=write, args=(n,)) for n in range(3)]
for writer in writers: writer.start()
for writer in writers: writer.join()
print(sqlite3.connect(sys.argv[1]).execute("select count(*), sum(a), sum(b) from t").fetchone())
"""

STATEMENTS = """
create table t (a integer primary key, b text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) insert into t select i, 'row ' || i from n;
create index t_b on t (b);
select count(*), sum(a), max(b) from t;
select a from t where b = 'row 4321';
begin; delete from t where a % 2; rollback;
pragma integrity_check;
select no_such_column from t;
"""


class RealProgramTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="programs-test-")
        self.addCleanup(shutil.rmtree, self.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def check_nothing_found(self, run):
        self.assertIsNotNone(run.report, run)
        # Notes are no alarm: git, for one, joins threads with a lock held.
        alarms = [f for f in run.findings if f.whole["severity"] != "note"]
        self.assertEqual(alarms, [], run)
        self.assertEqual(run.report["coverage"]["damage"], [])
        self.assertTrue(all(process["off_reason"] is None for process in run.report["processes"]))
        # Otherwise there was nothing to find.
        self.assertNotEqual(run.report["coverage"]["events"]["mutex"], 0)


class CommandTest(RealProgramTest):
    """Programs that run, print and end."""

    def check_same(self, command, prepare=lambda: None, text=None, status=0):
        """The program prints the same to stdout and stderr, and ends in the same way."""
        results = []
        for run in (watched.alone, lambda *a, **o: watched.under(GORDIAN, *a, ["--text", "/dev/null"], **o)):
            prepare()
            with open(self.path("input"), "wb") as file:
                file.write(text or b"")
            with open(self.path("input"), "rb") as file:
                results.append(run(command, stdin=file, cwd=self.folder))
        alone, under = results
        self.assertEqual((under.status, under.stdout, under.stderr), (alone.status, alone.stdout, alone.stderr))
        self.assertEqual(alone.status, status, alone)
        self.check_nothing_found(under)
        return alone.stdout

    def remove_database(self):
        for name in os.listdir(self.folder):
            if name.startswith("database"):
                os.unlink(self.path(name))

    def test_python_with_threads_and_queues(self):
        printed = self.check_same([PYTHON, "-c", QUEUES], status=3)
        self.assertEqual(printed, "1999000 2664667000\n")

    def test_python_with_sqlite_in_threads(self):
        printed = self.check_same([PYTHON, "-c", CONNECTIONS, self.path("database")], self.remove_database)
        self.assertEqual(printed, "(60, 60, 570)\n")

    def test_sqlite(self):
        printed = self.check_same(["sqlite3", self.path("database")], self.remove_database, STATEMENTS.encode(), status=1)
        self.assertEqual(printed, "5000|12502500|row 999\n4321\nok\n")

    def test_xz_with_two_threads(self):
        packed = self.check_same(["xz", "-T2", "-1", "--block-size=128KiB", "-c"], text=text_to_pack())
        self.assertIn("7zXZ", packed)

    def test_xz_unpacks(self):
        packed = subprocess.run(["xz", "-T2", "-1", "--block-size=128KiB", "-c"], input=text_to_pack(), check=True,
                                stdout=subprocess.PIPE).stdout
        unpacked = self.check_same(["xz", "-T2", "-dc"], text=packed)
        self.assertEqual(unpacked.encode(), text_to_pack())

    def test_pigz(self):
        packed = self.check_same(["pigz", "--no-time", "-p", "4", "-b", "128", "-c"], text=text_to_pack())
        self.assertTrue(packed)

    def test_git_grep(self):
        repository = self.path("repository")
        os.mkdir(repository)
        for n in range(300):
            with open(os.path.join(repository, f"file{n}.txt"), "w", encoding="ascii") as file:
                file.writelines(f"line {i} of file {n}\n" for i in range(100))
        subprocess.run(["git", "init", "-q", repository], check=True)
        subprocess.run(["git", "-C", repository, "add", "."], check=True)
        grep = ["git", "-C", repository, "grep", "--no-color", "-n", "--threads", "4"]
        printed = self.check_same([*grep, "-e", "line 7. of file 2"])
        self.assertEqual(len(printed.splitlines()), 10 * 111)
        self.check_same([*grep, "-e", "no such line"], status=1)


def text_to_pack():
    return b"".join(b"%d %d\n" % (i, i * i % 997) for i in range(200000))


class ServerTest(RealProgramTest):
    """Servers: the same answers and the same end, under load."""

    def check_server(self, command, drive):
        """`command(port)` is a server, `drive(port)` uses it, ends it and returns what it answered."""
        answers = []
        for prefix in ([], [GORDIAN, "run", "--json", self.path("report.json"), "--"]):
            port = free_port()
            with open(self.path("log"), "w+b") as log:
                process = subprocess.Popen([*prefix, *command(port)], env=watched.environment(), stdin=subprocess.DEVNULL,
                                           stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
                self.addCleanup(watched.end, process)
                try:
                    wait_for(port, process)
                    answers.append(drive(port, process))
                    status = process.wait(watched.TIMEOUT_S)
                except Exception as error:
                    log.seek(0)
                    raise AssertionError(f"{error}; the server said:\n{log.read().decode(errors='replace')}") from error
                self.assertEqual(status, 0)
        self.assertEqual(answers[0], answers[1])
        with open(self.path("report.json"), encoding="utf-8") as file:
            self.check_nothing_found(watched.Result(0, "", "", json.load(file)))
        return answers[0]

    def test_redis(self):
        def drive(port, _):
            say(["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-q", "-n", "4000", "-c", "40", "-P", "4", "-t",
                 "set,get,incr,lpush,rpop,zadd,mset"])
            answer = say(["redis-cli", "-h", "127.0.0.1", "-p", str(port)],
                         "flushall\nset a 1\nincr a\nlpush l x y z\nlrange l 0 -1\nget none\nincr l\neval 'return {1,2}' 0\n"
                         "lrange l 0 -1\nconfig get io-threads\n")
            say(["redis-cli", "-h", "127.0.0.1", "-p", str(port), "shutdown", "nosave"])
            return answer

        answer = self.check_server(lambda port: ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                                 "--appendonly", "no", "--io-threads", "2", "--io-threads-do-reads", "yes",
                                                 "--dir", self.folder], drive)
        self.assertIn("io-threads\n2\n", answer)

    def test_memcached(self):
        def drive(port, process):
            for test in ("set", "get", "mget"):
                say(["memcslap", f"--servers=127.0.0.1:{port}", "--concurrency=4", "--execute-number=500", f"--test={test}"])
            with socket.create_connection(("127.0.0.1", port), 30) as connection, connection.makefile("rb") as answers:
                connection.sendall(b"flush_all\r\nset a 0 0 1\r\n5\r\nincr a 37\r\nget a\r\ndelete a\r\nget a\r\nwhat\r\nquit\r\n")
                answer = answers.read().decode()
            process.terminate()
            return answer

        user = pwd.getpwuid(os.getuid()).pw_name
        answer = self.check_server(lambda port: ["memcached", "-u", user, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-t",
                                                 "4"], drive)
        self.assertEqual(answer, "OK\r\nSTORED\r\n42\r\nVALUE a 0 2\r\n42\r\nEND\r\nDELETED\r\nEND\r\nERROR\r\n")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port, process):
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}; status {process.poll()}")


def say(command, text=""):
    """Run a client; it must succeed. Returns what it printed."""
    return subprocess.run(command, input=text, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=watched.environment(), timeout=watched.TIMEOUT_S).stdout


if __name__ == "__main__":
    check.main()
