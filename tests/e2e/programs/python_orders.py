"""Python's locks in two orders, by name: python_orders.py NAME | list. Lines that a finding must name are marked as in kinds.h."""

import sys
import threading
import time

left, right = threading.Lock(), threading.Lock()
now = 0
blocked_thread = None


def step():
    global now
    now += 1


def await_step(number):
    while now < number:
        time.sleep(0.0005)


def await_blocked(thread):
    """Until the thread sleeps in a futex call without a time limit: it waits for a lock, not for the interpreter."""
    while True:
        with open(f"/proc/self/task/{thread}/syscall", encoding="ascii") as file:
            fields = file.read().split()
        if fields[0] == "202" and int(fields[4], 16) == 0:
            return
        time.sleep(0.0005)


def run(*parts):
    threads = [threading.Thread(target=part) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def left_right():
    await_step(0)
    with left:  # REPORTED: holds semaphore
        with right:  # REPORTED: wants semaphore
            pass
    step()


def right_left():
    await_step(1)
    right.acquire()  # REPORTED: holds semaphore
    left.acquire()  # REPORTED: wants semaphore
    left.release()
    right.release()


def left_right_second():
    await_step(1)
    with left, right:
        pass


def in_turn():
    run(left_right, right_left)


def same_order():
    run(left_right, left_right_second)


def tried():
    def left_try_right():
        with left:
            print(right.acquire(blocking=False))
            right.release()
            print(right.acquire(timeout=5))
            right.release()
        step()

    run(left_try_right, right_left)


def left_then_right():
    global blocked_thread
    blocked_thread = threading.get_native_id()
    left.acquire()  # REPORTED: holds semaphore
    step()
    await_step(2)
    right.acquire()  # REPORTED: wants semaphore


def right_then_left():
    await_step(1)
    with right:  # REPORTED: holds semaphore
        step()
        await_blocked(blocked_thread)
        left.acquire()  # REPORTED: wants semaphore


def live():
    run(left_then_right, right_then_left)


again = threading.RLock()


def again_left():
    await_step(0)
    with again:  # REPORTED: holds semaphore
        with again:
            with left:  # REPORTED: wants semaphore
                pass
    step()


def left_again():
    await_step(1)
    with left:  # REPORTED: holds semaphore
        with again:  # REPORTED: wants semaphore
            with again:
                pass


def rlock_in_turn():
    run(again_left, left_again)


SCENARIOS = [in_turn, same_order, tried, live, rlock_in_turn]

if __name__ == "__main__":
    named = {scenario.__name__: scenario for scenario in SCENARIOS}
    if sys.argv[1] == "list":
        print("\n".join(named))
    else:
        named[sys.argv[1]]()
