"""nginx that reads files in a thread pool, as root with workers that drop their privileges, under ab."""

import hashlib
import os
import re
import signal
import urllib.request

from tests.heavy.harness import Failure, Program, free_port, listens, words

SIZES = (100, 5_000, 70_000, 300_000, 1_500_000)

CONFIGURATION = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes 2;
thread_pool files threads=4 max_queue=65536;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=cache:1m;
    server {{
        listen 127.0.0.1:{port};
        root {files};
        sendfile off;
        aio threads=files;
        output_buffers 2 32k;
        location /packed/ {{ alias {files}/; gzip on; gzip_types *; gzip_min_length 1; }}
        location /sent/ {{ alias {files}/; sendfile on; }}
        location /proxied/ {{
            proxy_pass http://127.0.0.1:{port}/;
            proxy_cache cache;
            proxy_cache_valid 1m;
            aio_write on;
        }}
    }}
}}
"""


def write_files(place):
    for number, size in enumerate(SIZES):
        place.write(f"files/file{number}", words(number, size // 15)[:size])
    os.chmod(place.folder, 0o755)


def drive(run):
    port = free_port()
    configuration = run.write("nginx.conf", CONFIGURATION.format(user="user nobody nogroup;" if os.geteuid() == 0 else "",
                                                                 folder=run.folder, port=port, files=f"{run.shared}/files"))
    answers = []
    with run.serve(["nginx", "-c", configuration, "-p", run.folder], listens(port), stop=signal.SIGQUIT):
        with run.load():
            for path in [*(f"file{number}" for number in range(len(SIZES))), "packed/file3", "sent/file4", "proxied/file3"]:
                printed = run.client(["ab", "-q", "-k", "-n", "1200", "-c", "24", f"http://127.0.0.1:{port}/{path}"])
                if not re.search(r"^Complete requests: +1200$", printed, re.MULTILINE) or "Non-2xx" in printed or \
                        not re.search(r"^Failed requests: +0$", printed, re.MULTILINE):
                    raise Failure(f"ab says of {path}:\n{printed}")
        for path in [f"{place}file{number}" for place in ("", "sent/", "proxied/") for number in range(len(SIZES))]:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=30) as response:
                answers.append((path, response.status, hashlib.sha256(response.read()).hexdigest()[:16]))
    return answers


PROGRAMS = [Program("nginx", drive, ["nginx", "-v"], write_files)]
