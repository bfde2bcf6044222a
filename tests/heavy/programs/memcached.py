"""memcached with worker threads and its maintenance threads, filled beyond its memory."""

import os
import pwd
import socket
import threading

from tests.heavy.harness import Failure, Program, free_port, listens

CLIENTS, ROUNDS = 6, 1500


def talk(port, client, wrong):
    """Store, change and read values of this client's own; each answer is known."""
    with socket.create_connection(("127.0.0.1", port), 60) as connection, connection.makefile("rwb") as stream:
        def ask(text, expected):
            stream.write(text)
            stream.flush()
            answer = b"".join(stream.readline() for _ in range(expected.count(b"\r\n")))
            if answer != expected:
                wrong.append((text[:60], answer[:60]))

        for n in range(ROUNDS):
            key, value = b"key%d-%d" % (client, n), b"%d" % n
            ask(b"set %s 0 0 %d\r\n%s\r\n" % (key, len(value), value), b"STORED\r\n")
            ask(b"incr %s 5\r\n" % key, b"%d\r\n" % (n + 5))
            ask(b"get %s\r\n" % key, b"VALUE %s 0 %d\r\n%d\r\nEND\r\n" % (key, len(b"%d" % (n + 5)), n + 5))
            if n % 3 == 0:
                ask(b"delete %s\r\n" % key, b"DELETED\r\n")


def drive(run):
    port = free_port()
    server = ["memcached", "-u", pwd.getpwuid(os.getuid()).pw_name, "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-t", "4", "-m", "64",
              "-o", "modern"]
    wrong = []
    with run.serve(server, listens(port)):
        with run.load():
            threads = [threading.Thread(target=talk, args=(port, client, wrong)) for client in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(run.left_s())
            if any(thread.is_alive() for thread in threads):
                raise Failure("a client was still waiting when its time was up")
            for test in ("set", "get", "mget"):
                run.client(["memcslap", f"--servers=127.0.0.1:{port}", "--concurrency=8", "--execute-number=4000", f"--test={test}"])
        with socket.create_connection(("127.0.0.1", port), 60) as connection, connection.makefile("rb") as answers:
            connection.sendall(b"flush_all\r\nset a 0 0 1\r\n5\r\nincr a 37\r\nget a\r\nwhat\r\nquit\r\n")
            answer = answers.read()
    if wrong:
        raise Failure(f"{len(wrong)} wrong answers, the first: {wrong[:3]}")
    return answer


PROGRAMS = [Program("memcached", drive, ["memcached", "--version"])]
