"""PostgreSQL under pgbench, with parallel queries and a busy vacuum."""

import glob
import os
import signal

from tests.heavy.harness import Failure, Program, free_port

SUMS = """
select (select sum(abalance) from pgbench_accounts) = (select sum(delta) from pgbench_history),
       (select sum(bbalance) from pgbench_branches) = (select sum(delta) from pgbench_history),
       (select count(*) from pgbench_history), (select count(*) from pgbench_accounts);
set max_parallel_workers_per_gather = 3; set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
select count(*), sum(a.aid) from pgbench_accounts a join pgbench_accounts b on a.aid = b.aid + 1;
create index on pgbench_accounts (abalance, aid);
vacuum (parallel 2, analyze) pgbench_accounts;
select count(*) from pg_stat_activity where backend_type = 'client backend';
"""


def tool(name):
    """The newest version's, which Debian keeps out of the search path."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: float(path.split("/")[4]))
    return found[-1] if found else name


def install(place):
    place.client([tool("initdb"), "-D", place.path("data"), "-U", "heavy", "--auth=trust", "--no-sync", "--locale=C.UTF-8", "-E", "UTF8"])


def drive(run):
    port = free_port()
    run.client(["cp", "-a", f"{run.shared}/data", run.path("data")])
    here = ["-h", run.folder, "-p", str(port), "-U", "heavy"]
    server = [tool("postgres"), "-D", run.path("data"), "-k", run.folder, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
              "-c", "fsync=off", "-c", "autovacuum_naptime=1s", "-c", "max_worker_processes=8", "-c", "max_parallel_workers=4"]

    def ready():
        try:
            run.client([tool("pg_isready"), "-q", "-h", run.folder, "-p", str(port)])
            return True
        except Failure:
            return False

    with run.serve(server, ready, stop=signal.SIGINT):
        with run.load():
            run.client([tool("pgbench"), *here, "-i", "-q", "-s", "2", "postgres"])
            printed = run.client([tool("pgbench"), *here, "-n", "-c", "8", "-j", "2", "-t", "300", "--random-seed=7", "postgres"])
            printed += run.client([tool("pgbench"), *here, "-n", "-S", "-C", "-c", "4", "-t", "40", "--random-seed=7", "postgres"])
            if printed.count("number of failed transactions: 0 ") != 2:
                raise Failure(f"pgbench says:\n{printed}")
            answer = run.client([tool("psql"), *here, "-X", "-A", "-t", "-q", "postgres"], SUMS)
    return answer


PROGRAMS = [Program("postgresql", drive, [tool("postgres"), "--version"], install, unprivileged=True)]
