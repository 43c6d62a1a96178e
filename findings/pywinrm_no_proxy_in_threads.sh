#!/bin/sh
# pywinrm sessions that shall use no proxy (proxy=None) disturb each other in threads: some fail with
# KeyError('no_proxy') before anything is sent, and the process may keep no_proxy=* for good, so that whatever else it
# runs goes around its proxy too.
#
# pywinrm hands proxies={"no_proxy": "*"} to requests, which looks for a proxy of the environment before each session
# and each message. For that moment requests.utils.set_environ sets the variable no_proxy of the whole process and
# then puts back what it found, which with two threads is the other's value or nothing. (requests' issue 4997 foresaw
# a changed environment; the KeyError and the way there through pywinrm were seen here. No host is needed to see it.)
#
# Seen: pywinrm 0.5.0 with requests 2.34.2, Python 3.11, where 8 threads build 50 sessions each: both effects within
# the first few rounds. With proxy="" neither in 40 rounds. Exits 1 if that changes.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check pywinrm==0.5.0 requests==2.34.2
cat >build.py <<'PYTHON'
import collections
import os
import sys
import threading

from winrm.protocol import Protocol

for name in ("no_proxy", "NO_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
    os.environ.pop(name, None)
sys.setswitchinterval(1e-5)
URL = "http://node1.corp.example:5985/wsman"


def build(proxy, errors):
    try:
        for _ in range(50):
            protocol = Protocol(URL, transport="plaintext", username="operator", password="x", proxy=proxy)
            protocol.transport.build_session()
    except KeyError as error:
        errors.append(repr(error))


def rounds(proxy, most):
    """Build sessions in 8 threads at a time until both effects were seen, at most so often."""
    seen = collections.Counter()
    for number in range(1, most + 1):
        errors = []
        threads = [threading.Thread(target=build, args=(proxy, errors)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen.update(errors)
        kept = os.environ.pop("no_proxy", None)
        if kept is not None:
            seen[f"no_proxy={kept} afterwards"] += 1
        if len(seen) == 2:
            break
    print(f"proxy={proxy!r}: after {number} rounds {dict(seen)}")
    return set(seen)


nothing = rounds("", 40)
both = rounds(None, 400)
sys.exit(0 if not nothing and both == {"KeyError('no_proxy')", "no_proxy=* afterwards"} else 1)
PYTHON
if venv/bin/python build.py; then
    echo "As described."
else
    echo "This has changed."
    exit 1
fi
