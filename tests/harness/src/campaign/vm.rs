//! One boot, from which every guest goes on.

use super::guest::Guest;
use std::path::PathBuf;
use std::time::Duration;
use xtask::build::{self, Image, Kind, Profile};
use xtask::contents::Add;
use xtask::failpoints::{self, Site};
use xtask::machine::Machine;
use xtask::qemu::System;
use xtask::session::{First, Session};
use xtask::snapshot::Snapshot;
use xtask::stop::Result;
use xtask::symbols;

const AGENT: &str = "/bin/agent";
const BOOT: Duration = Duration::from_secs(60);

/// A machine that waits for requests.
pub struct Vm {
    snapshot: Snapshot,
    kernel: PathBuf,
}

impl Vm {
    /// Builds a kernel with failpoints and all programs, and boots them with `files` added.
    pub fn boot(machine: &Machine, files: &[(PathBuf, String)]) -> Result<Self> {
        let image = Image { layout: machine.layout, profile: Profile::Checked, kind: Kind::Faults };
        let kernel = build::kernel(image, true)?;
        let mut contents = build::contents(&build::programs(true)?)?;
        for (host, guest) in files {
            contents.add(&Add { host: host.clone(), guest: guest.clone().into_bytes() })?;
        }
        let first = First {
            path: AGENT.into(),
            arguments: vec![AGENT.into()],
            environment: vec![b"PATH=/bin".to_vec()],
        };
        let session = Session {
            machine,
            system: System::Folio,
            kernel: &kernel,
            contents,
            first: Some(first),
            damage: None,
            extra: String::new(),
            timeout: Some(BOOT),
            log: None,
        };
        let snapshot = Snapshot::take(session, agent::READY)?;
        Ok(Self { snapshot, kernel })
    }

    /// A guest as it was after the boot.
    pub fn guest(&self) -> Result<Guest> {
        self.snapshot.restore().map(Guest::new)
    }

    /// The failpoints of its kernel.
    pub fn sites(&self) -> Result<Vec<Site>> {
        failpoints::catalogue(&self.kernel)
    }

    /// Functions and lines for addresses of its kernel.
    pub fn names(&self, addresses: &[u32]) -> Vec<String> {
        let lines: Vec<String> =
            addresses.iter().map(|address| format!("  at {address:#010x}")).collect();
        symbols::resolve(&lines, &self.kernel)
    }
}
