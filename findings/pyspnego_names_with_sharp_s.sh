#!/usr/bin/env bash
# pyspnego, with which pypsrp, requests-ntlm (so pywinrm), requests-credssp and smbprotocol do NTLM, cannot log in users
# whose names have a letter like the ß of German or the ı of Turkish: the right password is refused as a wrong one.
#
# An NTLMv2 response is keyed with the name in capitals ([MS-NLMP] 3.3.2). pyspnego takes str.upper(), which may make two
# letters of one or a letter of another (ß: SS, ı: I). The other side does not, so its key is another. To give the name
# in capitals does not help, as ß stays ß in them. Other letters, like ü or Cyrillic ones, have no such trouble.
#
# pyspnego's documentation names no limit of names; its issues have none on this. pysmb's issue 47 reports that Windows
# Server 2008 and 2012 refuse the same with ß. Here the other side is ntlm_auth of Samba, which is told the password and
# takes the place of a server. Its own client, with the same names and password, shows that such names are no trouble.
#
# Seen: pyspnego 0.12.4, Python 3.11, Samba 4.17.12 of Debian 12. Both clients are accepted as müller and refused with a
# wrong password; as weiß and yıldız only Samba's is accepted. (With capitals that are one letter for one, put in by
# hand, pyspnego's is accepted, too.) Exits 1 if that changes.
# Needs apt-get (to download, not to install), python3, and the libraries of Debian 12 that Samba's need.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
version=2:4.17.12+dfsg-0+deb12u4
apt-get download -q winbind=$version samba-libs=$version libwbclient0=$version \
    libldb2 libtalloc2 libtdb1 libtevent0 >/dev/null 2>&1
for package in *.deb; do dpkg -x "$package" samba; done
python3 -m venv venv
venv/bin/python -m pip install -qq --disable-pip-version-check pyspnego==0.12.4
cat >smb.conf <<CONF
[global]
netbios name = NODE1
workgroup = CORP
lock directory = $folder/samba
state directory = $folder/samba
cache directory = $folder/samba
private dir = $folder/samba
CONF
cat >login.py <<'PYTHON'
import base64
import glob
import os
import subprocess
import sys

import spnego

LIBRARIES = glob.glob(os.path.abspath("samba/usr/lib/*-linux-gnu"))[0]
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "LD_LIBRARY_PATH": f"{LIBRARIES}:{LIBRARIES}/samba"}
PASSWORD = "Right-1"


class NtlmAuth:
    """Samba's ntlm_auth, which exchanges lines of a word and a token."""

    def __init__(self, role, *options):
        command = ["samba/usr/bin/ntlm_auth", "--configfile=smb.conf", f"--helper-protocol={role}", *options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, env=ENVIRONMENT, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().split()

    def close(self):
        self.process.communicate()


def pyspnego_client(user):
    client = spnego.client(f"CORP\\{user}", PASSWORD, protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)
    challenge = yield base64.b64encode(client.step()).decode()
    yield base64.b64encode(client.step(base64.b64decode(challenge))).decode()


def samba_client(user):
    helper = NtlmAuth("ntlmssp-client-1", "--domain=CORP", f"--username={user}", f"--password={PASSWORD}")
    challenge = yield helper.ask("YR")[1]
    yield helper.ask("TT", challenge)[1]
    helper.close()


def login(client, user, password):
    """Whether the client gets in as user where the server knows the password as this one: AF or NA."""
    server = NtlmAuth("squid-2.5-ntlmssp", f"--password={password}")
    tokens = client(user)
    challenge = server.ask("YR", next(tokens))[1]
    answer = server.ask("KK", tokens.send(challenge))
    list(tokens)
    server.close()
    return {"AF": "accepted", "NA": "refused"}.get(answer[0], answer)


seen = {}
for client in (pyspnego_client, samba_client):
    for user, password in (
        ("müller", "Wrong-1"),
        ("müller", PASSWORD),
        ("weiß", PASSWORD),
        ("WEIß", PASSWORD),
        ("yıldız", PASSWORD),
    ):
        seen[client, user, password] = login(client, user, password)
        print(client.__name__, user, "right" if password == PASSWORD else "wrong", seen[client, user, password])
expected = ["refused", "accepted", "refused", "refused", "refused", "refused", *["accepted"] * 4]
sys.exit(0 if list(seen.values()) == expected else 1)
PYTHON
export PYTHONUTF8=1
if venv/bin/python login.py 2>said; then
    echo "As described."
else
    cat said
    echo "This has changed."
    exit 1
fi
