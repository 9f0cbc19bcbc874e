//! `sys/`: the kernel's parameters. None can be changed; what is not here does not exist: areas are not
//! counted, nothing is swapped.

use super::meminfo::OVERCOMMIT_RATIO;
use super::names::field;
use crate::Kernel;
use crate::text::{Text, add};
use sys::Result;

macro_rules! names {
    ($( $(#[$doc:meta])* $name:ident: $field:ident; )*) => { $(
        $(#[$doc])*
        pub fn $name(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
            let names = kernel.names()?;
            text.add_bytes(field(&names.$field));
            text.add_bytes(b"\n");
            Ok(())
        }
    )* };
}

names! {
    /// `kernel/ostype`.
    ostype: sysname;
    /// `kernel/osrelease`.
    osrelease: release;
    /// `kernel/version`.
    osversion: version;
    /// `kernel/hostname`.
    hostname: nodename;
    /// `kernel/domainname`.
    domainname: domainname;
}

macro_rules! numbers {
    ($( $(#[$doc:meta])* $name:ident: $value:expr; )*) => { $(
        $(#[$doc])*
        pub fn $name(_: &dyn Kernel, text: &mut Text) -> Result<()> {
            add!(text, "{}\n", $value);
            Ok(())
        }
    )* };
}

numbers! {
    /// `kernel/pid_max`: ids are below it.
    pid_max: 32768;
    /// `kernel/ngroups_max`.
    ngroups_max: 65536;
    /// `vm/mmap_min_addr`: nothing is mapped below.
    mmap_min_addr: 65536;
    /// `vm/overcommit_memory`: promises of memory are not limited.
    overcommit_memory: 1;
    /// `vm/overcommit_ratio`: percent of memory that may be promised where promises are limited.
    overcommit_ratio: OVERCOMMIT_RATIO;
}

/// `vm/min_free_kbytes`: what the marks of the low zones keep.
pub fn min_free_kbytes(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    let zones = kernel.memory()?.zones;
    let pages: u32 = zones.iter().take(2).map(|zone| zone.min).sum();
    add!(text, "{}\n", pages * 4);
    Ok(())
}

/// `fs/epoll/max_user_watches`.
pub fn max_user_watches(kernel: &dyn Kernel, text: &mut Text) -> Result<()> {
    add!(text, "{}\n", kernel.memory()?.epoll_watches);
    Ok(())
}
