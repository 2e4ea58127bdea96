# Sourced by the scripts beside it: makes .venv ready and remembers that it is.
#
#   . scripts/env.sh          (with $root set to the project's folder)
#   prepare run               what the bot needs     (requirements.lock)
#   prepare dev               that and the tests     (requirements-dev.lock)
#   prepare bench             that and the bench     (requirements-bench.lock), in .venv-bench
#
# Needs python3 (3.11 or newer) alone. Every download is checked against the hash in the lock file.
# shellcheck shell=sh

say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

find_python() {
    for python in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            return
        fi
    done
    die "Leadbell needs Python 3.11 or newer. Found: $(python3 --version 2>&1 || echo none)." \
        "Install one (Debian, Ubuntu: sudo apt install python3 python3-venv), or name it: PYTHON=/path/to/python3 $0"
}

# Says what .venv must match. A virtual environment can't be moved, so its place is part of it.
stamp_for() {
    printf '%s %s\n' "$(cat "$root/pyproject.toml" "$root/$1" | cksum)" "$root"
}

is_ready() {
    [ -x "$env/bin/python" ] && [ -f "$env/ready-$1" ] && [ "$(cat "$env/ready-$1")" = "$(stamp_for "$2")" ]
}

lock_for() {
    case $1 in
        run) echo requirements.lock ;;
        *) echo "requirements-$1.lock" ;;
    esac
}

logged() { "$@" >>"$log" 2>&1 </dev/null; }

# A half-made environment has no marker, and is made again from nothing.
fresh_needed() {
    ! ls "$env"/ready-* >/dev/null 2>&1 || ! "$env/bin/python" -c '' >/dev/null 2>&1
}

with_uv() {
    command -v uv >/dev/null 2>&1 || return 1
    if [ -n "${PIP_INDEX_URL:-}" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
        export UV_DEFAULT_INDEX="$PIP_INDEX_URL"
    fi
    # The certificates of the machine, as pip has them: behind a company's proxy uv's own do not do. (Two names, by age.)
    export UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true
    if fresh_needed; then
        rm -rf "$env"
        logged uv venv --quiet --no-project --no-config --python "$python" "$env" || return 1
    fi
    rm -f "$env"/ready-*
    logged uv pip install --no-config --python "$env/bin/python" --compile-bytecode \
        --no-deps --require-hashes -r "$lock" &&
        logged uv pip install --no-config --python "$env/bin/python" --no-deps --no-build-isolation -e "$root"
}

with_pip() {
    if fresh_needed || ! "$env/bin/python" -c 'import pip' >/dev/null 2>&1; then
        "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || die \
            "This Python has no venv module. Debian, Ubuntu: sudo apt install" \
            "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')   (then run this again)"
        rm -rf "$env"
        logged "$python" -m venv "$env" || return 1
    fi
    rm -f "$env"/ready-*
    logged "$env/bin/python" -m pip install --no-user --no-input --disable-pip-version-check \
        --no-deps --require-hashes -r "$lock" &&
        logged "$env/bin/python" -m pip install --no-user --no-input --disable-pip-version-check \
            --no-deps --no-build-isolation -e "$root"
}

# --no-deps: the lock is complete. Left to look for itself, pip asks the index for `coverage[toml]`, which the line
# `coverage==…` does not pin for it, takes a newer release, and stops because that has no hash.
install() {
    kind=$1
    find_python
    # Settings meant for other environments; they would send the packages elsewhere.
    unset PIP_USER PIP_TARGET PIP_PREFIX PYTHONHOME PYTHONPATH VIRTUAL_ENV
    if [ -z "${HOME:-}" ] || [ ! -w "$HOME" ]; then
        export PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1
    fi
    log=$(mktemp "${TMPDIR:-/tmp}/leadbell-setup.XXXXXX")
    trap 'rm -f "$log"' EXIT
    say "Setting up $(basename "$env") from $(basename "$lock"): once, about a minute on a usual line …"
    if ! with_uv && ! with_pip; then
        tail -n 25 "$log" >&2
        die "The set-up did not finish; the lines above say why. It is safe to run it again."
    fi
    stamp_for "$(basename "$lock")" >"$env/ready-$kind.new"
    mv "$env/ready-$kind.new" "$env/ready-$kind"
    if [ "$kind" != run ]; then
        stamp_for requirements.lock >"$env/ready-run"
    fi
}

prepare() {
    env=$root/.venv
    [ "$1" = bench ] && env=$root/.venv-bench
    name=$(lock_for "$1")
    if is_ready "$1" "$name"; then
        return
    fi
    # One set-up at a time: the lock belongs to descriptor 9, and outlives the python that takes it.
    (
        find_python
        "$python" -c 'import fcntl; fcntl.flock(9, fcntl.LOCK_EX)' || die "No lock on $env.lock; is the folder writable?"
        if ! is_ready "$1" "$name"; then
            lock=$root/$name
            install "$1"
        fi
    ) 9>"$env.lock" || exit 1
}
