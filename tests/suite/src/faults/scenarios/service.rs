//! Services that `init` keeps: `tests/assist` is one.

use crate::faults::Outcome;
use sys::ipc::{Call, Connection};
use sys::service::connect;

pub fn a_service_is_found_and_asked() -> Outcome {
    let port = connect("assist")?;
    let answer = port.call(Call::new(assist::WHO).retry())?;
    assert_eq!(answer.message.get(2), sys::process::id().cast_unsigned());
    Ok(())
}

pub fn the_next_server_answers() -> Outcome {
    let port = connect("assist")?;
    let first = port.call(Call::new(assist::WHO).retry())?.message.get(0);
    let call = Call::new(assist::EXIT).word(7).word(first).retry();
    assert!(port.call(call)?.message.get(0) > first);
    Ok(())
}
