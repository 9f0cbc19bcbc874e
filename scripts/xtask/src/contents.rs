//! What goes into the boot archive: folders, files of the host, and files made here.

use crate::archive::{Archive, DIRECTORY, REGULAR, SYMLINK};
use crate::stop::{Result, io, usage};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::BufWriter;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

const PERMISSIONS: u32 = 0o7777;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    Host(PathBuf),
    Bytes(Vec<u8>),
    Link(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    node: Node,
    permissions: u32,
}

/// The tree of the archive, by path without the leading slash. The order of the keys puts every
/// folder before what is in it.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    entries: BTreeMap<Vec<u8>, Entry>,
}

/// What `--add HOST[:GUEST]` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Add {
    pub host: PathBuf,
    /// An absolute path in the guest.
    pub guest: Vec<u8>,
}

impl Add {
    /// `HOST:GUEST`, or `HOST` alone for `/` and its last name. A colon counts only before a slash.
    pub fn parse(text: &str) -> Result<Self> {
        let (host, guest) = match text.rfind(":/") {
            Some(at) => (&text[..at], text.as_bytes()[at + 1..].to_vec()),
            None => (text, Vec::new()),
        };
        let path = PathBuf::from(host);
        let found = fs::symlink_metadata(&path).is_ok();
        if host.is_empty() || !found {
            return Err(usage(format!(
                "--add {text}: there is no file or folder {host:?} here; give HOST or \
                 HOST:/PATH/IN/THE/GUEST"
            )));
        }
        let name = path
            .file_name()
            .map(OsStr::to_owned)
            .or_else(|| path.canonicalize().ok()?.file_name().map(OsStr::to_owned));
        let guest = match (guest.last(), name) {
            (None, Some(name)) => [b"/", name.as_bytes()].concat(),
            (Some(b'/'), Some(name)) if !path.is_dir() => [&guest[..], name.as_bytes()].concat(),
            (None, None) => b"/".to_vec(),
            _ => guest,
        };
        Ok(Self { host: path, guest })
    }
}

impl Contents {
    /// An empty folder; one that is there already keeps what it has.
    pub fn folder(&mut self, path: &str, permissions: u32) -> Result<()> {
        let key = key(path.as_bytes())?;
        self.put(key, Entry { node: Node::Folder, permissions })
    }

    /// A file with these contents.
    pub fn bytes(&mut self, path: &str, permissions: u32, bytes: Vec<u8>) -> Result<()> {
        let key = key(path.as_bytes())?;
        self.put(key, Entry { node: Node::Bytes(bytes), permissions })
    }

    /// A program of the host's making.
    pub fn program(&mut self, path: &str, host: PathBuf) -> Result<()> {
        let key = key(path.as_bytes())?;
        self.put(key, Entry { node: Node::Host(host), permissions: 0o755 })
    }

    /// A file or folder of the host, with everything in it.
    pub fn add(&mut self, add: &Add) -> Result<()> {
        // The path as given may be a link; what lies in a folder keeps its links.
        let top = fs::metadata(&add.host).is_ok_and(|about| about.is_dir());
        self.add_path(&add.host, key(&add.guest)?, top)
    }

    fn add_path(&mut self, host: &Path, guest: Vec<u8>, follow: bool) -> Result<()> {
        let about = if follow { fs::metadata(host) } else { fs::symlink_metadata(host) };
        let about = about.map_err(|error| unreadable(host, &error))?;
        let permissions = about.mode() & PERMISSIONS;
        let kind = about.file_type();
        if kind.is_symlink() {
            let target = fs::read_link(host).map_err(|error| unreadable(host, &error))?;
            let target = target.into_os_string().into_vec();
            return self.put(guest, Entry { node: Node::Link(target), permissions: 0o777 });
        }
        if kind.is_file() {
            File::open(host).map_err(|error| unreadable(host, &error))?;
            return self.put(guest, Entry { node: Node::Host(host.to_owned()), permissions });
        }
        if !kind.is_dir() {
            return Err(usage(format!(
                "--add {}: only files, folders and symbolic links can go into the boot archive",
                host.display()
            )));
        }
        if !guest.is_empty() {
            self.put(guest.clone(), Entry { node: Node::Folder, permissions })?;
        }
        for item in fs::read_dir(host).map_err(|error| unreadable(host, &error))? {
            let item = item.map_err(|error| unreadable(host, &error))?;
            let name = item.file_name();
            let below = if guest.is_empty() {
                name.as_bytes().to_vec()
            } else {
                [&guest[..], b"/", name.as_bytes()].concat()
            };
            self.add_path(&item.path(), below, false)?;
        }
        Ok(())
    }

    /// Puts `entry` in its place and makes the folders above it. A file replaces a file.
    fn put(&mut self, key: Vec<u8>, entry: Entry) -> Result<()> {
        let slashes = key.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for parent in slashes.map(|(at, _)| key[..at].to_vec()).collect::<Vec<_>>() {
            let folder = || Entry { node: Node::Folder, permissions: 0o755 };
            let there = self.entries.entry(parent).or_insert_with_key(|_| folder());
            if there.node != Node::Folder {
                return Err(conflict(&key));
            }
        }
        if key.is_empty() {
            return Err(usage("a file in the boot archive needs a name, not just /"));
        }
        if let Some(there) = self.entries.get(&key)
            && (there.node == Node::Folder) != (entry.node == Node::Folder)
        {
            return Err(conflict(&key));
        }
        self.entries.insert(key, entry);
        Ok(())
    }

    /// Whether there is something at `path`.
    pub fn has(&self, path: &str) -> bool {
        key(path.as_bytes()).is_ok_and(|key| self.entries.contains_key(&key))
    }

    /// Writes the archive to `path`; its size in bytes.
    pub fn write(&self, path: &Path) -> Result<u64> {
        let file = File::create(path).map_err(|error| io("create", path, error))?;
        let mut archive = Archive::new(BufWriter::new(file));
        for (name, entry) in &self.entries {
            let permissions = entry.permissions;
            match &entry.node {
                Node::Folder => archive.entry(name, DIRECTORY | permissions, &[])?,
                Node::Link(target) => archive.entry(name, SYMLINK | permissions, target)?,
                Node::Bytes(bytes) => archive.entry(name, REGULAR | permissions, bytes)?,
                Node::Host(path) => {
                    let bytes = fs::read(path).map_err(|error| io("read", path, error))?;
                    archive.entry(name, REGULAR | permissions, &bytes)?;
                }
            }
        }
        archive.finish()
    }
}

/// The path as the archive spells it: no slash at either end, none doubled, no `.`.
fn key(path: &[u8]) -> Result<Vec<u8>> {
    let names = path.split(|&byte| byte == b'/').filter(|name| !name.is_empty() && *name != b".");
    let names: Vec<&[u8]> = names.collect();
    if names.contains(&&b".."[..]) {
        return Err(usage(format!(
            "{}: a path in the boot archive must not contain ..",
            String::from_utf8_lossy(path)
        )));
    }
    Ok(names.join(&b'/'))
}

fn unreadable(path: &Path, error: &std::io::Error) -> crate::stop::Stop {
    usage(format!("--add: cannot read {}: {error}", path.display()))
}

fn conflict(key: &[u8]) -> crate::stop::Stop {
    let name = String::from_utf8_lossy(key);
    usage(format!("--add: /{name} would be a file and a folder at once; choose another path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that goes away with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("folio-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn names(contents: &Contents) -> Vec<String> {
        contents.entries.keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect()
    }

    #[test]
    fn paths_are_spelled_one_way() {
        assert_eq!(key(b"//a/./b//c/"), Ok(b"a/b/c".to_vec()));
        assert_eq!(key(b"/"), Ok(vec![]));
        assert_eq!(key(b"/a/../b").unwrap_err().status, 2);
    }

    #[test]
    fn a_folder_comes_with_modes_and_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = Folder::new("contents");
        fs::create_dir(folder.0.join("sub")).unwrap();
        fs::write(folder.0.join("sub/tool"), "#!").unwrap();
        fs::set_permissions(folder.0.join("sub/tool"), fs::Permissions::from_mode(0o4751)).unwrap();
        symlink("/nowhere", folder.0.join("link")).unwrap();
        let add = Add::parse(&format!("{}:/data", folder.0.display())).unwrap();
        let mut contents = Contents::default();
        contents.add(&add).unwrap();
        assert_eq!(names(&contents), ["data", "data/link", "data/sub", "data/sub/tool"]);
        assert_eq!(contents.entries[&b"data/link"[..]].node, Node::Link(b"/nowhere".to_vec()));
        assert_eq!(contents.entries[&b"data/sub/tool"[..]].permissions, 0o4751);
    }

    #[test]
    fn the_guest_path_may_be_left_out_or_name_a_folder() {
        let folder = Folder::new("add");
        let file = folder.0.join("tool");
        fs::write(&file, "x").unwrap();
        let guest = |text: String| String::from_utf8(Add::parse(&text).unwrap().guest).unwrap();
        let file = file.display();
        assert_eq!(guest(format!("{file}")), "/tool");
        assert_eq!(guest(format!("{file}:/bin/")), "/bin/tool");
        assert_eq!(guest(format!("{file}:/bin/other")), "/bin/other");
        assert_eq!(Add::parse("/no/such/file").unwrap_err().status, 2);
        assert_eq!(Add::parse(":/bin/x").unwrap_err().status, 2);
    }

    #[test]
    fn a_file_cannot_also_be_a_folder() {
        let mut contents = Contents::default();
        contents.bytes("/a/b", 0o644, vec![]).unwrap();
        assert_eq!(contents.bytes("/a/b/c", 0o644, vec![]).unwrap_err().status, 2);
        assert_eq!(contents.bytes("/a", 0o644, vec![]).unwrap_err().status, 2);
        assert_eq!(contents.folder("/a/b", 0o755).unwrap_err().status, 2);
        contents.bytes("/a/b", 0o600, vec![1]).unwrap();
        assert_eq!(names(&contents), ["a", "a/b"]);
        assert!(contents.has("/a/b") && !contents.has("/b"));
    }
}
