//! One boot, from which every guest goes on.

use super::guest::Guest;
use super::script::Script;
use abi::failpoint::FaultRecord;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;
use xtask::build::{self, Image, Kind, Profile};
use xtask::captured::session;
use xtask::contents::{Add, Contents};
use xtask::failpoints::{self, Site};
use xtask::machine::Machine;
use xtask::qemu::System;
use xtask::snapshot::Snapshot;
use xtask::stop::{Result, io};
use xtask::symbols::{self, Frames};
use xtask::{page_tables, workspace};

const AGENT: &str = "/bin/agent";
/// Where the requests are of a guest that gets no input.
const REQUESTS: &str = "/boot/requests";
const BOOT: Duration = Duration::from_secs(60);
/// Functions of the kernel, failure of which may leave nobody to be told of. A path ends at a trap, so
/// that a new program's stack, which is copied to, cannot be told from a buffer.
const ENDING: [&str; 3] =
    ["::exec::commit::replace_program", "::signal::deliver::", "::trap::on_kernel_page_fault"];
/// Faults may end servers as often as they like.
const RESTART: &[u8] = b"restart 1000 in 1s\npause 10ms 20ms\n";

/// A machine that waits for requests.
pub struct Vm {
    machine: Machine,
    kernel: PathBuf,
    contents: Contents,
    snapshot: Snapshot,
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
        let session = session(machine, (System::Folio, &kernel), contents.clone(), &[AGENT], BOOT);
        let snapshot = Snapshot::take(session, agent::READY)?;
        page_tables::check(&snapshot, machine.memory, &kernel)?;
        let (machine, sites) = (machine.clone(), failpoints::catalogue(&kernel)?);
        Ok(Self { machine, kernel, contents, snapshot, sites })
    }

    /// A guest as it was after the boot.
    pub fn guest(&self) -> Result<Guest> {
        self.snapshot.restore().map(Guest::new)
    }

    /// A guest that boots, counts instructions, and does what it is asked in `script`: each time the same.
    pub fn counted(&self, script: Script) -> Result<Guest> {
        // It stands still until nobody has anything to say to its QEMU any more.
        let machine = Machine { icount: true, gdb: Some("none".into()), ..self.machine.clone() };
        let mut contents = self.contents.clone();
        contents.bytes(REQUESTS, 0o444, script.file())?;
        let (guest, words) = ((System::Folio, self.kernel.as_path()), [AGENT, REQUESTS]);
        let session = session(&machine, guest, contents, &words, BOOT);
        let mut running = session.start_alone()?;
        running.qmp()?.cont()?;
        running.read_until(agent::READY, BOOT)?;
        Ok(Guest::reading(running, script))
    }

    /// The failpoints of its kernel.
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The functions of its kernel.
    pub fn frames(&self) -> Frames {
        Frames::of(&self.kernel)
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
