"""curl with many transfers at once, over TLS, from a small server of ours. It looks names up in threads, but localhost and
numbers it knows: where the machine's own name is on the loopback interface, that is taken."""

import functools
import http.server
import socket
import ssl
import threading

from tests.heavy.harness import Program, digest, words

FILES, TIMES = 12, 20


def write_files(place):
    for n in range(FILES):
        place.write(f"files/file{n}", words(n, 3000 * (n + 1)))
    place.client(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                  "/CN=heavy", "-addext", f"subjectAltName=DNS:{loopback_name()}", "-keyout", place.path("key"), "-out",
                  place.path("certificate")])


def loopback_name():
    try:
        name = socket.gethostname()
        return name if socket.gethostbyname(name).startswith("127.") else "localhost"
    except OSError:
        return "localhost"


class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


def drive(run):
    with Server(("127.0.0.1", 0), functools.partial(Quiet, directory=f"{run.shared}/files")) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{run.shared}/certificate", f"{run.shared}/key")
        # The handshake is the handler's: it must not hold up the others.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever).start()
        try:
            site, lines = f"https://{loopback_name()}:{server.server_address[1]}", []
            for n in range(FILES * TIMES):
                lines.append(f'url = "{site}/file{n % FILES}"\noutput = "{run.path(f"got{n}")}"\n')
            curl = ["curl", "-q", "--ipv4", "--silent", "--show-error", "--fail", "--cacert", f"{run.shared}/certificate"]
            run.execute([*curl, "--parallel", "--parallel-max", "30", "--parallel-immediate", "--config",
                         run.write("transfers", "".join(lines))])
            for n in range(10):
                run.execute([*curl, "-o", run.path(f"single{n}"), f"{site}/file{n}"])
        finally:
            server.shutdown()
    return [digest(*(run.path(f"got{n}") for n in range(FILES * TIMES))), digest(*(run.path(f"single{n}") for n in range(10)))]


PROGRAMS = [Program("curl", drive, ["curl", "--version"], write_files)]
