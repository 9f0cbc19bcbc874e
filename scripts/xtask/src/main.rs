//! `xtask COMMAND`: what there is, is in the library.

fn main() -> std::process::ExitCode {
    xtask::main()
}
