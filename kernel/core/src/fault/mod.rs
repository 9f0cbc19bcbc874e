//! A page fault: what it was, and what to do about it.
//!
//! ```text
//!              entry        page                 read, fetch       write
//!  private     none         -                    1 MapZero         2 AllocateAnonymous
//!  memory      zero page    -                    Retry             2 AllocateAnonymous
//!              read-only    anon, ours alone     Retry             3 CopyOnWrite(Reuse)
//!              read-only    anon, shared         Retry             3 CopyOnWrite(Copy)
//!              swap         not in memory        4 SwapIn          4 SwapIn
//!              swap         in the swap cache    4 MapSwapped      4 MapSwapped
//!  private     none         cached               5 MapCached       6 CopyOnWrite(Cached)
//!  file        read-only    cached               Retry             3 CopyOnWrite(Copy)
//!  shared      none         cached               5 MapCached       5 MapCached, writable
//!  object      read-only    cached               Retry             7 MakeWritable
//!  any         none         on its way           8 Wait            8 Wait
//!  object      none         not cached           9 AskPager        9 AskPager
//!              none         nobody has it yet    9 FillHole        9 FillHole
//!              none         past the end, lost   SIGBUS            SIGBUS
//! ```
//!
//! Before any of this the area must permit the access, else SIGSEGV; below an area that grows down
//! the stack grows. An entry that permits the access already is `Retry`: another thread was
//! faster, or the TLB was stale. `decide` looks at one moment. The kernel performs the decision,
//! checks that the entry is still the one it looked at when it stores the new one, and after
//! anything that slept asks again.

mod code;
mod decide;
mod observe;
mod stack;

#[cfg(test)]
mod tests;

pub use code::{Class, ErrorCode, Origin, classify};
pub use decide::{
    AccessKind, Cow, Decision, PageState, Place, Signal, decide, page_access, written_access,
};
pub use observe::{Mapped, Sight, served};
pub use stack::{StackLimits, grow_stack};
