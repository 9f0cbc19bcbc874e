//! What servers and their clients ask of the supervisor, `init`.
//!
//! Anybody may call it, by the handle that the call `supervisor` gives, whose badge is the caller's
//! process id: so it knows its servers. It answers at once, but for a look-up that waits.
//!
//! | request | answer |
//! |---|---|
//! | `CheckIn` | word 0: which instance of the service this is, from 1; handle 0: its port |
//! | `Grant` | handle 0 |
//! | `Register` | nothing |
//! | `LookUp` | handle 0: the port, to call it; its badge is the process id of who asked |
//! | `Alive` | nothing |
//! | `List` | an [`Entry`] |
//!
//! EPERM: only servers may ask that, or the name is not the service's. ENOENT: there is no such
//! grant, name or service. EIO: the service has been given up.

use crate::name::{NAME_WORDS, Name};

/// The bit of a server's port that the supervisor sets when it wants to hear [`Request::Alive`].
pub const HEARTBEAT: u32 = 1 << 31;
/// Words of the longest message.
pub const MAX_WORDS: usize = 4 + NAME_WORDS;

/// What a service may have besides its port.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantKind {
    /// An interrupt line.
    Irq,
    /// A run of I/O ports.
    IoPorts,
    /// Frames whose contents outlive the server.
    Frames,
    /// The console's line.
    Console,
    /// The right to ask the kernel of all processes.
    Statistics,
}

/// What the supervisor is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// A server has started.
    CheckIn,
    /// A server wants what its manifest grants it.
    Grant {
        /// Of what kind.
        kind: GrantKind,
        /// Which of that kind, in the manifest's order, from 0.
        index: u32,
    },
    /// A server offers its service under a name of its manifest.
    Register(Name),
    /// A client wants to call the service of this name.
    LookUp {
        /// The name.
        name: Name,
        /// Whether to wait until there is one.
        waits: bool,
    },
    /// A server works.
    Alive,
    /// What is known of a service, for people.
    List {
        /// Which one, from 0.
        index: u32,
    },
}

/// A message without its handles.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// The label.
    pub label: u16,
    words: [u32; MAX_WORDS],
    count: usize,
}

impl Encoded {
    fn new(label: u16, parts: &[&[u32]]) -> Self {
        let mut words = [0; MAX_WORDS];
        let mut count = 0;
        for (place, word) in words.iter_mut().zip(parts.iter().copied().flatten()) {
            *place = *word;
            count += 1;
        }
        Self { label, words, count }
    }

    /// The words.
    pub fn words(&self) -> &[u32] {
        self.words.get(..self.count).unwrap_or_default()
    }
}

const CHECK_IN: u16 = 1;
const GRANT: u16 = 2;
const REGISTER: u16 = 3;
const LOOK_UP: u16 = 4;
const ALIVE: u16 = 5;
const LIST: u16 = 6;

impl GrantKind {
    const fn number(self) -> u32 {
        match self {
            Self::Irq => 0,
            Self::IoPorts => 1,
            Self::Frames => 2,
            Self::Console => 3,
            Self::Statistics => 4,
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        [Self::Irq, Self::IoPorts, Self::Frames, Self::Console, Self::Statistics]
            .into_iter()
            .find(|kind| kind.number() == number)
    }
}

impl Request {
    /// As it travels.
    pub fn encode(&self) -> Encoded {
        match self {
            Self::CheckIn => Encoded::new(CHECK_IN, &[]),
            Self::Grant { kind, index } => Encoded::new(GRANT, &[&[kind.number(), *index]]),
            Self::Register(name) => Encoded::new(REGISTER, &[&name.to_words()]),
            Self::LookUp { name, waits } => {
                Encoded::new(LOOK_UP, &[&[u32::from(*waits)], &name.to_words()])
            }
            Self::Alive => Encoded::new(ALIVE, &[]),
            Self::List { index } => Encoded::new(LIST, &[&[*index]]),
        }
    }

    /// What a label and words ask. `None` if they mean nothing.
    pub fn decode(label: u16, words: &[u32]) -> Option<Self> {
        match (label, words) {
            (CHECK_IN, []) => Some(Self::CheckIn),
            (GRANT, &[kind, index]) => {
                Some(Self::Grant { kind: GrantKind::from_number(kind)?, index })
            }
            (REGISTER, name) => Name::from_words(name).map(Self::Register),
            (LOOK_UP, [waits @ 0..=1, name @ ..]) => {
                Some(Self::LookUp { name: Name::from_words(name)?, waits: *waits == 1 })
            }
            (ALIVE, []) => Some(Self::Alive),
            (LIST, &[index]) => Some(Self::List { index }),
            _ => None,
        }
    }
}

/// How a service is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Its server was started and has not checked in.
    Starting,
    /// Its server is there.
    Running,
    /// Its server has died, and the next one is to be started.
    Resting,
    /// There will be no more servers.
    GivenUp,
}

impl State {
    const ALL: [Self; 4] = [Self::Starting, Self::Running, Self::Resting, Self::GivenUp];

    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Resting => "resting",
            Self::GivenUp => "given up",
        }
    }
}

/// What is known of a service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// How it is.
    pub state: State,
    /// Its server's process id, 0 if there is none.
    pub pid: u32,
    /// How many servers it has had.
    pub starts: u32,
    /// The level of its port.
    pub level: u32,
    /// The manifest's name.
    pub name: Name,
}

impl Entry {
    /// As it travels in the answer, whose label is 0.
    pub fn encode(&self) -> Encoded {
        let Self { state, pid, starts, level, name } = self;
        Encoded::new(0, &[&[*state as u32, *pid, *starts, *level], &name.to_words()])
    }

    /// `None` if no entry travels like this.
    pub fn decode(words: &[u32]) -> Option<Self> {
        let (&[state, pid, starts, level], name) = words.split_first_chunk()?;
        let state = State::ALL.into_iter().find(|known| *known as u32 == state)?;
        Some(Self { state, pid, starts, level, name: Name::from_words(name)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name() -> impl Strategy<Value = Name> {
        "[a-z0-9.-]{1,31}".prop_map(|name| Name::new(&name).unwrap())
    }

    fn request() -> impl Strategy<Value = Request> {
        let kind = prop::sample::select(&[
            GrantKind::Irq,
            GrantKind::IoPorts,
            GrantKind::Frames,
            GrantKind::Console,
            GrantKind::Statistics,
        ]);
        prop_oneof![
            Just(Request::CheckIn),
            (kind, any::<u32>()).prop_map(|(kind, index)| Request::Grant { kind, index }),
            name().prop_map(Request::Register),
            (name(), any::<bool>()).prop_map(|(name, waits)| Request::LookUp { name, waits }),
            Just(Request::Alive),
            any::<u32>().prop_map(|index| Request::List { index }),
        ]
    }

    proptest! {
        #[test]
        fn requests_survive_the_message(request in request()) {
            let Encoded { label, .. } = request.encode();
            prop_assert_eq!(Request::decode(label, request.encode().words()), Some(request));
        }

        #[test]
        fn entries_survive_the_message(
            state in prop::sample::select(&State::ALL),
            (pid, starts, level) in any::<(u32, u32, u32)>(),
            name in name(),
        ) {
            let entry = Entry { state, pid, starts, level, name };
            prop_assert_eq!(Entry::decode(entry.encode().words()), Some(entry));
        }

        #[test]
        fn every_message_is_one_request_or_none(
            label in 0..8_u16,
            words in prop::collection::vec(prop_oneof![0..3_u32, Just(0x6162_6364), any::<u32>()], 0..16),
        ) {
            if let Some(request) = Request::decode(label, &words) {
                let encoded = request.encode();
                prop_assert_eq!((encoded.label, encoded.words()), (label, &words[..]));
            }
            if let Some(entry) = Entry::decode(&words) {
                let encoded = entry.encode();
                prop_assert_eq!(encoded.words(), &words[..]);
            }
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let register = Request::Register(Name::new("disk").unwrap()).encode();
        assert!(Request::decode(REGISTER, register.words()).is_some());
        assert_eq!(Request::decode(REGISTER, &register.words()[1..]), None);
        assert_eq!(Request::decode(LOOK_UP, &[[2].as_slice(), register.words()].concat()), None);
        assert_eq!(Request::decode(CHECK_IN, &[0]), None);
        assert_eq!(Request::decode(GRANT, &[5, 0]), None);
        assert_eq!(Request::decode(0, &[]), None);
    }
}
