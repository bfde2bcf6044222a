#!/usr/bin/env python3
"""What `bazel run //:install` and `//:deb` make works: from where it is put, after a move, for any user, from any folder.

    install_test.py INSTALL DEB PROGRAM [Class.test...]
"""

import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

INSTALL, DEB, PROGRAM = (os.path.abspath(path) for path in sys.argv[1:4])
del sys.argv[1:4]

FILES = {
    "bin/gordian", "include/gordian.h", "lib/gordian/libgordian.so", "share/bash-completion/completions/gordian",
    "share/doc/gordian/LICENSE", "share/doc/gordian/README.md", "share/gordian/gordian-report-1.schema.json",
    "share/man/man1/gordian.1", "share/man/man3/gordian.h.3", "share/pkgconfig/gordian.pc", "share/zsh/site-functions/_gordian",
}
PACKAGED = {
    "usr/bin/gordian", "usr/include/gordian.h", "usr/lib/gordian/libgordian.so", "usr/share/bash-completion/completions/gordian",
    "usr/share/doc/gordian/README.md", "usr/share/doc/gordian/changelog.gz", "usr/share/doc/gordian/copyright",
    "usr/share/gordian/gordian-report-1.schema.json", "usr/share/man/man1/gordian.1.gz", "usr/share/man/man3/gordian.h.3.gz",
    "usr/share/pkgconfig/gordian.pc", "usr/share/zsh/vendor-completions/_gordian",
}


def run(*command, **options):
    options.setdefault("env", {k: v for k, v in os.environ.items() if k not in ("DESTDIR", "BUILD_WORKING_DIRECTORY")})
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=250, **options)


def files(folder):
    """All files below the folder, those of the cases apart."""
    found = {os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names}
    cases = {name for name in found if "share/gordian/cases/" in name}
    return found - cases, cases


class PlacesTest(unittest.TestCase):
    """A folder of its own for each test."""

    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="install-test-")
        self.addCleanup(shutil.rmtree, self.scratch)
        os.chmod(self.scratch, 0o755)
        self.program = shutil.copy(PROGRAM, self.path("program under test"))  # where every user can read it

    def path(self, *parts):
        return os.path.join(self.scratch, *parts)

    def check_works(self, prefix, **options):
        """The command finds its library, and what it says can be read."""
        gordian = os.path.join(prefix, "bin", "gordian")
        result = run(gordian, "run", "--json", "-", "--quiet", "--", self.program, cwd="/", **options)
        self.assertEqual(result.returncode, 66, result)
        report = json.loads(result.stdout[result.stdout.index("{"):])
        self.assertEqual([finding["kind"] for finding in report["findings"]], ["deadlock.actual"])
        self.assertEqual(report["findings"][0]["steps"][0]["wants"]["stack"][0]["function"], "transfer")


class InstallTest(PlacesTest):
    def install(self, *arguments, **options):
        result = run(INSTALL, *arguments, **options)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result)
        return result.stdout

    def test_what_is_installed(self):
        said = self.install("--prefix", self.path("to"))
        self.assertEqual(said, f"gordian 0.1.0 is in {self.path('to')}\n  {self.path('to')}/bin is not in PATH\n")
        found, cases = files(self.path("to"))
        self.assertEqual(found, FILES)
        self.assertGreater(len(cases), 300)
        self.assertEqual(os.stat(self.path("to", "bin", "gordian")).st_mode & 0o777, 0o755)
        self.assertEqual(os.stat(self.path("to", "include", "gordian.h")).st_mode & 0o777, 0o644)

    def test_it_works_and_may_be_moved(self):
        self.install("--prefix", self.path("first place"))
        self.check_works(self.path("first place"))
        os.rename(self.path("first place"), self.path("second"))
        self.check_works(self.path("second"))
        os.symlink(self.path("second", "bin", "gordian"), self.path("link"))
        self.assertEqual(run(self.path("link"), "run", "--quiet", "--", self.program).returncode, 66)
        # As another user, where this one may become it.
        if os.geteuid() == 0:
            self.check_works(self.path("second"), user=65534, group=65534, extra_groups=[])

    def test_again_over_itself(self):
        for _ in range(2):
            self.install("--prefix", self.path("to"))
        self.check_works(self.path("to"))

    def test_destdir_and_relative_paths(self):
        self.install("--prefix", "/opt/gordian", "--destdir", self.path("stage"))
        self.assertEqual(files(self.path("stage", "opt", "gordian"))[0], FILES)
        environment = dict(os.environ, DESTDIR=self.path("other"))
        self.install("--prefix=/opt", env=environment)
        self.assertEqual(files(self.path("other", "opt"))[0], FILES)
        self.install("--prefix", "here", env=dict(os.environ, BUILD_WORKING_DIRECTORY=self.scratch))
        self.assertEqual(files(self.path("here"))[0], FILES)

    def test_mistakes(self):
        for arguments, line in (([], "no prefix is given"), (["--prefix"], "--prefix: this option needs a value"),
                                (["--prefix", "x", "y"], "y: unknown argument")):
            result = run(INSTALL, *arguments)
            self.assertEqual((result.returncode, result.stdout), (125, ""))
            self.assertTrue(result.stderr.startswith(f"gordian: install: {line}\n"), result.stderr)
        open(self.path("file"), "w", encoding="ascii").close()
        result = run(INSTALL, "--prefix", self.path("file", "below"))
        self.assertEqual(result.returncode, 125)
        self.assertIn(f"gordian: install: cannot write {self.path('file', 'below')}/bin/gordian\n", result.stderr)

    def test_a_program_is_built_with_its_header(self):
        self.install("--prefix", self.path("first"))
        os.rename(self.path("first"), self.path("moved"))
        environment = dict(os.environ, PKG_CONFIG_PATH=self.path("moved", "share", "pkgconfig"))
        self.assertEqual(run("pkg-config", "--modversion", "gordian", env=environment).stdout, "0.1.0\n")
        flags = run("pkg-config", "--cflags", "--libs", "gordian", env=environment).stdout.split()
        with open(self.path("program.c"), "w", encoding="ascii") as file:
            file.write('#include <gordian.h>\nstatic int lock;\nint main(void) { GORDIAN_ASSERT_HELD(&lock); return 0; }\n')
        built = run("gcc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", self.path("program.c"), "-o", self.path("program"), *flags)
        self.assertEqual(built.returncode, 0, built.stderr)
        result = run(self.path("moved", "bin", "gordian"), "run", "--", self.path("program"))
        self.assertEqual(result.returncode, 66)
        self.assertIn("asserts that it holds", result.stderr)

    def test_the_suite(self):
        self.install("--prefix", self.path("to"))
        result = run(self.path("to", "bin", "gordian"), "suite", "--tools", "native,gordian", "bank_transfer", cwd="/")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)
        self.assertIn("bank_transfer", result.stdout)
        # Without what it needs, it says so.
        result = run(self.path("to", "bin", "gordian"), "suite", "bank_transfer", env={"PATH": self.path("to", "bin")})
        self.assertEqual((result.returncode, result.stderr), (125, "gordian: cannot run python3: No such file or directory\n"
                                                                   "  install python3\n"))


class DebTest(PlacesTest):
    """The package, as far as it can be looked at without installing it."""

    def deb(self):
        result = run(DEB, "--out", self.path("out"), env=dict(os.environ, SOURCE_DATE_EPOCH="1700000000"))
        self.assertEqual((result.returncode, result.stderr), (0, ""), result)
        self.assertEqual(glob.glob(self.path("out", "*")), [result.stdout.rstrip("\n")])
        self.assertRegex(os.path.basename(result.stdout), r"^gordian_0\.1\.0_[a-z0-9]+\.deb\n$")
        return result.stdout.rstrip("\n")

    def test_the_package(self):
        package = self.deb()
        control = run("dpkg-deb", "--field", package).stdout
        depends = re.search("^Depends: (.*)$", control, re.M)[1]
        needed = {re.sub(r" .*", "", item) for item in depends.split(", ")}
        self.assertEqual(needed, {"libc6", "libcjson1", "libdw1", "libelf1", "libexpat1", "libstdc++6", "libunwind8"})
        self.assertEqual(run("dpkg-deb", "--extract", package, self.path("root")).returncode, 0)
        found, cases = files(self.path("root"))
        self.assertEqual(found, PACKAGED)
        self.assertGreater(len(cases), 300)
        owners = {line.split()[1] for line in run("dpkg-deb", "--contents", package).stdout.splitlines()}
        self.assertEqual(owners, {"root/root"})
        self.check_works(self.path("root", "usr"))

    def test_the_same_sources_give_the_same_package(self):
        with open(self.deb(), "rb") as file:
            first = file.read()
        shutil.rmtree(self.path("out"))
        with open(self.deb(), "rb") as file:
            self.assertEqual(first == file.read(), True)

    def test_lintian_has_nothing_to_say(self):
        # There is no address to write to, and the changelog is of no Debian release.
        tags = "bogus-mail-host,bogus-mail-host-in-debian-changelog"
        result = run("lintian", "--no-cfg", "--allow-root", "--suppress-tags", tags, self.deb())
        self.assertEqual((result.returncode, result.stdout), (0, ""), result)


if __name__ == "__main__":
    check.main()
