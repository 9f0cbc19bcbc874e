//! All calls, from the tables that the kernel is built from.

use crate::argument::{Argument, Kind};
use abi::syscall::names;

/// A call.
pub struct Call {
    pub number: u32,
    pub name: &'static str,
    pub parameters: &'static [Parameter],
}

/// An argument.
pub struct Parameter {
    pub name: &'static str,
    pub kind: Kind,
}

/// The vector of Linux's table.
pub const LINUX: u32 = 0x80;
/// The vector of Folio's own.
pub const FOLIO: u32 = 0x81;

macro_rules! table {
    ($name:ident, $kinds:path,
     $( $(#[$doc:meta])* $number:literal $call:ident($($argument:ident: $kind:ty),*); )*) => {
        mod $name {
            use super::{Argument, Call, Parameter};
            #[allow(unused_imports)]
            use $kinds::*;

            pub const CALLS: &[Call] = &[ $( Call {
                number: $number,
                name: stringify!($call),
                parameters: &[ $( Parameter {
                    name: stringify!($argument),
                    kind: <$kind as Argument>::KIND,
                } ),* ],
            } ),* ];
        }
    };
}

macro_rules! linux {
    ($($rows:tt)*) => { table! { linux, abi::syscall::linux::kinds, $($rows)* } };
}
macro_rules! to_come {
    ($($rows:tt)*) => { table! { to_come, abi::syscall::linux::kinds, $($rows)* } };
}
macro_rules! folio {
    ($($rows:tt)*) => { table! { folio, abi::syscall::folio::kinds, $($rows)* } };
}
macro_rules! ipc {
    ($($rows:tt)*) => { table! { ipc, abi::syscall::ipc::kinds, $($rows)* } };
}
macro_rules! message {
    ($($rows:tt)*) => { table! { message, abi::syscall::ipc::kinds, $($rows)* } };
}
macro_rules! statistics {
    ($($rows:tt)*) => { table! { statistics, abi::syscall::statistics::kinds, $($rows)* } };
}
macro_rules! trace {
    ($($rows:tt)*) => { table! { trace, abi::syscall::trace::kinds, $($rows)* } };
}
macro_rules! failpoint {
    ($($rows:tt)*) => { table! { failpoint, abi::syscall::failpoint::kinds, $($rows)* } };
}
abi::for_each_linux_call!(linux);
abi::for_each_linux_call_to_come!(to_come);
abi::for_each_folio_call!(folio);
abi::for_each_ipc_call!(ipc);
abi::for_each_message_call!(message);
abi::for_each_statistics_call!(statistics);
abi::for_each_trace_call!(trace);
abi::for_each_failpoint_call!(failpoint);

/// All rows of both tables, with their vectors.
pub fn all() -> impl Iterator<Item = (u32, &'static Call)> {
    let linux = [linux::CALLS, to_come::CALLS].into_iter().flatten().map(|call| (LINUX, call));
    let own = [
        folio::CALLS,
        ipc::CALLS,
        message::CALLS,
        statistics::CALLS,
        trace::CALLS,
        failpoint::CALLS,
    ];
    linux.chain(own.into_iter().flatten().map(|call| (FOLIO, call)))
}

/// The row of a call.
pub fn find(vector: u32, number: u32) -> Option<&'static Call> {
    all().find(|(table, call)| *table == vector && call.number == number).map(|(_, call)| call)
}

/// The name of a call, also of one that Folio does not have.
pub fn name(vector: u32, number: u32) -> Option<&'static str> {
    match vector {
        LINUX => names::name(number),
        _ => find(vector, number).map(|call| call.name),
    }
}
