//! `killer SERVICE MILLISECONDS PROGRAM [ARGUMENT…]`: runs a program, and kills the service's server
//! again and again meanwhile, at random moments that are so far apart on average.
//!
//! It ends as the program did, and says on standard error how often it killed.

#![no_std]
#![no_main]

use core::time::Duration;
use sys::abi::process::WNOHANG;
use sys::abi::signal::SIGKILL;
use sys::command::Command;
use sys::proto::supervisor::State;
use sys::{Errno, Result, env, eprintln, process, service, time};

sys::entry!(main);

fn main() -> i32 {
    run().unwrap_or_else(|why| {
        eprintln!("killer: {why}");
        1
    })
}

fn run() -> Result<i32> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or(Errno::EINVAL);
    let (victim, mean, program) = (text(next()?)?, text(next()?)?, next()?);
    let mean: u32 = mean.parse().map_err(|_| Errno::EINVAL)?;
    let mut command = Command::new(program);
    for argument in arguments {
        command.arg(argument);
    }
    let child = command.spawn()?;
    let (mut kills, mut random) = (0, process::id().cast_unsigned() | 1);
    loop {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        time::sleep(Duration::from_millis(u64::from((random >> 8) % (2 * mean + 1))));
        if let Some((_, status)) = process::wait(child, WNOHANG)? {
            eprintln!("\nkilled {kills} times");
            return Ok(status.code());
        }
        let server = service::list().find(|entry| entry.name.as_str() == victim);
        if let Some(server) = server.filter(|server| server.state == State::Running) {
            match process::kill(server.pid.cast_signed(), SIGKILL) {
                Ok(()) => kills += 1,
                // Init had not noticed yet that the last one was killed.
                Err(Errno::ESRCH) => {}
                Err(why) => return Err(why),
            }
        }
    }
}

fn text(word: &[u8]) -> Result<&str> {
    core::str::from_utf8(word).map_err(|_| Errno::EINVAL)
}
