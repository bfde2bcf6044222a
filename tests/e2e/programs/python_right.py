"""Python's locks, used as they should be, one way by name: python_right.py NAME | list. Prints what comes out."""

import concurrent.futures
import multiprocessing
import queue
import sys
import threading

THREADS = 4
ROUNDS = 200


def run(work, threads=THREADS):
    workers = [threading.Thread(target=work, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def lock():
    outer, inner, total = threading.Lock(), threading.Lock(), [0]

    def work(_):
        for _ in range(ROUNDS):
            with outer, inner:
                total[0] += 1

    run(work)
    return total


def rlock():
    again, total = threading.RLock(), [0]

    def add(depth):
        with again:
            if depth:
                add(depth - 1)
            else:
                total[0] += 1

    run(lambda _: [add(3) for _ in range(ROUNDS)])
    return total


def condition():
    changed, turn = threading.Condition(), [0]

    def work(self):
        for _ in range(ROUNDS):
            with changed:
                changed.wait_for(lambda: turn[0] % THREADS == self)
                turn[0] += 1
                changed.notify_all()

    run(work)
    return turn


def condition_with_time():
    changed, waits = threading.Condition(), [0]

    def work(_):
        for _ in range(5):
            with changed:
                timed_out = not changed.wait(0.001)
                waits[0] += timed_out

    run(work)
    return waits


def queues():
    tasks, results = queue.Queue(3), queue.LifoQueue()

    def work(_):
        while (n := tasks.get()) is not None:
            results.put(n * n)
            tasks.task_done()
        tasks.task_done()

    workers = [threading.Thread(target=work, args=(i,)) for i in range(THREADS)]
    for worker in workers:
        worker.start()
    for n in range(ROUNDS):
        tasks.put(n)
    for _ in workers:
        tasks.put(None)
    tasks.join()
    for worker in workers:
        worker.join()
    return sum(results.get() for _ in range(ROUNDS))


def event():
    ready, seen = threading.Event(), []

    def work(self):
        ready.wait()
        seen.append(self)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(THREADS)]
    for worker in workers:
        worker.start()
    ready.set()
    for worker in workers:
        worker.join()
    return sorted(seen)


def barrier():
    meeting, phases = threading.Barrier(THREADS), []

    def work(_):
        for phase in range(20):
            if meeting.wait() == 0:
                phases.append(phase)

    run(work)
    return phases


def semaphore():
    limit, guard, now, most = threading.BoundedSemaphore(2), threading.Lock(), [0], [0]

    def work(_):
        for _ in range(ROUNDS):
            with limit:
                with guard:
                    now[0] += 1
                    most[0] = max(most[0], now[0])
                with guard:
                    now[0] -= 1

    run(work)
    return most[0] <= 2


def timer():
    rung = threading.Event()
    threading.Timer(0.01, rung.set).start()
    return rung.wait()


def thread_pool():
    with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(lambda n: n * n, range(ROUNDS)))


def thread_pool_with_futures():
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        first = pool.submit(sum, range(100))
        second = pool.submit(lambda: first.result() + 1)
        return second.result()


def thousands_of_futures():
    """as_completed takes the locks of all futures at once."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(lambda n=n: n) for n in range(4000)]
        return sum(future.result() for future in concurrent.futures.as_completed(futures))


def square(n):
    return n * n


def process_pool():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return sum(pool.map(square, range(50)))


def put_squares(results, lock_of_both, count):
    for n in range(20):
        with lock_of_both:
            count.value += 1
        results.put(n * n)


def process_queue():
    context = multiprocessing.get_context("fork")
    results, guard, count = context.Queue(), context.Lock(), context.Value("i", 0)
    children = [context.Process(target=put_squares, args=(results, guard, count)) for _ in range(2)]
    for child in children:
        child.start()
    total = sum(results.get() for _ in range(40))
    for child in children:
        child.join()
    return total, count.value


def handed_over():
    """A lock that one thread takes and another releases is a signal."""
    left, right, order = threading.Lock(), threading.Lock(), []
    left.acquire()
    right.acquire()

    def work(_):
        left.release()
        right.acquire()
        order.append("work")
        left.release()

    worker = threading.Thread(target=work, args=(0,))
    worker.start()
    left.acquire()
    order.append("main")
    right.release()
    left.acquire()
    worker.join()
    return order


SCENARIOS = [lock, rlock, condition, condition_with_time, queues, event, barrier, semaphore, timer, thread_pool,
             thread_pool_with_futures, thousands_of_futures, process_pool, process_queue, handed_over]

if __name__ == "__main__":
    named = {scenario.__name__: scenario for scenario in SCENARIOS}
    print("\n".join(named) if sys.argv[1] == "list" else named[sys.argv[1]]())
