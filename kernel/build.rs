//! Hands the split's PAGE_OFFSET to the linker script and to the code, and the vDSO to the code.

use std::env;

fn main() {
    let feature = |name: &str| env::var_os(format!("CARGO_FEATURE_{name}")).is_some();
    let page_offset: u32 = match (feature("SPLIT_2G"), feature("SPLIT_1G")) {
        (false, false) => 0xc000_0000,
        (true, false) => 0x8000_0000,
        (false, true) => 0x4000_0000,
        (true, true) => panic!("an image has one split: choose split-2g or split-1g"),
    };
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    println!("cargo::rustc-env=PAGE_OFFSET={page_offset}");
    println!("cargo::rustc-link-arg-bins=--defsym=PAGE_OFFSET={page_offset:#x}");
    if feature("FAULTS") {
        println!("cargo::rustc-link-arg-bins=-T{root}/../linker/failpoints.ld");
        println!("cargo::rerun-if-changed={root}/../linker/failpoints.ld");
    }
    println!("cargo::rustc-link-arg-bins=-T{root}/../linker/kernel.ld");
    println!("cargo::rerun-if-changed={root}/../linker/kernel.ld");
    // `cargo xtask` links the vDSO first.
    let vdso = env::var("VDSO").unwrap_or_else(|_| format!("{root}/../target/images/vdso.so"));
    println!("cargo::rustc-env=VDSO={vdso}");
    println!("cargo::rerun-if-env-changed=VDSO");
    println!("cargo::rerun-if-changed={vdso}");
}
