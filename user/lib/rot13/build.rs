//! Gives the library its name, which programs and `readelf` know it by.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,librot13.so");
}
