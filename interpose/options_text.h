/* The library's options as text, for help=1 and for the manual page: a heading, then for each option two
 * spaces, the option, and from column 22 on what it does; what has no more room goes on below. */
#ifndef GORDIAN_INTERPOSE_OPTIONS_TEXT_H
#define GORDIAN_INTERPOSE_OPTIONS_TEXT_H

#define OPTIONS_TEXT                                                                                         \
    "GORDIAN_OPTIONS=\"key=value:key=value...\" (a backslash makes the next character plain)\n"              \
    "  dir=PATH            where recordings go (default: the working directory)\n"                           \
    "  on_deadlock=WORD    continue | stop (exit at once) | abort (SIGABRT) (default: continue)\n"           \
    "  exit_code=N         exit status of on_deadlock=stop (default: 66)\n"                                  \
    "  children=0|1        also record child processes (default: 1)\n"                                       \
    "  quiet=0|1           write nothing to stderr (default: 0)\n"                                           \
    "  stack_depth=N       longest stack kept, in frames (default: 256, at most 4096)\n"                     \
    "  max_steps=N         bound of one search for lock cycles, in edges tried (default: 65536)\n"           \
    "  max_per_edge=N      lock cycles listed that share a lock order (default: 4)\n"                        \
    "  max_cycles=N        lock cycles that are listed (default: 1024)\n"                                    \
    "  max_uses=N          threads and segments kept per lock order (default: 4096, at most 65535)\n"        \
    "  max_held=N          locks held at once whose orders are kept (default: 320)\n"                        \
    "  max_profiled=N      locks with a profile (default: 1024)\n"                                           \
    "  starvation_overtakes=N, starvation_ms=N\n"                                                            \
    "                      a waiter starves that was overtaken more than N times (default: 1000)\n"          \
    "                      and waited longer than N milliseconds (default: 1000)\n"                          \
    "  single_thread=0|1   also note two lock orders in one thread (default: 0)\n"                           \
    "  notify=PATH         FIFO that gets one byte for each finding (default: none)\n"                       \
    "  root=PID            the process that children=0 leaves (default: the first)\n"                        \
    "  help=1              print this\n"

#endif
