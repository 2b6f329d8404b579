#!/bin/sh
# Sets up a checkout: system libraries, uv, the virtual environment. Run by `make setup`; safe to run again.
#
#   packaging/bootstrap.sh          everything, or nothing when the inputs have not changed
#   packaging/bootstrap.sh tests    the system packages which only the tests need
#   packaging/bootstrap.sh uv       only uv; prints where it is
set -eu

cd "$(dirname "$0")/.."
root=$(pwd)
packages_file=packaging/system-packages.txt
tools=.venv-tools
stamp=.venv/.setup-stamp
export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-300}" # some of the packages are large, some connections slow

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi # sudo asks for a password on the terminal itself
}

can_be_root() {
    # A password may be asked for where somebody can type it, and never where nobody can.
    [ "$(id -u)" -eq 0 ] || { command -v sudo >/dev/null 2>&1 && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }
}

is_installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The packages of a list which are missing: one per line of the list, the first of its alternatives (`a|b`).
missing_packages() {
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$1" | while IFS='|' read -r first second; do
        is_installed "$first" || { [ -n "$second" ] && is_installed "$second"; } || printf '%s ' "$first"
    done
}

# Runs a command as root and shows what it printed only if it fails.
quietly_as_root() {
    log=$(mktemp)
    if as_root "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
    else
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
}

install_packages() {
    if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
        if [ "$(uname -s)" = Linux ]; then
            say "not a Debian system: install what corresponds to $1 by hand"
        fi
        return 0
    fi
    missing=$(missing_packages "$1")
    [ -n "$missing" ] || return 0
    by_hand="sudo apt-get install --no-install-recommends $missing"
    if ! can_be_root; then
        say "going on without some system packages, since installing them needs root. To have them: $by_hand"
        return 0
    fi
    say "installing system packages: $missing"
    quietly_as_root apt-get -q update || say "the package lists could not be refreshed; trying with those at hand"
    # shellcheck disable=SC2086  # the names are separate arguments
    quietly_as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing ||
        say "some system packages could not be installed; going on without. To try again: $by_hand"
}

find_python() {
    for candidate in python3.11 python3.12 python3.13 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
            printf '%s' "$candidate"
            return
        fi
    done
    return 1
}

find_uv() {
    if command -v uv >/dev/null 2>&1 && uv --version >/dev/null 2>&1; then
        printf 'uv'
    elif "$tools/bin/uv" --version >/dev/null 2>&1; then
        printf '%s' "$root/$tools/bin/uv"
    else
        return 1
    fi
}

get_uv() {
    find_uv && return
    python=$(find_python) || fail "Python is missing. Install Python 3.11 or newer and run this again."
    say "getting uv into $tools"
    rm -rf "$tools"
    # Debian marks its Python as externally managed and ships venv and pip separately, so neither may be there;
    # a private folder disturbs nothing either way.
    if "$python" -m venv "$tools" >/dev/null 2>&1; then
        "$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv >&2 || true
    else
        rm -rf "$tools"
        "$python" -m pip install --quiet --disable-pip-version-check --target "$tools" uv >&2 || true
    fi
    find_uv || fail "uv could not be installed. Install python3-venv or uv itself (https://docs.astral.sh/uv), then run this again."
}

inputs() {
    # The folder is an input because the commands in .venv/bin carry its path.
    { printf '%s\n' "$root"; cat pyproject.toml requirements.lock "$packages_file" packaging/bootstrap.sh; } | cksum
}

environment() {
    uv=$(get_uv)
    if ! .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        say "making the virtual environment .venv"
        "$uv" venv --quiet --clear --python '>=3.11,<3.14' .venv
    fi
    export VIRTUAL_ENV="$root/.venv"
    say "installing the locked packages (the first time downloads PyTorch, some gigabytes on Linux)"
    "$uv" pip sync --require-hashes requirements.lock
    "$uv" pip install --quiet --no-deps --editable .
}

case "${1:-all}" in
tests) install_packages packaging/test-packages.txt ;;
uv) get_uv; echo ;;
all)
    now=$(inputs)
    if [ -x .venv/bin/earshot ] && [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
        exit 0
    fi
    say "setting up Earshot in $root"
    install_packages "$packages_file"
    environment
    printf '%s\n' "$now" >"$stamp"
    say "ready: .venv/bin/earshot"
    ;;
*) fail "unknown step '$1'; see the top of $0" ;;
esac
