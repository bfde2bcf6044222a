#!/usr/bin/env python3
"""What libgordian.so takes from other libraries and what it offers them, read off its dynamic symbols.

    symbols_test.py LIBGORDIAN
"""

import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.getcwd())
from tests import check  # noqa: E402

LIBRARY = os.path.abspath(sys.argv.pop(1))

# Every hook. A preloaded library's export comes before everybody else's of that name, so there may be no other.
HOOKS = """
    _Fork chroot clone dlclose fork prctl seteuid setresuid setreuid setuid syscall
    __sigaction __sysv_signal bsd_signal sigaction signal ssignal sysv_signal
    __pthread_mutex_destroy __pthread_mutex_init __pthread_mutex_lock __pthread_mutex_trylock __pthread_mutex_unlock
    __pthread_once __pthread_rwlock_destroy __pthread_rwlock_init __pthread_rwlock_rdlock __pthread_rwlock_tryrdlock
    __pthread_rwlock_trywrlock __pthread_rwlock_unlock __pthread_rwlock_wrlock
    pthread_mutex_clocklock pthread_mutex_destroy pthread_mutex_init pthread_mutex_lock pthread_mutex_timedlock
    pthread_mutex_trylock pthread_mutex_unlock
    pthread_rwlock_clockrdlock pthread_rwlock_clockwrlock pthread_rwlock_destroy pthread_rwlock_init
    pthread_rwlock_rdlock pthread_rwlock_timedrdlock pthread_rwlock_timedwrlock pthread_rwlock_tryrdlock
    pthread_rwlock_trywrlock pthread_rwlock_unlock pthread_rwlock_wrlock
    pthread_spin_destroy pthread_spin_init pthread_spin_lock pthread_spin_trylock pthread_spin_unlock
    pthread_barrier_destroy pthread_barrier_init pthread_barrier_wait
    pthread_cond_broadcast@@GLIBC_2.3.2 pthread_cond_broadcast@GLIBC_2.2.5 pthread_cond_clockwait
    pthread_cond_destroy@@GLIBC_2.3.2 pthread_cond_destroy@GLIBC_2.2.5 pthread_cond_init@@GLIBC_2.3.2
    pthread_cond_init@GLIBC_2.2.5 pthread_cond_signal@@GLIBC_2.3.2 pthread_cond_signal@GLIBC_2.2.5
    pthread_cond_timedwait@@GLIBC_2.3.2 pthread_cond_timedwait@GLIBC_2.2.5 pthread_cond_wait@@GLIBC_2.3.2
    pthread_cond_wait@GLIBC_2.2.5
    sem_clockwait sem_close sem_destroy sem_init sem_open sem_post sem_timedwait sem_trywait sem_wait
    mtx_destroy mtx_init mtx_lock mtx_timedlock mtx_trylock mtx_unlock
    cnd_broadcast cnd_destroy cnd_init cnd_signal cnd_timedwait cnd_wait
    thrd_create thrd_detach thrd_exit thrd_join
    call_once pthread_once
    fclose fcntl fcntl64 flock flockfile ftrylockfile funlockfile lockf lockf64
    pthread_cancel pthread_clockjoin_np pthread_create pthread_detach pthread_exit pthread_join pthread_timedjoin_np
    pthread_tryjoin_np
    gordian_assert_held gordian_assert_none_held gordian_assert_not_held gordian_epoch_reset gordian_gate_enter
    gordian_gate_leave gordian_name_lock
""".split()

# Everything that the library may ask of libc. Whoever adds a name makes sure that it neither allocates nor takes a lock. No
# mem* or str*: they would bind to a sanitizer's, which may not be ready yet.
IMPORTS = """
    _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable __cxa_finalize __gmon_start__
    __errno_location getauxval __libc_single_threaded __libc_stack_end __environ environ
    __pthread_register_cancel __pthread_unregister_cancel __pthread_unwind_next __register_atfork __sigsetjmp
    _dl_find_object dl_iterate_phdr dlopen dlsym dlvsym getauxval
    pthread_attr_destroy pthread_attr_getdetachstate pthread_attr_getstacksize pthread_getattr_default_np
    pthread_barrierattr_getpshared pthread_condattr_getpshared
    pthread_key_create pthread_self pthread_setspecific pthread_testcancel sem_getvalue
""".split()

ALLOCATORS = re.compile(r"^(.*alloc.*|free|cfree|posix_memalign|memalign|_Zn[wa].*|_Zd[la].*|strn?dup|v?asprintf|getdelim"
                        r"|getline|opendir|mmap_.*|pthread_getattr_np)$")
STDIO = re.compile(r"^(stdin|stdout|stderr|_?f(open|close|read|write|flush|put[cs]|get[cs]|printf|scanf|dopen|seek.*|tell.*)"
                   r"(64|_unlocked)?|v?[ds]?n?printf|__.*printf_chk|puts|putc|putchar|perror|_IO_.*|v?s?scanf|open_memstream"
                   r"|setvbuf|setbuf|__fgets.*|psignal|getchar)$")


def readelf(*options):
    return subprocess.run(["readelf", "--wide", *options, LIBRARY], check=True, stdout=subprocess.PIPE, text=True).stdout


def symbols(defined):
    """The global dynamic symbols, with versions in the form NAME, NAME@VERSION or NAME@@VERSION."""
    found = []
    for line in readelf("--dyn-syms").splitlines():
        columns = line.split()
        if len(columns) < 8 or columns[4] not in ("GLOBAL", "WEAK", "UNIQUE"):
            continue
        if (columns[6] != "UND") == defined and columns[6] != "ABS":
            found.append(columns[7])
    return found


class SymbolsTest(unittest.TestCase):
    def setUp(self):
        self.imports = sorted(name.split("@")[0] for name in symbols(defined=False))
        self.exports = sorted(symbols(defined=True))
        self.assertIn("dlsym", self.imports)

    def test_no_allocator(self):
        self.assertEqual([name for name in self.imports if ALLOCATORS.match(name)], [])

    def test_no_stdio(self):
        self.assertEqual([name for name in self.imports if STDIO.match(name)], [])

    def test_the_patterns_know_what_they_are_for(self):
        for name in ("malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign", "_Znwm", "_ZdlPv", "strdup"):
            self.assertRegex(name, ALLOCATORS)
        for name in ("stderr", "printf", "fprintf", "vsnprintf", "snprintf", "puts", "fopen", "fopen64", "fwrite", "_IO_putc",
                     "__fprintf_chk", "__vsnprintf_chk", "perror"):
            self.assertRegex(name, STDIO)

    def test_nothing_else_is_asked_for(self):
        self.assertEqual([name for name in self.imports if name not in IMPORTS], [])

    def test_libc_alone_is_needed(self):
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", readelf("--dynamic"))
        self.assertIn("libc.so.6", needed)
        self.assertLessEqual(set(needed), {"libc.so.6", "ld-linux-x86-64.so.2"})

    def test_the_hooks_are_exported_and_nothing_else(self):
        self.assertEqual(self.exports, sorted(HOOKS))

    def test_both_versions_of_the_condition_calls_are_exported(self):
        for name in ("pthread_cond_wait", "pthread_cond_timedwait", "pthread_cond_signal", "pthread_cond_broadcast",
                     "pthread_cond_init", "pthread_cond_destroy"):
            self.assertIn(name + "@GLIBC_2.2.5", self.exports)
            self.assertIn(name + "@@GLIBC_2.3.2", self.exports)

    def test_thread_local_memory_is_one_pointer_of_the_initial_block(self):
        size = re.search(r"^ +TLS +\S+ +\S+ +\S+ +\S+ +0x([0-9a-f]+)", readelf("--segments"), re.M)
        self.assertEqual(int(size[1], 16), 8)
        self.assertNotIn("__tls_get_addr", self.imports)
        self.assertRegex(readelf("--dynamic"), r"\(FLAGS\).*STATIC_TLS")

    def test_the_stack_is_not_executable_and_the_code_not_written(self):
        self.assertRegex(readelf("--segments"), r"GNU_STACK .* RW +0x")
        self.assertNotIn("TEXTREL", readelf("--dynamic"))


if __name__ == "__main__":
    check.main()
