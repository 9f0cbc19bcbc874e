//! Threads' own memory: the static block below the thread pointer, and what was opened later.

use alloc::alloc::{alloc_zeroed, dealloc, handle_alloc_error};
use alloc::vec::Vec;
use core::alloc::Layout;
use core::mem::offset_of;
use ld::{Object, Range, StaticTls, TlsImage, TlsPlace};
use sys::library::Linker;

/// What the thread pointer points to, and GS:0 is. Compilers and libraries for Linux know these
/// places, those behind the vector as glibc has them.
#[repr(C)]
struct Control {
    /// Its own address: how code finds the static block.
    own: *mut Control,
    /// The number of modules in the vector, and where each module's memory is, or 0.
    vector: *mut u32,
    /// The thread, as glibc's code finds it.
    itself: *mut Control,
    _has_others: u32,
    common: Common,
    /// Of `libsys.so`, where glibc keeps something of its linker's.
    _messages: u32,
}

const _: () = assert!(offset_of!(Control, _messages) == Linker::MESSAGES);

/// What every thread has the same of.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Common {
    /// AT_SYSINFO, at GS:0x10.
    pub system_entry: u32,
    /// What functions of C write behind their arrays and expect there at their end, at GS:0x14.
    pub stack_guard: u32,
    /// What pointers are disguised with, at GS:0x18.
    pub pointer_guard: u32,
}

/// A module with thread-local memory, and where its object is.
#[derive(Clone, Copy, Debug)]
struct Module {
    image: TlsImage,
    bias: u32,
    offset: Option<u32>,
}

/// All that threads have to have.
#[derive(Debug)]
pub struct Threads {
    /// From module 1 on; a module that has been closed leaves a gap for another.
    modules: Vec<Option<Module>>,
    block: StaticTls,
    /// The thread pointers that there are.
    threads: Vec<*mut Control>,
    pub common: Common,
}

impl Threads {
    pub const fn new() -> Self {
        let common = Common { system_entry: 0, stack_guard: 0, pointer_guard: 0 };
        Self { modules: Vec::new(), block: StaticTls::new(), threads: Vec::new(), common }
    }

    /// Takes an object in; one that is there from the start gets its place in the static block.
    pub fn add(&mut self, object: &Object<'_>, early: bool) -> Option<TlsPlace> {
        let image = object.layout.tls?;
        let offset = if early { self.block.place(&image) } else { None };
        let module = Some(Module { image, bias: object.bias, offset });
        let index = match self.modules.iter().position(Option::is_none) {
            Some(gap) => {
                self.modules[gap] = module;
                gap
            }
            None => {
                self.modules.push(module);
                self.modules.len() - 1
            }
        };
        Some(TlsPlace { module: index as u32 + 1, offset })
    }

    /// Forgets a module that was opened late, and every thread's memory for it.
    pub fn remove(&mut self, place: TlsPlace) {
        let slot = self.modules.get_mut(place.module as usize - 1);
        let Some(module) = slot.and_then(Option::take) else { return };
        for thread in &self.threads {
            // SAFETY: the thread is alive, and its vector has as many entries as it says.
            unsafe {
                let vector = (**thread).vector;
                if place.module <= vector.read() {
                    let memory = vector.add(place.module as usize).replace(0);
                    if memory != 0 {
                        dealloc(memory as *mut u8, memory_layout(&module.image));
                    }
                }
            }
        }
    }

    /// Makes the memory of one more thread; its thread pointer.
    pub fn create(&mut self) -> u32 {
        let memory = self.allocate();
        let control = memory.wrapping_add(self.below()).cast::<Control>();
        let vector = new_vector(self.modules.len(), core::ptr::null_mut());
        for (index, module) in self.modules.iter().enumerate() {
            let Some(Module { image, bias, offset: Some(offset) }) = module else { continue };
            let start = control.cast::<u8>().wrapping_sub(*offset as usize);
            // SAFETY: the module's place in the block; the vector has an entry for it.
            unsafe {
                begin(start, image, *bias);
                vector.add(index + 1).write(start as u32);
            }
        }
        // SAFETY: behind the block.
        unsafe {
            control.write(Control {
                own: control,
                vector,
                itself: control,
                _has_others: 0,
                common: self.common,
                _messages: 0,
            });
        }
        self.threads.push(control);
        control as u32
    }

    /// Copies what was written to initial images only now to the memory that began as these were.
    pub fn begin_again(&mut self, written: Range) {
        for (index, module) in self.modules.iter().enumerate() {
            let Some(Module { image, bias, .. }) = module else { continue };
            let initial = image.initial.moved(*bias);
            let common = initial.common(written);
            for thread in self.threads.iter().filter(|_| common.len > 0) {
                // SAFETY: the thread is alive, its vector has as many entries as it says, and the
                // image lies at the beginning of its memory.
                unsafe {
                    let vector = (**thread).vector;
                    let memory = if index < vector.read() as usize {
                        vector.add(index + 1).read()
                    } else {
                        0
                    };
                    if memory != 0 {
                        let to = (memory + (common.start - initial.start)) as *mut u8;
                        to.copy_from_nonoverlapping(common.start as *const u8, common.len as usize);
                    }
                }
            }
        }
    }

    /// Lets go of the memory of a thread that has ended.
    ///
    /// # Safety
    /// It is what `create` answered, and nobody uses it any more.
    pub unsafe fn destroy(&mut self, pointer: u32) {
        let control = pointer as *mut Control;
        self.threads.retain(|thread| *thread != control);
        // SAFETY: made by `create`, and the vector by it or by `memory_of`.
        unsafe {
            let vector = (*control).vector;
            for (index, module) in self.modules.iter().enumerate() {
                let Some(Module { image, offset: None, .. }) = module else { continue };
                if index < vector.read() as usize {
                    let memory = vector.add(index + 1).read();
                    if memory != 0 {
                        dealloc(memory as *mut u8, memory_layout(image));
                    }
                }
            }
            free_vectors(vector);
            dealloc(control.cast::<u8>().wrapping_sub(self.below()), self.block_layout());
        }
    }

    /// The memory of a module that was opened late, for the running thread, which has none yet.
    pub fn memory_of(&mut self, module: u32) -> Option<u32> {
        let Module { image, bias, .. } = (*self.modules.get((module as usize).checked_sub(1)?)?)?;
        // SAFETY: every thread that gets here has a thread pointer; only it changes its vector.
        unsafe {
            let control = running();
            let mut vector = (*control).vector;
            if vector.read() < module {
                // At least twice as long, so that all former ones together are no longer.
                let len = self.modules.len().max(2 * vector.read() as usize);
                let longer = new_vector(len, vector);
                for index in 1..=vector.read() as usize {
                    longer.add(index).write(vector.add(index).read());
                }
                (*control).vector = longer;
                vector = longer;
            }
            // A signal's handler may have come first.
            let memory = vector.add(module as usize).read();
            if memory != 0 {
                return Some(memory);
            }
            let layout = memory_layout(&image);
            let memory = alloc_zeroed(layout);
            if memory.is_null() {
                handle_alloc_error(layout);
            }
            begin(memory, &image, bias);
            vector.add(module as usize).write(memory as u32);
            Some(memory as u32)
        }
    }

    /// The static block's length with what aligns it.
    fn below(&self) -> usize {
        self.block.len.next_multiple_of(self.block.align) as usize
    }

    fn block_layout(&self) -> Layout {
        let size = self.below() + size_of::<Control>();
        // Both are small: `StaticTls` sees to it.
        Layout::from_size_align(size, self.block.align as usize).unwrap_or(Layout::new::<Control>())
    }

    fn allocate(&self) -> *mut u8 {
        let layout = self.block_layout();
        // SAFETY: not empty.
        let memory = unsafe { alloc_zeroed(layout) };
        if memory.is_null() {
            handle_alloc_error(layout);
        }
        memory
    }
}

/// # Safety
/// The thread has a thread pointer.
unsafe fn running() -> *mut Control {
    let control;
    // SAFETY: the first word there is its own address.
    unsafe { core::arch::asm!("mov {}, gs:[0]", out(reg) control, options(nostack, readonly)) };
    control
}

/// Where the running thread's memory of a module is; 0: it has none yet.
///
/// # Safety
/// As `running`.
pub unsafe fn place_of(module: u32) -> u32 {
    // SAFETY: the caller's promise; as many entries as the vector says.
    unsafe {
        let vector = (*running()).vector;
        if module <= vector.read() { vector.add(module as usize).read() } else { 0 }
    }
}

/// # Safety
/// `start` has room for the module's memory, which is zero there, and the object is mapped.
unsafe fn begin(start: *mut u8, image: &TlsImage, bias: u32) {
    let from = image.initial.start.wrapping_add(bias) as *const u8;
    // SAFETY: the caller's promise.
    unsafe { core::ptr::copy_nonoverlapping(from, start, image.initial.len as usize) };
}

fn memory_layout(image: &TlsImage) -> Layout {
    Layout::from_size_align(image.len.max(1) as usize, image.align as usize)
        .unwrap_or(Layout::new::<u8>())
}

fn vector_layout(modules: usize) -> Layout {
    Layout::array::<u32>(modules + 2).unwrap_or(Layout::new::<u32>())
}

/// A vector, with the one before it in the word below: whoever a signal has interrupted may still
/// read that one.
fn new_vector(modules: usize, former: *mut u32) -> *mut u32 {
    let layout = vector_layout(modules);
    // SAFETY: not empty.
    let vector = unsafe { alloc_zeroed(layout) }.cast::<u32>();
    if vector.is_null() {
        handle_alloc_error(layout);
    }
    // SAFETY: room for two more than the modules.
    unsafe {
        vector.write(former as u32);
        vector.add(1).write(modules as u32);
        vector.add(1)
    }
}

/// # Safety
/// Made by `new_vector`, and nobody uses it and those before it any more.
unsafe fn free_vectors(mut vector: *mut u32) {
    while !vector.is_null() {
        // SAFETY: the caller's promise.
        unsafe {
            let start = vector.sub(1);
            let former = start.read() as *mut u32;
            dealloc(start.cast(), vector_layout(vector.read() as usize));
            vector = former;
        }
    }
}
