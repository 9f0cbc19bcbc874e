//! From a program that could be run to one that runs.

use super::executable::Executable;
use super::load::{Loaded, load};
use super::stack_image::{StackImage, Strings};
use crate::arch::entry::{NO_CALL, TrapFrame};
use crate::arch::features::features;
use crate::arch::gdt::{USER_CS, USER_DS};
use crate::arch::uaccess::TASK_SIZE;
use crate::failpoint::fail_point;
use crate::file::random;
use crate::ipc::slot;
use crate::mm::space::Mm;
use crate::mm::vdso::VSYSCALL;
use crate::process::personality::READ_IMPLIES_EXEC;
use crate::process::signal::image_bytes;
use crate::process::table::lock_family;
use crate::process::{CurrentThread, limits, trace};
use crate::result::{Errno, Result};
use crate::task;
use abi::process::{RLIMIT_STACK, status_signaled};
use abi::signal::{SIGCHLD, SIGSEGV};
use alloc::sync::Arc;
use kcore::addr::VirtAddr;
use kcore::elf_image::StackProtection;
use kcore::exec_stack::AuxiliaryVector;
use kcore::signal::{Actions, AlternateStack, largest_frame};
use kcore::vma::mmap_base;

/// Interrupts enabled, and the bit that is always set.
const EFLAGS: u32 = 0x202;

/// What to run.
pub struct Program<'a> {
    pub path: &'a [u8],
    pub arguments: Strings<'a>,
    pub environment: Strings<'a>,
}

/// Replaces the program of the current process. An error leaves the old one as it was; once that
/// is gone, failure lets the process end by SIGSEGV on its way to user mode.
pub fn execute(thread: &CurrentThread, program: &Program) -> Result<()> {
    if thread.process().exceeds_threads() {
        return Err(Errno::EAGAIN);
    }
    let stack_limit = thread.process.limit(RLIMIT_STACK);
    let mut stack =
        StackImage::gather(program.path, program.arguments, program.environment, stack_limit)?;
    if fail_point!(Exec) {
        return Err(Errno::ENOMEM);
    }
    let executable = Executable::open(program.path, &mut stack)?;
    if fail_point!(Exec) {
        return Err(Errno::ENOMEM);
    }
    thread.become_only_thread()?;
    let started = replace_program(thread, program, &mut stack, &executable, stack_limit);
    if started.is_err() {
        // Nobody is left to be told the error.
        thread.process().lock_signals().end_all(status_signaled(SIGSEGV));
    }
    started
}

/// Behind the point of no return: the other threads are gone.
fn replace_program(
    thread: &CurrentThread,
    program: &Program,
    stack: &mut StackImage,
    executable: &Executable,
    stack_limit: u32,
) -> Result<()> {
    let actions = thread.inherited_actions()?;
    let files = thread.files();
    // Shared descriptors are not closed behind the other's back.
    let is_shared = Arc::strong_count(&files) > 2;
    let files = if is_shared { files.fork()? } else { files };

    set_limits(thread, &stack.mm, stack_limit, executable.stack);
    let old = thread.process.credentials();
    let credentials = old.for_program()?;
    let is_plain = credentials.acts_for_itself() && !old.differ(&credentials);
    stack.mm.set_dumpable(is_plain && executable.is_readable);
    enter(thread, stack, actions);
    thread.process.set_credentials(credentials);
    if is_shared {
        thread.replace_files(&files);
    }
    files.close_on_exec();
    drop(thread.process.replace_executable(Some(executable.program.file.clone())));
    thread.task.set_name(program.path.rsplit(|byte| *byte == b'/').next().unwrap_or_default());

    let loaded = load(&stack.mm, executable)?;
    let esp = finish_stack(thread, stack, &loaded, executable, stack_limit)?;
    let entry = loaded.entry();
    thread.with_frame(|frame| *frame = first_frame(entry, esp, frame));
    if thread.task.is_traced() {
        trace::executed();
    }
    Ok(())
}

/// What the process may have, as its new address space enforces it.
fn set_limits(thread: &CurrentThread, mm: &Mm, stack_limit: u32, stack: StackProtection) {
    let inherited = thread.process.personality();
    let read_implies_exec =
        stack == StackProtection::ReadImpliesExec || inherited & READ_IMPLIES_EXEC != 0;
    if read_implies_exec {
        thread.process.set_personality(inherited | READ_IMPLIES_EXEC);
    }
    let privileged = thread.process.credentials().is_privileged();
    limits::bind(mm, &thread.process.limits(), privileged);
    let mut layout = mm.layout.write();
    layout.limits.placement.mmap_base = mmap_base(VirtAddr::new(TASK_SIZE), stack_limit, 0, 0);
    layout.limits.read_implies_exec = read_implies_exec;
}

/// The old program's memory and everything that referred to it go.
fn enter(thread: &CurrentThread, stack: &StackImage, actions: Arc<Actions>) {
    thread.release_words();
    let own = thread.own();
    let process = thread.process();
    let mm = stack.mm.again();
    let shared = process.replace_mm(Some(mm.mm().clone()));
    // SAFETY: the thread keeps the address space until it has left it, and whoever takes it down
    // calls `forget_page_tables`.
    unsafe { task::current().enter_address_space(mm.for_cpu()) };
    let old = own.mm.replace(Some(mm));
    own.alternate_stack.set(AlternateStack::NONE);
    own.restart.set(None);
    slot::forget_program();
    process.ipc.stop_serving(process.pid());
    task::current().reset_user_registers();
    thread.reset_actions(actions);
    process.drop_timers();
    process.lock_signals().forget_timers();
    drop(old);
    drop(shared);
    thread.release_parent();
    let mut family = lock_family();
    if let Some(member) = family.get_mut(process.slot()) {
        member.has_executed = true;
        member.exit_signal = SIGCHLD as u8;
    }
}

fn finish_stack(
    thread: &CurrentThread,
    stack: &mut StackImage,
    loaded: &Loaded,
    executable: &Executable,
    stack_limit: u32,
) -> Result<u32> {
    let credentials = thread.process.credentials();
    let auxiliary = AuxiliaryVector {
        vdso: Some((stack.mm.vdso() + VSYSCALL, stack.mm.vdso())),
        min_signal_stack: largest_frame(image_bytes()),
        hwcap: features().hwcap,
        hwcap2: 0,
        program_headers: loaded.program.program_headers,
        program_header_count: loaded.program_header_count,
        base: loaded.interpreter.map_or(0, |(bias, _)| bias),
        entry: loaded.program.entry,
        uid: credentials.user.real,
        effective_uid: credentials.user.effective,
        gid: credentials.group.real,
        effective_gid: credentials.group.effective,
        secure: false,
    };
    let is_executable = executable.stack != StackProtection::NotExecutable;
    stack.finish(&auxiliary, random::bytes(), stack_limit, is_executable)
}

fn first_frame(entry: u32, esp: u32, old: &TrapFrame) -> TrapFrame {
    TrapFrame {
        ds: u32::from(USER_DS),
        es: u32::from(USER_DS),
        vector: NO_CALL,
        error: old.error,
        eip: entry,
        cs: u32::from(USER_CS),
        eflags: EFLAGS,
        esp,
        ss: u32::from(USER_DS),
        ..TrapFrame::default()
    }
}
