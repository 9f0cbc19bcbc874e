//! What comes of one fault.

use crate::client::{Ended, work};
use crate::service::{replace, running};
use crate::target::Target;
use crate::witness::Witness;
use core::fmt;
use core::time::Duration;
use sys::abi::signal::SIGKILL;
use sys::wait::Status;
use sys::{process, time};

/// After so long it is no use to wait.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Nothing was seen of it.
    None,
    /// The server lives and has not done what it should.
    Wrong,
    Died,
    Hung,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recovery {
    NotNeeded,
    After(Duration),
    Lost,
}

/// All of it.
pub struct Round {
    pub outcome: Outcome,
    pub recovery: Recovery,
    /// How the work went that met the fault.
    pub ended: Ended,
}

/// Has work done with a server in which something is wrong, and again if that ended the server.
pub fn run(target: &Target, server: i32, witness: &Witness) -> Round {
    let (ended, _) = work(target.work, target.limit);
    // If it is about to die it does so meanwhile.
    let _ = running(target);
    let outcome = match (witness.ended(), &ended) {
        // Nobody but `init` kills it, when it does not answer.
        (Some(Status::Signaled(SIGKILL)), _) if !witness.has_killed() => Outcome::Hung,
        (Some(_), _) => Outcome::Died,
        (None, Ended::TimedOut) => Outcome::Hung,
        (None, Ended::Done) => Outcome::None,
        (None, _) => Outcome::Wrong,
    };
    let recovery = match outcome {
        Outcome::None | Outcome::Wrong => {
            replace(target, server).map_or(Recovery::Lost, |_| Recovery::NotNeeded)
        }
        Outcome::Died => recover(target),
        Outcome::Hung => {
            let _ = process::kill(server, SIGKILL);
            recover(target)
        }
    };
    Round { outcome, recovery, ended }
}

fn recover(target: &Target) -> Recovery {
    let start = time::now();
    loop {
        let (ended, _) = work(target.work, target.limit);
        let took = time::now() - start;
        match ended {
            Ended::Done => return Recovery::After(took),
            _ if took > PATIENCE => return Recovery::Lost,
            _ => {}
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Wrong => "wrong",
            Self::Died => "died",
            Self::Hung => "hung",
        })
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::NotNeeded => f.write_str("-"),
            Self::After(time) => write!(f, "{}", time.as_millis()),
            Self::Lost => f.write_str("lost"),
        }
    }
}
