//! The new program's strings, on the stack of an address space that nobody runs in yet.

use crate::arch::uaccess::{copy_from_user, string_len_user};
use crate::mm::frames::Frame;
use crate::mm::kmap::{Kmap, kmap};
use crate::mm::layout::Marks;
use crate::mm::map::Contents;
use crate::mm::space::Mm;
use crate::mm::user;
use crate::mm::vdso::STACK_TOP;
use crate::process::mm_user::MmUser;
use crate::result::{Errno, Result};
use abi::memory::{PROT_EXEC, PROT_READ, PROT_WRITE};
use abi::{UserPtr, UserStr};
use kcore::addr::{PAGE_SIZE, PageRange, VirtAddr, Vpn};
use kcore::exec_stack::{AuxiliaryVector, MAX_ARG_STRLEN, StackTable, StringArea, stack_start};
use kcore::fault::AccessKind;
use kcore::vma::VmFlags;

/// More arguments than any address space could hold.
const MAX_STRINGS: u32 = 0x7fff_ffff / 4;

/// An argument or environment list.
#[derive(Clone, Copy)]
pub enum Strings<'a> {
    /// An array of the program's that ends with NULL; NULL itself is empty.
    User(UserPtr<UserStr>),
    Kernel(&'a [&'a [u8]]),
}

impl Strings<'_> {
    fn count(&self) -> Result<u32> {
        let array = match self {
            Self::Kernel(list) => return u32::try_from(list.len()).map_err(|_| Errno::E2BIG),
            Self::User(array) if array.is_null() => return Ok(0),
            Self::User(array) => array,
        };
        let mut count = 0;
        while user_string(*array, count)?.address() != 0 {
            count += 1;
            if count > MAX_STRINGS {
                return Err(Errno::E2BIG);
            }
            if count.is_multiple_of(1024) {
                crate::task::might_resched();
            }
        }
        Ok(count)
    }
}

fn user_string(array: UserPtr<UserStr>, index: u32) -> Result<UserStr> {
    let place = array.checked_add(index).ok_or(Errno::EFAULT)?;
    user::read_word(place.cast()).map(UserStr::new)
}

/// A stack being filled from the top down.
pub struct StackImage {
    pub mm: MmUser,
    strings: StringArea,
    /// The page that was written last.
    page: Option<MappedPage>,
}

/// A page of the stack, mapped while string after string goes into it. Reading the strings may
/// fault, and sleep, so this is `kmap`'s.
struct MappedPage {
    page: Vpn,
    // In this order: a frame is let go when it is mapped no more.
    mapping: Kmap,
    _frame: Frame,
}

impl StackImage {
    /// Copies the path, the environment and the arguments, in Linux's order: counts of both
    /// first, then E2BIG for their pointers alone, then the strings.
    pub fn gather(
        path: &[u8],
        arguments: Strings,
        environment: Strings,
        stack_limit: u32,
    ) -> Result<Self> {
        let mm = MmUser::of_new(Mm::new()?);
        let argument_count = arguments.count()?;
        let environment_count = environment.count()?;
        let strings =
            StringArea::new(STACK_TOP, argument_count.max(1), environment_count, stack_limit)?;
        mm.layout.write().stack_limit = stack_limit;
        map_stack(&mm)?;
        mm.map_vdso()?;
        let mut image = Self { mm, strings, page: None };
        let address = image.strings.push_path(string_bytes(path)?)?;
        image.store_string(address, path)?;
        image.push_list(environment, environment_count)?;
        image.push_list(arguments, argument_count)?;
        if argument_count == 0 {
            image.push(b"")?;
        }
        image.page = None;
        Ok(image)
    }

    fn push_list(&mut self, list: Strings, count: u32) -> Result<()> {
        for index in (0..count).rev() {
            match list {
                Strings::Kernel(list) => {
                    self.push(list.get(index as usize).unwrap_or(&&b""[..]))?
                }
                Strings::User(array) => self.push_user(user_string(array, index)?)?,
            }
            crate::task::might_resched();
        }
        Ok(())
    }

    fn push(&mut self, string: &[u8]) -> Result<()> {
        let address = self.strings.push(string_bytes(string)?)?;
        self.store_string(address, string)
    }

    fn push_user(&mut self, string: UserStr) -> Result<()> {
        let len = string_len_user(string.address(), MAX_ARG_STRLEN).map_err(|_| Errno::EFAULT)?;
        // Longer than the longest is refused by the area.
        let bytes = len.saturating_add(1);
        let address = self.strings.push(bytes)?;
        let from = string.address();
        self.each_page(address, bytes, |to, done, count| {
            // SAFETY: `to` is valid for `count` bytes.
            unsafe { copy_from_user(to, from + done, count) }.map_err(|_| Errno::EFAULT)
        })
    }

    fn store_string(&mut self, address: u32, string: &[u8]) -> Result<()> {
        // The frames were zero, so the NUL is there already, unless something lay here before.
        self.store(address, string)?;
        self.store(address + string.len() as u32, &[0])
    }

    fn store(&mut self, address: u32, bytes: &[u8]) -> Result<()> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::E2BIG)?;
        self.each_page(address, len, |to, done, count| {
            let part = bytes.get(done as usize..).unwrap_or_default();
            // SAFETY: `to` is valid for `count` bytes.
            unsafe { core::ptr::copy_nonoverlapping(part.as_ptr(), to, count.min(part.len())) };
            Ok(())
        })
    }

    /// Calls `copy(place in the frame, bytes done, bytes to do)` for each page of a range.
    fn each_page(
        &mut self,
        address: u32,
        len: u32,
        mut copy: impl FnMut(*mut u8, u32, usize) -> Result<()>,
    ) -> Result<()> {
        let mut done = 0;
        while done < len {
            let at = VirtAddr::new(address + done);
            let count = (len - done).min(PAGE_SIZE - at.page_offset());
            let frame = self.map(at.vpn())?;
            // SAFETY: the frame is mapped, and `count` bytes from here lie in it.
            let to = unsafe { frame.as_ptr::<u8>().add(at.page_offset() as usize) };
            copy(to, done, count as usize)?;
            done += count;
        }
        Ok(())
    }

    /// A page of the stack, mapped.
    fn map(&mut self, page: Vpn) -> Result<&Kmap> {
        if self.page.as_ref().is_none_or(|mapped| mapped.page != page) {
            // A task holds one at most.
            self.page = None;
            // Where the stack may not grow to, no strings fit.
            let pfn = self.mm.frame_of(page, AccessKind::Write).map_err(|errno| match errno {
                Errno::EFAULT => Errno::E2BIG,
                other => other,
            })?;
            self.page = Some(MappedPage { page, mapping: kmap(pfn), _frame: Frame::from_raw(pfn) });
        }
        self.page.as_ref().map(|mapped| &mapped.mapping).ok_or(Errno::ENOMEM)
    }

    /// A script runs as its interpreter's: `interpreter [argument] script` take the place of the
    /// first argument.
    pub fn prepend(
        &mut self,
        script: &[u8],
        argument: Option<&[u8]>,
        interpreter: &[u8],
    ) -> Result<()> {
        self.strings.replace_first_argument(2 + u32::from(argument.is_some()))?;
        self.push(script)?;
        if let Some(argument) = argument {
            self.push(argument)?;
        }
        self.push(interpreter)?;
        self.page = None;
        Ok(())
    }

    /// Writes what lies below the strings and gives the stack its size and rights. Returns the
    /// stack pointer.
    pub fn finish(
        &mut self,
        auxiliary: &AuxiliaryVector,
        random: [u8; 16],
        stack_limit: u32,
        executable: bool,
    ) -> Result<u32> {
        let strings = core::mem::replace(&mut self.strings, StringArea::new(STACK_TOP, 1, 0, 0)?);
        let table = StackTable::new(&strings, auxiliary, random, 0)?;
        for page in table.pages() {
            let mapping = self.map(VirtAddr::new(page).vpn())?;
            // SAFETY: the mapping covers the frame, which no program sees yet.
            let bytes = unsafe {
                core::slice::from_raw_parts_mut(mapping.as_ptr::<u8>(), PAGE_SIZE as usize)
            };
            table.fill(page, bytes);
        }
        self.page = None;
        let lowest = table.stack_pointer() & !(PAGE_SIZE - 1);
        let start = VirtAddr::new(stack_start(lowest, STACK_TOP, stack_limit)).vpn();
        self.set_extent(&strings, &table, start)?;
        if executable {
            let start = start.address().map_or(0, VirtAddr::as_u32);
            self.mm.mprotect(start, STACK_TOP - start, PROT_READ | PROT_WRITE | PROT_EXEC)?;
        }
        Ok(table.stack_pointer())
    }

    fn set_extent(&self, strings: &StringArea, table: &StackTable, start: Vpn) -> Result<()> {
        let mut layout = self.mm.layout.write();
        let (arguments, environment) = (strings.argument_bytes(), strings.environment_bytes());
        let (start_stack, mut marks) = (table.stack_pointer(), layout.marks);
        (marks.arg_start, marks.arg_end) = arguments;
        (marks.env_start, marks.env_end) = environment;
        layout.set_marks(Marks { start_stack, ..marks });
        let top = Vpn::new(STACK_TOP / PAGE_SIZE - 1);
        let (id, area) = layout.areas.containing(top).ok_or(Errno::ENOMEM)?;
        if start < area.start() {
            layout.areas.grow_down(id, start, &mut |edit| self.mm.follow(edit));
        }
        Ok(())
    }
}

/// Bytes of a string, its NUL included.
fn string_bytes(string: &[u8]) -> Result<u32> {
    u32::try_from(string.len() + 1).map_err(|_| Errno::E2BIG)
}

/// The stack's top page; it grows as strings are stored.
fn map_stack(mm: &Mm) -> Result<()> {
    let top = Vpn::new(STACK_TOP / PAGE_SIZE - 1);
    let range = PageRange::with_len(top, 1).ok_or(Errno::ENOMEM)?;
    let flags =
        VmFlags::READ | VmFlags::WRITE | VmFlags::MAY | VmFlags::GROWSDOWN | VmFlags::ACCOUNT;
    mm.map_free(&mut mm.layout.write(), range, flags, Contents::Anonymous)
}
