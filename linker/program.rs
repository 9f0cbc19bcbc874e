//! The build script of programs: linked with shared objects if they depend on `libsys.so`, else with
//! nothing, and not relocated.

fn main() {
    println!("cargo::rerun-if-changed=Cargo.toml");
    let arguments = match std::env::var("DEP_SYS_LINKER") {
        // Two mappings, not four; and what libraries lack, the dynamic linker has.
        Ok(linker) => {
            let linker = format!("--dynamic-linker={linker},--allow-shlib-undefined");
            format!("-Wl,{linker},-z,noseparate-code")
        }
        Err(_) => "-static".to_owned(),
    };
    println!("cargo::rustc-link-arg-bins={arguments}");
    println!("cargo::rustc-link-arg-bins=-no-pie");
}
