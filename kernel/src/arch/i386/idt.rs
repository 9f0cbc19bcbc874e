//! The interrupt descriptor tables: one for all programs, and one for those that are traced.
//!
//! The second leads system calls and page faults to stubs of their own. So the entry of everybody
//! else tests nothing; the switch to a program that is traced loads the table.

use super::entry;
use super::gdt::{KERNEL_CS, double_fault_selector};
use x86::Ring;
use x86::dtables::{DescriptorTablePointer, lidt};
use x86::segmentation::{
    BuildDescriptor, Descriptor, DescriptorBuilder, GateDescriptorBuilder, SegmentSelector,
    TaskGateDescriptorBuilder,
};

const ENTRIES: usize = 256;
const BREAKPOINT: usize = 3;
const OVERFLOW: usize = 4;
const DOUBLE_FAULT: usize = 8;

pub struct Idt([Descriptor; ENTRIES]);

impl Idt {
    pub const fn new() -> Self {
        Self([Descriptor::NULL; ENTRIES])
    }

    /// Fills the table with gates to the stubs of each vector.
    pub fn fill(&mut self, stub: fn(usize) -> Option<u32>) {
        let cs = SegmentSelector::from_raw(KERNEL_CS);
        for (vector, gate) in self.0.iter_mut().enumerate() {
            let Some(handler) = stub(vector) else { continue };
            *gate = match vector {
                // System calls keep the interrupt flag; everything else starts with it clear, so
                // that CR2 is read before another fault can happen.
                entry::LINUX_CALL | entry::FOLIO_CALL => {
                    DescriptorBuilder::trap_gate_descriptor(cs, handler).dpl(Ring::Ring3)
                }
                BREAKPOINT | OVERFLOW => {
                    DescriptorBuilder::interrupt_descriptor(cs, handler).dpl(Ring::Ring3)
                }
                DOUBLE_FAULT => DescriptorBuilder::task_gate_descriptor(double_fault_selector()),
                _ => DescriptorBuilder::interrupt_descriptor(cs, handler),
            }
            .present()
            .finish();
        }
    }

    /// Makes the CPU use the table.
    ///
    /// # Safety
    /// It has been filled, and the GDT has been loaded.
    pub unsafe fn load(&'static self) {
        // SAFETY: the table lives for ever; every gate leads to a stub.
        unsafe { lidt(&DescriptorTablePointer::new_from_slice(&self.0)) };
    }
}
