//! Every call that Folio implements and what its arguments are, made from the tables themselves.

use crate::harness::on_folio;
use sys::abi::argument::{Argument, Registers};
use sys::abi::checked_argument::CheckedArgument;
use sys::abi::ipc::{Level, Rights, Tag};
use sys::abi::{UserMutPtr, UserPtr, UserStr};

/// What an argument is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Number,
    /// A number in two registers.
    Wide,
    Pointer,
    /// The address of a path or another name.
    Text,
}

/// An argument of a call.
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
}

/// A call.
pub struct Call {
    pub number: u32,
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    enter: unsafe fn(u32, &Registers, usize) -> u32,
}

impl Call {
    /// Makes the call; EAX as it comes back.
    pub fn make(&self, registers: &Registers) -> u32 {
        // SAFETY: a test names memory that it owns, or that nobody owns, or is ready to be killed.
        unsafe { (self.enter)(self.number, registers, 6) }
    }

    /// The arguments with the registers they begin in.
    pub fn places(&self) -> impl Iterator<Item = (usize, &Parameter)> {
        self.parameters.iter().scan(0, |next, parameter| {
            let place = *next;
            *next += if parameter.kind == Kind::Wide { 2 } else { 1 };
            Some((place, parameter))
        })
    }
}

trait Classified {
    const KIND: Kind;
}

macro_rules! classified {
    ($( $type:ty, [$($generic:ident)?] => $kind:ident; )*) => {
        $( impl $(<$generic>)? Classified for $type { const KIND: Kind = Kind::$kind; } )*
    };
}

classified! {
    u32, [] => Number;
    i32, [] => Number;
    Rights, [] => Number;
    Level, [] => Number;
    Tag, [] => Number;
    u64, [] => Wide;
    i64, [] => Wide;
    UserPtr<T>, [T] => Pointer;
    UserMutPtr<T>, [T] => Pointer;
    UserStr, [] => Text;
}

macro_rules! table {
    ($name:ident, $kinds:path, $trait:ident, $enter:ident,
     $( $(#[$doc:meta])* $number:literal $call:ident($($argument:ident: $kind:ty),*); )*) => {
        mod $name {
            use super::*;
            #[allow(unused_imports)]
            use $kinds::*;

            pub const CALLS: &[Call] = &[ $( Call {
                number: $number,
                name: stringify!($call),
                parameters: &[ $( Parameter {
                    name: stringify!($argument),
                    kind: <$kind as Classified>::KIND,
                } ),* ],
                enter: sys::syscall::$enter,
            } ),* ];

            // The registers that the table itself counts are those that `places` counts.
            $( $( const _: () = assert!(
                <$kind as $trait>::REGISTERS
                    == if matches!(<$kind as Classified>::KIND, Kind::Wide) { 2 } else { 1 }
            ); )* )*
        }
    };
}

macro_rules! linux_table {
    ($($rows:tt)*) => {
        table! { linux, sys::abi::syscall::linux::kinds, Argument, enter_linux, $($rows)* }
    };
}
macro_rules! folio_table {
    ($($rows:tt)*) => {
        table! { folio, sys::abi::syscall::folio::kinds, Argument, enter_folio, $($rows)* }
    };
}
macro_rules! ipc_table {
    ($($rows:tt)*) => {
        table! { ipc, sys::abi::syscall::ipc::kinds, CheckedArgument, enter_folio, $($rows)* }
    };
}
macro_rules! statistics_table {
    ($($rows:tt)*) => {
        table! {
            statistics, sys::abi::syscall::statistics::kinds, CheckedArgument, enter_folio, $($rows)*
        }
    };
}
macro_rules! trace_table {
    ($($rows:tt)*) => {
        table! { trace, sys::abi::syscall::trace::kinds, Argument, enter_folio, $($rows)* }
    };
}
sys::abi::for_each_linux_call!(linux_table);
sys::abi::for_each_folio_call!(folio_table);
sys::abi::for_each_ipc_call!(ipc_table);
sys::abi::for_each_statistics_call!(statistics_table);
sys::abi::for_each_trace_call!(trace_table);

/// The calls of the tables that this kernel has, but for those that end the machine, or lose memory or
/// tell of it on purpose.
pub fn all() -> impl Iterator<Item = &'static Call> {
    let own = [folio::CALLS, ipc::CALLS, statistics::CALLS, trace::CALLS];
    let own = own.into_iter().flatten().filter(|_| on_folio());
    let calls = linux::CALLS.iter().chain(own);
    calls.filter(|call| !matches!(call.name, "end_machine" | "leak" | "disclose"))
}

/// The one whose answer has bytes in it that the kernel has not written.
pub fn disclosing() -> impl Iterator<Item = &'static Call> {
    folio::CALLS.iter().filter(|call| call.name == "disclose")
}
