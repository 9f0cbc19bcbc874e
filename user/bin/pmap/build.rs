//! Links the program: with shared objects if it depends on `libsys.so`, else with nothing.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let arguments = match std::env::var("DEP_SYS_LINKER") {
        // What libraries lack, the dynamic linker has.
        Ok(linker) => format!("-Wl,--dynamic-linker={linker},--allow-shlib-undefined"),
        Err(_) => "-static".to_owned(),
    };
    println!("cargo::rustc-link-arg-bins={arguments}");
    println!("cargo::rustc-link-arg-bins=-no-pie");
}
