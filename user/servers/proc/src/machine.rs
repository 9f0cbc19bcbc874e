//! The kernel, by system calls.

use crate::{Kernel, Proc};
use alloc::vec::Vec;
use core::convert::Infallible;
use sys::abi::process::Utsname;
use sys::node::Files;
use sys::syscall::{linux, output};
use sys::{Result, eprintln, service, time};

/// Serves until that fails.
pub fn run() -> i32 {
    let Err(why) = serve();
    eprintln!("procfs: {why}");
    1
}

fn serve() -> Result<Infallible> {
    service::check_in()?.serve(0, &[], &mut Files(Proc(Calls)))
}

struct Calls;

impl Kernel for Calls {
    fn uptime(&mut self) -> Result<u64> {
        Ok(u64::try_from(time::now().as_nanos()).unwrap_or(u64::MAX))
    }

    fn version(&mut self) -> Result<Vec<u8>> {
        let mut name = Utsname::default();
        // SAFETY: `name` is ours.
        unsafe { linux::uname(output(&mut name)) }?;
        let text = |field: &[u8]| -> Vec<u8> {
            field.iter().copied().take_while(|byte| *byte != 0).collect()
        };
        let [system, release, version] = [name.sysname, name.release, name.version];
        Ok([text(&system), b"version".to_vec(), text(&release), text(&version)].join(&b' '))
    }
}
