//! What a user does by the README: programs of `scripts/new-app`, and a library. All of it is built
//! with the rest of the tree and runs.

use crate::Outcome;
use crate::guest::Setup;
use abi::frame::Exit;
use std::fs;
use std::path::PathBuf;
use xtask::words::Words;
use xtask::{app, build, workspace};

/// Packages of this tree for as long as a scenario takes.
struct Made {
    folders: Vec<PathBuf>,
    /// The lock file as it was: cargo notes every package there.
    lock: (PathBuf, Vec<u8>),
}

impl Made {
    fn new(commands: &[&[&str]]) -> Result<Self, String> {
        let lock = workspace::root().join("Cargo.lock");
        let bytes = fs::read(&lock).map_err(|why| format!("{}: {why}", lock.display()))?;
        let mut made = Self { folders: Vec::new(), lock: (lock, bytes) };
        for words in commands {
            let name = words.last().ok_or("a command without a name")?;
            app::run(Words::new(words.iter().map(|word| word.into()))).map_err(|stop| stop.why)?;
            made.folders.push(workspace::root().join("user/bin").join(name));
        }
        Ok(made)
    }

    /// The library that the README shows, and a program that opens it.
    fn library(&mut self, program: &str) -> Outcome {
        let readme = workspace::root().join("README.md");
        let text = fs::read_to_string(&readme).map_err(|why| why.to_string())?;
        let block = |start: &str| {
            let (_, rest) = text.split_once("`user/lib/double`")?;
            rest.split_once(start)?.1.split_once("```").map(|(block, _)| block)
        };
        let (manifest, source) = (block("```toml\n"), block("```rust\n"));
        let (manifest, source) = manifest.zip(source).ok_or("the README shows no library")?;
        let folder = workspace::root().join("user/lib/double");
        self.folders.push(folder.clone());
        let program = workspace::root().join("user/bin").join(program).join("src/main.rs");
        fs::create_dir_all(folder.join("src"))
            .and_then(|()| fs::write(folder.join("Cargo.toml"), manifest))
            .and_then(|()| fs::write(folder.join("src/lib.rs"), source))
            .and_then(|()| fs::write(program, USER))
            .map_err(|why| why.to_string())
    }
}

/// As the documentation of `sys::library` has it.
const USER: &str = "\
#![no_std]
#![no_main]

sys::entry!(main);

fn main() -> i32 {
    // SAFETY: the library wants nothing done at its start, and has such a function.
    let (_library, double) = unsafe {
        let library = sys::library::Library::open(\"libdouble.so\").unwrap();
        let double = *library.get::<extern \"C\" fn(i32) -> i32>(\"double\").unwrap();
        (library, double)
    };
    double(21)
}
";

impl Drop for Made {
    fn drop(&mut self) {
        for folder in &self.folders {
            let _ = fs::remove_dir_all(folder);
        }
        let _ = fs::write(&self.lock.0, &self.lock.1);
    }
}

pub fn the_readme_is_true(setup: &Setup) -> Outcome {
    let shared: &[&str] = &["--shared", "made-shared"];
    let mut made = Made::new(&[&["made-alone"], shared, &["--shared", "made-opening"]])?;
    made.library("made-opening")?;
    let programs = build::programs(true).map_err(|stop| stop.why)?;
    for (name, is_shared) in [("made-alone", false), ("made-shared", true)] {
        let path = format!("/bin/{name}");
        let ended = setup.program_among(&programs, &[&path])?.run()?;
        ended.expect_exit(Exit::Exited(0))?;
        ended.expect_output(format!("{name} is running\n").as_bytes())?;
        let program = programs.iter().find(|program| program.guest == path);
        let file = program.ok_or_else(|| format!("{path} was not built"))?;
        let bytes = fs::read(&file.stripped).map_err(|why| format!("{path}: {why}"))?;
        let needs = |name: &[u8]| bytes.windows(name.len()).any(|part| part == name);
        if [&b"/lib/ld-folio.so.1\0"[..], b"libsys.so\0"]
            .iter()
            .any(|name| needs(name) != is_shared)
        {
            return Err(format!("{path} is linked as it should not be"));
        }
    }
    setup.program_among(&programs, &["/bin/made-opening"])?.run()?.expect_exit(Exit::Exited(42))
}
