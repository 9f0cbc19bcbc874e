//! Links `libsys.so`, and says which linker programs need that use it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::metadata=LINKER=/lib/ld-folio.so.1");
    for argument in [
        // Its own symbols are bound to itself: nothing is left to do when it is loaded where it is
        // linked for, which is below the mappings in every split and above every program.
        "-Bsymbolic",
        "-Ttext-segment=0x2c000000",
        // Two mappings, not four.
        "-z,noseparate-code",
        "--hash-style=gnu",
    ] {
        println!("cargo::rustc-link-arg=-Wl,{argument}");
    }
}
