//! The first program when Linux boots our archive: Linux as an oracle.
//!
//! It starts the program that `/boot/args` names and speaks the framed line on the first serial
//! port, so that the host cannot tell Linux from Folio. What it has to complain about goes to
//! `/dev/console`, which is the kernel's log.

#![no_std]
#![no_main]

extern crate alloc;

mod child;
mod devices;
mod line;
mod proc;

use child::Child;
use line::Line;
use sys::abi::boot::{ARGUMENTS_PATH, Arguments, CREDITS, CREDITS_OFF};
use sys::abi::frame::Exit;
use sys::{Errno, Result, env, eprintln, file};

sys::entry!(main);

fn main() {
    let exit = match serve() {
        Ok(exit) => exit,
        Err(error) => {
            eprintln!("linux-init: {error}");
            Exit::Failed
        }
    };
    devices::power_off(exit);
}

/// Runs the program with its streams on the line. Only the exit status is left to be sent.
fn serve() -> Result<Exit> {
    devices::make()?;
    proc::mount()?;
    let file = file::read(ARGUMENTS_PATH)?;
    let arguments = Arguments::parse(&file).ok_or(Errno::EINVAL)?;
    // Words of the kernel's command line that it does not know are init's environment.
    let credits = env::var(CREDITS.as_bytes()) != Some(CREDITS_OFF.as_bytes());
    let line = Line::new(devices::open_serial()?, credits);
    match Child::start(&arguments)? {
        Ok(child) => line.serve(child),
        Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(Exit::NotFound),
        Err(_) => Ok(Exit::NotExecutable),
    }
}
