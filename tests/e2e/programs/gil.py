"""The GIL and the mutexes of an extension.

    gil.py EXTENSION CASE       prints "done" unless it is deadlocked
"""

import ctypes
import os
import sys
import threading

EXTENSION, CASE = sys.argv[1:]

with_gil = ctypes.PyDLL(EXTENSION)
without_gil = ctypes.CDLL(EXTENSION)


def owner_comes_back(own):
    own()
    without_gil.give_outer()


def holder(want):
    without_gil.until_there_is_an_owner()
    want()
    with_gil.give_outer()


def run(*threads):
    threads = [threading.Thread(target=function, args=arguments) for function, *arguments in threads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def mutex_is_wanted_first():
    run((owner_comes_back, without_gil.own_until_wanted), (holder, with_gil.hold_and_want))


def gil_is_wanted_first():
    run((owner_comes_back, without_gil.own), (holder, with_gil.hold_and_want_last))


def owner_needs_no_gil():
    """It gives the mutex back where it took it, in C."""
    run((without_gil.own_give_back,), (holder, with_gil.hold_and_want))


def orders():
    """One thread wants the GIL with the mutex, another the mutex with the GIL, but never at the same time."""
    (one_read, one_write), (two_read, two_write) = os.pipe(), os.pipe()

    def one():
        for _ in range(100):
            without_gil.take_outer()
            without_gil.give_outer()
            os.write(two_write, b".")
            os.read(one_read, 1)

    def two():
        for _ in range(100):
            os.read(two_read, 1)
            with_gil.take_outer()
            with_gil.give_outer()
            os.write(one_write, b".")
    run((one,), (two,))


def crowd():
    """Threads that take the GIL from each other all the time, and mutexes in one order with it and without it."""
    sys.setswitchinterval(1e-6)

    def work():
        for number in range(5000):
            (with_gil if number % 3 else without_gil).take_and_give_both()
    run(*[(work,)] * 4)


{function.__name__: function for function in (mutex_is_wanted_first, gil_is_wanted_first, owner_needs_no_gil, orders, crowd)}[CASE]()
print("done")
