"""Heavy programs, each run twice: by itself and under `gordian run`.

    PROGRAMS = [Program("sort", drive, version=["sort", "--version"], prepare=write_lines)]

`prepare(place)` makes the input, once and unwatched. `drive(run)` uses the program and returns its answer: anything that is the
same whenever the program did its work. What it starts through `run.execute` and `run.serve` is what is watched in the second
run; the clients that it starts through `run.client` never are. A run that does not end, ends in another way or answers
something else is a failure, and so is a finding of severity error or warning, a damaged recording, or a watched run
without any lock event.

Everything happens in a temporary folder and on the loopback interface. What a run leaves behind is ended by process id: this
process is the reaper of its orphans, so whatever descends from it was started here.
"""

import contextlib
import ctypes
import dataclasses
import hashlib
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

STATUS_FOUND = 66
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
UNPRIVILEGED_USER = "nobody"
GRACE_S = 5  # for what outlives its server by a moment
PR_SET_CHILD_SUBREAPER = 36


class Failure(Exception):
    """What went wrong in a run."""


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    drive: object  # called with a Run
    version: list  # a command that prints it
    prepare: object = None  # called with a Place
    limit_s: int = 300  # for each of the two runs; generous, since the machine may be busy
    unprivileged: bool = False  # it refuses to run as root
    triaged: tuple = ()  # findings that were looked into, and are no reason to fail
    expected: str = ""  # a regular expression: what gordian may say on stderr, beside the findings


@dataclasses.dataclass(frozen=True)
class Triaged:
    """Findings of one kind, each of whose stacks leads one of these ways; each way is led by one of them at least."""

    kind: str
    ways: tuple  # of tuples of functions: names without parameters, innermost first, maybe with others in between
    why: str  # what it is: a bug of the program, or what gordian cannot know
    initialised: tuple = ()  # the way by which every wanted lock was initialised
    steps: int = 0  # how many threads are in it; 0: any number

    def covers(self, finding):
        places = {lock["id"]: lock["initialised"] or [] for lock in finding["locks"]}
        if self.steps not in (0, len(finding["steps"])) or not all(
                leads(places[step["wants"]["lock"]], self.initialised) for step in finding["steps"]):
            return False
        stacks = [side["stack"] for step in finding["steps"] for side in (*step["holds"], step["wants"])]
        stacks += [side["stack"] for holder in finding["holders"] for side in holder["holds"]]
        return (finding["kind"] == self.kind and all(any(leads(stack, way) for way in self.ways) for stack in stacks)
                and all(any(leads(stack, way) for stack in stacks) for way in self.ways))


def leads(stack, way):
    # A membership test takes from the iterator what comes before: so the order counts.
    frames = ((frame["function"] or "").partition("(")[0] for frame in stack)
    return all(function in frames for function in way)


@dataclasses.dataclass
class Outcome:
    """What became of one program."""

    name: str
    version: str = "?"
    wrong: list = dataclasses.field(default_factory=list)  # lines; none: it passed
    events: dict = dataclasses.field(default_factory=dict)  # of the watched run, by family
    findings: list = dataclasses.field(default_factory=list)  # as in the report, of all severities, from all commands
    triaged: list = dataclasses.field(default_factory=list)  # the ids of those that are
    unseen: list = dataclasses.field(default_factory=list)
    native_s: float = None
    watched_s: float = None
    native_cpu_s: float = None  # of everything in the run, its clients too
    watched_cpu_s: float = None


class Place:
    """A folder to work in, as the user that the program runs as."""

    def __init__(self, program, folder, deadline):
        self.folder = folder
        self.deadline = deadline
        self.user = {}
        if program.unprivileged and os.geteuid() == 0:
            entry = pwd.getpwnam(UNPRIVILEGED_USER)
            self.user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.makedirs(folder)
        self.give(folder)

    def give(self, path):
        """Let the program's user own it."""
        if self.user:
            os.chown(path, self.user["user"], self.user["group"])

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        """Write a file and the folders above it; returns its path."""
        path = self.path(name)
        above = os.path.dirname(path)
        if not os.path.isdir(above):
            os.makedirs(above)
            self.give(above)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        self.give(path)
        return path

    def environment(self, more):
        return {"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": self.folder, **(more or {})}

    def left_s(self):
        return max(0.0, self.deadline - time.monotonic())

    def client(self, command, text=b"", env=None, cwd=None):
        """Run a command unwatched; it must succeed. Returns what it printed to stdout and stderr."""
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   cwd=cwd or self.folder, env=self.environment(env), start_new_session=True, **self.user)
        try:
            printed, _ = process.communicate(text if isinstance(text, bytes) else text.encode(), self.left_s())
        except subprocess.TimeoutExpired:
            raise Failure(f"out of time in the client {command[0]}") from None
        if process.returncode != 0:
            raise Failure(f"the client {' '.join(command)[:300]} ended with {process.returncode}:\n{tail(printed)}")
        return printed.decode(errors="replace")


class Run(Place):
    """One of the two runs of a program."""

    def __init__(self, program, folder, shared, deadline, gordian=None):
        super().__init__(program, folder, deadline)
        self.expected = program.expected
        self.shared = shared  # the folder that `prepare` filled
        self.gordian = gordian  # the command; None: the run is not watched
        self.seconds = 0.0
        self.commands = 0
        self.reports = []
        self.wrong = []

    def _start(self, command, on_deadlock, stdin, env, cwd):
        """Start the program; its output goes to files. Returns its process, with a `prefix` of its files and a `name`."""
        self.commands += 1
        prefix = self.path(f"command{self.commands}")
        argv = list(command)
        if self.gordian:
            argv = [self.gordian, "run", "--json", prefix + ".json", "--text", prefix + ".txt", "--on-deadlock", on_deadlock, "--",
                    *argv]
        with open(prefix + ".out", "wb") as out, open(prefix + ".err", "wb") as err:
            process = subprocess.Popen(argv, stdin=stdin, stdout=out, stderr=err, cwd=cwd or self.folder,
                                       env=self.environment(env), start_new_session=True, **self.user)
        process.prefix, process.name = prefix, os.path.basename(command[0])
        return process

    def _ended(self, process, expected):
        """The process has ended: read its report, and check its status."""
        status = process.returncode if process.returncode >= 0 else 128 - process.returncode
        if self.gordian:
            report = self._report(process)
            found = any(counts(finding) for finding in report["findings"])
            if status != (STATUS_FOUND if found else report["run"]["exit"]):
                self.wrong.append(f"gordian run ended with {status}, the program with {report['run']['exit']}")
            status = report["run"]["exit"]
            told = {"gordian: " + finding["message"] for finding in report["findings"]}
            self.wrong += [line for line in read(process.prefix + ".err").decode(errors="replace").splitlines()
                           if line.startswith("gordian: ") and line not in told
                           and not (self.expected and re.search(self.expected, line))][:5]
        if status != expected:
            raise Failure(f"{process.name} ended with {status}, not {expected}:\n"
                          f"{tail(read(process.prefix + '.err')) or tail(read(process.prefix + '.out'))}")

    def _report(self, process):
        try:
            with open(process.prefix + ".json", encoding="utf-8") as file:
                report = json.load(file)
        except (OSError, ValueError):
            raise Failure(f"gordian run ended with {process.returncode} and without a report:\n"
                          f"{tail(read(process.prefix + '.err'))}") from None
        self.reports.append(report)
        return report

    def execute(self, command, status=0, stdin=None, env=None, cwd=None):
        """Run the program to its end, which must be with this status. Returns what it printed to stdout."""
        with contextlib.ExitStack() as stack:
            source = stack.enter_context(open(stdin or os.devnull, "rb"))
            started = time.monotonic()
            process = self._start(command, "stop", source, env, cwd)
        try:
            process.wait(self.left_s())
        except subprocess.TimeoutExpired:
            raise Failure(f"{process.name} was still running when its time was up") from None
        self.seconds += time.monotonic() - started
        self._ended(process, status)
        return read(process.prefix + ".out")

    @contextlib.contextmanager
    def serve(self, command, ready, stop=signal.SIGTERM, status=0, env=None, cwd=None):
        """Start a server, and give its process id when `ready()` is true. At the end it gets the signal `stop` (None: it is
        about to end by itself), and must end with this status."""
        process = self._start(command, "continue", subprocess.DEVNULL, env, cwd)
        try:
            while not ready():
                if process.poll() is not None:
                    raise Failure(f"it ended with {process.returncode} before it was ready")
                if not self.left_s():
                    raise Failure("it was not ready when its time was up")
                time.sleep(0.02)
            server = self._program_pid(process)
            yield server
            if stop is not None:
                os.kill(server, stop)
            try:
                process.wait(self.left_s())
            except subprocess.TimeoutExpired:
                raise Failure("it was still running when its time was up") from None
        except Failure as failure:
            raise Failure(f"{failure}\n{process.name} said:\n{tail(read(process.prefix + '.out'))}"
                          f"{tail(read(process.prefix + '.err'))}") from None
        self._ended(process, status)

    def _program_pid(self, process):
        """The program itself: gordian's child in a watched run."""
        if not self.gordian:
            return process.pid
        children = read(f"/proc/{process.pid}/task/{process.pid}/children").split()
        if not children:
            raise Failure("gordian run has started no program")
        return int(children[0])

    @contextlib.contextmanager
    def load(self):
        """The time of a server's run is what passes in here."""
        started = time.monotonic()
        yield
        self.seconds += time.monotonic() - started


def counts(finding):
    return finding["severity"] in ("error", "warning") and not finding["suppressed"]


def read(path):
    """What stands in a file; nothing when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def tail(text, size=3000):
    return text[-size:].decode(errors="replace")


def digest(*paths):
    """One hash over what stands in the files."""
    total = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:16]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def listens(port):
    """A `ready` for `Run.serve`: whether something listens there."""
    def ready():
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False
    return ready


def words(seed, count):
    """Lines of text that are the same each time and pack well, but not too well."""
    state, lines = seed, []
    for number in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        lines.append(b"%d %x line %d of it\n" % (state >> 44, (state >> 20) % 4096, number % 997))
    return b"".join(lines)


# ---- processes ----

def adopt_orphans():
    """Make this process the parent of what its descendants leave behind."""
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def descendants():
    """The processes that this one has started, directly or not, as pid -> name; parents before their children."""
    children, names = {}, {}
    for entry in os.listdir("/proc"):
        stat = read(f"/proc/{entry}/stat") if entry.isdigit() else b""
        if stat:
            after = stat[stat.rindex(b")") + 2:].split()
            if after[0] not in (b"Z", b"X"):
                children.setdefault(int(after[1]), []).append(int(entry))
                names[int(entry)] = stat[stat.index(b"(") + 1:stat.rindex(b")")].decode(errors="replace")
    found, todo = {}, [os.getpid()]
    while todo:
        for child in children.get(todo.pop(0), []):
            found[child] = names[child]
            todo.append(child)
    return found


def end_descendants(grace_s=0):
    """End whatever a run left behind after it has had this time to end by itself. Returns the names of what it was."""
    end = time.monotonic() + grace_s
    while (left := descendants()) and time.monotonic() < end:
        time.sleep(0.05)
    # gordian comes last: once its program is gone it writes its report, and removes what it made.
    for number, spared, patience_s in ((signal.SIGTERM, None, 2), (signal.SIGKILL, "gordian", 5), (signal.SIGKILL, None, 5)):
        end = time.monotonic() + patience_s
        # A process may start others until it is gone.
        while (now := descendants()) and time.monotonic() < end:
            for pid in (pid for pid, name in now.items() if name != spared):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.05)
    return sorted(set(left.values()))


def where_it_hangs(gordian):
    """What is known of the processes that have not ended in time: what each thread waits in, and gordian's view of them."""
    lines = []
    for pid, name in descendants().items():
        lines.append(f"== {pid} {name}: {read(f'/proc/{pid}/cmdline').replace(bytes(1), b' ').decode(errors='replace')[:300]}\n")
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{pid}/task"):
                about = f"/proc/{pid}/task/{task}/"
                lines.append(f"{task} {tail(read(about + 'comm')).strip()}: {tail(read(about + 'wchan'))} "
                             f"{tail(read(about + 'syscall')).strip()}\n")
        if b"libgordian.so" in read(f"/proc/{pid}/maps"):
            with contextlib.suppress(subprocess.TimeoutExpired):
                dump = subprocess.run([gordian, "dump", str(pid)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=20, check=False)
                lines.append(dump.stdout.decode(errors="replace"))
    return "".join(lines)


# ---- one program ----

def version_of(program):
    """What the program says its version is, in one word."""
    done = subprocess.run(program.version, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60,
                          env={"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}, check=False)
    found = re.search(rb"\d+(\.\d+)+[\w.+~-]*", done.stdout)
    if done.returncode != 0 or not found:
        raise Failure(f"{' '.join(program.version)} ended with {done.returncode} and no version:\n{tail(done.stdout)}")
    return found[0].decode()


def cpu_s():
    """The processor time of all children that have ended."""
    used = os.times()
    return used.children_user + used.children_system


def drive(program, run, gordian):
    """Do one run. Returns (its answer or None, processor seconds); what went wrong is in run.wrong."""
    answer, before = None, cpu_s()
    try:
        answer = program.drive(run)
    except Failure as failure:
        run.wrong.append(str(failure))
        if not run.left_s():
            run.write("hang.txt", where_it_hangs(gordian))
    except (OSError, ValueError, LookupError, subprocess.SubprocessError) as error:
        run.wrong.append(f"the driver failed: {error!r}")
    left = end_descendants(0 if run.wrong else GRACE_S)
    if left and not run.wrong:
        run.wrong.append(f"it left processes behind: {', '.join(left)}")
    return answer, cpu_s() - before


def judge(outcome, program, run):
    """Add what the watched run's reports say to the outcome."""
    damaged = []
    for report in run.reports:
        for family, count in report["coverage"]["events"].items():
            outcome.events[family] = outcome.events.get(family, 0) + count
        outcome.findings += report["findings"]
        outcome.unseen += [family for family in report["coverage"]["unseen"] if family not in outcome.unseen]
        damaged += report["coverage"]["damage"]
        for process in report["processes"]:
            what = f"process {process['pid']} ({(process['argv'] or ['?'])[0]})"
            if process["off_reason"]:
                damaged.append(f"gordian turned itself off in {what}: {process['off_reason']}")
            if process["lost"]:
                damaged.append(f"{what} lost {', '.join(process['lost'])}")
    outcome.wrong += damaged[:5]
    for finding in filter(counts, outcome.findings):
        if any(triaged.covers(finding) for triaged in program.triaged):
            outcome.triaged.append(finding["id"])
            continue
        outcome.wrong.append(f"finding {finding['id']} ({finding['kind']}, {finding['severity']}): {finding['message']}")
    if run.reports and not any(outcome.events.values()):
        outcome.wrong.append("no lock event was seen")


def keep(run, folder):
    """Keep what tells of a watched run: the reports, and the ends of what was printed."""
    for name in sorted(os.listdir(run.folder)):
        if re.fullmatch(r"command\d+\.(json|txt|out|err)|hang\.txt", name):
            with open(os.path.join(folder, name), "wb") as file:
                content = read(run.path(name))
                file.write(content if name.endswith((".json", ".txt")) else content[-100000:])


def try_program(program, base, gordian, results):
    """Run a program both ways below the folder `base`, and leave what tells of it below `results`. Returns its Outcome."""
    outcome = Outcome(program.name)
    evidence = os.path.join(results, program.name)
    shutil.rmtree(evidence, ignore_errors=True)
    os.makedirs(evidence)
    home = os.path.join(base, program.name)
    os.mkdir(home)
    try:
        outcome.version = version_of(program)
        place = Place(program, os.path.join(home, "shared"), time.monotonic() + program.limit_s)
        if program.prepare:
            program.prepare(place)
        answers = []
        for way in ("native", "watched"):
            run = Run(program, os.path.join(home, way), place.folder, time.monotonic() + program.limit_s,
                      gordian if way == "watched" else None)
            answer, cpu = drive(program, run, gordian)
            os.makedirs(os.path.join(evidence, way))
            keep(run, os.path.join(evidence, way))
            outcome.wrong += [f"{way}: {line}" for line in run.wrong]
            if way == "native":
                outcome.native_s, outcome.native_cpu_s = run.seconds, cpu
            else:
                outcome.watched_s, outcome.watched_cpu_s = run.seconds, cpu
                judge(outcome, program, run)
            answers.append(answer)
            if way == "native" and run.wrong:
                return outcome
        if answers[0] != answers[1] and not outcome.wrong:
            outcome.wrong.append(f"the answers differ:\nnative:  {answers[0]!r}\nwatched: {answers[1]!r}")
    except (Failure, OSError, subprocess.SubprocessError) as failure:
        outcome.wrong.append(str(failure))
    finally:
        end_descendants()
        shutil.rmtree(home, ignore_errors=True)
    return outcome
