"""CPython: its threads, pools, queues, event loops and processes."""

from tests.heavy.harness import Program

PYTHON = "/usr/bin/python3"

THREADS = """
import collections, queue, threading, time
from concurrent.futures import ThreadPoolExecutor, as_completed

# A bounded queue between producers and consumers.
tasks, results = queue.Queue(8), queue.SimpleQueue()
def consume():
    while (n := tasks.get()) is not None:
        results.put(n * n)
        tasks.task_done()
consumers = [threading.Thread(target=consume) for _ in range(6)]
for thread in consumers: thread.start()
def produce(start):
    for n in range(start, 60000, 3): tasks.put(n)
producers = [threading.Thread(target=produce, args=(n,)) for n in range(3)]
for thread in producers: thread.start()
for thread in producers: thread.join()
tasks.join()
for _ in consumers: tasks.put(None)
for thread in consumers: thread.join()
print("queue", sum(results.get() for _ in range(60000)))

# Accounts, each with a lock; transfers take two of them in one order.
class Account:
    def __init__(self): self.lock, self.money = threading.RLock(), 1000
accounts = [Account() for _ in range(20)]
def transfer(seed):
    for i in range(12000):
        one, two = sorted(((seed * 7 + i * 13) % 20, (seed * 11 + i * 17) % 20))
        with accounts[one].lock, accounts[two].lock, accounts[one].lock:
            accounts[one].money -= 1
            accounts[two].money += 1
threads = [threading.Thread(target=transfer, args=(n,)) for n in range(5)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("accounts", [account.money for account in accounts])

# A condition, events, a barrier and a semaphore.
condition, box, taken = threading.Condition(), collections.deque(), []
def take():
    while True:
        with condition:
            condition.wait_for(lambda: box)
            item = box.popleft()
            if item is None: return
            taken.append(item)
takers = [threading.Thread(target=take) for _ in range(4)]
for thread in takers: thread.start()
for n in range(15000):
    with condition:
        box.append(n)
        condition.notify()
with condition:
    box.extend([None] * 4)
    condition.notify_all()
for thread in takers: thread.join()
print("condition", sum(taken))
barrier, rounds, few = threading.Barrier(4), [], threading.BoundedSemaphore(2)
def meet(n):
    for i in range(1000):
        with few: pass
        if barrier.wait() == 0: rounds.append(i)
threads = [threading.Thread(target=meet, args=(n,)) for n in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("barrier", sum(rounds))
event, done = threading.Event(), []
threads = [threading.Thread(target=lambda: (event.wait(), done.append(1))) for _ in range(50)]
for thread in threads: thread.start()
event.set()
for thread in threads: thread.join()
print("event", len(done))

with ThreadPoolExecutor(8) as pool:
    futures = [pool.submit(pow, n, 3, 1009) for n in range(15000)]
    print("pool", sum(future.result() for future in as_completed(futures)), sum(pool.map(lambda n: n * 2, range(15000))))
timer = threading.Timer(0.01, lambda: print("timer"))
timer.start()
timer.join()
"""

ASYNCIO = """
import asyncio, hashlib, queue, threading

async def main():
    loop = asyncio.get_running_loop()
    digests = await asyncio.gather(*(asyncio.to_thread(lambda n=n: hashlib.sha256(bytes(200000 + n)).hexdigest()) for n in range(1500)))
    print("to_thread", hashlib.sha256("".join(digests).encode()).hexdigest())

    # Threads that call into the loop.
    box = asyncio.Queue(10)
    async def put(n): await box.put(n)
    def produce(start):
        for n in range(start, 6000, 4): asyncio.run_coroutine_threadsafe(put(n), loop).result()
    threads = [threading.Thread(target=produce, args=(n,)) for n in range(4)]
    for thread in threads: thread.start()
    print("queue", sum([await box.get() for _ in range(6000)]))
    for thread in threads: await asyncio.to_thread(thread.join)

    async def serve(reader, writer):
        while line := await reader.readline():
            writer.write(await loop.run_in_executor(None, line.upper))
            await writer.drain()
        writer.close()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async def talk(n):
        reader, writer = await asyncio.open_connection("localhost", port)
        answers = []
        for i in range(150):
            writer.write(b"line %d of %d\\n" % (i, n))
            answers.append(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return b"".join(answers)
    answers = await asyncio.gather(*(talk(n) for n in range(20)))
    print("server", hashlib.sha256(b"".join(answers)).hexdigest())
    server.close()
    await server.wait_closed()

    process = await asyncio.create_subprocess_exec("sh", "-c", "cat; exit 4", stdin=-1, stdout=-1)
    print("subprocess", await process.communicate(b"in and out"), process.returncode)

asyncio.run(main())
"""

PROCESSES = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import forkserver, resource_tracker

def cube(n): return n ** 3
def add(total, lock, count):
    for _ in range(count):
        with lock: total.value += 1
def fill(box, start):
    for n in range(start, 600, 3): box.put(n)
def reply(pipe):
    while (n := pipe.recv()) is not None: pipe.send(n + 1)

if __name__ == "__main__":
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(3) as pool:
            print(method, "pool", sum(pool.imap_unordered(cube, range(20000), 100)))
            pool.close()
            pool.join()
        total, lock = context.Value("i", 0), context.Lock()
        workers = [context.Process(target=add, args=(total, lock, 2000)) for _ in range(3)]
        for worker in workers: worker.start()
        for worker in workers: worker.join()
        print(method, "value", total.value, [worker.exitcode for worker in workers])
        box = context.Queue()
        workers = [context.Process(target=fill, args=(box, n)) for n in range(3)]
        for worker in workers: worker.start()
        print(method, "queue", sum(box.get() for _ in range(600)))
        for worker in workers: worker.join()
        ours, theirs = context.Pipe()
        worker = context.Process(target=reply, args=(theirs,))
        worker.start()
        for n in range(300):
            ours.send(n)
            assert ours.recv() == n + 1
        ours.send(None)
        worker.join()
        print(method, "pipe", worker.exitcode)
        with ProcessPoolExecutor(2, mp_context=context) as executor:
            print(method, "executor", sum(executor.map(cube, range(200), chunksize=10)))
    # Both would live on until they notice that this process is gone.
    forkserver._forkserver._stop()
    resource_tracker._resource_tracker._stop()
"""


def script(name, text):
    def drive(run):
        return run.execute([PYTHON, run.write("script.py", text)]).decode()

    return Program(name, drive, [PYTHON, "--version"])


PROGRAMS = [script("python-threads", THREADS), script("python-asyncio", ASYNCIO), script("python-processes", PROCESSES)]
