//! `/proc`, which a server answers for.

use crate::faults::{Outcome, child, join};
use alloc::format;
use alloc::string::String;
use sys::{directory, file, process};

fn text(path: &str) -> sys::Result<String> {
    Ok(String::from_utf8_lossy(&file::read(path)?).into_owned())
}

pub fn a_process_reads_of_itself() -> Outcome {
    let status = text("/proc/self/status")?;
    assert!(status.contains(&format!("Pid:\t{}\n", process::id())));
    let maps = text("/proc/self/maps")?;
    assert!(maps.contains("[stack]"));
    Ok(())
}

pub fn links_lead_to_what_a_process_has() -> Outcome {
    assert_eq!(directory::read_link("/proc/self")?, format!("{}", process::id()).into_bytes());
    assert_eq!(directory::read_link("/proc/self/cwd")?, b"/");
    let program = file::stat("/proc/self/exe")?;
    assert_eq!(program.ino, file::stat("/bin/suite")?.ino);
    assert!(directory::entries("/proc/self/fd")?.len() >= 5);
    Ok(())
}

pub fn processes_are_listed() -> Outcome {
    let (gate, key) = file::pipe()?;
    let pid = child(|| {
        let _ = gate.read(&mut [0]);
        Ok(())
    })?;
    let names = directory::entries("/proc")?;
    assert!(names.iter().any(|entry| entry.name == format!("{pid}").into_bytes()));
    assert!(text(&format!("/proc/{pid}/stat"))?.starts_with(&format!("{pid} (suite) ")));
    key.write_all(b"x")?;
    join(pid)
}

pub fn the_machine_is_described() -> Outcome {
    for (path, says) in
        [("/proc/meminfo", "MemTotal:"), ("/proc/version", " version "), ("/proc/stat", "ctxt ")]
    {
        assert!(text(path)?.contains(says), "{path}");
    }
    Ok(())
}
