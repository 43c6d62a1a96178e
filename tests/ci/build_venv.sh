#!/bin/sh
# build_venv.sh VENV CHECKOUT REQUIREMENTS [ARGUMENT...]: build the virtual environment VENV with $PYTHON from the file
# CHECKOUT/REQUIREMENTS, with further arguments for pip, and link CHECKOUT into it as the collection hyperv.migration.
# Whatever the machine lacks is said in one sentence with its cure.
set -eu
venv=$1
checkout=$2
requirements=$3
shift 3
log=$venv/pip.log

stop() {
    echo "$venv cannot be built: $1" >&2
    exit 1
}

"$PYTHON" -c '' 2>/dev/null || stop "no working $PYTHON was found; install Python 3.10 or later (Debian: apt-get install python3 python3-venv)."
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    stop "$PYTHON is $("$PYTHON" -V 2>&1), and 3.10 or later is needed; name a newer one, as in: make PYTHON=python3.12 venv"
"$PYTHON" -c 'import venv, ensurepip' 2>/dev/null ||
    stop "$PYTHON cannot make virtual environments; install its venv module (Debian: apt-get install python3-venv)."

# With .venv activated, python3 is the very one that would be replaced: take the one that it was made from.
PYTHON=$("$PYTHON" -c 'import sys; print(sys._base_executable)')

# One that works where it was built only gets what is new in the requirements.
if [ "$(cat "$venv/built" 2>/dev/null)" = "$checkout" ] && "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "Updating $venv."
else
    echo "Building $venv with $("$PYTHON" -V): about a minute."
    "$PYTHON" -m venv --clear "$venv"
fi
if ! "$venv/bin/python" -m pip install --disable-pip-version-check --prefer-binary \
    -r "$checkout/$requirements" "$@" >"$log" 2>&1; then
    if grep -Eq 'NewConnectionError|NameResolutionError|ConnectTimeout|ProxyError|ReadTimeout|SSLError' "$log"; then
        stop "pip cannot reach the package index; connect this machine, or point pip to a reachable one (PIP_INDEX_URL, HTTPS_PROXY, PIP_CERT)."
    elif grep -Eq "No such file or directory: '(gcc|cc|clang|x86_64|aarch64)|command '.*(gcc|cc|clang)' failed|Python.h" "$log"; then
        stop "a package must be compiled here and no compiler works; install one (Debian: apt-get install build-essential python3-dev)."
    fi
    tail -n 5 "$log" >&2
    stop "pip could not install $requirements; its full output is in $log."
fi

packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p "$packages/ansible_collections/hyperv"
ln -sfn "$checkout" "$packages/ansible_collections/hyperv/migration"
ln -sfn "$packages" "$venv/collections"
rm -f "$log"
printf '%s\n' "$checkout" >"$venv/built"
