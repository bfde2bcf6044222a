# What ./gordian and ./check share: installing what is missing, and building. Sourced by bash, never run.
#
# Everything said here goes to stderr: stdout belongs to the command. A function that cannot do its work says so in one
# line and exits with 125, gordian's status for "could not do its own work".

setup_root=$(readlink -f -- "$(dirname -- "${BASH_SOURCE[0]}")/..")

# What the build needs. libunwind is loaded when a program runs, and graphviz lays out the lock orders of the HTML report; the
# rest is compiled or linked.
setup_build_packages=(
    bazel-bootstrap bazel-rules-java g++ gcc graphviz libc6-dev libcjson-dev libdw-dev libelf-dev libexpat1-dev libunwind-dev uthash-dev
)

# What the tests need besides: ThreadSanitizer, the style tools, the real programs of the end-to-end tests, and a browser
# for the HTML report.
setup_test_packages=(
    bash-completion chromium chromium-driver clang-19 clang-format-19 clang-tidy-19 dpkg-dev fonts-dejavu-core git
    libclang-rt-19-dev libfaketime libjemalloc2 libmemcached-tools libtcmalloc-minimal4 lintian llvm-19 mandoc memcached pigz
    pkg-config procps python3 python3-jsonschema python3-selenium redis-server redis-tools spin sqlite3 util-linux valgrind
    xz-utils zsh
)

# What `./gordian suite` needs besides: its runner, and the tools that it sets side by side.
setup_suite_packages=(clang-19 libclang-rt-19-dev llvm-19 python3 valgrind)

# What `./check --full` needs besides: the heavy programs and what drives them.
setup_heavy_packages=(
    apache2-utils cmake curl debootstrap default-jdk-headless ffmpeg make mariadb-client mariadb-server-core nginx ninja-build nodejs
    openssl pbzip2 perl postgresql sysbench util-linux x264 zstd
)

# What `bench/run` needs besides, which draws plots; it runs heavy programs, too.
setup_bench_packages=(gnuplot-nox)

# What the build reads. A change below these makes ./gordian build again; tests and documents do not.
setup_sources=(WORKSPACE BUILD .bazelrc .bazelversion third_party tools include detector interpose reports cli cases)

# Dated before the last good build read its sources; beside it, in .out, where that build went.
setup_stamp=$setup_root/.cache/built

# While this file is there and says no, Debian's packages do not start the servers they bring: the tests do that.
setup_policy=/usr/sbin/policy-rc.d

# What runs as root, in one piece: $0 is the policy file, the rest are packages. An update may fail (one mirror of
# several, a machine without a network): the installation decides.
setup_apt='
    if [ ! -e "$0" ]; then
        trap "rm -f \"$0\"" EXIT
        printf "#!/bin/sh\nexit 101\n" >"$0" && chmod 755 "$0"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -qq --yes --no-install-recommends -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 "$@"
'

setup_say() {
    printf 'gordian: %s\n' "$*" >&2
}

setup_die() {
    setup_say "$*"
    exit 125
}

# Run a command as root.
setup_as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -- "$@"
    fi
}

# Install those of the given packages that are missing.
setup_install() {
    local installed package missing=()
    # A package that dpkg has never heard of makes it fail; that is an answer, not an error.
    installed=$(dpkg-query --show --showformat='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
    for package in "$@"; do
        if ! grep -qxF "installed $package" <<<"$installed"; then
            missing+=("$package")
        fi
    done
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi

    local advice="as root: apt-get install --no-install-recommends ${missing[*]}"
    if ! command -v apt-get >/dev/null; then
        setup_die "cannot install what is missing: no apt-get here. Needed: ${missing[*]}"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        # Without a terminal sudo cannot ask for a password.
        if ! command -v sudo >/dev/null || ! { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
            setup_die "cannot install what is missing: neither root nor sudo. Run $advice"
        fi
    fi
    setup_say "installing with apt: ${missing[*]}"

    local log
    log=$(mktemp) || setup_die "cannot write to ${TMPDIR:-/tmp}"
    if ! setup_as_root bash -c "$setup_apt" "$setup_policy" "${missing[@]}" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        rm -f "$log"
        setup_die "apt could not install what is missing. Run $advice"
    fi
    rm -f "$log"
}

# Return whether the command and the library stand built from the sources as they are. The change time of a file or folder
# cannot be set back, so a copied, moved, removed or checked-out file counts as changed.
setup_is_built() {
    local out
    [ -x "$setup_root/bazel-bin/cli/gordian" ] && [ -e "$setup_root/bazel-bin/interpose/libgordian.so" ] || return 1
    # A build with other options turns bazel-bin elsewhere.
    out=$(readlink "$setup_root/bazel-bin") || return 1
    [ "$out" = "$(cat "$setup_stamp.out" 2>/dev/null)" ] || return 1
    # Prints something when a file is newer or find fails.
    [ -z "$(cd "$setup_root" && find "${setup_sources[@]}" -cnewer "$setup_stamp" -print -quit 2>&1)" ]
}

# Install what the build needs, and build the command, the library and the example of README.md, unless that is done.
setup_build() {
    if setup_is_built; then
        return
    fi
    setup_install "${setup_build_packages[@]}"
    # A file that changes while the build runs is newer than this, and built the next time.
    mkdir -p "${setup_stamp%/*}" && : >"$setup_stamp.new" || setup_die "cannot write to ${setup_stamp%/*}"
    setup_say "building"
    if ! (cd "$setup_root" && bazel build --ui_event_filters=-info //cli:gordian //interpose:gordian //cases:bank_transfer_buggy) >&2 </dev/null; then
        setup_die "the build failed"
    fi
    readlink "$setup_root/bazel-bin" >"$setup_stamp.out"
    mv "$setup_stamp.new" "$setup_stamp"
}
