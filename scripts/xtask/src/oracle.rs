//! Debian's busybox on Folio and on Debian's Linux, both booting the same archive: what it prints
//! and how it ends has to be the same.

use crate::agreement::{Question, Questions};
use crate::build::{self, Program};
use crate::contents::{Add, Contents};
use crate::debian::{self, Fetched};
use crate::stop::Result;
use std::time::Duration;

const MIB: usize = 1 << 20;

pub const ORACLE: Questions = Questions {
    kind: "oracle",
    list: QUESTIONS,
    fetch: debian::busybox,
    contents,
    // Linux unpacks the archive.
    memory: (512 << 20, 0),
    timeout: Duration::from_secs(240),
};

const fn question(name: &'static str, words: &'static [&'static str]) -> Question {
    Question { name, words }
}

const QUESTIONS: &[Question] = &[
    question("echo", &["/bin/busybox", "echo", "hi"]),
    question("ls", &["/bin/busybox", "ls", "-l", "/bin"]),
    question("cat", &["/bin/busybox", "cat", "/data/bytes"]),
    question("sha1sum", &["/bin/busybox", "sha1sum", "/data/10m"]),
    question("sh", &["/bin/busybox", "sh", "-c", "for i in 1 2 3; do echo $i; done | wc -l"]),
    question("text tools", &["/bin/busybox", "sh", "-c", TEXT_TOOLS]),
    question("files in /tmp", &["/bin/busybox", "sh", "-c", FILES]),
    question("processes", &["/bin/busybox", "sh", "-c", PROCESSES]),
    question("errors", &["/bin/busybox", "sh", "-c", ERRORS]),
    question("end by signal", &["/bin/busybox", "sh", "-c", "echo before; kill -9 $$; echo after"]),
    question("not found", &["/bin/nothing"]),
];

const TEXT_TOOLS: &str = "set -o pipefail; cd /data; b=/bin/busybox
$b grep -n 7 text | $b head -5; $b sort -rn text | $b tail -3; $b tr 0-9 a-j <text | $b md5sum
$b sed -n 's/^1\\(.\\)$/<\\1>/p' text | $b wc; $b awk '{s += $1} END {print s}' text
$b cut -c1 text | $b uniq -c; $b od -A d -t x1 bytes | $b tail -2; $b gzip -c 10m | $b zcat | $b md5sum
$b seq 1 5 | $b xargs $b echo; $b printf '%s-%03d\\n' a 7; $b tar c text | $b tar t
$b dd if=10m bs=64k count=3 skip=100 2>/dev/null | $b sha256sum; $b find /data | $b sort";

const FILES: &str = "cd /tmp; b=/bin/busybox
echo one >f; echo two >>f; $b cat f; $b cp f g; $b cmp f g; $b mkdir -p d/e; $b mv g d/e/h
$b ln -s d/e/h s; $b cat s; $b readlink s; $b find . | $b sort; $b wc -c <f; $b chmod 640 f
$b stat -c '%A %s %h %F' f s; $b stat -c '%A %F' d; $b truncate -s 5000 f; $b wc -c f; $b tail -c 3 f | $b od -t x1
$b rm f; $b rmdir d 2>&1; $b rm -r d s; $b ls -a; : >x; $b test -s x; echo $?; exec 3<x; $b rm x
$b cat <&3; $b dd if=/dev/zero of=z bs=4k count=300 2>/dev/null; $b sha1sum z; umask 077; : >u
$b stat -c %a u; pwd; $b head -c 5 /dev/zero | $b od -c; echo x >/dev/full; echo $?; echo n >/dev/null";

const PROCESSES: &str = "b=/bin/busybox
$b sleep 0.2 & wait $!; echo waited $?; (exit 7); echo $?; $b false || echo false; x=$(echo deep $(echo er))
echo \"$x\"; trap 'echo caught' TERM; kill -TERM $$; $b sh -c 'kill -11 $$' 2>/dev/null; echo $?
{ echo a; echo b >&2; } 2>&1 | $b sort; $b env -i A=1 $b env; $b yes | $b head -2; set -- 1 2 3; echo $#
i=0; while [ $i -lt 40 ]; do $b true; i=$((i+1)); done; echo $i; $b timeout 1 $b sleep 5; echo $?
$b id -u; $b basename /a/b.c .c; read line <<end
here
end
echo $line; exit 5";

const ERRORS: &str = "b=/bin/busybox
$b cat /missing; echo $?; $b cat /data; echo $?; cd /data/text; echo $?; $b mkdir -p /tmp/d/e; $b rmdir /tmp/d; echo $?
$b mkdir /tmp/a /tmp/a; echo $?; $b ls /missing; echo $?; /data/text; echo $?; nothing; echo $?
$b ln -s loop /tmp/loop; $b cat /tmp/loop; echo $?; $b cp /tmp /tmp/t; echo $?; echo a >/tmp; echo $?
$b kill -0 9999; echo $?; $b rm /tmp/none; echo $?; $b mv /tmp/none /tmp/b; echo $?; $b cat <&9; echo $?";

/// Our programs, busybox, and what the questions read.
fn contents(programs: &[Program], busybox: &Fetched) -> Result<Contents> {
    let mut contents = build::contents_for_linux(programs)?;
    contents.add(&Add { host: busybox.path.clone(), guest: b"/bin/busybox".to_vec() })?;
    let bytes = |count| (0..count as u32).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect();
    contents.bytes("/data/10m", 0o644, bytes(10 * MIB))?;
    contents.bytes("/data/bytes", 0o644, bytes(70_001))?;
    let lines: String = (0..500).map(|number| format!("{number}\n")).collect();
    contents.bytes("/data/text", 0o644, lines.into_bytes())?;
    Ok(contents)
}
