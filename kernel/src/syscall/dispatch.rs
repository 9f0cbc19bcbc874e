//! From a call's number to its handler.

use crate::arch::entry::{Arguments, LINUX_CALLS};
use crate::result::{Errno, Result};
use abi::checked_argument::CheckedArgument;
use abi::syscall::names;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Where the rows' names are looked up. A name that no module defines, or two do, is an error.
mod handlers {
    pub use crate::syscall::failpoint::*;
    pub use crate::syscall::file::*;
    pub use crate::syscall::folio::*;
    pub use crate::syscall::identity::*;
    pub use crate::syscall::ipc::*;
    pub use crate::syscall::memory::*;
    pub use crate::syscall::process::*;
    pub use crate::syscall::process_vm::*;
    pub use crate::syscall::resource::*;
    pub use crate::syscall::signal::*;
    pub use crate::syscall::socket::*;
    pub use crate::syscall::statistics::*;
    pub use crate::syscall::system::*;
    pub use crate::syscall::thread::*;
    pub use crate::syscall::time::*;
    pub use crate::syscall::timer::*;
    pub use crate::syscall::trace::*;
}

/// Calls a handler with what its arguments' kinds make of the registers.
macro_rules! decoded {
    ($handler:path, $registers:ident, $($argument:ident: $kind:ty),*) => {{
        let _ = $registers;
        #[allow(unused_mut, unused_variables)]
        let mut register = 0;
        $(
            let $argument = <$kind as CheckedArgument>::decode($registers, register)?;
            #[allow(unused_assignments)]
            { register += <$kind as CheckedArgument>::REGISTERS; }
        )*
        $handler($($argument),*)
    }};
}

/// A call's arguments taken out of the registers, and its handler.
type Handler = fn(&Arguments) -> Result<u32>;

/// The handlers of one table of calls. A function for each, because one for all would save the
/// registers that the greediest needs.
macro_rules! dispatcher {
    ($name:ident, [$($kinds:ident)::+], $( $(#[$doc:meta])* $number:literal $call:ident($($argument:ident: $kind:ty),*); )*) => {
        /// `None` for a number without a call.
        #[inline(always)]
        fn $name(number: u32) -> Option<Handler> {
            #[allow(unused_imports)]
            use $($kinds)::+::*;
            match number {
                $( $number => Some(|registers| {
                    decoded!(handlers::$call, registers, $($argument: $kind),*)
                }), )*
                _ => None,
            }
        }
    };
}

/// What the entry code calls for a call of Linux's; the result is EAX.
pub type Entry = extern "fastcall" fn(Arguments) -> u32;

macro_rules! linux_handlers {
    ($( $(#[$doc:meta])* $number:literal $call:ident($($argument:ident: $kind:ty),*); )*) => {
        /// By number.
        pub static LINUX_HANDLERS: [Entry; LINUX_CALLS] = {
            use abi::syscall::linux::kinds::*;
            let mut table: [Entry; LINUX_CALLS] = [unknown; LINUX_CALLS];
            $( table[$number] = {
                extern "fastcall" fn entry(registers: Arguments) -> u32 {
                    let registers = &registers;
                    let serve = || decoded!(handlers::$call, registers, $($argument: $kind),*);
                    abi::errno::encode(serve())
                }
                entry
            }; )*
            table
        };
    };
}
abi::for_each_linux_call!(linux_handlers);

/// SYSENTER and `int 0x80` serve Folio's calls too, with this bit in the number: a call that is made
/// again comes by the second way. Calls that give messages back in registers have `int 0x81` only:
/// SYSEXIT needs some of these.
pub const FOLIO: u32 = 1 << 30;

/// Serves a call whose number is none of Linux's.
pub extern "fastcall" fn on_odd_call(registers: Arguments) -> u32 {
    match registers.number() {
        number if number & FOLIO != 0 => no_message(number & !FOLIO, &registers),
        _ => abi::errno::encode(Err(Errno::ENOSYS)),
    }
}

extern "fastcall" fn unknown(registers: Arguments) -> u32 {
    note_unknown(registers.number());
    abi::errno::encode(Err(Errno::ENOSYS))
}

macro_rules! folio_dispatcher {
    ($($rows:tt)*) => { dispatcher!(folio, [abi::syscall::folio::kinds], $($rows)*); };
}
abi::for_each_folio_call!(folio_dispatcher);

macro_rules! ipc_dispatcher {
    ($($rows:tt)*) => { dispatcher!(ipc, [abi::syscall::ipc::kinds], $($rows)*); };
}
abi::for_each_ipc_call!(ipc_dispatcher);

macro_rules! statistics_dispatcher {
    ($($rows:tt)*) => { dispatcher!(statistics, [abi::syscall::statistics::kinds], $($rows)*); };
}
abi::for_each_statistics_call!(statistics_dispatcher);

macro_rules! trace_dispatcher {
    ($($rows:tt)*) => { dispatcher!(tracing, [abi::syscall::trace::kinds], $($rows)*); };
}
abi::for_each_trace_call!(trace_dispatcher);

macro_rules! failpoint_dispatcher {
    ($($rows:tt)*) => { dispatcher!(failpoint, [abi::syscall::failpoint::kinds], $($rows)*); };
}
abi::for_each_failpoint_call!(failpoint_dispatcher);

macro_rules! message_dispatcher {
    ($( $(#[$doc:meta])* $number:literal $call:ident($($argument:ident: $kind:ty),*); )*) => {
        /// Serves messages in place; `None` for other calls.
        #[inline(always)]
        fn message(number: u32, registers: &Arguments) -> Option<Result<u32>> {
            use abi::syscall::ipc::kinds::*;
            match number {
                $( $number => {
                    #[inline(always)]
                    fn serve(registers: &Arguments) -> Result<u32> {
                        decoded!(handlers::$call, registers, $($argument: $kind),*)
                    }
                    Some(serve(registers))
                } )*
                _ => None,
            }
        }
    };
}
abi::for_each_message_call!(message_dispatcher);

/// Serves `int 0x81`.
#[inline(always)]
pub fn folio_call(number: u32, registers: &Arguments) -> u32 {
    // Messages first: they are what has to be quick.
    match message(number, registers) {
        Some(result) => abi::errno::encode(result),
        None => no_message(number, registers),
    }
}

/// Serves a call of Folio's that is no message.
#[inline(never)]
fn no_message(number: u32, registers: &Arguments) -> u32 {
    let handler = folio(number).or_else(|| ipc(number)).or_else(|| statistics(number));
    let handler = handler.or_else(|| tracing(number)).or_else(|| failpoint(number));
    abi::errno::encode(handler.map_or(Err(Errno::ENOSYS), |handler| handler(registers)))
}

static LOGGED: [AtomicU32; LINUX_CALLS / 32] = [const { AtomicU32::new(0) }; LINUX_CALLS / 32];

/// Logs a call that is not there, once for each number.
#[cold]
fn note_unknown(number: u32) {
    let bit = 1 << (number % 32);
    if let Some(word) = LOGGED.get(number as usize / 32)
        && word.load(Relaxed) & bit == 0
    {
        word.fetch_or(bit, Relaxed);
        let name = names::name(number).unwrap_or("no such call");
        ::log::info!("system call {number} ({name}) is not implemented");
    }
}
