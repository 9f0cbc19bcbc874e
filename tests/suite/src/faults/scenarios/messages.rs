//! Messages between processes.

use super::partner::{self, ADD, BITS, DIE, PASS, REVERSE};
use crate::faults::{Outcome, whole};
use sys::Errno;
use sys::ipc::*;

pub fn words_go_and_come_back() -> Outcome {
    let port = partner::start()?;
    for count in [0u32, 3, 4, 5, 16] {
        let call = (0..count).fold(Call::new(ADD), |call, word| call.word(word * 1000));
        let answer = port.call(call)?;
        let words = answer.message.words();
        assert!(words.len() == count as usize);
        assert!(words.iter().zip(0..).all(|(found, word)| *found == word * 1000 + 1));
    }
    Ok(())
}

pub fn memory_is_lent() -> Outcome {
    let port = partner::start()?;
    let (text, mut backwards) = ([[1u8; 5000], [2; 5000]], [0u8; 10_000]);
    let text = text.as_flattened();
    let call = Call::new(REVERSE).lend(text).lend_mut(&mut backwards);
    let done = port.call(call)?.message.get(0) as usize;
    // What could be read, and of that what could be written.
    assert!(done <= 10_000);
    match done {
        10_000 => assert!(backwards[..5000] == [2; 5000] && backwards[5000..] == [1; 5000]),
        _ => assert!(backwards[done..].iter().all(|byte| *byte == 0)),
    }
    whole(done, backwards.len())
}

pub fn handles_travel() -> Outcome {
    let port = partner::start()?;
    let frames = Frames::new(1)?;
    let mapped = frames.map(0, 1, true)?;
    frames.write(0, &41u32.to_le_bytes())?;
    let call = Call::new(PASS).pass(&frames.0, Rights::READ);
    let mut answer = port.call(call)?;
    match answer.take_handle(0) {
        Ok(other) => {
            let mut word = [0; 4];
            Frames(other).read(0, &mut word)?;
            assert_eq!(u32::from_le_bytes(word), 42);
        }
        // There was no room for it.
        Err(errno) => return Err(errno.into()),
    }
    drop(mapped);
    let copy = frames.0.duplicate(Rights::READ)?;
    drop(frames);
    assert_eq!(Frames(copy).read(0, &mut [0; 4])?, 4);
    Ok(())
}

pub fn bits_arrive() -> Outcome {
    let port = partner::start()?;
    port.notify(0b101)?;
    port.notify(0b010)?;
    assert_eq!(port.call(Call::new(BITS))?.message.get(0), 0b111);
    Ok(())
}

pub fn a_server_that_ends_leaves_its_callers() -> Outcome {
    let port = partner::start()?;
    match port.call(Call::new(DIE)) {
        Err(Errno::EOWNERDEAD) => Ok(()),
        other => Err(other.map(drop).expect_err("it is dead").into()),
    }
}

pub fn a_port_is_made_and_badged() -> Outcome {
    let port = Port::new(Level::PROGRAM)?;
    let badged = port.0.mint(Rights::NOTIFY | Rights::DUPLICATE, 77)?;
    let copy = Port(badged.duplicate(Rights::NOTIFY)?);
    copy.notify(1)?;
    let served = port.attach(1)?;
    match served.receive(Some(0))? {
        Received::Notification(bits) => assert_eq!(bits, 1),
        _ => panic!("nobody has called"),
    }
    served.port.0.revoke_others()?;
    Ok(())
}
