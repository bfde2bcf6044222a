"""Running a program of the suite: in a folder of its own, with a limit, and not longer than it takes to see that it hangs."""

import os
import signal
import subprocess
import tempfile
import time

LIMIT_S = 60  # of a program that must end, unless another is asked for
HANG_S = 20  # after this at the latest, a program that is expected to hang has hung
STILL_S = 1.0  # a program none of whose threads has run for so long hangs, if that is expected
POLL_S = 0.05


class Run:
    """status: as subprocess has it, None when it was ended; output: of both streams; seconds."""

    def __init__(self, status, output, seconds):
        self.status = status
        self.output = output
        self.seconds = seconds

    def crash(self):
        """The name of the signal that killed it, None when it was not killed."""
        return signal.Signals(-self.status).name if self.status is not None and self.status < 0 else None


def run(command, environment=None, hangs=False, limit_s=LIMIT_S):
    """Run a command. With `hangs`, it is ended as soon as it stands still."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+", errors="replace") as output:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=output,
            stderr=output, start_new_session=True)
        status = _wait(process, HANG_S if hangs else limit_s, hangs)
        if status is None:
            _end(process)
        output.seek(0)
        return Run(status, output.read(), time.monotonic() - began)


def _wait(process, limit_s, hangs):
    began = still_since = time.monotonic()
    seen = None
    while True:
        try:
            return process.wait(POLL_S if hangs else limit_s)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
        if now - began >= limit_s:
            return None
        switches = _switches(process.pid)
        # ThreadSanitizer has a thread of its own that wakes up now and then.
        if seen is None or len(set(switches.items()) - set(seen.items())) > 1:
            seen, still_since = switches, now
        elif now - still_since >= STILL_S:
            return None


def _switches(pid):
    """How often each thread of the process and of its children has gone to sleep."""
    counts = {}
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status", encoding="utf-8", errors="replace") as status:
                counts[task] = sum(int(line.split()[1]) for line in status if "voluntary_ctxt_switches" in line)
            with open(f"/proc/{pid}/task/{task}/children", encoding="utf-8") as children:
                for child in children.read().split():
                    counts.update(_switches(child))
    except OSError:
        pass  # it has ended meanwhile
    return counts


def _end(process):
    # The command may have children: end the session that was made for it, and give gordian time to end its own.
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        pass
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()
