"""Takes two locks in both orders, each pair in another kind of place, and says in which functions it was.

    python_frames.py            each pair by two threads, one after the other: prints {case: [frames of the first lock, of the second]}
    python_frames.py deadlock   two threads that wait for each other: prints {thread: [frames of what it holds, of what it wants]}

Frames are [function, base name of the file, line], innermost first, as the interpreter says at that line.
"""

import contextlib
import functools
import json
import os
import sys
import threading

CASES = {}
truth = {}
name_now = None
says_qualified_names = sys.version_info >= (3, 11)


def frames_from(frame):
    found = []
    while frame:
        code = frame.f_code
        # Of a name, what comes before a NUL.
        name = (code.co_qualname if says_qualified_names else code.co_name).split("\0")[0]
        found.append([name, os.path.basename(code.co_filename), frame.f_lineno])
        frame = frame.f_back
    return found


def note():
    """The lock that is taken next in this line is the next one of the case."""
    truth.setdefault(name_now, []).append(frames_from(sys._getframe(1)))


class Noted:
    """For a with statement: the lock after this one."""

    def __enter__(self):
        truth.setdefault(name_now, []).append(frames_from(sys._getframe(1)))

    def __exit__(self, *_):
        pass


noted = Noted()


def case(function):
    CASES[function.__name__] = function
    return function


@case
def one_function(first, second):
    with noted, first:
        with noted, second:
            pass


@case
def one_statement(first, second):
    with noted, first, noted, second:
        pass


@case
def statement_over_lines(first, second):
    with noted, first:
        note(); second.acquire(

        )
        second.release()


@case
def nested_functions(first, second):
    def inner():
        def innermost():
            with noted, second:
                pass
        innermost()
    with noted, first:
        inner()


class Account:
    def __init__(self, first, second):
        self.first, self.second = first, second

    def pay(self):
        with noted, self.first:
            Account.settle(self.second)

    @staticmethod
    def settle(lock):
        with noted, lock:
            pass

    @property
    def balance(self):
        with noted, self.second:
            return 1

    @classmethod
    def check(cls, account):
        with noted, account.first:
            return account.balance

    def __getitem__(self, index):
        with noted, self.first:
            return self(index)

    def __call__(self, index):
        with noted, self.second:
            return index


@case
def methods(first, second):
    Account(first, second).pay()


@case
def properties(first, second):
    Account.check(Account(first, second))


@case
def special_methods(first, second):
    Account(first, second)[1]


@case
def generators(first, second):
    def numbers():
        with noted, first:
            yield 1
            with noted, second:
                yield 2

    def through():
        yield from numbers()
    list(through())


@case
def generator_expressions(first, second):
    def take(lock):
        with noted, lock:
            return 1
    with noted, first:
        sum(take(second) for _ in range(1))


@case
def comprehensions(first, second):
    with noted, first:
        [(note(), second.acquire()) for _ in range(1)]
        second.release()


@case
def lambdas(first, second):
    inner = lambda: (note(), second.acquire())  # noqa: E731
    with noted, first:
        inner()
        second.release()


def traced(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)
    return wrapper


@case
@traced
@traced
def decorated(first, second):
    with noted, first, noted, second:
        pass


@contextlib.contextmanager
def both(first, second):
    with noted, first:
        with noted, second:
            yield


@case
def context_managers(first, second):
    with both(first, second):
        pass


@case
def called_from_c(first, second):
    def key(_):
        with noted, second:
            return 0
    with noted, first:
        sorted([1], key=key)


@case
def class_bodies(first, second):
    with noted, first:
        class Body:
            note(); second.acquire()
            second.release()
        assert Body


@case
def coroutines(first, second):
    async def inner():
        with noted, second:
            pass

    async def outer():
        with noted, first:
            await inner()
    try:
        outer().send(None)
    except StopIteration:
        pass


@case
def deleted_objects(first, second):
    class Last:
        def __del__(self):
            with noted, second:
                pass
    last = Last()
    with noted, first:
        del last


@case
def after_an_exception(first, second):
    try:
        raise KeyError("one")
    except KeyError:
        with noted, first:
            try:
                {}["two"]
            except KeyError as error:
                assert error.args == ("two",)
                with noted, second:
                    pass
            finally:
                assert isinstance(sys.exc_info()[1], KeyError)
    assert sys.exc_info() == (None, None, None)


@case
def while_an_exception_passes(first, second):
    class Guard:
        def __enter__(self):
            pass

        def __exit__(self, kind, value, traceback):
            with noted, second:
                return kind is ValueError and value.args == ("kept",)
    with noted, first:
        with Guard():
            raise ValueError("kept")


@case
def recursion(first, second):
    def descend(depth):
        if depth:
            return descend(depth - 1)
        with noted, second:
            return 0
    with noted, first:
        descend(20)


@case
def deeper_than_kept(first, second):
    def descend(depth):
        if depth:
            return descend(depth - 1)
        with noted, second:
            return 0
    with noted, first:
        descend(300)


@case
def reentrant_locks(first, second):
    with noted, first:
        first.acquire()
        with noted, second:
            pass
        first.release()


@case
def with_a_trace_function(first, second):
    def trace(frame, event, argument):
        return trace
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with noted, first:
            with noted, second:
                pass
    finally:
        sys.settrace(before)


@case
def größe_数量_𝛼(first, second):
    with noted, first, noted, second:
        pass


def helper(lock):
    with noted, lock:
        pass


def by_way_of(function, lock):
    function(lock)


@case
def same_inner_frames_one(first, second):
    with noted, first:
        by_way_of(helper, second)


@case
def same_inner_frames_two(first, second):
    with noted, first:
        by_way_of(helper, second)


def same_inner_frames_twice(first, second, which):
    """The same frames at the same places; only a line in the middle differs."""
    with noted, first:
        if which:
            by_way_of(helper, second)
        else:
            by_way_of(helper, second)


CASES["same_inner_frames_0"] = functools.partial(same_inner_frames_twice, which=0)
CASES["same_inner_frames_1"] = functools.partial(same_inner_frames_twice, which=1)


def made_case(number):
    """Code that is gone after the case, so that the next one's may lie in its place."""
    names = ["made_%d" % number, "made\udc80.py", "made_%d.py" % number]
    lines = "\n" * (number % 7 * 30000)

    def run(first, second):
        source = f"{lines}def {names[0]}(first, second):\n  with noted, first:\n    with noted, second:\n      pass\n"
        space = {"noted": noted}
        exec(compile(source, names[1 if number % 10 == 3 else 2], "exec"), space)
        space[names[0]](first, second)
    return run


for made_number in range(40):
    CASES["made_%d" % made_number] = made_case(made_number)


def renamed(first, second):
    with noted, first, noted, second:
        pass


@case
def odd_names(first, second):
    code = renamed.__code__.replace(co_name="a\0b", **({"co_qualname": "a\0b"} if says_qualified_names else {}))
    type(renamed)(code, globals())(first, second)


def run_cases():
    global name_now
    pairs = {name: (threading.RLock(), threading.RLock()) if name == "reentrant_locks" else (threading.Lock(), threading.Lock())
             for name in CASES}
    # Turns by pipes: they are no locks.
    (first_read, first_write), (second_read, second_write) = os.pipe(), os.pipe()

    def worker(read, write, turned):
        nonlocal_name = None
        for nonlocal_name, function in CASES.items():
            os.read(read, 1)
            globals()["name_now"] = nonlocal_name
            function(*(reversed(pairs[nonlocal_name]) if turned else pairs[nonlocal_name]))
            os.write(write, b".")
    threads = [threading.Thread(target=worker, args=(first_read, second_write, False)),
               threading.Thread(target=worker, args=(second_read, first_write, True))]
    for thread in threads:
        thread.start()
    os.write(first_write, b".")
    for thread in threads:
        thread.join()
    for stacks in truth.values():
        assert stacks[:2] == stacks[2:], stacks
        del stacks[2:]


def take_both(first, second, read, write):
    with noted, first:
        os.write(write, b".")
        os.read(read, 1)
        with noted, second:
            pass


def deadlock():
    left, right = threading.Lock(), threading.Lock()
    (one_read, one_write), (two_read, two_write) = os.pipe(), os.pipe()
    threading.Thread(target=take_both, args=(left, right, one_read, two_write), daemon=True).start()
    threading.Thread(target=take_both, args=(right, left, two_read, one_write), daemon=True).start()
    threading.Event().wait()


if sys.argv[1:] == ["deadlock"]:
    class Printed(Noted):
        def __enter__(self):
            os.write(1, (json.dumps(frames_from(sys._getframe(1))) + "\n").encode())

    noted = Printed()
    deadlock()
else:
    run_cases()
    print(json.dumps(truth))
