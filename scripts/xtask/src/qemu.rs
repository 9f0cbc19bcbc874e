//! The command line of QEMU.

use crate::build::LINUX_INIT;
use crate::machine::{Accelerator, Machine};
use crate::stop::{Result, usage};
use abi::boot::{CONSOLE, CONSOLE_FRAMED, CONSOLE_TTY, CREDITS, CREDITS_OFF, INIT};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

/// Which QEMU runs a machine. A PC of 3.5 GiB and more has memory above 4 GiB, where the one for
/// 32-bit processors does not find page tables (7.2: it cuts their addresses to 32 bits).
pub fn program(machine: &Machine) -> &'static str {
    if machine.memory < 7 << 29 { "qemu-system-i386" } else { "qemu-system-x86_64" }
}

/// Whose kernel boots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    Folio,
    /// Debian's, with `tests/linux-init` as its first program: to the host it looks the same.
    Linux,
}

impl std::fmt::Display for System {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            Self::Folio => "Folio",
            Self::Linux => "Linux",
        })
    }
}

/// The first program and how it is connected, for the kernel's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Boot {
    pub system: System,
    pub console: Console,
    /// The first program, if there is one.
    pub init: Option<Vec<u8>>,
    /// More words.
    pub extra: String,
}

/// What COM1 is to the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// A terminal: bytes as they are.
    Tty,
    /// Three streams in frames. Without credits the host sends nothing, and the guest sends
    /// without asking.
    Framed { credits: bool },
}

/// What `isa-debug-exit` makes of the value the kernel writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    Orderly,
    Panic,
    /// QEMU itself ended: a triple fault, a signal, or an error of its own.
    Other(Option<i32>),
}

impl Shutdown {
    pub fn from_status(status: std::process::ExitStatus) -> Self {
        match status.code() {
            Some(1) => Self::Orderly,
            Some(3) => Self::Panic,
            other => Self::Other(other),
        }
    }
}

/// The kernel's command line.
pub fn command_line(machine: &Machine, boot: &Boot) -> Result<Vec<u8>> {
    let mut line = match boot.console {
        Console::Tty => format!("{CONSOLE}={CONSOLE_TTY}"),
        Console::Framed { credits: true } => format!("{CONSOLE}={CONSOLE_FRAMED}"),
        Console::Framed { credits: false } => {
            format!("{CONSOLE}={CONSOLE_FRAMED} {CREDITS}={CREDITS_OFF}")
        }
    }
    .into_bytes();
    if boot.system == System::Linux {
        // COM2 is its console: there go its log and the complaints of its first program.
        line.extend(format!(" {CONSOLE}=ttyS1 quiet panic=-1 rdinit={LINUX_INIT}").bytes());
    } else if let Some(init) = &boot.init {
        if init.iter().any(|&byte| byte <= b' ') {
            let init = String::from_utf8_lossy(init);
            return Err(usage(format!(
                "{init:?}: the path of the first program must not contain blanks; --add it under \
                 another name"
            )));
        }
        line.extend(format!(" {INIT}=").bytes());
        line.extend(init);
    }
    for words in [&boot.extra, &machine.cmdline] {
        if !words.is_empty() {
            line.push(b' ');
            line.extend(words.as_bytes());
        }
    }
    Ok(line)
}

/// What a guest begins with.
#[derive(Clone, Copy)]
pub enum Begin<'a> {
    /// The first instruction of a kernel.
    Kernel {
        kernel: &'a Path,
        archive: Option<&'a Path>,
        /// The kernel's command line.
        line: &'a [u8],
        /// A file for the machine's memory.
        memory: Option<&'a Path>,
    },
    /// The memory that another one left in this file, which stays as it is. The guest is stopped and
    /// waits for the rest of its state.
    Memory(&'a Path),
}

/// QEMU's arguments. COM1 is its standard input, COM2 its standard output: sockets, or the writing
/// ends of pipes where instructions are counted, as watching a socket for input disturbs the count.
/// It connects to `control` for commands.
pub fn arguments(machine: &Machine, begin: Begin<'_>, control: Option<&Path>) -> Vec<OsString> {
    let accelerator = match machine.accelerator {
        Accelerator::Tcg => "tcg",
        Accelerator::Kvm => "kvm",
    };
    let (com1, com2) = if machine.icount {
        ("file,id=com1,path=/dev/fd/0", "file,id=com2,path=/dev/fd/1")
    } else {
        ("socket,id=com1,fd=0", "socket,id=com2,fd=1")
    };
    let size = format!("{}M", machine.memory >> 20);
    let mut arguments: Vec<OsString> = [
        &["-accel", accelerator, "-cpu", &machine.cpu, "-m", &size][..],
        &["-nodefaults", "-display", "none", "-no-reboot", "-no-user-config"],
        &["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"],
        &["-chardev", com1, "-serial", "chardev:com1", "-chardev", com2, "-serial", "chardev:com2"],
    ]
    .concat()
    .into_iter()
    .map(OsString::from)
    .collect();
    if machine.icount {
        let counted = ["-icount", "shift=0,sleep=off", "-seed", "1"];
        let clock = ["-rtc", "base=2026-01-01T00:00:00,clock=vm"];
        arguments.extend(counted.into_iter().chain(clock).map(OsString::from));
    }
    if let Some(place) = &machine.gdb {
        arguments.extend(["-S", "-gdb", place].map(OsString::from));
    }
    if let Some(plugin) = &machine.plugin {
        arguments.extend(["-plugin", plugin].map(OsString::from));
    }
    let memory = match begin {
        Begin::Kernel { memory, .. } => memory.map(|path| (path, "on")),
        Begin::Memory(path) => Some((path, "off")),
    };
    match memory {
        None => arguments.extend(["-M", "pc"].map(OsString::from)),
        Some((path, share)) => {
            let file = format!("memory-backend-file,id=memory,size={size},share={share},mem-path=");
            let object = [file.as_bytes(), &with_doubled_commas(path)].concat();
            arguments.extend(["-M", "pc,memory-backend=memory", "-object"].map(OsString::from));
            arguments.push(OsString::from_vec(object));
        }
    }
    if let Some(path) = control {
        let socket = [&b"socket,id=control,path="[..], &with_doubled_commas(path)].concat();
        arguments.extend(["-chardev".into(), OsString::from_vec(socket)]);
        arguments.extend(["-mon", "chardev=control,mode=control"].map(OsString::from));
    }
    match begin {
        Begin::Kernel { kernel, archive, line, .. } => {
            arguments.extend(["-kernel".into(), kernel.into()]);
            if let Some(archive) = archive {
                arguments
                    .extend(["-initrd".into(), OsString::from_vec(with_doubled_commas(archive))]);
            }
            arguments.extend(["-append".into(), OsString::from_vec(line.to_vec())]);
        }
        Begin::Memory(_) => arguments.extend(["-S", "-incoming", "defer"].map(OsString::from)),
    }
    arguments
}

/// A path among QEMU's options: a comma separates them, a doubled one is itself.
pub(crate) fn with_doubled_commas(path: &Path) -> Vec<u8> {
    path.as_os_str().as_bytes().split(|&byte| byte == b',').collect::<Vec<_>>().join(&b",,"[..])
}

/// What to do about a message of QEMU, where the options can help.
pub fn cure(messages: &str) -> &'static str {
    const CURES: [(&str, &str); 4] = [
        ("cannot set up guest memory", "; give a smaller --memory"),
        ("unable to find CPU model", "; qemu-system-i386 -cpu help lists the models for --cpu"),
        ("Property", "; qemu-system-i386 -cpu help lists the features for --cpu"),
        ("Address already in use", "; another guest waits for gdb on that port"),
    ];
    CURES.iter().find(|(part, _)| messages.contains(part)).map_or("", |(_, cure)| cure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_above_4_gib_needs_the_larger_qemu() {
        let with = |memory| program(&Machine { memory, ..Machine::default() });
        assert_eq!(with(3583 << 20), "qemu-system-i386");
        assert_eq!(with(3584 << 20), "qemu-system-x86_64");
    }

    #[test]
    fn the_kernel_learns_console_program_and_text() {
        let machine = Machine { cmdline: "highmem=48M".into(), ..Machine::default() };
        let boot = Boot {
            system: System::Folio,
            console: Console::Framed { credits: false },
            init: Some(b"/bin/hello".to_vec()),
            extra: "a=b".into(),
        };
        let line = command_line(&machine, &boot).unwrap();
        assert_eq!(line, b"console=framed credits=off init=/bin/hello a=b highmem=48M");
        let linux = Boot { system: System::Linux, ..boot.clone() };
        let line = command_line(&machine, &linux).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert!(line.contains("credits=off") && line.contains("rdinit=/init"), "{line}");
        let blank = Boot { init: Some(b"/bin/a b".to_vec()), ..boot };
        assert_eq!(command_line(&machine, &blank).unwrap_err().status, 2);
    }

    #[test]
    fn a_comma_in_the_archive_path_is_doubled() {
        let (kernel, archive) = (Path::new("k"), Some(Path::new("/a,b/c")));
        let begin = Begin::Kernel { kernel, archive, line: b"x", memory: None };
        let arguments = arguments(&Machine::default(), begin, None);
        assert!(arguments.iter().any(|argument| argument == "/a,,b/c"));
        assert!(arguments.windows(2).any(|pair| pair[0] == "-m" && pair[1] == "128M"));
    }
}
