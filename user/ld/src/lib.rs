//! What the dynamic linker thinks: which file a name means, what an object's file says, who defines
//! a symbol, what a relocation comes to, who is initialised first, where thread-local memory lies.
//!
//! Nothing here touches memory or makes a system call: the program of this package does, as this
//! library says. Whatever bytes an object's file has, the answer is a value or a [`Defect`], and an
//! address to write to lies in a writable segment of that object.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bytes;
mod defect;
mod dynamic;
mod layout;
mod lookup;
mod object;
mod order;
mod relocate;
mod search;
mod symbol;
mod tls;

#[cfg(test)]
mod tests;

pub use defect::Defect;
pub use dynamic::Dynamic;
pub use layout::{Access, Layout, PAGE, Range, Segment, TlsImage};
pub use lookup::{Name, gnu_hash, sysv_hash};
pub use object::{Object, TlsPlace};
pub use order::{Cycle, initialisation_order, used};
pub use relocate::{Binding, Memory, Problem, Scope, Step, bind, relocate};
pub use search::{Environment, Path, Wanted, candidates};
pub use symbol::{Symbol, SymbolKind};
pub use tls::StaticTls;
