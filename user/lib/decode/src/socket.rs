//! `socketcall` as the call that it stands for, and addresses of sockets.

use crate::memory::{self, Memory};
use crate::table::{self, LINUX};
use crate::{quote, shape};
use abi::argument::Registers;
use abi::socket::{AF_UNIX, SOCKADDR_UN, SUN_PATH, function};
use alloc::string::String;
use core::fmt::Write;

/// The calls, by the functions of `socketcall`. What has none of its own is a call with more
/// arguments, the last of which are 0.
const CALLS: [&str; function::ARGUMENTS.len()] = [
    "",
    "socket",
    "bind",
    "connect",
    "listen",
    "accept4",
    "getsockname",
    "getpeername",
    "socketpair",
    "sendto",
    "recvfrom",
    "sendto",
    "recvfrom",
    "shutdown",
    "setsockopt",
    "getsockopt",
    "sendmsg",
    "recvmsg",
    "accept4",
    "recvmmsg",
    "sendmmsg",
];

/// The call that is meant, with its arguments, if these can be read.
pub fn unfolded(
    vector: u32,
    number: u32,
    registers: Registers,
    memory: &dyn Memory,
) -> Option<(u32, Registers)> {
    if vector != LINUX || table::name(vector, number) != Some("socketcall") {
        return None;
    }
    let [function, arguments, ..] = registers;
    let name = CALLS.get(function as usize).filter(|name| !name.is_empty())?;
    let count = *function::ARGUMENTS.get(function as usize)?;
    let mut meant = Registers::default();
    for (at, word) in (0..u32::from(count)).zip(&mut meant) {
        *word = memory::value(memory, arguments.checked_add(4 * at)?)?;
    }
    let (_, call) = table::all().find(|(vector, call)| *vector == LINUX && call.name == *name)?;
    Some((call.number, meant))
}

/// The address of a socket, of which there are at most so many bytes.
pub fn address(memory: &dyn Memory, at: u32, length: u32, to: &mut String) {
    if length < SUN_PATH {
        return shape::address(at, to);
    }
    match memory::value::<u16>(memory, at) {
        Some(family) if i32::from(family) == AF_UNIX => {
            to.push_str("{sa_family=AF_UNIX");
            let length = length.min(SOCKADDR_UN) - SUN_PATH;
            let path = memory::bytes(memory, at.wrapping_add(SUN_PATH), length as usize);
            match path.split_first() {
                None => {}
                // A name that is no path has all its bytes.
                Some((0, name)) => {
                    to.push_str(", sun_path=@");
                    quote::quoted(name, false, to);
                }
                Some(_) => {
                    to.push_str(", sun_path=");
                    let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
                    quote::quoted(path, false, to);
                }
            }
            to.push('}');
        }
        Some(family) => {
            let _ = write!(to, "{{sa_family={family:#x}}}");
        }
        None => shape::address(at, to),
    }
}
