//! Every call there is, and what its arguments are, from the tables themselves.

use abi::argument::Argument;
use abi::checked_argument::CheckedArgument;

/// Which of the two tables a call is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Linux,
    Folio,
}

/// An argument of a call.
#[derive(Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// As the table spells it.
    pub kind: &'static str,
    /// How many registers it takes.
    pub registers: usize,
}

/// A call.
#[derive(Debug)]
pub struct Call {
    pub gate: Gate,
    pub name: &'static str,
    pub parameters: &'static [Parameter],
    number: u32,
}

impl Call {
    /// As EAX has it: Folio's calls have a bit of their own.
    pub const fn number(&self) -> u32 {
        match self.gate {
            Gate::Linux => self.number,
            Gate::Folio => self.number | 1 << 30,
        }
    }

    /// The arguments with the registers they begin in.
    pub fn places(&self) -> impl Iterator<Item = (usize, &'static Parameter)> {
        self.parameters.iter().scan(0, |next, parameter| {
            let place = *next;
            *next += parameter.registers;
            Some((place, parameter))
        })
    }

    /// The call of a number in EAX.
    pub fn of(number: u32) -> Option<&'static Self> {
        Self::all().find(|call| call.number() == number)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let talk = [ipc::CALLS, message::CALLS];
        let own = [folio::CALLS, statistics::CALLS, trace::CALLS, failpoint::CALLS];
        linux::CALLS.iter().chain(talk.into_iter().chain(own).flatten())
    }
}

macro_rules! table {
    ($name:ident, $module:path, $trait:ident, $gate:ident,
     $( $(#[$doc:meta])* $number:literal $call:ident($($argument:ident: $kind:ty),*); )*) => {
        mod $name {
            use super::*;
            #[allow(unused_imports)]
            use $module::*;

            pub const CALLS: &[Call] = &[ $( Call {
                gate: Gate::$gate,
                name: stringify!($call),
                parameters: &[ $( Parameter {
                    name: stringify!($argument),
                    kind: stringify!($kind),
                    registers: <$kind as $trait>::REGISTERS,
                } ),* ],
                number: $number,
            } ),* ];
        }
    };
}

macro_rules! linux_table {
    ($($rows:tt)*) => {
        table! { linux, abi::syscall::linux::kinds, Argument, Linux, $($rows)* }
    };
}
macro_rules! folio_table {
    ($($rows:tt)*) => {
        table! { folio, abi::syscall::folio::kinds, Argument, Folio, $($rows)* }
    };
}
macro_rules! ipc_table {
    ($($rows:tt)*) => {
        table! { ipc, abi::syscall::ipc::kinds, CheckedArgument, Folio, $($rows)* }
    };
}
macro_rules! message_table {
    ($($rows:tt)*) => {
        table! { message, abi::syscall::ipc::kinds, CheckedArgument, Folio, $($rows)* }
    };
}
macro_rules! statistics_table {
    ($($rows:tt)*) => {
        table! { statistics, abi::syscall::statistics::kinds, CheckedArgument, Folio, $($rows)* }
    };
}
macro_rules! trace_table {
    ($($rows:tt)*) => {
        table! { trace, abi::syscall::trace::kinds, Argument, Folio, $($rows)* }
    };
}
macro_rules! failpoint_table {
    ($($rows:tt)*) => {
        table! { failpoint, abi::syscall::failpoint::kinds, Argument, Folio, $($rows)* }
    };
}
abi::for_each_linux_call!(linux_table);
abi::for_each_folio_call!(folio_table);
abi::for_each_ipc_call!(ipc_table);
abi::for_each_message_call!(message_table);
abi::for_each_statistics_call!(statistics_table);
abi::for_each_trace_call!(trace_table);
abi::for_each_failpoint_call!(failpoint_table);
