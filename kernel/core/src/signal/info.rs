//! Why a signal was sent.

use abi::signal::{SI_TIMER, SI_USER, Siginfo};

/// As much of a `siginfo` as any signal uses; the rest of the 128 bytes is zero.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info {
    pub signal: i32,
    pub errno: i32,
    pub code: i32,
    pub fields: [u32; 9],
}

impl Info {
    /// What is left of a signal whose information could not be kept.
    pub const fn bare(signal: i32) -> Self {
        Self { signal, errno: 0, code: SI_USER, fields: [0; 9] }
    }

    /// `None` if words are set that no signal has.
    pub fn from_abi(info: &Siginfo) -> Option<Self> {
        let (fields, rest) = info.fields.split_first_chunk()?;
        rest.iter().all(|word| *word == 0).then_some(Self {
            signal: info.signo,
            errno: info.errno,
            code: info.code,
            fields: *fields,
        })
    }

    /// That a timer sends; `sequence` is not 0.
    pub const fn of_timer(signal: i32, timer: u32, value: u32, sequence: u32) -> Self {
        let fields = [timer, 0, value, sequence, 0, 0, 0, 0, 0];
        Self { signal, errno: 0, code: SI_TIMER, fields }
    }

    /// The process's timer that sent it; `None` too for what a program made look like that.
    pub fn timer(&self) -> Option<u32> {
        let [timer, _, _, sequence, ..] = self.fields;
        (self.code == SI_TIMER && sequence != 0).then_some(timer)
    }

    pub fn to_abi(&self) -> Siginfo {
        let mut fields = [0; 29];
        for (to, from) in fields.iter_mut().zip(self.fields) {
            *to = from;
        }
        Siginfo { signo: self.signal, errno: self.errno, code: self.code, fields }
    }
}
