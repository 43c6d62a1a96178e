#!/bin/sh
# run.sh CHECKOUT: run the story of the event source with real ansible-rulebook, in CHECKOUT/.venv-eda, which is built from
# tests/eda/requirements.txt with $PYTHON. ansible-rulebook brings its rule engine with it but not Java.
set -eu
checkout=$1
venv=$checkout/.venv-eda

version=$("${JAVA_HOME:+$JAVA_HOME/bin/}java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') || version=
if [ "${version:-0}" -lt 17 ]; then
    echo "ansible-rulebook needs Java 17 or later, and ${version:-none} was found; install it" \
        "(Debian: apt-get install openjdk-17-jre-headless) or set JAVA_HOME." >&2
    exit 1
fi
if [ "$(cat "$venv/built" 2>/dev/null)" != "$checkout" ] || [ "$checkout/tests/eda/requirements.txt" -nt "$venv/built" ]; then
    sh "$checkout/tests/ci/build_venv.sh" "$venv" "$checkout" tests/eda/requirements.txt
fi
PATH=$venv/bin:$PATH
export PATH
exec python -m pytest -q --timeout 300 "$checkout/tests/eda/rulebook_story.py"
