//! Watching what other programs do. Folio's own; what there is to see is [`abi::trace`].

use crate::ipc::Handle;
use crate::process::{self, Fork};
use crate::syscall::{input, linux, output, pointer, pointer_mut, trace};
use crate::{Errno, Result, env, file};
use abi::UserMutPtr;
use abi::file::Iovec;
use abi::trace::Event;
use alloc::vec::Vec;

/// Traces threads. When it is dropped, they go on untraced.
#[derive(Debug)]
pub struct Tracer(pub Handle);

impl Tracer {
    /// With room for so many page faults inside the kernel, at most 1024. (`trace_create`)
    pub fn new(faults: u32) -> Result<Self> {
        // SAFETY: changes no memory.
        unsafe { trace::trace_create(faults) }.map(|raw| Self(Handle::from_raw(raw)))
    }

    /// Traces a thread; `options` are `TRACE_*`. (`trace_attach`)
    ///
    /// ESRCH: there is none. EPERM: it may not be traced, or is already.
    pub fn attach(&self, tid: i32, options: u32) -> Result<()> {
        // SAFETY: changes no memory.
        unsafe { trace::trace_attach(self.0.raw(), tid, options) }.map(drop)
    }

    /// Waits for something to happen. (`trace_next`)
    ///
    /// ECHILD: nothing is traced any more. EINTR: a signal came.
    pub fn next(&self) -> Result<Event> {
        let mut event = Event::default();
        // SAFETY: the event is exclusively ours.
        unsafe { trace::trace_next(self.0.raw(), output(&mut event)) }?;
        Ok(event)
    }

    /// Lets a thread go on after its event. (`trace_resume`)
    ///
    /// ESRCH: it does not stand still; it may have been killed.
    pub fn resume(&self, tid: i32) -> Result<()> {
        // SAFETY: changes no memory of this program's.
        unsafe { trace::trace_resume(self.0.raw(), tid) }.map(drop)
    }

    /// [`start`](Self::start) of the program that a name without slashes stands for, in one of the
    /// folders of PATH.
    pub fn start_found(&self, arguments: &[&[u8]], options: u32) -> Result<i32> {
        let name = *arguments.first().ok_or(Errno::EINVAL)?;
        if name.contains(&b'/') {
            return self.start(name, arguments, options);
        }
        let folders = env::var(b"PATH").unwrap_or(b"/bin:/sbin");
        let paths = folders.split(|byte| *byte == b':').map(|folder| [folder, b"/", name].concat());
        let found = paths.into_iter().find(|path| file::stat(path).is_ok());
        self.start(&found.ok_or(Errno::ENOENT)?, arguments, options)
    }

    /// Starts the program at `path` in a child that is traced before it executes it; returns the
    /// child's id. `arguments` begin with the program's name.
    pub fn start(&self, path: &[u8], arguments: &[&[u8]], options: u32) -> Result<i32> {
        let (gate, key) = file::pipe()?;
        match process::fork()? {
            Fork::Parent(pid) => {
                self.attach(pid, options)?;
                key.write_all(b"x")?;
                Ok(pid)
            }
            Fork::Child => {
                drop(key);
                // Without its tracer the program does not run.
                if !matches!(gate.read(&mut [0]), Ok(1)) {
                    process::exit(127);
                }
                let environment: Vec<&[u8]> = env::vars().collect();
                let error = process::exec(path, arguments, &environment);
                crate::eprintln!("{}: {error}", path.escape_ascii());
                process::exit(crate::command::exec_status(error))
            }
        }
    }
}

/// Reads a process's memory; returns how many bytes there were. (`process_vm_readv`)
///
/// EFAULT: none. EPERM: the caller may not look into it. ESRCH: it is gone.
pub fn read_memory(pid: i32, address: u32, to: &mut [u8]) -> Result<usize> {
    let len = u32::try_from(to.len()).map_err(|_| Errno::EINVAL)?;
    let local = Iovec { base: UserMutPtr::new(pointer_mut(to)), len };
    let remote = Iovec { base: UserMutPtr::new(address), len };
    // SAFETY: the buffer is exclusively ours and that long.
    let copied = unsafe { linux::process_vm_readv(pid, input(&local), 1, input(&remote), 1, 0) }?;
    Ok(copied as usize)
}

/// Writes to a process's memory; returns how many bytes. (`process_vm_writev`)
///
/// EFAULT: none, or it is not the process's to write. EPERM, ESRCH as of [`read_memory`].
pub fn write_memory(pid: i32, address: u32, from: &[u8]) -> Result<usize> {
    let len = u32::try_from(from.len()).map_err(|_| Errno::EINVAL)?;
    let local = Iovec { base: UserMutPtr::new(pointer(from)), len };
    let remote = Iovec { base: UserMutPtr::new(address), len };
    // SAFETY: the kernel only reads the slice.
    let copied = unsafe { linux::process_vm_writev(pid, input(&local), 1, input(&remote), 1, 0) }?;
    Ok(copied as usize)
}
