//! Process 1.

use super::credentials::Credentials;
use super::exec::{Program, Strings, execute};
use super::fork::new_thread;
use super::mm_user::MmUser;
use super::process::{Origin, Process, Shared};
use super::signal::{Signals, default_actions};
use super::table::lock_family;
use super::thread::Own;
use super::{current, machine, user_accounts};
use crate::file::{FileTable, FsContext};
use crate::mm::space::Mm;
use crate::result::{Errno, Result};
use crate::task;
use abi::boot::{ARGUMENTS_PATH, Arguments};
use abi::frame::Exit;
use abi::ipc::Level;
use abi::signal::SignalSet;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use kcore::resource_limit::Limits;
use kcore::user_account::ThreadCharge;

/// What the first process is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Starts all others; no signal ends it, and nothing goes on without it.
    Init,
    /// All there is to do.
    Program,
}

/// What the first process starts with.
pub struct FirstProgram {
    pub role: Role,
    pub path: Vec<u8>,
    /// In the format of [`Arguments`].
    pub arguments: Vec<u8>,
    /// Its descriptors 0, 1 and 2 are there already.
    pub files: Arc<FileTable>,
    pub fs: Arc<FsContext>,
    /// How many threads memory could hold, for RLIMIT_NPROC.
    pub max_threads: u32,
}

/// Makes process 1. It executes its program in its own time: if that fails, the machine ends
/// saying so.
pub fn spawn_init(program: FirstProgram) -> Result<()> {
    let mm = MmUser::of_new(Mm::new()?);
    let mut signals = Signals::new(default_actions()?);
    signals.reserve_thread()?;
    let credentials = Arc::try_new(Credentials::default()).map_err(|_| Errno::ENOMEM)?;
    let charge = ThreadCharge::new(&user_accounts::of(0)?, u32::MAX).ok_or(Errno::EAGAIN)?;
    let limits = Limits::initial(program.max_threads);
    let limits = Arc::try_new(limits).map_err(|_| Errno::ENOMEM)?;
    let pid = lock_family().allocate_id()?;
    let process = Process::new(Origin {
        pid,
        shared: Shared {
            mm: Some(mm.mm().clone()),
            executable: None,
            files: Arc::downgrade(&program.files),
            fs: Arc::downgrade(&program.fs),
            remains: None,
            credentials,
            charge,
            limits,
        },
        signals,
        personality: 0,
        nice: 0,
        is_unkillable: program.role == Role::Init,
        level: Level::INIT,
    });
    let process = Arc::try_new(process).map_err(|_| Errno::ENOMEM)?;
    let own = Own::new(Some(mm), Some(program.files.clone()), Some(program.fs.clone()));
    let program = Box::try_new(program).map_err(|_| Errno::ENOMEM)?;
    let program = Box::into_raw(program) as usize as u32;
    let thread = new_thread(process.clone(), pid, SignalSet::EMPTY, own, first_step, program)?;
    let slot = {
        let mut family = lock_family();
        family.reserve_member()?;
        family.insert_first(pid, process.clone())
    };
    process.set_slot(slot);
    process.lock_signals().add_thread(thread.clone());
    thread.start();
    Ok(())
}

fn first_step(program: usize) {
    // SAFETY: `spawn_init` made it for this task alone.
    let program = unsafe { Box::from_raw(program as *mut FirstProgram) };
    let thread = current();
    let mm = thread.mm();
    // SAFETY: the thread keeps the address space until it has left it.
    unsafe { task::current().enter_address_space(mm.for_cpu()) };
    drop(mm);
    let Some(strings) = Arguments::parse(&program.arguments) else {
        log::error!("{ARGUMENTS_PATH} in the boot archive is damaged: nothing is started");
        machine::end(Exit::Failed);
    };
    let executed = run(&program.path, &strings);
    let failed_before_its_end = thread.process().lock_signals().exit_status().is_none();
    if let Err(errno) = executed
        && failed_before_its_end
    {
        log::error!("{}: {errno}", program.path.escape_ascii());
        machine::end(match errno {
            Errno::ENOENT | Errno::ENOTDIR => Exit::NotFound,
            Errno::ENOMEM => Exit::Failed,
            _ => Exit::NotExecutable,
        });
    }
}

fn run(path: &[u8], strings: &Arguments) -> Result<()> {
    let arguments = collect(strings.arguments())?;
    let environment = collect(strings.environment())?;
    let program = Program {
        path,
        arguments: Strings::Kernel(&arguments),
        environment: Strings::Kernel(&environment),
    };
    execute(&current(), &program)
}

fn collect<'a>(strings: impl Iterator<Item = &'a [u8]>) -> Result<Vec<&'a [u8]>> {
    let mut list = Vec::new();
    for string in strings {
        list.try_reserve(1).map_err(|_| Errno::ENOMEM)?;
        list.push(string);
    }
    Ok(list)
}
