//! Segments and task states, laid out as Linux/i386 does, so that programs see the selectors
//! they know (0x73, 0x7b, TLS entries 6-8).

use super::entry::TrapFrame;
use core::mem::size_of;
use x86::Ring;
use x86::bits32::task::TaskStateSegment;
use x86::dtables::{DescriptorTablePointer, lgdt, load_ldtr};
use x86::segmentation::{
    BuildDescriptor, CodeSegmentType, DataSegmentType, Descriptor, DescriptorBuilder,
    SegmentDescriptorBuilder, SegmentSelector,
};

pub const KERNEL_CS: u16 = 0x60;
pub const KERNEL_DS: u16 = 0x68;
pub const USER_CS: u16 = 0x73;
pub const USER_DS: u16 = 0x7b;
const TSS_SELECTOR: u16 = 0x80;
const DOUBLE_FAULT_SELECTOR: u16 = 0xf8;

/// First GDT entry of thread-local storage, and how many there are.
pub const TLS_FIRST: u32 = 6;
pub const TLS_ENTRIES: usize = 3;

const ENTRIES: usize = 32;
const IO_BITMAP_BYTES: usize = 65536 / 8;
const MAX_PORT_RUNS: usize = 8;
const DOUBLE_FAULT_STACK_BYTES: usize = 4096;
const DOUBLE_FAULT: u32 = 8;

/// A task state with room for the I/O permission bitmap (SDM 1, 19.5.2): one bit a port, and a
/// last byte of ones.
#[repr(C, align(16))]
struct TaskState {
    tss: TaskStateSegment,
    io_bitmap: [u8; IO_BITMAP_BYTES],
    end: u8,
}

/// Runs of I/O ports a program may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct IoPorts {
    runs: [(u16, u16); MAX_PORT_RUNS],
    count: usize,
}

impl IoPorts {
    pub const NONE: Self = Self { runs: [(0, 0); MAX_PORT_RUNS], count: 0 };

    /// Adds the ports from `first` to `last`; `false` if there are too many runs already.
    #[must_use]
    pub fn add(&mut self, first: u16, last: u16) -> bool {
        match self.runs.get_mut(self.count) {
            Some(run) => {
                *run = (first, last);
                self.count += 1;
                true
            }
            None => false,
        }
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// One CPU's descriptor tables.
#[repr(C, align(4096))]
pub struct CpuTables {
    gdt: [u64; ENTRIES],
    /// Of SYSENTER's first instruction, which finds the real one in the task state: only a debug
    /// exception or a non-maskable interrupt may come before.
    _entry_stack: [u32; 64],
    task_state: TaskState,
    /// The ports whose bits are clear in the bitmap.
    ports: IoPorts,
    double_fault: TaskStateSegment,
    double_fault_stack: [u8; DOUBLE_FAULT_STACK_BYTES],
}

/// Where a task state has the kernel's stack pointer.
pub const TSS_ESP0: usize = 4;

/// An I/O bitmap base beyond the limit: no port is allowed.
const NO_IO_BITMAP: u16 = 0xffff;
const IO_BITMAP_BASE: u16 = size_of::<TaskStateSegment>() as u16;

impl CpuTables {
    pub const fn new() -> Self {
        Self {
            gdt: [0; ENTRIES],
            _entry_stack: [0; 64],
            task_state: TaskState {
                tss: TaskStateSegment::new(),
                io_bitmap: [0xff; IO_BITMAP_BYTES],
                end: 0xff,
            },
            ports: IoPorts::NONE,
            double_fault: TaskStateSegment::new(),
            double_fault_stack: [0; DOUBLE_FAULT_STACK_BYTES],
        }
    }

    /// Fills the tables and makes this CPU use them.
    ///
    /// # Safety
    /// Once, at boot, with interrupts off. `double_fault_handler` never returns.
    pub unsafe fn load(&'static mut self, double_fault_handler: unsafe extern "C" fn() -> !) {
        let flat = |builder: DescriptorBuilder, ring| {
            let descriptor: Descriptor =
                builder.present().dpl(ring).limit_granularity_4kb().db().finish();
            descriptor.as_u64()
        };
        let code = || DescriptorBuilder::code_descriptor(0, 0xfffff, CodeSegmentType::ExecuteRead);
        let data = || DescriptorBuilder::data_descriptor(0, 0xfffff, DataSegmentType::ReadWrite);
        self.gdt[usize::from(KERNEL_CS >> 3)] = flat(code(), Ring::Ring0);
        self.gdt[usize::from(KERNEL_DS >> 3)] = flat(data(), Ring::Ring0);
        self.gdt[usize::from(USER_CS >> 3)] = flat(code(), Ring::Ring3);
        self.gdt[usize::from(USER_DS >> 3)] = flat(data(), Ring::Ring3);

        self.task_state.tss.ss0 = KERNEL_DS;
        self.task_state.tss.iobp_offset = NO_IO_BITMAP;
        self.gdt[usize::from(TSS_SELECTOR >> 3)] =
            task_state_descriptor(&raw const self.task_state as u32, size_of::<TaskState>() as u32);

        let stack = &raw mut self.double_fault_stack as u32 + DOUBLE_FAULT_STACK_BYTES as u32;
        let state = &mut self.double_fault;
        (state.esp, state.ss0, state.esp0) = (stack - 16, KERNEL_DS, stack);
        (state.cs, state.ss, state.ds, state.es) = (KERNEL_CS, KERNEL_DS, USER_DS, USER_DS);
        state.eip = double_fault_handler as *const () as u32;
        state.eflags = 2;
        state.iobp_offset = NO_IO_BITMAP;
        self.gdt[usize::from(DOUBLE_FAULT_SELECTOR >> 3)] = task_state_descriptor(
            &raw const self.double_fault as u32,
            size_of::<TaskStateSegment>() as u32,
        );

        // SAFETY: the table lives for ever and holds flat segments; the far return reloads CS
        // with the same base and limit the loader gave it.
        unsafe {
            lgdt(&DescriptorTablePointer::new_from_slice(&self.gdt));
            core::arch::asm!(
                "push {cs}",
                "lea {scratch}, [2f]",
                "push {scratch}",
                "retf",
                "2:",
                "mov ds, {user_ds:e}",
                "mov es, {user_ds:e}",
                "mov ss, {ds:e}",
                "xor {scratch}, {scratch}",
                "mov fs, {scratch:e}",
                "mov gs, {scratch:e}",
                cs = const KERNEL_CS,
                ds = in(reg) u32::from(KERNEL_DS),
                user_ds = in(reg) u32::from(USER_DS),
                scratch = out(reg) _,
            );
            x86::task::load_tr(SegmentSelector::from_raw(TSS_SELECTOR));
            // After a reset there is a local table of 64 KiB at address 0, where programs have memory.
            load_ldtr(SegmentSelector::from_raw(0));
        }
    }

    /// ESP of SYSENTER: from there [`TSS_ESP0`] leads to the stack.
    pub fn sysenter_stack(&self) -> u32 {
        &raw const self.task_state as u32
    }

    /// The page directory the double-fault task runs on.
    pub fn set_double_fault_cr3(&mut self, cr3: u32) {
        self.double_fault.cr3 = cr3;
    }

    /// The registers of the code that a double fault interrupted: the switch to the double-fault
    /// task saved them.
    pub fn interrupted(&self) -> TrapFrame {
        let state = &self.task_state.tss;
        TrapFrame {
            ebx: state.ebx,
            ecx: state.ecx,
            edx: state.edx,
            esi: state.esi,
            edi: state.edi,
            ebp: state.ebp,
            eax: state.eax,
            ds: u32::from(state.ds),
            es: u32::from(state.es),
            vector: DOUBLE_FAULT,
            error: 0,
            eip: state.eip,
            cs: u32::from(state.cs),
            eflags: state.eflags,
            esp: state.esp,
            ss: u32::from(state.ss),
        }
    }

    /// The stack that the next trap from user mode uses.
    #[inline]
    pub fn set_kernel_stack(&mut self, top: u32) {
        self.task_state.tss.esp0 = top;
    }

    /// The thread-local segments of the task about to run.
    #[inline]
    pub fn set_tls(&mut self, tls: &[u64; TLS_ENTRIES]) {
        self.gdt[TLS_FIRST as usize..TLS_FIRST as usize + TLS_ENTRIES].copy_from_slice(tls);
    }

    /// The ports of the task about to run. The bitmap keeps those of the last driver, so that
    /// going from a driver to a program and back costs two stores.
    #[inline]
    pub fn set_io_ports(&mut self, ports: &IoPorts) {
        if ports.is_empty() {
            self.task_state.tss.iobp_offset = NO_IO_BITMAP;
        } else {
            self.allow_io_ports(ports);
        }
    }

    #[inline(never)]
    fn allow_io_ports(&mut self, ports: &IoPorts) {
        if self.ports != *ports {
            let old = core::mem::replace(&mut self.ports, *ports);
            self.mark_ports(&old, u8::MAX);
            self.mark_ports(ports, 0);
        }
        self.task_state.tss.iobp_offset = IO_BITMAP_BASE;
    }

    fn mark_ports(&mut self, ports: &IoPorts, bits: u8) {
        for &(first, last) in ports.runs.iter().take(ports.count) {
            for port in first..=last {
                let byte = &mut self.task_state.io_bitmap[usize::from(port / 8)];
                let mask = 1 << (port % 8);
                *byte = *byte & !mask | bits & mask;
            }
        }
    }
}

/// An available 32-bit TSS (SDM 3A 7.2.2): type 9, present, DPL 0, byte granularity.
fn task_state_descriptor(base: u32, bytes: u32) -> u64 {
    let mut descriptor = Descriptor::default();
    descriptor.set_base_limit(base, bytes - 1);
    descriptor.set_type(9);
    descriptor.set_p();
    descriptor.as_u64()
}

pub const fn double_fault_selector() -> SegmentSelector {
    SegmentSelector::from_raw(DOUBLE_FAULT_SELECTOR)
}
