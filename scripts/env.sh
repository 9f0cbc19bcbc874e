# Sourced by the other scripts: chooses the Rust toolchain and starts xtask.
#
# A cargo of one version must not find a rustc of another in PATH, and rustup's proxies try to
# download the version that rust-toolchain.toml names. So the folder of one real toolchain comes
# first in PATH, and no proxy runs.

folio_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folio_version=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' "$folio_root/rust-toolchain.toml")

# folio_toolchain DIR: DIR has the wanted Rust, its sources, and the tools the commands use.
folio_toolchain() {
    local tool
    for tool in cargo rustc rustfmt cargo-fmt cargo-clippy clippy-driver; do
        [ -x "$1/$tool" ] || return 1
    done
    case $("$1/rustc" --version 2>/dev/null) in
    "rustc $folio_version "*) ;;
    *) return 1 ;;
    esac
    [ -f "$("$1/rustc" --print sysroot)/lib/rustlib/src/rust/library/Cargo.lock" ]
}

# Prints the folder of a toolchain that will do.
folio_find_toolchain() {
    local dir
    for dir in "${RUSTUP_HOME:-${HOME:-/}/.rustup}/toolchains/$folio_version"-*/bin /usr/bin \
        /usr/local/bin; do
        if folio_toolchain "$dir"; then
            printf '%s\n' "$dir"
            return
        fi
    done
    return 1
}

# Starts xtask in the place of this shell.
folio_xtask() {
    local dir
    dir=$(folio_find_toolchain) || {
        echo "folio: no Rust $folio_version with its sources: run scripts/setup" >&2
        exit 125
    }
    export PATH="$dir:$PATH" CARGO="$dir/cargo" RUSTC="$dir/rustc"
    unset RUSTUP_TOOLCHAIN
    "$CARGO" build --quiet --manifest-path "$folio_root/Cargo.toml" --package xtask || exit 125
    exec "${CARGO_TARGET_DIR:-$folio_root/target}/debug/xtask" "$@"
}
