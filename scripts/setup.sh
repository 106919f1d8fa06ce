#!/usr/bin/env bash
# Installs what is missing on Debian and Ubuntu, then configures and builds cohmark in build/release.
# Safe to run again: with everything in place it takes a second or two.
set -euo pipefail
cd "$(dirname "$0")/.."

# What each package is for: docs/dependencies.md.
packages=(
    gcc libc6-dev cmake ninja-build pkg-config
    libopenmpi-dev openmpi-bin libhdf5-openmpi-dev libxml2-dev libxslt1-dev libsqlite3-dev
    libdeflate-dev zlib1g-dev libpng-dev libjansson-dev libssl-dev
    libcmocka-dev libxml2-utils libonnx-testdata
)
# Only with --tests: a compiler and an emulator for the other processor that the same bits are promised on.
test_packages=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
# Only with --tests: what opens the pages of reports and checks their HTML.
page_packages=(chromium tidy python3)
# Only with --full: the second compiler, with libFuzzer and its sanitizers.
full_packages=(clang libclang-rt-dev llvm)

say() { printf 'setup: %s\n' "$*"; }

usage() {
    cat <<'TEXT'
Usage: scripts/setup.sh [--program | --tests | --full]

Installs missing packages (Debian 12 or later, Ubuntu 24.04 or later; as root or with sudo), then configures and
builds build/release. Elsewhere it names what to have and builds with what it finds.

  --program   build the program only, not its tests
  --tests     also install what single tests need and skip without: a cross compiler and an emulator for Arm (250 MB),
              Chromium and HTML Tidy for the pages of reports (350 MB)
  --full      the same, and what scripts/test.sh --full needs: clang with libFuzzer
TEXT
}

# Prints those of the packages that are not installed.
missing_packages() {
    local installed
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
    for package in "$@"; do
        grep -qxF "$package" <<<"$installed" || printf '%s ' "$package"
    done
}

# Runs a command as root; fails when that is impossible.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

install_packages() {
    say "installing: $*"
    # Another installation may be running (a fresh machine updates itself): wait for it, up to ten minutes.
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -q)
    as_root "${apt[@]}" update || say "the package lists could not be updated; trying with those at hand"
    as_root "${apt[@]}" install -y --no-install-recommends "$@"
}

say_what_is_needed() {
    cat >&2 <<TEXT

setup: cohmark could not be configured. It needs
  a C11 compiler, CMake 3.25 or later, Ninja, pkg-config,
  MPI 3 (Open MPI or MPICH), HDF5 1.10 or later, libxml2, libxslt, SQLite 3, libdeflate, zlib, libpng, jansson,
  OpenSSL (libcrypto), and cmocka for the tests.
On Debian 12 and Ubuntu 24.04 (or later) an administrator installs all of it with
  apt-get install ${packages[*]}
On a cluster, load the modules of these names. Then run this script again.
TEXT
}

target=all
optional=()
pages=()
case ${1:-} in
'') ;;
--program) target=cohmark ;;
--tests | --full)
    [ "$(uname -m)" != x86_64 ] || optional=("${test_packages[@]}")
    [ "$1" = --tests ] || optional+=("${full_packages[@]}")
    pages=("${page_packages[@]}")
    ;;
--help | -h) usage && exit 0 ;;
*) usage >&2 && exit 2 ;;
esac

if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
    # One list after the other: a test package that does not exist here must not keep the others away.
    for missing in "$(missing_packages "${packages[@]}")" "$(missing_packages "${optional[@]}")" \
        "$(missing_packages "${pages[@]}")"; do
        [ -n "$missing" ] || continue
        # shellcheck disable=SC2086
        if [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; then
            install_packages $missing || say "not everything could be installed; trying with what is there"
        else
            say "not installed, and no root or sudo to install them: $missing"
        fi
    done
else
    say "neither Debian nor Ubuntu: building with what is there"
fi

if ! command -v cmake >/dev/null; then
    say_what_is_needed
    exit 7
fi
mkdir -p build
if ! cmake --preset release >build/configure.log 2>&1; then
    cat build/configure.log >&2
    say_what_is_needed
    exit 7
fi
sed -n '/^-- cohmark /,/^-- Configuring/p' build/configure.log | sed '$d; s/^-- /setup: /'
cmake --build --preset release --parallel "$(nproc)" --target "$target"
say "ready: build/release/engine/cli/cohmark"
