//! Threads with variables of their own, in a library that was there and in one that is opened.

use crate::{open, turn};
use alloc::boxed::Box;
use core::arch::{asm, global_asm};
use core::sync::atomic::{AtomicU32, Ordering};
use sys::abi::memory::{MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE};
use sys::abi::process::*;
use sys::io::Fd;
use sys::library::{Library, OpenError, ThreadMemory};
use sys::memory::Mapping;
use sys::println;
use sys::syscall::{linux, pointer};

global_asm!(
    // (flags, stack, parent_tid, tls, child_tid): the thread calls the function on top of its stack
    // and ends.
    ".globl linked_clone",
    "linked_clone:",
    "push ebx",
    "push esi",
    "push edi",
    "mov ebx, [esp + 16]",
    "mov ecx, [esp + 20]",
    "mov edx, [esp + 24]",
    "mov esi, [esp + 28]",
    "mov edi, [esp + 32]",
    "mov eax, 120",
    "int 0x80",
    "test eax, eax",
    "jz 2f",
    "pop edi",
    "pop esi",
    "pop ebx",
    "ret",
    "2:",
    "xor ebp, ebp",
    "pop eax",
    "call eax",
    "xor ebx, ebx",
    "mov eax, 1",
    "int 0x80",
    "ud2",
);

unsafe extern "C" {
    fn linked_clone(flags: u32, stack: u32, parent_tid: u32, tls: u32, child_tid: u32) -> i32;
}

const FLAGS: u32 = CLONE_VM
    | CLONE_FS
    | CLONE_FILES
    | CLONE_SIGHAND
    | CLONE_THREAD
    | CLONE_SYSVSEM
    | CLONE_SETTLS
    | CLONE_CHILD_CLEARTID;
const STACK: u32 = 64 << 10;

static LIBRARY: AtomicU32 = AtomicU32::new(0);
/// What the thread's third count came to.
static COUNTED: AtomicU32 = AtomicU32::new(0);

extern "C" fn body() {
    tally::count();
    tally::count();
    COUNTED.store(tally::count(), Ordering::Relaxed);
    let library = LIBRARY.load(Ordering::Relaxed) as *const Library;
    // SAFETY: the other thread keeps it open until this one has ended.
    let library = unsafe { &*library };
    turn(library, &mut { *b"seventeen letters" }).expect("as in the other thread");
}

/// Each thread's count begins anew, and the process's goes on.
pub fn threads() -> Result<(), OpenError> {
    let library = open()?;
    LIBRARY.store(pointer(&library), Ordering::Relaxed);
    println!("this thread: {}", tally::count());
    turn(&library, &mut { *b"text" })?;
    for _ in 0..2 {
        run_thread();
        println!("that thread: {}", COUNTED.load(Ordering::Relaxed));
    }
    println!("this thread: {}", tally::count());
    println!("all: {}", tally::TOTAL.load(Ordering::Relaxed));
    Ok(())
}

/// A library that comes again and again needs no more room in threads' tables than once.
pub fn modules() -> Result<(), OpenError> {
    for _ in 0..10 {
        turn(&open()?, &mut { *b"text" })?;
    }
    let count: u32;
    // SAFETY: GS:4 points to the table, which begins with its length.
    unsafe {
        asm!("mov {0}, gs:[4]", "mov {0}, [{0}]", out(reg) count, options(nostack, readonly));
    }
    println!("{count} modules");
    Ok(())
}

fn run_thread() {
    Thread::start(body).join();
}

/// A running thread, and what is its own.
pub struct Thread {
    _memory: ThreadMemory,
    _stack: Mapping,
    running: Box<AtomicU32>,
}

impl Thread {
    pub fn start(body: extern "C" fn()) -> Self {
        let memory = ThreadMemory::new().expect("a program with shared objects");
        let (protection, flags) = (PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
        let stack = Mapping::new(STACK, protection, flags, Fd(-1), 0).expect("mmap");
        let top = stack.address() + STACK - 20;
        // SAFETY: in the new stack. The function finds it aligned as the ABI wants.
        unsafe { (top as *mut u32).write(body as *const () as u32) };
        let running = Box::new(AtomicU32::new(1));
        let descriptor = memory.descriptor();
        // SAFETY: stack and memory are the thread's own until it has ended.
        let tid = unsafe { linked_clone(FLAGS, top, 0, pointer(&descriptor), pointer(&*running)) };
        assert!(tid > 0, "clone: {tid}");
        Self { _memory: memory, _stack: stack, running }
    }

    pub fn join(self) {
        wait_for(|| self.running.load(Ordering::Acquire) == 0);
    }
}

/// Lets others run until something has come true.
pub fn wait_for(condition: impl Fn() -> bool) {
    while !condition() {
        // SAFETY: changes no memory.
        let _ = unsafe { linux::sched_yield() };
    }
}
