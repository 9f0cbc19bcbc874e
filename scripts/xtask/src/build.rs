//! Builds kernel images and user programs, and keeps finished copies in `target/images`.

use crate::cargo::{self, Built, Target};
use crate::contents::{Add, Contents};
use crate::failpoints;
use crate::machine::Layout;
use crate::stop::{Result, failed, io, usage};
use crate::{vdso, workspace};
use abi::boot::INIT_PATH;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

/// How a kernel or a program is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// With every assertion: tests.
    Checked,
    /// For running and measuring.
    Release,
}

impl Profile {
    pub fn name(self) -> &'static str {
        match self {
            Self::Checked => "checked",
            Self::Release => "release",
        }
    }
}

/// A kernel image, as its file is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Image {
    pub layout: Layout,
    pub profile: Profile,
    pub kind: Kind,
}

/// What a kernel is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Programs.
    Plain,
    /// Its own tests, instead of a program.
    Ktest,
    /// Programs, and failures on request.
    Faults,
}

impl Kind {
    fn feature(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Ktest => Some("ktest"),
            Self::Faults => Some("faults"),
        }
    }
}

impl Image {
    fn name(self) -> String {
        let plain = format!("kernel-{}-{}", self.layout, self.profile.name());
        self.kind.feature().map_or(plain.clone(), |feature| format!("{plain}-{feature}"))
    }

    fn features(self) -> impl Iterator<Item = &'static str> {
        self.layout.features().chain(self.kind.feature())
    }

    /// The features this image needs and this tree's kernel lacks.
    pub fn missing_features(self) -> Result<Vec<&'static str>> {
        let known = workspace::kernel_features()
            .ok_or_else(|| failed("there is no kernel in this tree (kernel/Cargo.toml)"))?;
        Ok(self.features().filter(|feature| !known.iter().any(|name| name == feature)).collect())
    }
}

/// Builds a kernel; the path of its ELF file, with symbols.
pub fn kernel(image: Image, show: bool) -> Result<PathBuf> {
    let missing = image.missing_features()?;
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(usage(format!(
            "{}: kernel feature {missing} is not in this version",
            image.name()
        )));
    }
    let _lock = lock()?;
    let vdso = vdso::link(show)?;
    let mut command = cargo::for_target("cargo", "build", Target::Kernel);
    command.env(vdso::VARIABLE, vdso);
    command.args(["--package", "kernel", "--profile", image.profile.name()]);
    command.arg("--target-dir").arg(workspace::target());
    let features: Vec<&str> = image.features().collect();
    command.args(["--features", &features.join(",")]);
    let built = cargo::build(command, &image.name(), show)?;
    let Some(Built { file, .. }) = built.into_iter().next() else {
        return Err(failed("the package kernel has no executable"));
    };
    failpoints::audit(&file, image.kind)?;
    let place = images()?.join(image.name());
    replace(&place, |new| fs::copy(&file, new).map_err(|error| io("copy to", new, error)))?;
    Ok(place)
}

/// A user program or a library of theirs, ready for the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it goes in the guest.
    pub guest: String,
    /// With symbols.
    pub unstripped: PathBuf,
    pub stripped: PathBuf,
}

/// Builds every user program and every shared object there is.
pub fn programs(show: bool) -> Result<Vec<Program>> {
    let packages = workspace::guest_packages()?;
    let _lock = lock()?;
    let mut programs = Vec::new();
    for profile in [Profile::Release, Profile::Checked] {
        let packages: Vec<_> =
            packages.iter().filter(|package| profile_of(&package.folder) == profile).collect();
        if packages.is_empty() {
            continue;
        }
        let mut command = cargo::for_target("cargo", "build", Target::User);
        command.args(["--profile", profile.name()]);
        command.arg("--target-dir").arg(workspace::target());
        for package in packages {
            command.args(["--package", &package.name]);
        }
        for built in cargo::build(command, "the user programs", show)? {
            programs.extend(program(built)?);
        }
    }
    programs.sort_by(|a, b| a.guest.cmp(&b.guest));
    Ok(programs)
}

/// What only tests use keeps its assertions, and what the compiler did the last time; but who is
/// linked with the libraries of other programs is compiled as they are.
fn profile_of(package: &Path) -> Profile {
    match package {
        _ if package == Path::new("tests/linked") => Profile::Release,
        _ if package.starts_with("tests") => Profile::Checked,
        _ => Profile::Release,
    }
}

/// One of them, stripped; nothing for what is not of this tree.
fn program(Built { manifest, file }: Built) -> Result<Option<Program>> {
    let root = workspace::root();
    let folder = manifest.parent().and_then(|folder| folder.strip_prefix(&root).ok());
    let name = file.file_name().and_then(|name| name.to_str());
    let (Some(folder), Some(name)) = (folder, name) else { return Ok(None) };
    let guest = match folder {
        _ if folder.ends_with("tests/linux-init") => LINUX_INIT.to_owned(),
        _ if folder == Path::new("user/ld") => LINKER.to_owned(),
        _ => format!("/{}/{name}", guest_folder(folder)),
    };
    let stripped = strip(&file, &images()?.join("user").join(name))?;
    Ok(Some(Program { guest, unstripped: file, stripped }))
}

/// Where the programs of a package go: what the system starts apart from what users call, and both
/// apart from libraries.
fn guest_folder(package: &Path) -> &'static str {
    const SYSTEM: [&str; 3] = ["user/init", "user/servers", "user/drivers"];
    const LIBRARIES: [&str; 2] = ["user/lib", "libsys"];
    let is_below = |folder: &&str| package.starts_with(folder);
    match package {
        _ if SYSTEM.iter().any(is_below) => "sbin",
        _ if LIBRARIES.iter().any(is_below) => "lib",
        _ => "bin",
    }
}

/// The dynamic linker, as programs with shared objects name it (`libsys/so/build.rs`).
const LINKER: &str = "/lib/ld-folio.so.1";

/// What Linux starts when it boots an archive.
pub const LINUX_INIT: &str = "/init";

/// The folders every archive has, the programs but for [`LINUX_INIT`], and what `init` reads.
pub fn contents(programs: &[Program]) -> Result<Contents> {
    let mut contents = bare_contents(programs)?;
    if let Some(init) = programs.iter().find(|program| program.guest == INIT_PATH) {
        contents.program(INIT_PATH, init.stripped.clone())?;
        contents
            .add(&Add { host: workspace::root().join("user/init/etc"), guest: "/etc".into() })?;
    }
    Ok(contents)
}

/// The same with services for the tests, which play every part themselves.
pub fn contents_for_suite(programs: &[Program]) -> Result<Contents> {
    let mut contents = contents(programs)?;
    let host = workspace::root().join("tests/assist/etc");
    contents.add(&Add { host, guest: "/etc".into() })?;
    Ok(contents)
}

/// Those of [`contents`] without `init`: the program that is asked for is process 1.
pub fn bare_contents(programs: &[Program]) -> Result<Contents> {
    let mut contents = Contents::default();
    for (path, permissions) in [
        ("/bin", 0o755),
        ("/boot", 0o755),
        ("/dev", 0o755),
        ("/mnt", 0o755),
        ("/proc", 0o555),
        ("/tmp", 0o1777),
    ] {
        contents.folder(path, permissions)?;
    }
    let first = [LINUX_INIT, INIT_PATH];
    for program in programs.iter().filter(|program| !first.contains(&program.guest.as_str())) {
        contents.program(&program.guest, program.stripped.clone())?;
    }
    Ok(contents)
}

/// The same, and the program with which Linux boots it too.
pub fn contents_for_linux(programs: &[Program]) -> Result<Contents> {
    let mut contents = contents(programs)?;
    let init = programs.iter().find(|program| program.guest == LINUX_INIT);
    let init = init.ok_or_else(|| failed("there is no tests/linux-init in this tree"))?;
    contents.program(LINUX_INIT, init.stripped.clone())?;
    Ok(contents)
}

/// Copies `from` without its symbols, unless that was done already.
fn strip(from: &Path, to: &Path) -> Result<PathBuf> {
    if changed(to) > changed(from) {
        return Ok(to.to_owned());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| io("create", folder, error))?;
    }
    replace(to, |new| {
        let result = Command::new("objcopy")
            .args(["--strip-all", "--remove-section=.rustc"])
            .args([from, new])
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(format!("cannot run objcopy ({error}): install binutils")))?;
        if result.status.success() {
            Ok(())
        } else {
            Err(failed(String::from_utf8_lossy(&result.stderr).into_owned()))
        }
    })?;
    Ok(to.to_owned())
}

/// When a file changed last; less than any time if it is not there.
pub(crate) fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|about| about.modified()).ok()
}

/// Makes a file under another name first, so that whoever reads `place` sees all of it.
pub(crate) fn replace<T>(place: &Path, make: impl FnOnce(&Path) -> Result<T>) -> Result<()> {
    let new = place.with_extension(format!("new-{}", std::process::id()));
    let made = make(&new)
        .and_then(|_| fs::rename(&new, place).map_err(|error| io("replace", place, error)));
    if made.is_err() {
        let _ = fs::remove_file(&new);
    }
    made
}

/// The folder of finished images.
pub fn images() -> Result<PathBuf> {
    let folder = workspace::target().join("images");
    fs::create_dir_all(&folder).map_err(|error| io("create", &folder, error))?;
    Ok(folder)
}

/// [`vdso::link`] where no kernel is built.
pub fn vdso() -> Result<PathBuf> {
    let _lock = lock()?;
    vdso::link(false)
}

/// Held from the start of a build until its result is copied: all images share one cargo output.
fn lock() -> Result<File> {
    let path = images()?.join(".lock");
    let file = File::create(&path).map_err(|error| io("create", &path, error))?;
    file.lock().map_err(|error| io("lock", &path, error))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_by_what_they_are() {
        let image = Image { layout: Layout::DEFAULT, profile: Profile::Checked, kind: Kind::Ktest };
        assert_eq!(image.name(), "kernel-pae-3g-checked-ktest");
        assert_eq!(image.features().collect::<Vec<_>>(), ["pae", "ktest"]);
    }

    #[test]
    fn servers_go_to_sbin_and_libraries_to_lib() {
        assert_eq!(guest_folder(Path::new("user/servers/console")), "sbin");
        assert_eq!(guest_folder(Path::new("user/bin/hello")), "bin");
        assert_eq!(guest_folder(Path::new("tests/suite")), "bin");
        assert_eq!(guest_folder(Path::new("libsys/so")), "lib");
    }
}
