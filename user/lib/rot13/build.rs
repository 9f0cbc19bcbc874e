//! Gives the library its name, which programs and `readelf` know it by, and has its functions bound
//! when they are called first.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,librot13.so,-z,lazy");
}
