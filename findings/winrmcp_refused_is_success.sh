#!/bin/sh
# winrmcp takes the refusal of every request for success: it copies nothing, prints nothing and exits 0.
#
# masterzen/winrm, the client of most programs in Go, turns an HTTP status other than 200 into an error in a deferred
# function that sets variables which are not the results of the function, so callers never see it. A SOAP fault, which
# WinRM sends with the status 500, is then read as an answer with empty identifiers. Authentication is different: the
# answer to a wrong password has no SOAP type, and is an error.
#
# Seen: winrmcp 0.0~git20180921.c76d91c-2+b5 of Debian 12 exits 0 after nine requests that were all refused with 500,
# and exits 1 where they are refused with 401 and no body. Needs apt-get (to download, not to install) and python3.
# Exits 1 if that changes.
set -eu
folder=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
server=
cd "$folder"
apt-get download -q winrmcp=0.0~git20180921.c76d91c-2+b5 >/dev/null 2>&1
dpkg -x winrmcp_*.deb .
echo content >file.txt
cat >refuse.py <<'PYTHON'
import http.server, sys

STATUS = int(sys.argv[1])


class Refuse(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        open("asked", "a").write("x")
        self.send_response(STATUS)
        if STATUS == 500:
            self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.end_headers()
        if STATUS == 500:
            self.wfile.write(b"<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>")

    def log_message(self, *unused):
        pass


listener = http.server.HTTPServer(("127.0.0.1", 0), Refuse)
open("port", "w").write(str(listener.server_address[1]))
listener.serve_forever()
PYTHON
# Prints the exit code of winrmcp and how many requests were refused with the status $1.
copied() {
    rm -f port asked
    python3 refuse.py "$1" &
    server=$!
    while [ ! -s port ]; do sleep 0.1; done
    code=0
    usr/bin/winrmcp -user jo -pass secret -addr "127.0.0.1:$(cat port)" file.txt C:/file.txt >said 2>&1 || code=$?
    kill "$server"
    wait "$server" 2>/dev/null || true
    echo "$code $(wc -c <asked) $(wc -c <said)" >came_to
}
copied 500
read -r code asked said <came_to
echo "refused with 500: exit code $code, $asked requests, $said characters printed"
[ "$code" = 0 ] && [ "$asked" -gt 1 ] && [ "$said" = 0 ] || exit 1
copied 401
read -r code asked said <came_to
echo "refused with 401: exit code $code, $asked requests, $said characters printed"
[ "$code" != 0 ] || exit 1
