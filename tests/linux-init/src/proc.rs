//! What Folio has besides the boot archive when a program starts: `/proc`, and what leads there.

use sys::abi::UserPtr;
use sys::path::CPath;
use sys::syscall::linux;
use sys::{Errno, Result, directory};

const FOLDER: &str = "/proc";
/// A link in `/dev`, and its text.
const LINK: (&str, &str) = ("/dev/fd", "/proc/self/fd");

/// Mounts `/proc`.
pub fn mount() -> Result<()> {
    let (link, text) = LINK;
    for made in [directory::create(FOLDER, 0o755), directory::symlink(text, link)] {
        match made {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(error) => return Err(error),
        }
    }
    let (kind, folder) = (CPath::new("proc")?, CPath::new(FOLDER)?);
    let none = UserPtr::new(0);
    // SAFETY: the kernel only reads the paths.
    unsafe { linux::mount(kind.as_user(), folder.as_user(), kind.as_user(), 0, none) }.map(drop)
}
