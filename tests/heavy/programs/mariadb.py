"""MariaDB under mariadb-slap: rows inserted, changed and read by many connections, then transfers that must add up."""

import concurrent.futures
import os

from tests.heavy.harness import Program, Triaged

CREATE = """
create table t (a integer primary key auto_increment, b integer, c varchar(40), key (b)) engine = innodb;
create table m (a integer primary key auto_increment, b integer) engine = aria;
insert into t (b, c) select seq % 100, concat('row ', seq) from seq_1_to_2000;
"""
QUERIES = """
insert into t (b, c) values (7, 'new');
select count(*), max(c) from t where b = 7;
update t set b = b + 1 where a = 17;
insert into m (b) values (1);
select m.b, count(*) from m join t on m.a = t.a group by m.b;
"""
ACCOUNTS = "create table accounts (n integer primary key, money integer) engine = innodb; " \
           "insert into accounts select seq, 1000 from seq_0_to_19;"
SUMS = """
select count(*), sum(b) from heavy.t; select count(*), sum(b) from heavy.m; select count(*), sum(money) from heavy.accounts;
check table heavy.t, heavy.m, heavy.accounts;
"""
OTHER_WORK = """
alter table t add column d integer default 3; create index t_d on t (d); analyze table t, m; optimize table m; flush tables;
create view v as select b, count(*) from t group by b; select count(*) from information_schema.columns;
show engine innodb status; set global innodb_buffer_pool_size = 67108864; flush status; alter table t drop column d;
"""


def install(place):
    place.client(["mariadb-install-db", "--no-defaults", "--auth-root-authentication-method=normal", f"--datadir={place.path('data')}",
                  "--skip-test-db"])


def transfers(seed):
    """Transactions that lock two accounts each, in one order."""
    lines = []
    for n in range(150):
        one, two = sorted(((seed * 7 + n * 13) % 20, (seed * 11 + n * 17) % 20))
        lines.append(f"begin; update accounts set money = money - 1 where n = {one}; "
                     f"update accounts set money = money + 1 where n = {two}; commit;\n")
    return "".join(lines)


def drive(run):
    run.client(["cp", "-a", f"{run.shared}/data", run.path("data")])
    socket = run.path("socket")
    here = ["--no-defaults", f"--socket={socket}", "--user=root"]
    server = ["mariadbd", "--no-defaults", f"--datadir={run.path('data')}", f"--socket={socket}", "--skip-networking",
              "--thread-handling=pool-of-threads", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=16M",
              "--performance-schema=on", "--plugin-maturity=unknown", f"--pid-file={run.path('pid')}"]
    with run.serve(server, lambda: os.path.exists(socket) and os.path.exists(run.path("pid"))):
        with run.load():
            run.client(["mariadb-slap", *here, "--create-schema=heavy", f"--create={CREATE.replace(chr(10), ' ')}", f"--query={QUERIES}",
                        "--delimiter=;", "--concurrency=8", "--number-of-queries=6000", "--iterations=1", "--no-drop"])
            run.client(["mariadb", *here, "heavy"], ACCOUNTS)
            with concurrent.futures.ThreadPoolExecutor(7) as clients:
                work = [clients.submit(run.client, ["mariadb", *here, "heavy"], transfers(n)) for n in range(6)]
                work.append(clients.submit(run.client, ["mariadb", *here, "heavy"], OTHER_WORK))
                for one in work:
                    one.result()
        answer = run.client(["mariadb", *here, "--batch"], SUMS)
    return answer


# Aria writes its log through a ring of eight buffers. Who fills one up takes the mutex of the next while it holds that of the
# first; only the holder of the buffer that is being filled ever does so, and there is one such buffer. Over time the ring closes.
RING = Triaged("deadlock.potential", (("psi_mutex_lock",),), "one thread at a time goes from one buffer of Aria's log to the next",
               initialised=("ha_initialize_handlerton", "plugin_init"), steps=8)

# Aria's OPTIMIZE holds a share's mutex and read-locks an index's rwlock; an insert holds that rwlock and takes the mutex. OPTIMIZE
# runs with the table locked against inserts, by locks of mariadb's own that are made of conditions.
OPTIMIZED = Triaged("deadlock.potential", (("psi_mutex_lock", "ha_maria::optimize"),
                                           ("psi_rwlock_rdlock", "ha_maria::repair", "ha_maria::optimize"),
                                           ("psi_rwlock_wrlock", "handler::ha_write_row"),
                                           ("psi_mutex_lock", "handler::ha_write_row")),
                    "the table's lock, which is made of conditions, keeps OPTIMIZE and inserts apart")

PROGRAMS = [Program("mariadb", drive, ["mariadbd", "--no-defaults", "--version"], install, unprivileged=True,
                    triaged=(RING, OPTIMIZED))]
