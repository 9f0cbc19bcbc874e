//! Tasks: what the scheduler runs.
//!
//! A [`Task`] has a kernel stack, a priority and perhaps page tables; what programs have on top
//! (memory, descriptors, signals) belongs to the process layer, which hangs its own thread onto
//! the task. Tasks sleep by a three-step handshake that loses no wake-up:
//!
//! ```text
//!  sleeper                                    waker (any task, any interrupt)
//!  prepare_to_sleep(how)                      make the condition true
//!  condition false? schedule()                wake(task)
//!  finish_sleep()
//! ```
//!
//! A wake-up between the first two steps makes `schedule` return at once. `sync::WaitQueue` does
//! this for everybody but IPC.

mod current;
mod exit_work;
#[cfg(any(debug_assertions, feature = "ktest"))]
pub mod forced_switch;
pub mod idle;
#[cfg(feature = "ktest")]
pub mod ktest;
mod schedule;
mod stack;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod task;
mod user_registers;

#[cfg(feature = "faults")]
pub use current::running;
#[cfg(feature = "ktest")]
pub use current::stack_words;
pub use current::{Current, call_path, current, describe_current, is_in_guard_page};
pub use exit_work::{exit_work, set_exit_work};
pub use schedule::{
    account_tick, exit, finish_sleep, might_resched, notify, prepare_to_sleep, runnable, schedule,
    set_priority, sleep_is_over, start, switch_to, ticks_used, wake, wake_with_interrupts_off,
    yield_now,
};
pub use stack::drain_cache as drain_stack_cache;
pub use task::{Sleep, Task, WORK, work};
pub use user_registers::AddressSpace;
