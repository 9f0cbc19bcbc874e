//! One boot, from which every guest goes on.

use super::guest::Guest;
use abi::failpoint::FaultRecord;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use xtask::build::{self, Image, Kind, Profile};
use xtask::contents::{Add, Contents};
use xtask::failpoints::{self, Site};
use xtask::machine::Machine;
use xtask::qemu::System;
use xtask::session::{First, Session};
use xtask::snapshot::Snapshot;
use xtask::stop::{Result, io};
use xtask::{symbols, workspace};

const AGENT: &str = "/bin/agent";
const BOOT: Duration = Duration::from_secs(60);
/// Functions of the kernel, failure of which may leave nobody to be told of. A path ends at a trap, so
/// that a new program's stack, which is copied to, cannot be told from a buffer.
const ENDING: [&str; 3] =
    ["::exec::commit::replace_program", "::signal::deliver::", "::trap::on_kernel_page_fault"];
/// Faults may end servers as often as they like.
const RESTART: &[u8] = b"restart 1000 in 1s\npause 10ms 20ms\n";

/// A machine that waits for requests.
pub struct Vm {
    snapshot: Snapshot,
    kernel: PathBuf,
    sites: Vec<Site>,
}

impl Vm {
    /// Builds a kernel with failpoints and all programs, and boots them with `files` added.
    pub fn boot(machine: &Machine, files: &[(PathBuf, String)]) -> Result<Self> {
        let image = Image { layout: machine.layout, profile: Profile::Checked, kind: Kind::Faults };
        let kernel = build::kernel(image, true)?;
        let mut contents = build::contents(&build::programs(true)?)?;
        unlimited(&mut contents)?;
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
        let sites = failpoints::catalogue(&kernel)?;
        Ok(Self { snapshot, kernel, sites })
    }

    /// A guest as it was after the boot.
    pub fn guest(&self) -> Result<Guest> {
        self.snapshot.restore().map(Guest::new)
    }

    /// The failpoints of its kernel.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// Whether a fault was where the kernel can only end a program by SIGSEGV: behind exec's point of no
    /// return, or on the way to a handler.
    pub fn ends_programs(&self, record: &FaultRecord) -> bool {
        let calls = record.path().map(|call| format!("  at {call:#010x}"));
        let names = self.with_names(&calls.collect::<Vec<_>>());
        names.iter().any(|name| ENDING.iter().any(|part| name.contains(part)))
    }

    /// Lines of its log, with functions and lines for addresses.
    pub fn with_names(&self, log: &[String]) -> Vec<String> {
        symbols::resolve(log, &self.kernel)
    }
}

/// Lets `init` start as many servers of the image's services as it takes. A service among a campaign's
/// own files has what its manifest says.
fn unlimited(contents: &mut Contents) -> Result<()> {
    let folder = workspace::root().join("user/init/etc/services");
    let files = fs::read_dir(&folder).map_err(|error| io("read", &folder, error))?;
    for file in files.flatten().map(|file| file.path()) {
        let manifest = fs::read(&file).map_err(|error| io("read", &file, error))?;
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let guest = format!("/etc/services/{name}");
        contents.bytes(&guest, 0o644, [&manifest[..], RESTART].concat())?;
    }
    Ok(())
}
