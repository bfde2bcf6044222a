"""openssl speed in several processes. How fast it is differs, so the answer is which figures there are."""

import re

from tests.heavy.harness import Failure, Program


def drive(run):
    printed = run.execute(["openssl", "speed", "-multi", "2", "-seconds", "1", "-evp", "aes-128-gcm"]).decode()
    printed += run.execute(["openssl", "speed", "-multi", "2", "-seconds", "1", "rsa2048", "ecdsap256"]).decode()
    rows = re.findall(r"^ *(AES-128-GCM|rsa 2048 bits|\d+ bits ecdsa \(nistp256\)) +(.*)$", printed, re.MULTILINE)
    if len(rows) != 3 or any(float(figures.split()[-1].rstrip("k")) <= 0 for _, figures in rows):
        raise Failure(f"not the figures that were asked for:\n{printed}")
    return [(name, len(figures.split())) for name, figures in rows]


PROGRAMS = [Program("openssl", drive, ["openssl", "version"])]
