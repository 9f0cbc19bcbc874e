//! Programs that nobody here built, linked dynamically and loaded by glibc's own loader, each running
//! a script of ordinary work from `tests/foreign` on Folio and on Debian's Linux: what they print and
//! how they end has to be the same.

use crate::agreement::{Question, Questions};
use crate::build::{self, Program};
use crate::contents::{Add, Contents};
use crate::debian::{self, Fetched};
use crate::stop::Result;
use crate::workspace;
use std::time::Duration;

/// Enough for an archive of whole packages, and for Linux to unpack it.
const MEMORY: u64 = 1 << 30;

pub const FOREIGN: Questions = Questions {
    kind: "foreign",
    list: WORKS,
    fetch: debian::programs,
    contents,
    memory: (MEMORY, MEMORY),
    timeout: Duration::from_secs(300),
};

const WORKS: &[Question] = &[
    Question { name: "dash", words: &["/bin/dash", "/foreign/dash.sh"] },
    Question { name: "bash", words: &["/bin/bash", "/foreign/bash.sh"] },
    Question { name: "coreutils", words: &["/bin/bash", "/foreign/coreutils.sh"] },
    Question { name: "lua", words: &["/usr/bin/lua5.4", "/foreign/lua.lua"] },
    Question { name: "sqlite", words: &["/bin/dash", "-c", SQLITE] },
    Question { name: "python", words: &[PYTHON, "/foreign/python.py"] },
    Question { name: "procps", words: &["/bin/bash", "/foreign/procps.sh"] },
    Question { name: "python-threads", words: &[PYTHON, "/foreign/python-threads.py"] },
];

const PYTHON: &str = "/usr/bin/python3.11";
const SQLITE: &str = "exec /usr/bin/sqlite3 /tmp/first.db </foreign/sqlite.sql";

/// The packages, and the scripts.
fn contents(programs: &[Program], foreign: &Fetched) -> Result<Contents> {
    let mut contents = build::contents_for_linux(programs)?;
    contents.add(&Add { host: foreign.path.clone(), guest: b"/".to_vec() })?;
    let scripts = workspace::root().join("tests/foreign");
    contents.add(&Add { host: scripts, guest: b"/foreign".to_vec() })?;
    contents.bytes("/etc/passwd", 0o644, b"root:x:0:0:root:/root:/bin/sh\n".to_vec())?;
    contents.bytes("/etc/group", 0o644, b"root:x:0:\n".to_vec())?;
    Ok(contents)
}
