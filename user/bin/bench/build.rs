//! Links a static program that is not relocated, and not where other programs lie: a debugger's
//! breakpoint knows no processes.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-link-arg-bins=-static");
    println!("cargo::rustc-link-arg-bins=-no-pie");
    println!("cargo::rustc-link-arg-bins=-Wl,-Ttext-segment=0x20000000");
}
