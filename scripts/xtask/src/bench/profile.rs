//! Where the instructions of a measurement go: QEMU logs every one of them between the marks that
//! the measuring program sets, and the symbols say whose they are.

use crate::captured::text;
use crate::stop::{Result, failed, io};
use crate::symbols::without_hash;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// What one sees of a guest that is no more.
const GONE: [ErrorKind; 3] =
    [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof];
/// No line of QEMU's.
const END: &str = "end of the log";
/// Functions a list shows.
const SHOWN: usize = 40;

/// Serves QEMU's debugger port at `socket` until the guest ends; the instructions go to `log`.
/// Waits for QEMU until `over` says that it is not coming any more: it starts when its kernel has
/// been built, and then it waits for us.
pub fn record(socket: &Path, log: &Path, marks: [u32; 2], over: &AtomicBool) -> Result<()> {
    let stream = loop {
        match UnixStream::connect(socket) {
            Ok(stream) => break stream,
            Err(_) if over.load(Ordering::Acquire) => return Ok(()),
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    };
    let mut stub = Stub { stream };
    match follow(&mut stub, log, marks) {
        // The guest has ended.
        Err(error) if GONE.contains(&error.kind()) => Ok(()),
        Err(error) => {
            // Nobody else could tell the guest to go on.
            let _ = stub.send("k");
            Err(failed(format!("QEMU's debugger port: {error}")))
        }
        Ok(()) => Ok(()),
    }
}

fn follow(stub: &mut Stub, log: &Path, [begin, end]: [u32; 2]) -> std::io::Result<()> {
    stub.monitor(&format!("logfile {}", log.display()))?;
    // One instruction at a time is far too slow for anything else.
    let watch = ["singlestep on", "log exec,nochain"];
    let pass = ["log none", "singlestep off"];
    loop {
        for (mark, then) in [(begin, watch), (end, pass)] {
            stub.ask(&format!("Z0,{mark:x},1"))?;
            stub.go("c")?;
            // The stub does not step over a breakpoint.
            stub.ask(&format!("z0,{mark:x},1"))?;
            stub.go("s")?;
            for command in then {
                stub.monitor(command)?;
            }
        }
    }
}

/// The debugger's side of the connection.
struct Stub {
    stream: UnixStream,
}

impl Stub {
    fn send(&mut self, packet: &str) -> std::io::Result<()> {
        let sum = packet.bytes().fold(0_u8, u8::wrapping_add);
        self.stream.write_all(format!("${packet}#{sum:02x}").as_bytes())
    }

    fn byte(&mut self) -> std::io::Result<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    /// The next packet of the guest.
    fn packet(&mut self) -> std::io::Result<String> {
        while self.byte()? != b'$' {}
        let mut packet = String::new();
        loop {
            match self.byte()? {
                b'#' => break,
                byte => packet.push(char::from(byte)),
            }
        }
        let _sum = [self.byte()?, self.byte()?];
        self.stream.write_all(b"+")?;
        Ok(packet)
    }

    fn ask(&mut self, packet: &str) -> std::io::Result<String> {
        self.send(packet)?;
        self.packet()
    }

    /// Lets the guest run until it stops.
    fn go(&mut self, how: &str) -> std::io::Result<()> {
        match self.ask(how)?.as_bytes() {
            [b'T' | b'S', ..] => Ok(()),
            _ => Err(ErrorKind::UnexpectedEof.into()),
        }
    }

    /// A command for QEMU's monitor.
    fn monitor(&mut self, command: &str) -> std::io::Result<()> {
        let hex: String = command.bytes().map(|byte| format!("{byte:02x}")).collect();
        self.send(&format!("qRcmd,{hex}"))?;
        loop {
            match self.packet()?.as_str() {
                "OK" => return Ok(()),
                // What the monitor has to say about it.
                words if words.starts_with('O') => {}
                error => return Err(std::io::Error::other(format!("{command}: {error}"))),
            }
        }
    }
}

/// Addresses of symbols of a program.
pub fn symbols(program: &Path, names: [&str; 2]) -> Result<[u32; 2]> {
    let output = Command::new("nm")
        .arg(program)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("cannot run nm ({error}): install binutils")))?;
    let listing = text(&output.stdout);
    let address = |name: &str| {
        let line = listing.lines().find(|line| line.split(' ').next_back() == Some(name))?;
        u32::from_str_radix(line.split(' ').next()?, 16).ok()
    };
    match names.map(address) {
        [Some(first), Some(second)] => Ok([first, second]),
        _ => Err(failed(format!("{} has no {}", program.display(), names.join(" and ")))),
    }
}

/// How often each instruction was executed.
pub type Counts = HashMap<u32, u64>;

/// Counts what comes through the pipe `log` until [`end_log`].
pub fn count(log: &Path) -> Result<Counts> {
    // Open for both, a pipe waits for nobody and does not end when QEMU does.
    let pipe = File::options().read(true).write(true).open(log);
    let pipe = pipe.map_err(|error| io("read", log, error))?;
    let mut counts = Counts::new();
    for line in BufReader::new(pipe).lines() {
        let line = line.map_err(|error| io("read", log, error))?;
        if line == END {
            break;
        }
        if let Some(address) = executed(&line) {
            *counts.entry(address).or_insert(0) += 1;
        }
    }
    Ok(counts)
}

/// Nothing more comes through the pipe.
pub fn end_log(log: &Path) -> Result<()> {
    let pipe = File::options().read(true).write(true).open(log);
    // QEMU may have ended in the middle of a line.
    pipe.and_then(|mut pipe| write!(pipe, "\n{END}\n")).map_err(|error| io("write", log, error))
}

/// The address in a line like `Trace 0: 0x7f00 [00000000/c0101234/00000000/ff000001] name`.
fn executed(line: &str) -> Option<u32> {
    let (_, rest) = line.strip_prefix("Trace ")?.split_once(" [")?;
    u32::from_str_radix(rest.split('/').nth(1)?, 16).ok()
}

/// Who executed how many of the instructions, for each operation of which `of_one` were measured.
pub fn report(counts: &Counts, kernel: &Path, program: &Path, of_one: f64) -> Result<String> {
    let total: u64 = counts.values().sum();
    let operations = (total as f64 / of_one.max(1.0)).round().max(1.0);
    // Only the kernel's addresses are above all of a program's.
    let border = 0x4000_0000;
    let (mut symbols, mut functions) = (HashMap::new(), HashMap::new());
    for (file, kernel_half) in [(kernel, true), (program, false)] {
        let mut addresses: Vec<u32> =
            counts.keys().copied().filter(|address| (*address >= border) == kernel_half).collect();
        addresses.sort_unstable();
        for (address, names) in addresses.iter().zip(chains(file, &addresses)?) {
            let times = counts.get(address).copied().unwrap_or(0);
            let name = |name: Option<&String>| name.map_or("?", String::as_str).to_owned();
            *symbols.entry(name(names.last())).or_insert(0) += times;
            *functions.entry(name(names.first())).or_insert(0) += times;
        }
    }
    let mut text = String::new();
    for (title, counts) in [
        ("functions, without what is inlined into them", functions),
        ("functions, with what is inlined into them", symbols),
    ] {
        let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n  instructions each  {title}");
        for (name, times) in counts.iter().take(SHOWN) {
            let each = *times as f64 / operations;
            let share = *times as f64 * 100.0 / total.max(1) as f64;
            let _ = writeln!(text, "{each:>12.1} {share:>5.1} %  {name}");
        }
    }
    Ok(text)
}

/// For each address its function, the one that is inlined into, and so on.
fn chains(file: &Path, addresses: &[u32]) -> Result<Vec<Vec<String>>> {
    let mut child = Command::new("addr2line")
        .args(["--addresses", "--functions", "--inlines", "--demangle", "--exe"])
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed(format!("cannot run addr2line ({error}): install binutils")))?;
    let words: String = addresses.iter().map(|address| format!("{address:#x}\n")).collect();
    let stdin = child.stdin.take();
    // It answers before it has read everything.
    let writer = thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(words.as_bytes())));
    let output = child.wait_with_output().map_err(|error| failed(format!("addr2line: {error}")))?;
    let _ = writer.join();
    let mut chains: Vec<Vec<String>> = Vec::new();
    for line in text(&output.stdout).lines() {
        if line.starts_with("0x") {
            chains.push(Vec::new());
        } else if let Some(chain) = chains.last_mut()
            && !is_place(line)
        {
            chain.push(without_hash(line));
        }
    }
    Ok(chains)
}

/// Whether a line of addr2line is `file:line` and not a function.
fn is_place(line: &str) -> bool {
    line.rsplit_once(':').is_some_and(|(_, number)| {
        let number = number.split(' ').next().unwrap_or_default();
        !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '?')
    })
}

/// Files of one run, which go away with this value.
pub struct Files {
    pub socket: PathBuf,
    /// A pipe: a log of millions of instructions fits no disk.
    pub log: PathBuf,
}

impl Files {
    pub fn new(folder: &Path) -> Result<Self> {
        let name = |kind: &str| folder.join(format!("profile-{}.{kind}", std::process::id()));
        let files = Self { socket: name("gdb"), log: name("log") };
        match Command::new("mkfifo").arg(&files.log).stdin(Stdio::null()).status() {
            Ok(status) if status.success() => Ok(files),
            _ => Err(failed(format!("cannot make the pipe {}", files.log.display()))),
        }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for file in [&self.socket, &self.log] {
            // It is not there if QEMU did not come so far.
            let _ = std::fs::remove_file(file);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_out_of_the_log() {
        let line = "Trace 0: 0x7f5a2c00 [00000000/c0101234/00000000/ff000001] kernel_main";
        assert_eq!(executed(line), Some(0xc010_1234));
        assert_eq!(executed("IN: kernel_main"), None);
    }

    #[test]
    fn places_and_names_are_told_apart() {
        assert!(is_place("/a/b.rs:12") && is_place("??:?") && is_place("b.rs:7 (discriminator 2)"));
        assert!(!is_place("core::ptr::read") && !is_place("main"));
        assert_eq!(without_hash("a::b::h0123456789abcdef"), "a::b");
        assert_eq!(without_hash("a::hello"), "a::hello");
    }

    #[test]
    fn packets_have_a_checksum_and_are_acknowledged() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let guest = thread::spawn(move || {
            let mut packet = [0; 6];
            theirs.read_exact(&mut packet).unwrap();
            theirs.write_all(b"+$T05thread:01;#07").unwrap();
            let mut ack = [0];
            theirs.read_exact(&mut ack).unwrap();
            (packet, ack)
        });
        let mut stub = Stub { stream: ours };
        stub.go("cc").unwrap();
        assert_eq!(guest.join().unwrap(), (*b"$cc#c6", [b'+']));
        assert!(GONE.contains(&stub.go("c").unwrap_err().kind()));
    }
}
