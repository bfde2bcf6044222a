#!/usr/bin/env python3
"""`gordian run` at a terminal, driven through a pseudo-terminal: who has it, Ctrl-C, Ctrl-Z, pipes.

    terminal_test.py GORDIAN LIBFAKE [Class.test...]
"""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

GORDIAN, FAKE = [os.path.abspath(path) for path in sys.argv[1:3]]
del sys.argv[1:3]


class TerminalTest(unittest.TestCase):
    """An interactive bash with job control on a pseudo-terminal, as a user has it."""

    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="terminal-test-")
        self.seen = ""
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            environment = {"PATH": os.environ["PATH"], "TMPDIR": self.scratch, "GORDIAN_LIBRARY": FAKE, "PS1": "[prompt]",
                           "HOME": self.scratch, "TERM": "dumb"}
            os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"], environment)
        self.expect(r"\[prompt\]")
        self.type(f"stty -echo; alias g='{GORDIAN} run --text /dev/null --'\n")
        self.expect(r"\[prompt\]")

    def tearDown(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
        subprocess.run(["rm", "-rf", self.scratch], check=True)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def expect(self, pattern, seconds=20):
        """Read until the pattern has come; what came up to it is used up."""
        deadline = time.monotonic() + seconds
        while True:
            match = re.search(pattern, self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            self.assertTrue(ready, f"{pattern!r} did not come; {self.seen!r} did")
            self.seen += os.read(self.terminal, 4096).decode()

    def script(self, text):
        """A file to be run. In the tests about signals the program is one process: a shell that gets one just before
        or while it starts another behaves differently, with gordian or without."""
        path = os.path.join(self.scratch, "script")
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return path

    def test_the_program_reads_and_writes_the_terminal(self):
        self.type("g sh -c 'echo ready; read x; echo got $x; exit 3'; echo status $?\n")
        self.expect("ready")
        self.type("hello\n")
        self.expect("got hello")
        self.expect("status 3")
        self.expect(r"\[prompt\]")

    def test_the_program_is_in_the_foreground(self):
        self.type("g sh -c 'ps -o pgid=,tpgid= -p $$ | { read a b; test $a = $b && echo in front; }'\n")
        self.expect("in front")

    def test_interrupt(self):
        self.type("g sh -c 'echo ready; exec sleep 20'; echo status $?\n")
        self.expect("ready")
        self.type("\x03")
        # A shell gives up the whole line when a command dies of Ctrl-C.
        self.expect(r"\[prompt\]")
        self.type("echo status $?\n")
        self.expect("status 130")

    def test_an_interrupt_that_the_program_handles(self):
        script = self.script("import time\ntry:\n    print('ready', flush=True)\n    time.sleep(20)\n"
                             "except KeyboardInterrupt:\n    print('handled')\n    exit(4)\n")
        self.type(f"g {sys.executable} {script}; echo status $?\n")
        self.expect("ready")
        self.type("\x03")
        self.expect("handled")
        self.expect("status 4")

    def test_an_interrupt_ends_a_script(self):
        script = self.script(f"{GORDIAN} run -- sh -c 'echo ready; exec sleep 20'\necho the script goes on\n")
        self.type(f"bash {script}\n")
        self.expect("ready")
        self.type("\x03")
        self.assertNotIn("goes on", self.expect(r"(?s)(.*)\[prompt\]")[1])

    def test_stop_and_continue(self):
        self.type("g sh -c 'echo ready; read x; echo got $x; exit 3'\n")
        self.expect("ready")
        self.type("\x1a")
        self.expect("Stopped")
        self.expect(r"\[prompt\]")
        self.type("fg\n")
        self.expect("g sh|run --text")
        time.sleep(0.2)
        self.type("hello\n")
        self.expect("got hello")
        self.expect(r"\[prompt\]")
        self.type("echo status $?\n")
        self.expect("status 3")

    def test_a_stopped_program_goes_on_in_the_background(self):
        script = self.script("import os, time\nprint('ready', flush=True)\nwhile not os.path.exists('flag'):\n"
                             "    time.sleep(0.05)\nprint('done by now')\n")
        self.type(f"cd {self.scratch}; g {sys.executable} {script}\n")
        self.expect("ready")
        self.type("\x1a")
        self.expect("Stopped")
        self.type("bg; touch flag\n")
        self.expect("done by now")

    def test_a_background_program_that_reads_is_stopped(self):
        self.type("g sh -c 'read x; echo got $x' &\n")
        self.expect(r"\[prompt\]")
        time.sleep(0.3)
        self.type("jobs\n")
        self.expect("Stopped")
        self.type("fg\n")
        time.sleep(0.3)
        self.type("hello\n")
        self.expect("got hello")

    def test_in_a_pipe_the_program_gets_the_terminal_when_it_asks(self):
        self.type("g sh -c 'echo ready >/dev/tty; read x; echo got $x' | cat\n")
        self.expect("ready")
        self.type("hello\n")
        self.expect("got hello")
        self.expect(r"\[prompt\]")

    def test_in_a_pipe_the_other_side_keeps_the_terminal(self):
        self.type("g sh -c 'echo from the program; sleep 1' | sh -c 'read a; read b </dev/tty; echo $a and $b'\n")
        time.sleep(0.5)
        self.type("from the user\n")
        self.expect("from the program and from the user")

    def test_ctrl_c_in_a_pipe(self):
        self.type("g sh -c 'echo ready; exec sleep 20' | cat\n")
        self.expect("ready")
        self.type("\x03")
        self.expect(r"\[prompt\]", seconds=5)


class OrphanTest(unittest.TestCase):
    """Without a shell above, nobody could continue a stopped program, so that it must not stay stopped."""

    def test_ctrl_z(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["GORDIAN_LIBRARY"] = FAKE
            os.execv(GORDIAN, [GORDIAN, "run", "--", sys.executable, "-c",
                               "import time; print('ready', flush=True); time.sleep(1); exit(3)"])
        output = b""
        while b"ready" not in output:
            output += os.read(terminal, 4096)
        os.write(terminal, b"\x1a")
        deadline = time.monotonic() + 20
        done, status = 0, 0
        while not done and time.monotonic() < deadline:
            try:
                if select.select([terminal], [], [], 0.1)[0]:
                    os.read(terminal, 4096)
            except OSError:  # the program has closed its side
                time.sleep(0.05)
            done, status = os.waitpid(pid, os.WNOHANG)
        if not done:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        os.close(terminal)
        self.assertTrue(done, "it is still there")
        self.assertEqual(os.waitstatus_to_exitcode(status), 3)


if __name__ == "__main__":
    check.main()
