"""SQLite: the shell with sorting threads, and many connections of one process to one database."""

from tests.heavy.harness import Program

STATEMENTS = """
pragma journal_mode = wal;
pragma threads = 4;
pragma cache_size = -2000;
create table t (a integer primary key, b text, c integer);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 400000)
    insert into t select i, 'row ' || (i * 7919 % 400000), i * 31 % 1009 from n;
create index t_b on t (b);
create index t_c on t (c, b);
select count(*), sum(a), max(b) from t;
select c, count(*), min(b) from t group by c order by 2 desc, 1 limit 5;
select b from t order by b desc, a limit 3;
pragma integrity_check;
"""

CONNECTIONS = """
import sqlite3, sys, threading
path, rows = sys.argv[1], 600
def connect():
    connection = sqlite3.connect(path, timeout=60, isolation_level=None)
    connection.execute("pragma synchronous = off")
    return connection
first = connect()
first.execute("pragma journal_mode = wal")
first.execute("create table t (writer, n, b)")
done = threading.Event()
def write(writer):
    connection = connect()
    for n in range(0, rows, 5):
        connection.execute("begin immediate")
        connection.executemany("insert into t values (?, ?, ?)", [(writer, n + i, str(n * i)) for i in range(5)])
        connection.execute("commit")
    connection.close()
whole = []
def look():
    connection = connect()
    while not done.is_set():
        count, = connection.execute("select count(*) from t").fetchone()
        if count % 5: whole.append(count)
    connection.close()
writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
readers = [threading.Thread(target=look) for _ in range(2)]
for thread in writers + readers: thread.start()
for thread in writers: thread.join()
done.set()
for thread in readers: thread.join()
print(first.execute("select count(*), sum(n), count(distinct writer) from t").fetchone(), whole)

# One connection that threads share, and one cache that connections share.
shared = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
shared.execute("create table t (a)")
def insert():
    for n in range(2000): shared.execute("insert into t values (?)", (n,))
threads = [threading.Thread(target=insert) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(shared.execute("select count(*), sum(a) from t").fetchone(), first.execute("pragma integrity_check").fetchone())
"""


def drive(run):
    shell = run.execute(["sqlite3", "-bail", run.path("database")], stdin=run.write("statements", STATEMENTS))
    threads = run.execute(["/usr/bin/python3", run.write("connections.py", CONNECTIONS), run.path("connections.db")])
    return (shell + threads).decode()


PROGRAMS = [Program("sqlite", drive, ["sqlite3", "--version"])]
