"""What is set side by side: nothing at all, a preload that only forwards, gordian, and its peers where they are installed."""

import dataclasses
import glob
import os
import shutil

DYNDD = "/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.dyndd-x86_64.so"
LIBC = "libc.so.6"


@dataclasses.dataclass(frozen=True)
class Tool:
    name: str
    peer: bool = False  # somebody else's: its failure is a result
    slow: bool = False
    preload: str = ""
    prefix: tuple = ()  # of the command
    suffix: str = ""  # of the program: another build of it

    def command(self, argv):
        return [*self.prefix, argv[0] + self.suffix, *argv[1:]]

    def environment(self, folder):
        """A clean environment; what gordian records goes into the folder."""
        made = {name: value for name, value in os.environ.items() if not name.startswith(("LD_", "GORDIAN_", "TSAN_", "GLIBC_"))}
        if self.preload:
            made["LD_PRELOAD"] = self.preload
        if self.name == "gordian":
            made["GORDIAN_OPTIONS"] = f"dir={folder}:quiet=1"
        return made

    def provider(self, argv):
        """The file that pthread_mutex_lock must come from."""
        if self.suffix:
            return os.path.basename(argv[0] + self.suffix)
        return os.path.basename(self.preload) or LIBC


def known(build):
    """All tools, by name, that can be used with what stands in the folder `build`."""
    tools = [Tool("native"),
             Tool("forwarding", preload=os.path.join(build, "bench/libforward.so")),
             Tool("gordian", preload=os.path.join(build, "interpose/libgordian.so")),
             Tool("tsan", peer=True, suffix="_tsan")]
    if valgrind := shutil.which("valgrind"):
        tools += [Tool(name, peer=True, slow=True, prefix=(valgrind, "-q", f"--tool={name}")) for name in ("helgrind", "drd")]
    if libraries := sorted(glob.glob(DYNDD)):
        tools.append(Tool("dyndd", peer=True, preload=libraries[-1]))
    return {tool.name: tool for tool in tools}
