#!/usr/bin/env python3
"""The scripts at the root, in a small tree of their own, with stand-ins for apt, sudo and Bazel that note their calls."""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

# Says that every package is installed, except those in the file `missing`.
DPKG_QUERY = """
shift 2
for package; do
    grep -qx "$package" "$STATE/missing" || echo "installed $package"
done
grep -q . "$STATE/missing" && exit 1
"""

APT_GET = """
echo "apt-get $*" >>"$STATE/calls"
case $1 in
update) ! [ -e "$STATE/offline" ] ;;
install) cp "$STATE/policy-rc.d" "$STATE/policy-seen" 2>/dev/null
    [ -e "$STATE/no-such-package" ] && { echo "E: Unable to locate package"; exit 100; }; : >"$STATE/missing" ;;
esac
"""

SUDO = """
if [ "$1" = -n ]; then [ -e "$STATE/sudoer" ]; exit; fi
echo "sudo" >>"$STATE/calls"
shift
exec "$@"
"""

# What a build leaves behind: a command that prints how it was called.
BAZEL = """
echo "bazel $*" >>"$STATE/calls"
[ -e "$STATE/broken" ] && exit 1
mkdir -p "$STATE/out/cli" "$STATE/out/interpose"
printf '#!/bin/sh\\necho "in $PWD: $*"\\nexit 7\\n' >"$STATE/out/cli/gordian"
chmod +x "$STATE/out/cli/gordian"
touch "$STATE/out/interpose/libgordian.so"
ln -sfn "$STATE/out" bazel-bin
"""

# Shows which logs it was given, and what they close with.
TALLY = """
import sys
for path in sys.argv[2:]:
    print(path.rsplit("/", 1)[1], open(path).read().splitlines()[-1])
sys.exit(9)
"""

SOURCES = ("WORKSPACE", "BUILD", ".bazelrc", ".bazelversion", "third_party/a", "include/a.h", "detector/a.c", "interpose/a.c", "reports/a.c",
           "cases/a.c", "cli/a.c", "README.md", "tests/a.c")


class SetupTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.tree = os.path.join(self.folder, "a tree")
        self.state = os.path.join(self.folder, "state")
        for name in SOURCES:
            self.write(os.path.join(self.tree, name), "1")
        os.mkdir(os.path.join(self.tree, "tools"))
        for name in ("gordian", "check", "tools/setup.sh"):
            shutil.copy(name, os.path.join(self.tree, name))
        # What check calls besides: each says how it was called, and closes as the real one does.
        for name, closing in (("tools/style", "2 passed, 0 failed"), ("tests/heavy/run", "5 passed, 1 failed"),
                              ("tests/tools/bare_debian", "3 passed, 0 failed")):
            self.write(self.source(name), f"""#!/bin/bash\necho "{name} $*" >>"$STATE/calls"\necho "{closing}"\n""", executable=True)
        self.write(self.source("tools/tally.py"), TALLY)
        # The machine's own file is left alone.
        self.policy = os.path.join(self.state, "policy-rc.d")
        setup = self.source("tools/setup.sh")
        with open(setup, encoding="utf-8") as file:
            text = file.read()
        self.write(setup, text.replace("setup_policy=/usr/sbin/policy-rc.d", f"setup_policy='{self.policy}'"))
        self.set("missing", "")
        for name, text in (("dpkg-query", DPKG_QUERY), ("apt-get", APT_GET), ("sudo", SUDO), ("bazel", BAZEL),
                           ("id", "echo $(cat $STATE/uid)")):
            self.write(os.path.join(self.folder, "bin", name), "#!/bin/bash\n" + text, executable=True)
        self.set("uid", "0")

    def write(self, path, text, executable=False):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if executable:
            os.chmod(path, stat.S_IRWXU)

    def set(self, name, text=""):
        self.write(os.path.join(self.state, name), text)

    def source(self, name):
        return os.path.join(self.tree, name)

    def call(self, script="gordian", *arguments, cwd=None):
        """Run a script. Returns (status, stdout, lines of stderr)."""
        environment = {"PATH": os.path.join(self.folder, "bin") + ":/usr/bin:/bin", "STATE": self.state}
        done = subprocess.run([self.source(script), *arguments], cwd=cwd or self.folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr.splitlines()

    def calls(self):
        """What was called since the last time."""
        path = os.path.join(self.state, "calls")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        os.remove(path)
        return lines

    BUILD = ["bazel build --ui_event_filters=-info //cli:gordian //interpose:gordian //cases:bank_transfer_buggy"]

    def test_builds_and_then_runs_the_command_where_the_user_is(self):
        status, out, err = self.call("gordian", "run", "--", "a b", cwd="/")
        self.assertEqual((status, out, err), (7, "in /: run -- a b\n", ["gordian: building"]))
        self.assertEqual(self.calls(), self.BUILD)

    def test_does_nothing_when_nothing_changed(self):
        self.call()
        self.calls()
        started = time.monotonic()
        self.assertEqual(self.call(), (7, f"in {self.folder}: \n", []))
        self.assertLess(time.monotonic() - started, 1)
        self.assertEqual(self.calls(), [])

    def test_works_through_a_link(self):
        link = os.path.join(self.folder, "bin", "gordian-link")
        os.symlink(self.source("gordian"), link)
        done = subprocess.run([link], cwd="/", env={"PATH": os.path.dirname(link) + ":/usr/bin:/bin", "STATE": self.state},
                              capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stdout), (7, "in /: \n"))

    def test_builds_again_when_a_source_changes(self):
        self.call()
        self.calls()
        changes = {
            "a changed file": lambda: self.write(self.source("detector/a.c"), "2"),
            "a new file": lambda: self.write(self.source("cli/deep/new.c"), "1"),
            "a removed file": lambda: os.remove(self.source("reports/a.c")),
            "a renamed file": lambda: os.rename(self.source("cli/a.c"), self.source("cli/b.c")),
            "an old file in place of a new one": self.replace_by_an_old_file,
            "another setting": lambda: self.write(self.source(".bazelrc"), "2"),
        }
        for what, change in changes.items():
            with self.subTest(what):
                time.sleep(0.02)
                change()
                self.assertEqual(self.call()[0], 7)
                self.assertEqual(self.calls(), self.BUILD)
                self.call()
                self.assertEqual(self.calls(), [])

    def replace_by_an_old_file(self):
        self.write(self.source("interpose/a.c"), "3")
        os.utime(self.source("interpose/a.c"), (1, 1))

    def test_documents_and_tests_need_no_build(self):
        self.call()
        self.calls()
        time.sleep(0.02)
        self.write(self.source("README.md"), "2")
        self.write(self.source("tests/a.c"), "2")
        self.write(self.source("report.json"), "2")
        self.call()
        self.assertEqual(self.calls(), [])

    def test_builds_again_when_the_result_is_gone_or_another(self):
        self.call()
        self.calls()
        os.remove(os.path.join(self.state, "out/interpose/libgordian.so"))
        self.call()
        self.assertEqual(self.calls(), self.BUILD)
        # `bazel build -c dbg` turns bazel-bin to another folder, with a command of its own.
        shutil.copytree(os.path.join(self.state, "out"), os.path.join(self.state, "debug"))
        os.remove(self.source("bazel-bin"))
        os.symlink(os.path.join(self.state, "debug"), self.source("bazel-bin"))
        self.call()
        self.assertEqual(self.calls(), self.BUILD)

    def test_a_failed_build_is_not_taken_for_a_good_one(self):
        self.call()
        time.sleep(0.02)
        self.write(self.source("detector/a.c"), "wrong")
        self.set("broken")
        for _ in range(2):
            self.calls()
            self.assertEqual(self.call(), (125, "", ["gordian: building", "gordian: the build failed"]))
            self.assertEqual(self.calls(), self.BUILD)

    def test_a_change_during_the_build_is_built_next_time(self):
        script = os.path.join(self.folder, "bin", "bazel")
        self.write(script, "#!/bin/bash\n" + BAZEL + f'\nsleep 0.02\necho 2 >"{self.source("cli/a.c")}"\n', executable=True)
        self.call()
        self.calls()
        self.call()
        self.assertEqual(self.calls(), self.BUILD)

    def test_installs_what_is_missing_and_only_that(self):
        self.set("missing", "gcc\nuthash-dev\n")
        status, _, err = self.call()
        self.assertEqual((status, err), (7, ["gordian: installing with apt: gcc uthash-dev", "gordian: building"]))
        calls = self.calls()
        self.assertEqual(calls[0], "apt-get update -qq")
        self.assertTrue(calls[1].startswith("apt-get install -qq --yes --no-install-recommends "), calls[1])
        self.assertTrue(calls[1].endswith(" gcc uthash-dev"), calls[1])
        self.assertEqual(calls[2:], self.BUILD)

    def test_servers_are_not_started_by_their_packages(self):
        self.set("missing", "gcc\n")
        self.call()
        with open(os.path.join(self.state, "policy-seen"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "#!/bin/sh\nexit 101\n")
        self.assertFalse(os.path.exists(self.policy))
        # A machine's own policy stays.
        self.set("policy-rc.d", "own")
        self.set("missing", "gcc\n")
        self.call()
        with open(self.policy, encoding="utf-8") as file:
            self.assertEqual(file.read(), "own")

    def test_a_failing_update_does_not_stop_it(self):
        self.set("missing", "gcc\n")
        self.set("offline")
        self.assertEqual(self.call()[0], 7)

    def test_says_what_to_do_when_apt_fails(self):
        self.set("missing", "gcc\n")
        self.set("no-such-package")
        self.assertEqual(self.call(), (125, "", [
            "gordian: installing with apt: gcc", "E: Unable to locate package",
            "gordian: apt could not install what is missing. Run as root: apt-get install --no-install-recommends gcc"]))

    def test_a_user_without_sudo_gets_one_line(self):
        self.set("uid", "1000")
        self.set("missing", "gcc\n")
        self.assertEqual(self.call(), (125, "", [
            "gordian: cannot install what is missing: neither root nor sudo. "
            "Run as root: apt-get install --no-install-recommends gcc"]))
        self.assertEqual(self.calls(), [])

    def test_a_user_who_needs_nothing_needs_no_sudo(self):
        self.set("uid", "1000")
        self.assertEqual(self.call()[0], 7)
        self.assertEqual(self.calls(), self.BUILD)

    def test_a_user_installs_through_sudo(self):
        self.set("uid", "1000")
        self.set("sudoer")
        self.set("missing", "gcc\n")
        self.assertEqual(self.call()[0], 7)
        calls = [call.split()[0] for call in self.calls()]
        self.assertEqual([call for call in calls if call != "sudo"], ["apt-get", "apt-get", "bazel"])
        self.assertEqual(calls[calls.index("apt-get") - 1], "sudo")

    CHECKS = ["tools/style ", "bazel test --keep_going --build_event_json_file= //..."]

    def calls_of_check(self):
        return [re.sub(r"(json_file=)\S+", r"\1", call) for call in self.calls()]

    def test_check_runs_style_and_tests_and_adds_them_up(self):
        status, out, err = self.call("check", cwd="/")
        self.assertEqual((status, out.splitlines(), err), (9, ["2 passed, 0 failed", "style.log 2 passed, 0 failed"], []))
        self.assertEqual(self.calls_of_check(), self.CHECKS)

    def test_a_full_check_runs_the_heavy_programs_too(self):
        status, out, err = self.call("check", "--full", cwd="/")
        self.assertEqual((status, out.splitlines(), err),
                         (9, ["2 passed, 0 failed", "5 passed, 1 failed", "3 passed, 0 failed", "style.log 2 passed, 0 failed",
                              "heavy.log 5 passed, 1 failed", "bare_debian.log 3 passed, 0 failed"], []))
        self.assertEqual(self.calls_of_check(), [*self.CHECKS, "tests/heavy/run ", "tests/tools/bare_debian "])

    def test_heavy_programs_that_are_named_run_alone(self):
        self.assertEqual(self.call("check", "--full", "redis", "node", cwd="/"), (0, "5 passed, 1 failed\n", []))
        self.assertEqual(self.calls(), ["tests/heavy/run redis node"])

    def test_only_a_full_check_installs_the_heavy_programs(self):
        self.set("missing", "ffmpeg\nmariadb-server-core\n")
        self.call("check")
        self.assertEqual(self.calls_of_check(), self.CHECKS)
        self.call("check", "--full")
        self.assertIn(" ffmpeg mariadb-server-core", self.calls()[1])

    def test_check_installs_the_tests_packages_too_and_takes_no_arguments(self):
        self.set("uid", "1000")
        self.set("missing", "gcc\nredis-server\n")
        self.assertEqual(self.call("check")[2], [
            "gordian: cannot install what is missing: neither root nor sudo. "
            "Run as root: apt-get install --no-install-recommends gcc redis-server"])
        self.assertEqual(self.call("check", "--fast"), (125, "", ["gordian: check takes no arguments but --full, and was given: --fast"]))


if __name__ == "__main__":
    check.main()
