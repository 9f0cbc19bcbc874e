//! The argument checks of the memory calls, in Linux 6.1's order, and what each call then does.
//!
//! Each function takes the raw words, the areas and the [`Limits`], and returns a plan or the
//! error; it changes nothing. What Linux finds out after it has begun to change things (a hole,
//! an area of the wrong kind) the caller finds by walking [`Pieces`] and asking for each piece.

mod brk;
mod commit;
mod limits;
mod lock;
mod madvise;
mod mmap;
mod mprotect;
mod mremap;
mod pieces;
mod sync;
mod unmap;

#[cfg(test)]
mod tests;

pub use brk::{Break, Brk, brk};
pub use commit::{Commit, Overcommit};
pub use limits::Limits;
pub use lock::{Lock, LockAll, lock_flags, mlock, mlock2, mlockall, munlock};
pub use madvise::{Advice, AdviceStep, advise_piece, madvise};
pub use mmap::{FileFacts, Mapping, MmapArgs, Source, mmap, old_mmap_page_offset};
pub use mprotect::{Protect, mprotect, protect_piece};
pub use mremap::{Remap, mremap};
pub use pieces::{Piece, Pieces};
pub use sync::{Sync, SyncStep, mincore, msync, sync_piece};
pub use unmap::munmap;
