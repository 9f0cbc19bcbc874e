//! Threads and what they wait for.

use crate::clone3::suite_clone3;
use crate::fault::{PAGE, poke_word};
use crate::faults::Outcome;
use crate::threads::{LIKE_GLIBC, word};
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use sys::abi::process::*;
use sys::abi::time::Timespec;
use sys::abi::{UserMutPtr, UserPtr};
use sys::memory::Mapping;
use sys::syscall::{input, pointer};
use sys::{Errno, thread};

/// Pages of a thread's stack; the first word of the lowest is its id while it runs.
const STACK: u32 = 4;

/// No thread's id.
const RUNNING: u32 = u32::MAX;

pub type Body = extern "C" fn(u32) -> i32;

/// A thread as glibc makes it; whoever drops it waits for its end.
pub struct Thread(Mapping);

impl Thread {
    pub fn new(body: Body, argument: u32) -> sys::Result<Self> {
        let stack = Mapping::anonymous(STACK * PAGE)?;
        let (start, top) = (stack.address(), stack.address() + STACK * PAGE - 36);
        // Until the kernel has written its id, and where it cannot.
        poke_word(start, RUNNING);
        poke_word(top, body as usize as u32);
        poke_word(top + 4, argument);
        // SAFETY: the stack is the thread's own, and its memory stays until it has ended.
        unsafe { thread::clone(LIKE_GLIBC, top, start, 0, start) }?;
        Ok(Self(stack))
    }

    /// The same with `clone3`.
    fn with_clone3(body: Body, argument: u32) -> sys::Result<Self> {
        let stack = Mapping::anonymous(STACK * PAGE)?;
        let (start, size) = (stack.address(), STACK * PAGE - 36);
        poke_word(start, RUNNING);
        poke_word(start + size, body as usize as u32);
        poke_word(start + size + 4, argument);
        let arguments = CloneArgs {
            flags: LIKE_GLIBC.into(),
            child_tid: start.into(),
            parent_tid: start.into(),
            stack: start.into(),
            stack_size: size.into(),
            ..CloneArgs::default()
        };
        // SAFETY: as above.
        let result = unsafe { suite_clone3(pointer(&arguments), size_of::<CloneArgs>() as u32) };
        sys::abi::errno::decode(result.cast_unsigned())?;
        Ok(Self(stack))
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        let word = word(self.0.address());
        loop {
            match word.load(SeqCst) {
                0 => return,
                tid => drop(wait(word, FUTEX_WAIT, tid)),
            }
        }
    }
}

/// At most some milliseconds: who should wake it may fail to.
fn wait(word: &AtomicU32, operation: u32, value: u32) -> sys::Result<u32> {
    let (place, soon) = (UserMutPtr::new(pointer(word)), Timespec { sec: 0, nsec: 5_000_000 });
    call!(futex(place, operation, value, input(&soon), UserMutPtr::NULL, 0))
}

fn wake(word: &AtomicU32, operation: u32) -> sys::Result<u32> {
    let (place, null) = (UserMutPtr::new(pointer(word)), UserMutPtr::NULL);
    call!(futex(place, operation, 10, UserPtr::NULL, null, 0))
}

pub fn threads_come_and_go() -> Outcome {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    extern "C" fn counts(argument: u32) -> i32 {
        COUNT.fetch_add(argument, SeqCst);
        0
    }
    let threads = [Thread::new(counts, 1), Thread::new(counts, 10), Thread::new(counts, 100)];
    let mut expected = 0;
    let mut failure = Ok(());
    for (thread, count) in threads.into_iter().zip([1, 10, 100]) {
        match thread {
            Ok(_) => expected += count,
            Err(errno) => failure = Err(errno.into()),
        }
    }
    assert_eq!(COUNT.load(SeqCst), expected);
    failure
}

pub fn threads_wait_for_each_other() -> Outcome {
    static STEP: AtomicU32 = AtomicU32::new(0);
    extern "C" fn answers(_: u32) -> i32 {
        while STEP.load(SeqCst) == 0 {
            let _ = wait(&STEP, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0);
        }
        STEP.store(2, SeqCst);
        let _ = wake(&STEP, FUTEX_WAKE | FUTEX_PRIVATE_FLAG);
        0
    }
    let thread = Thread::new(answers, 0)?;
    STEP.store(1, SeqCst);
    let woken = wake(&STEP, FUTEX_WAKE | FUTEX_PRIVATE_FLAG);
    while STEP.load(SeqCst) != 2 {
        let _ = wait(&STEP, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 1);
    }
    drop(thread);
    woken?;
    Ok(())
}

pub fn who_waits_at_one_word_goes_on_at_another() -> Outcome {
    static WORDS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    extern "C" fn waits(_: u32) -> i32 {
        while WORDS[0].load(SeqCst) == 0 {
            let _ = wait(&WORDS[0], FUTEX_WAIT, 0);
        }
        0
    }
    let threads = [Thread::new(waits, 0), Thread::new(waits, 0)];
    let _ = call!(sched_yield());
    let [first, second] = WORDS.each_ref().map(|word| UserMutPtr::new(pointer(word)));
    let moved = call!(futex(first, FUTEX_CMP_REQUEUE, 0, UserPtr::new(5), second, 0));
    WORDS[0].store(1, SeqCst);
    let woken = wake(&WORDS[1], FUTEX_WAKE);
    for thread in threads {
        thread?;
    }
    moved?;
    woken?;
    Ok(())
}

pub fn a_wait_ends_in_time() -> Outcome {
    static WORD: AtomicU32 = AtomicU32::new(3);
    match wait(&WORD, FUTEX_WAIT, 3) {
        Err(Errno::ETIMEDOUT) => {}
        other => return Err(other.expect_err("nobody wakes it").into()),
    }
    match wait(&WORD, FUTEX_WAIT, 4) {
        Err(Errno::EAGAIN) => Ok(()),
        other => Err(other.expect_err("another value").into()),
    }
}

pub fn a_thread_is_made_by_clone3() -> Outcome {
    static DONE: AtomicU32 = AtomicU32::new(0);
    extern "C" fn sets(argument: u32) -> i32 {
        DONE.store(argument, SeqCst);
        0
    }
    drop(Thread::with_clone3(sets, 77)?);
    assert_eq!(DONE.load(SeqCst), 77);
    Ok(())
}

pub fn a_thread_of_the_library_runs() -> Outcome {
    static DONE: AtomicU32 = AtomicU32::new(0);
    let thread = thread::spawn(|| DONE.store(1, SeqCst))?;
    thread.join();
    assert_eq!(DONE.load(SeqCst), 1);
    Ok(())
}
