//! What calls made with arbitrary arguments find: things of this process, so that whatever succeeds
//! changes nothing that another test or another program sees.

use crate::calls::Parameter;
use crate::child;
use crate::fault::{PAGE, map, poke, unmap};
use core::time::Duration;
use sys::abi::UserMutPtr;
use sys::abi::memory::PROT_READ;
use sys::abi::process::{RLIMIT_AS, Rlimit};
use sys::abi::signal::{SIGKILL, SignalSet};
use sys::abi::time::{ITIMER_REAL, Itimerval, Timeval};
use sys::directory;
use sys::file::File;
use sys::io::Fd;
use sys::process;
use sys::signal::{Action, set_action};
use sys::syscall::{input, pointer};
use sys::wait::Status;

/// Names that may come to lie in the directory, in an order in which they can go.
const NAMES: [&str; 6] = ["d/a", "a", "b", "d/b", "d", "f"];

/// A directory to work in, and what lies there. It goes away with this value.
pub struct Directory(crate::scratch::Scratch);

impl Directory {
    pub fn new(name: &str) -> Self {
        let directory = crate::scratch::Scratch::directory(name);
        sys::directory::create(directory.join("d"), 0o755).expect("mkdir");
        let file = File::create(directory.join("f")).expect("a file");
        file.write_all(&[7; 5000]).expect("write");
        Self(directory)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = call!(umask(0o022));
        // A call may have put one directory into another.
        for _ in 0..3 {
            for name in NAMES {
                let path = self.0.join(name);
                let _ = directory::remove_file(&path);
                let _ = directory::remove(&path);
            }
        }
    }
}

/// What arguments can name.
pub struct Scene {
    pub own: i32,
    /// A page of zeros that can be written.
    pub buffer: u32,
    /// A page that can only be read.
    pub read_only: u32,
    /// The last bytes of a page before a hole.
    pub edge: u32,
    /// Nothing is mapped there.
    pub hole: u32,
    pub file: u32,
    pub descriptors: [u32; 6],
}

impl Scene {
    /// Sets up this process, which should be a child without a future: it works in `directory`, has
    /// a group, a limited address space and none of its parent's descriptors.
    pub fn enter(directory: &Directory) -> Self {
        let _ = process::set_group(0, 0);
        sys::directory::set_current(directory.0.as_str()).expect("chdir");
        let null = File::open_with("/dev/null", sys::abi::file::O_RDWR, 0).expect("/dev/null");
        for standard in 0..2 {
            sys::file::duplicate_to(null.fd(), Fd(standard)).expect("dup2");
        }
        let file = File::open_with("f", sys::abi::file::O_RDWR, 0).expect("a file");
        let folder = File::open("d").expect("a directory");
        let (read, write) = sys::file::pipe().expect("pipe2");
        let descriptors =
            [null, file, folder, read, write].map(|file| file.into_fd().0.cast_unsigned());
        let start = map(4);
        for byte in 0..PAGE {
            poke(start + PAGE + byte, 0);
        }
        call!(mprotect(start, PAGE, PROT_READ)).expect("mprotect");
        unmap(start + 3 * PAGE, 1);
        Self {
            own: process::id(),
            buffer: start + PAGE,
            read_only: start,
            edge: start + 3 * PAGE - 3,
            hole: start + 3 * PAGE,
            file: descriptors[1],
            descriptors: [
                descriptors[0],
                descriptors[1],
                descriptors[2],
                descriptors[3],
                descriptors[4],
                u32::MAX,
            ],
        }
    }

    /// An honest value for an argument.
    pub fn good(&self, parameter: &Parameter) -> u32 {
        use crate::calls::Kind;
        const NAME: &[u8] = b"f\0";
        match (parameter.kind, parameter.name) {
            (Kind::Text, _) => pointer(NAME),
            (Kind::Pointer, _) => self.buffer,
            (Kind::Number, "fd" | "input" | "output" | "old" | "new") => self.file,
            (Kind::Number, "directory" | "old_directory" | "new_directory") => {
                sys::abi::file::AT_FDCWD.cast_unsigned()
            }
            (Kind::Number, "pid" | "tid" | "id") => self.own.cast_unsigned(),
            (Kind::Number, "set_size") => 8,
            (Kind::Number, "signal") => 0,
            (Kind::Number | Kind::Wide, _) => 0,
        }
    }

    /// Ends a child that a call made: it must not go on with what its parent does.
    pub fn stop_copies(&self) {
        if process::id() != self.own {
            process::exit(0);
        }
    }
}

/// Interrupts every call that waits, again and again.
pub fn interrupt_waits() {
    extern "C" fn nothing(_: i32) {}
    let signal = sys::abi::signal::SIGALRM;
    // SAFETY: the handler does nothing.
    let set = unsafe { set_action(signal, Action::Handler(nothing), 0, SignalSet::EMPTY) };
    set.expect("rt_sigaction");
    let period = Timeval { sec: 0, usec: 20_000 };
    let timer = Itimerval { interval: period, value: period };
    call!(setitimer(ITIMER_REAL, input(&timer), UserMutPtr::NULL)).expect("setitimer");
}

/// Lets this process have no more than so much address space.
pub fn limit_memory(bytes: u32) {
    let limit = Rlimit { cur: bytes, max: bytes };
    call!(setrlimit(RLIMIT_AS, input(&limit))).expect("setrlimit");
}

/// Waits for the end of a child with a group of its own, at most some seconds; then it is killed,
/// and in any case what is left of its group.
pub fn wait_bounded(pid: i32, seconds: u64) -> Status {
    let start = sys::time::now();
    let status = loop {
        match process::wait(pid, sys::abi::process::WNOHANG) {
            Ok(Some((_, status))) => break status,
            _ if sys::time::now() - start > Duration::from_secs(seconds) => {
                let _ = process::kill(pid, SIGKILL);
                break child::wait(pid);
            }
            _ => sys::time::sleep(Duration::from_millis(1)),
        }
    };
    let _ = process::kill(-pid, SIGKILL);
    status
}
