//! What Debian's i386 packages lend: Linux kernels to compare with, and programs that nobody here
//! built: a static busybox, and others with the libraries they are linked to.
//!
//! Fetched once by apt-get, with lists of its own under `target/linux`, so that the machine's
//! packages and settings stay as they are and nobody has to be root.

use crate::stop::{Result, failed, io};
use crate::{cargo, workspace};
use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The longest that one command of apt may take, in seconds.
const PATIENCE: &str = "300";

/// A file out of a package, or the folder of several packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    pub path: PathBuf,
    /// Name and version of the package.
    pub package: String,
}

/// The kernel with tables of the same format: flavour 686-pae or 686.
pub fn kernel(pae: bool) -> Result<Fetched> {
    let flavour = if pae { "686-pae" } else { "686" };
    fetched(&format!("vmlinuz-{flavour}"), |apt| {
        let newest = apt.show(&format!("linux-image-{flavour}"))?;
        let depends = field(&newest, "Depends").unwrap_or_default();
        let package = depends.split([' ', ',']).find(|word| word.starts_with("linux-image-"));
        let package = package.ok_or_else(|| {
            failed(format!("linux-image-{flavour} of this Debian names no kernel: {depends}"))
        })?;
        Ok((package.to_owned(), "./boot/vmlinuz-*"))
    })
}

/// Debian's statically linked busybox.
pub fn busybox() -> Result<Fetched> {
    fetched("busybox", |_| Ok(("busybox-static".to_owned(), "./bin/busybox")))
}

/// Dynamically linked programs, and what they need.
const PACKAGES: [&str; 34] = [
    "bash",
    "coreutils",
    "dash",
    "libacl1",
    "libattr1",
    "libc6",
    "libcap2",
    "libcrypt1",
    "libexpat1",
    "libgcc-s1",
    "libgcrypt20",
    "libgmp10",
    "libgpg-error0",
    "liblua5.4-0",
    "liblz4-1",
    "liblzma5",
    "libncursesw6",
    "libpcre2-8-0",
    "libproc2-0",
    "libpython3.11-minimal",
    "libreadline8",
    "libselinux1",
    "libsqlite3-0",
    "libssl3",
    "libstdc++6",
    "libsystemd0",
    "libtinfo6",
    "libzstd1",
    "lua5.4",
    "ncurses-base",
    "procps",
    "python3.11-minimal",
    "sqlite3",
    "zlib1g",
];

/// Where those packages keep what no program needs to run.
const NOT_NEEDED: [&str; 7] =
    ["etc", "sbin", "usr/include", "usr/lib/i386-linux-gnu/gconv", "usr/sbin", "usr/share", "var"];

/// A folder with programs that glibc's loader loads, and their libraries.
pub fn programs() -> Result<Fetched> {
    let packages = PACKAGES.join(" ");
    kept("programs", &packages, |apt, new| {
        fs::create_dir_all(new).map_err(|error| io("create", new, error))?;
        for package in PACKAGES {
            unpack(&apt.download(package)?, new)?;
        }
        for path in NOT_NEEDED {
            match fs::remove_dir_all(new.join(path)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(io("remove", new, error));
                }
                _ => {}
            }
        }
        let version = field(&apt.show("libc6")?, "Version").unwrap_or_default();
        Ok(format!("{packages}, libc6 {version}"))
    })
}

/// The file kept as `name`, or else the one that `find` names by package and pattern.
fn fetched(
    name: &str,
    find: impl FnOnce(&Apt) -> Result<(String, &'static str)>,
) -> Result<Fetched> {
    kept(name, "", |apt, new| {
        let (package, pattern) = find(apt)?;
        let version = field(&apt.show(&package)?, "Version").unwrap_or_default();
        extract(&apt.download(&package)?, pattern, new)?;
        let executable = Permissions::from_mode(0o755);
        fs::set_permissions(new, executable).map_err(|error| io("change", new, error))?;
        Ok(format!("{package} {version}"))
    })
}

/// The file or folder kept as `name` if what was noted about it has `wanted` in it, or else what `make`
/// puts at the path it gets; it returns the package's name and version, to be noted.
fn kept(
    name: &str,
    wanted: &str,
    make: impl FnOnce(&Apt, &Path) -> Result<String>,
) -> Result<Fetched> {
    let folder = workspace::target().join("linux");
    fs::create_dir_all(&folder).map_err(|error| io("create", &folder, error))?;
    let lock = folder.join(".lock");
    let lock_file = File::create(&lock).map_err(|error| io("create", &lock, error))?;
    lock_file.lock().map_err(|error| io("lock", &lock, error))?;
    let (path, about) = (folder.join(name), folder.join(format!("{name}.package")));
    if let (true, Ok(package)) = (path.exists(), fs::read_to_string(&about))
        && package.contains(wanted)
    {
        return Ok(Fetched { path, package });
    }
    eprintln!("fetching Debian's {name} for i386 with apt-get");
    let result = (|| {
        let apt = Apt::new(folder.join("apt"))?;
        let new = folder.join(format!("{name}.new"));
        // What an interrupted attempt left.
        let _ = fs::remove_dir_all(&new);
        let package = make(&apt, &new)?;
        let _ = fs::remove_dir_all(&path);
        fs::write(&about, &package).map_err(|error| io("write", &about, error))?;
        fs::rename(&new, &path).map_err(|error| io("replace", &path, error))?;
        Ok(Fetched { path: path.clone(), package })
    })();
    result.map_err(|stop: crate::stop::Stop| {
        failed(format!(
            "{}\nwithout apt-get and Debian's packages, put {} at {}, and its name and version \
             into {}",
            stop.why,
            if wanted.is_empty() { "the file" } else { wanted },
            path.display(),
            about.display()
        ))
    })
}

/// An apt of our own, for i386.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    /// Reads the lists of packages.
    fn new(folder: PathBuf) -> Result<Self> {
        for part in ["state/lists/partial", "cache/archives/partial"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(|error| io("create", &part, error))?;
        }
        let status = folder.join("status");
        fs::write(&status, "").map_err(|error| io("write", &status, error))?;
        let apt = Self { folder };
        // Where one of the machine's sources fails, the others may have what is wanted.
        let _ = apt.output("apt-get", &["update"]);
        Ok(apt)
    }

    /// Standard output of a command of apt, which has to succeed.
    fn output(&self, name: &str, words: &[&str]) -> Result<String> {
        let mut command = Command::new(name);
        command.env("LC_ALL", "C").current_dir(&self.folder);
        let place =
            |option: &str, path: &str| format!("{option}={}", self.folder.join(path).display());
        for option in [
            place("Dir::State", "state"),
            place("Dir::State::status", "status"),
            place("Dir::Cache", "cache"),
            "APT::Architecture=i386".into(),
            "APT::Architectures::=i386".into(),
            "Acquire::Languages=none".into(),
            // Its own user could not write to this folder.
            "APT::Sandbox::User=root".into(),
        ] {
            command.arg("-o").arg(option);
        }
        command.args(words);
        let result = cargo::limited(command, PATIENCE)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(format!("cannot run {name}: {error}")))?;
        if result.status.success() {
            Ok(String::from_utf8_lossy(&result.stdout).into_owned())
        } else {
            Err(failed(format!("{name}: {}", String::from_utf8_lossy(&result.stderr).trim_end())))
        }
    }

    /// What is known about a package.
    fn show(&self, package: &str) -> Result<String> {
        self.output("apt-cache", &["show", "--no-all-versions", package])
    }

    /// The package file.
    fn download(&self, package: &str) -> Result<PathBuf> {
        self.output("apt-get", &["--quiet", "download", package])?;
        let files = fs::read_dir(&self.folder).map_err(|error| io("read", &self.folder, error))?;
        let prefix = format!("{package}_");
        files
            .flatten()
            .find(|file| {
                let name = file.file_name().to_string_lossy().into_owned();
                name.starts_with(&prefix) && name.ends_with(".deb")
            })
            .map(|file| file.path())
            .ok_or_else(|| failed(format!("apt-get download {package} left no file")))
    }
}

impl Drop for Apt {
    fn drop(&mut self) {
        // Nobody needs it again; if it cannot be removed it only takes room.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Writes the one file of a package that fits `pattern` to `to`.
fn extract(package: &Path, pattern: &str, to: &Path) -> Result<()> {
    let trouble =
        |error: std::io::Error| failed(format!("cannot unpack {}: {error}", package.display()));
    let mut files = Command::new("dpkg-deb")
        .arg("--fsys-tarfile")
        .arg(package)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(trouble)?;
    let target = File::create(to).map_err(|error| io("create", to, error))?;
    let status = Command::new("tar")
        .args(["--extract", "--to-stdout", "--wildcards", pattern])
        .stdin(files.stdout.take().map_or_else(Stdio::null, Stdio::from))
        .stdout(target)
        .status()
        .map_err(trouble)?;
    let ended = files.wait().map_err(trouble)?;
    let size = fs::metadata(to).map_or(0, |about| about.len());
    if status.success() && ended.success() && size > 0 {
        Ok(())
    } else {
        Err(failed(format!("there is no {pattern} in {}", package.display())))
    }
}

/// Unpacks all of a package into a folder.
fn unpack(package: &Path, to: &Path) -> Result<()> {
    let trouble = |why: String| failed(format!("cannot unpack {}: {why}", package.display()));
    let output = Command::new("dpkg-deb")
        .arg("--extract")
        .args([package, to])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| trouble(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(trouble(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()))
}

/// The value of a field in what `apt-cache show` prints.
fn field(text: &str, name: &str) -> Option<String> {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(": ").map(str::to_owned);
    text.lines().find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text =
            "Package: linux-image-686\nPre-Depends: x\nDepends: linux-image-6.1.0-1-686 (= 1)\n";
        assert_eq!(field(text, "Depends").as_deref(), Some("linux-image-6.1.0-1-686 (= 1)"));
        assert_eq!(field(text, "Version"), None);
    }
}
