#!/usr/bin/env bash
# smbprotocol's open_file() is "designed to mimic the builtin open()", but truncate() at the end of an update empties the
# file, without an error: read, seek(0), write, truncate() leaves nothing of what was just written. And a file of mode
# a+ that was read in part is written on from there, over what follows, where a file of open() is appended to.
#
# For truncate() the docstring of smbprotocol promises the current position, as Python's io does. But io hands None to
# the raw file where no size is given, and that goes to the server as an end of file of 0. truncate(file.tell()) is right.
# Mode a is "appending to the end of the file" for both. smbprotocol goes to the end once, when it opens the file, and
# writes wherever it is later; open() writes at the end in any case. Nothing was found on either in its issues.
#
# Seen: smbprotocol 1.17.0, Python 3.11, with the server of Samba 4.17.12 of Debian 12 on the loopback address. What it
# leaves on the disk is compared with what the same lines leave with open(). (With the position put in for None by hand,
# the update is right.) Exits 1 if that changes.
# Needs apt-get (to download, not to install), python3, and the libraries of Debian 12 that Samba's need.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
server=
cd "$folder"
version=2:4.17.12+dfsg-0+deb12u4
apt-get download -q samba=$version samba-libs=$version libwbclient0=$version \
    libldb2 libtalloc2 libtdb1 libtevent0 >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" samba; done
python3 -m venv venv
venv/bin/python -m pip install -qq --disable-pip-version-check smbprotocol==1.17.0
mkdir share state
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat >smb.conf <<CONF
[global]
netbios name = NODE1
interfaces = lo
bind interfaces only = yes
smb ports = $port
passdb backend = smbpasswd:$folder/state/smbpasswd
lock directory = $folder/state
state directory = $folder/state
cache directory = $folder/state
private dir = $folder/state
pid directory = $folder/state
ncalrpc dir = $folder/state/ncalrpc
log file = $folder/state/log
load printers = no
[share]
path = $folder/share
read only = no
CONF
# The password is Right-1, as the NT hash of it.
hash=$(venv/bin/python -c 'import spnego._ntlm_raw.crypto as c; print(c.ntowfv1("Right-1").hex().upper())')
printf '%s:%s:%032d:%s:[U          ]:LCT-00000001:\n' "$(id -un)" "$(id -u)" 0 "$hash" >state/smbpasswd
cat >write.py <<'PYTHON'
import sys
import time

import smbclient

user, port = sys.argv[1], int(sys.argv[2])
for _ in range(100):
    try:
        smbclient.register_session("127.0.0.1", user, "Right-1", port=port, auth_protocol="ntlm")
        break
    except ValueError:  # it does not listen yet
        time.sleep(0.1)


def on_share(path, mode):
    return smbclient.open_file(rf"\\127.0.0.1\{path}".replace("/", "\\"), mode, port=port)


def update(file):
    file.read()
    file.seek(0)
    file.write(b"state: done\n")
    file.truncate()


def update_with_size(file):
    file.read()
    file.seek(0)
    file.write(b"state: done\n")
    file.truncate(file.tell())


def append(file):
    file.seek(0)
    file.readline()
    file.write(b"a new line\n")


def left(opener, change, mode):
    """What is left of a file of two lines after the change."""
    path = f"share/{change.__name__}.txt"
    with open(path, "wb") as file:
        file.write(b"state: running\nnode: node1\n")
    with opener(path, mode) as file:
        change(file)
    with open(path, "rb") as file:
        return file.read()


seen = []
for change, mode in ((update, "r+b"), (update_with_size, "r+b"), (append, "a+b")):
    texts = left(open, change, mode), left(on_share, change, mode)
    print(f"{change.__name__} ({mode}): open() leaves {texts[0]}, open_file() {texts[1]}")
    seen.append(texts)
done, appended = b"state: done\n", b"state: running\nnode: node1\na new line\n"
expected = [(done, b""), (done, done), (appended, b"state: running\na new line\n\n")]
sys.exit(0 if seen == expected else 1)
PYTHON
libraries=$(echo "$folder"/samba/usr/lib/*-linux-gnu)
LD_LIBRARY_PATH=$libraries:$libraries/samba samba/usr/sbin/smbd -F -s smb.conf >state/said 2>&1 &
server=$!
if venv/bin/python write.py "$(id -un)" "$port"; then
    echo "As described."
else
    echo "This has changed."
    exit 1
fi
