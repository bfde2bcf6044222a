"""Redis with I/O threads, lazy freeing and its append-only file, under its own benchmark."""

from tests.heavy.harness import Program, free_port, listens

QUESTIONS = """flushall async
set a 1
incr a
rpush l x y z
lrange l 0 -1
sort l alpha desc
zadd z 3 c 1 a 2 b
zrange z 0 -1 withscores
eval "for i = 1, 2000 do redis.call('sadd', 's', i) end return redis.call('scard', 's')" 0
unlink s
incr l
config get io-threads
bgrewriteaof
save
dbsize
"""


def drive(run):
    port = free_port()
    server = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--appendfsync", "everysec",
              "--io-threads", "2", "--io-threads-do-reads", "yes", "--lazyfree-lazy-user-del", "yes", "--dir", run.folder]
    here = ["-h", "127.0.0.1", "-p", str(port)]
    with run.serve(server, listens(port)):
        with run.load():
            run.client(["redis-benchmark", *here, "-q", "-n", "20000", "-c", "50", "-P", "16", "-t",
                        "set,get,incr,lpush,rpop,sadd,hset,zadd,lrange_100"])
            run.client(["redis-benchmark", *here, "-q", "-n", "10000", "-c", "100", "-d", "4096", "-r", "1000", "-t", "set,get"])
        answer = run.client(["redis-cli", *here], QUESTIONS)
    return answer


PROGRAMS = [Program("redis", drive, ["redis-server", "--version"])]
