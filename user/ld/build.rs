//! Links a static program that lies anywhere and relocates itself.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("none") {
        println!("cargo::rustc-link-arg-bins=-static-pie");
        // Two mappings, and one page that is written to.
        println!("cargo::rustc-link-arg-bins=-Wl,-z,noseparate-code,-z,norelro");
    }
}
