"""Seeds of random programs (program.h), run by themselves and under the library, and compared.

    torture = Torture(gordian, library, program)      paths
    torture.examine(17)      None if all is well, else what is not, in words
    torture.shrink(17)       the items that are enough to see it again, as the program takes them ("3,17")

A program of an even seed is right: it must end with the same output and status, and nothing may be said about it. One of an
odd seed has one knot: the report must have that finding, and no other.
"""

import glob
import json
import os
import signal
import struct
import subprocess
import tempfile

TIMEOUT_S = 60
STATUS_FOUND = 66
STATE_OFF = 3
# These programs do not end by themselves.
NEVER_END = ("deadlock.actual", "hang.all_blocked")


class Torture:
    def __init__(self, gordian, library, program):
        self.gordian, self.library, self.program = gordian, library, program

    def _execute(self, command, **changes):
        environment = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "GORDIAN_OPTIONS")}
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              start_new_session=True, env={**environment, **changes}) as process:
            try:
                out, err = process.communicate(timeout=TIMEOUT_S)
                status = process.returncode
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                status = "still running"
        return status, out.decode(errors="replace"), err.decode(errors="replace")

    def _preloaded(self, command, folder):
        return self._execute(command, LD_PRELOAD=self.library, GORDIAN_OPTIONS=f"dir={folder}:on_deadlock=stop")

    def examine(self, seed, items=None):
        expected = self._execute([self.program, "expect", str(seed)])[1].strip()
        command = [self.program, str(seed)] + ([items] if items is not None else [])
        stopped = expected.startswith(NEVER_END)
        alone = None
        if not stopped:
            alone = self._execute(command)
            if (alone[0], alone[2]) != (0, ""):
                return f"by itself: status {alone[0]}, stderr:\n{alone[2]}"
        with tempfile.TemporaryDirectory() as folder:
            run = self._preloaded(command, folder)
            wrong = self._compare(alone, run, expected)
            wrong = wrong or self._look_at_recordings(folder)
            if expected != "none" and not wrong:
                wrong = self._look_at_findings(folder, expected)
        return wrong

    @staticmethod
    def _compare(alone, run, expected):
        status, out, err = run
        if alone is None:
            return None if status == STATUS_FOUND else f"status {status} instead of {STATUS_FOUND}, stderr:\n{err}"
        if (status, out) != alone[:2]:
            return f"status {status} instead of {alone[0]}; output\n{out}instead of\n{alone[1]}stderr:\n{err}"
        if expected == "none" and err:
            return f"nothing is wrong with the program, but this was said:\n{err}"
        return None

    @staticmethod
    def _look_at_recordings(folder):
        paths = glob.glob(os.path.join(folder, "*.rec"))
        if not paths:
            return "no recording"
        for path in paths:
            with open(path, "rb") as file:
                header = file.read(512)
            # Their places in struct recording_header: state; dropped, lost.
            state, = struct.unpack_from("<I", header, 20)
            dropped, lost = struct.unpack_from("<QI", header, 88)
            if state == STATE_OFF or dropped or lost:
                return f"a recording in state {state} with {dropped} records dropped, lost {lost}"
        return None

    def _look_at_findings(self, folder, expected):
        kind, shape, *locks = expected.split()
        status, out, err = self._execute([self.gordian, "report", "--json", "-", folder])
        try:
            report = json.loads(out)
        except ValueError:
            return f"no report: status {status}, stderr:\n{err}"
        found = []
        for finding in report["findings"]:
            if finding["severity"] == "note":
                continue
            names = {lock["id"]: lock["name"] for lock in finding["locks"]}
            wanted = {step["wants"]["lock"] for step in finding["steps"] if "wants" in step}
            if finding["kind"].startswith(("misuse", "hang")):
                wanted = names
            found.append((finding["kind"], finding["shape"], sorted({names[lock] for lock in wanted if lock in names})))
        return self._judge(found, kind, shape, locks)

    @staticmethod
    def _judge(found, kind, shape, locks):
        found = [(k, s or "none", [name for name in names if name.startswith("planted") or k != kind]) for k, s, names in found]
        if found != [(kind, shape, locks)]:
            return f"found {found}, but the knot is {(kind, shape, locks)}"
        return None

    def shrink(self, seed, tries=3):
        """Leave out items, halves first, while it still fails. A failure that depends on the moment gets some tries."""
        listed = self._execute([self.program, "print", str(seed)])[1].splitlines()[1:]
        items = [line.split()[0] for line in listed]

        def fails(kept):
            return any(self.examine(seed, ",".join(kept)) for _ in range(tries))

        size = len(items) // 2
        while size:
            at = 0
            while at < len(items):
                kept = items[:at] + items[at + size:]
                if fails(kept):
                    items = kept
                else:
                    at += size
            size //= 2
        return ",".join(items)
