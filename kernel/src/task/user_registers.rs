//! What a program has in the CPU besides its trap frame: page tables, TLS segments, FS, GS, FPU
//! and SSE registers, I/O ports. The kernel uses none of them but the tables, so the running
//! program's are live in the CPU, and only the switch to another *program* exchanges them; a
//! kernel task leaves them where they are.
//!
//! Page tables too: a kernel task borrows the last program's. Who frees page tables looks first
//! whether they are loaded, and loads others.

use super::task::{NEW, Task, extra};
use super::{Current, current};
use crate::arch::context::{set_user_segments, user_segments};
use crate::arch::entry::TrapFrame;
use crate::arch::fpu;
use crate::arch::gdt::{IoPorts, TLS_ENTRIES};
use crate::arch::{interrupts, paging};
use crate::cpu;
use core::ptr::null_mut;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

pub type TlsEntries = [u64; TLS_ENTRIES];

pub(super) struct UserRegisters {
    tls: TlsEntries,
    fs: u16,
    gs: u16,
    ports: IoPorts,
}

impl UserRegisters {
    pub const fn new() -> Self {
        Self { tls: [0; TLS_ENTRIES], fs: 0, gs: 0, ports: IoPorts::NONE }
    }
}

/// What the CPU needs of an address space, and for as long as a task runs in it.
#[derive(Clone, Copy)]
pub struct AddressSpace {
    /// Its page tables.
    pub cr3: u32,
    /// Where its programs go on after SYSENTER.
    pub landing: *const AtomicU32,
}

fn address(task: &Task) -> *mut () {
    (&raw const *task).cast_mut().cast()
}

/// # Safety
/// `previous` is a program and runs on this CPU, which is about to leave it. Interrupts are off.
#[inline]
pub(super) unsafe fn save(previous: &Task) {
    // SAFETY: of the running task only the switch touches these; the registers are its own.
    unsafe {
        let user = &mut *previous.user.get();
        fpu::save_to(previous.fpu_state());
        (user.fs, user.gs) = user_segments();
    }
}

/// # Safety
/// `next` is a program that runs on no CPU, and this one is about to run it. Interrupts are off.
#[inline]
pub(super) unsafe fn load(next: &Task) {
    let cr3 = next.cr3.load(Relaxed);
    // SAFETY: nobody else touches a task that does not run. Its tables live as long as it is a
    // program. Its FPU state was saved when it last ran, or by its maker.
    unsafe {
        if paging::cr3() != cr3 {
            paging::load_cr3(cr3);
            cpu::set_landing((*next.landing.load(Relaxed)).load(Relaxed));
        }
        let user = &*next.user.get();
        cpu::with_tables(|tables| tables.set_tls(&user.tls));
        if next.extras.load(Relaxed) | cpu::extras() != 0 {
            load_extras(next, user);
        }
        set_user_segments(user.fs, user.gs);
        if cpu::fpu_owner() != address(next) {
            fpu::restore_from(next.fpu_state());
            cpu::set_fpu_owner(address(next));
        }
    }
}

/// What few programs have, or had that ran before.
#[inline(never)]
fn load_extras(next: &Task, user: &UserRegisters) {
    let extras = next.extras.load(Relaxed);
    cpu::with_tables(|tables| tables.set_io_ports(&user.ports));
    if (extras ^ cpu::extras()) & extra::TRACED != 0 {
        cpu::set_traced(extras & extra::TRACED != 0);
    }
    cpu::set_extras(extras);
}

impl Task {
    /// Makes a task that has not started a program in `space`, with the registers of `frame`; the
    /// rest is copied from the running task, which is a program too. I/O ports are not inherited.
    pub fn become_copy_of_current(&self, space: AddressSpace, frame: &TrapFrame) {
        let current = current();
        debug_assert!(self.state.load(Relaxed) == NEW && current.is_user());
        // SAFETY: only the maker of a task that has not started touches it, and only the running
        // task itself these of its fields. The frame lies at the top of the new task's stack.
        unsafe {
            let (to, from) = (&mut *self.user.get(), &*current.user.get());
            fpu::save_to(self.fpu_state());
            to.tls = from.tls;
            (to.fs, to.gs) = user_segments();
            self.user_frame().write(*frame);
        }
        self.set_message_block(current.message_block());
        self.belong_to(space);
    }

    fn belong_to(&self, space: AddressSpace) {
        debug_assert!(space.cr3 != 0);
        self.landing.store(space.landing.cast_mut(), Relaxed);
        self.cr3.store(space.cr3, Relaxed);
    }

    /// Sets one TLS entry of a task that has not started. `false` if there is no such entry.
    #[must_use]
    pub fn set_initial_tls(&self, index: usize, descriptor: u64) -> bool {
        debug_assert!(self.state.load(Relaxed) == NEW);
        // SAFETY: only the maker of a task that has not started touches it.
        let tls = unsafe { &mut (*self.user.get()).tls };
        tls.get_mut(index).map(|entry| *entry = descriptor).is_some()
    }
}

impl Current {
    /// Runs on other page tables from now on: `execve`, or a kernel task that becomes a program
    /// and then starts with empty registers.
    ///
    /// # Safety
    /// The tables map the kernel as `swapper_pg_dir` does. They live until this task has left
    /// them; who frees them sees to it that they are not loaded any more.
    pub unsafe fn enter_address_space(&self, space: AddressSpace) {
        let was_user = self.is_user();
        let were_enabled = interrupts::save_and_disable();
        self.belong_to(space);
        // SAFETY: passed on to the caller.
        unsafe {
            paging::load_cr3(space.cr3);
            cpu::set_landing((*space.landing).load(Relaxed));
        }
        if !was_user {
            self.load_empty_registers();
        }
        interrupts::restore(were_enabled);
    }

    /// Is only the kernel's from now on. The page tables stay loaded until somebody needs others.
    pub fn leave_address_space(&self) {
        let were_enabled = interrupts::save_and_disable();
        self.cr3.store(0, Relaxed);
        cpu::set_fpu_owner(null_mut());
        interrupts::restore(were_enabled);
    }

    /// What a program starts with after `execve`.
    pub fn reset_user_registers(&self) {
        let were_enabled = interrupts::save_and_disable();
        self.load_empty_registers();
        interrupts::restore(were_enabled);
    }

    fn load_empty_registers(&self) {
        // SAFETY: the task's own; interrupts are off, so no switch looks at them meanwhile.
        let user = unsafe { &mut *self.user.get() };
        (user.tls, user.ports) = ([0; TLS_ENTRIES], IoPorts::NONE);
        self.extras.fetch_and(!extra::PORTS, Relaxed);
        cpu::with_tables(|tables| tables.set_tls(&user.tls));
        load_extras(self, user);
        set_user_segments(0, 0);
        fpu::reset();
        cpu::set_fpu_owner(address(self));
    }

    pub fn tls(&self) -> TlsEntries {
        // SAFETY: only the task itself writes it, and it is here.
        unsafe { (*self.user.get()).tls }
    }

    /// Sets one TLS entry at once. `false` if there is no such entry.
    #[must_use]
    pub fn set_tls(&self, index: usize, descriptor: u64) -> bool {
        let were_enabled = interrupts::save_and_disable();
        // SAFETY: the task's own; interrupts are off, so no switch looks at it meanwhile.
        let tls = unsafe { &mut (*self.user.get()).tls };
        let known = tls.get_mut(index).map(|entry| *entry = descriptor).is_some();
        cpu::with_tables(|tables| tables.set_tls(tls));
        interrupts::restore(were_enabled);
        known
    }

    /// The I/O ports this program may use from now on.
    pub fn set_io_ports(&self, ports: &IoPorts) {
        let were_enabled = interrupts::save_and_disable();
        // SAFETY: the task's own; interrupts are off, so no switch looks at it meanwhile.
        let user = unsafe { &mut *self.user.get() };
        user.ports = *ports;
        self.extras.fetch_or(extra::PORTS, Relaxed);
        load_extras(self, user);
        interrupts::restore(were_enabled);
    }

    pub fn io_ports(&self) -> IoPorts {
        // SAFETY: only the task itself writes it, and it is here.
        unsafe { (*self.user.get()).ports }
    }
}
