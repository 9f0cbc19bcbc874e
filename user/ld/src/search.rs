//! Which file the name of a library means.

use alloc::vec::Vec;

/// What the person who starts a program says.
#[derive(Clone, Copy, Default, Debug)]
pub struct Environment<'e> {
    /// LD_LIBRARY_PATH.
    pub library_path: Option<&'e [u8]>,
    /// AT_SECURE: the program may do more than that person, who has no say then.
    pub secure: bool,
}

/// A list of folders that an object has, and the object's own folder.
#[derive(Clone, Copy, Debug)]
pub struct Path<'p> {
    pub list: &'p [u8],
    pub origin: &'p [u8],
}

/// What is wanted, and by whom.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'p> {
    pub name: &'p [u8],
    /// The folder of the object that needs it.
    pub origin: &'p [u8],
    /// DT_RPATH of that object, of the one by which it came, and so on to the program.
    pub inherited: &'p [Path<'p>],
    /// DT_RUNPATH of that object.
    pub own: Option<&'p [u8]>,
}

/// Where libraries are that no path is needed for.
const DEFAULT: [&[u8]; 2] = [b"/lib", b"/usr/lib"];

/// The paths to try for a library, in the order of Linux's linkers: DT_RPATH, LD_LIBRARY_PATH,
/// DT_RUNPATH, `/lib`, `/usr/lib`. A name with a slash is a path already.
pub fn candidates<'p>(
    wanted: Wanted<'p>,
    environment: Environment<'p>,
) -> impl Iterator<Item = Vec<u8>> {
    let Wanted { name, origin, inherited, own } = wanted;
    let secure = environment.secure;
    let is_path = name.contains(&b'/');
    let itself = is_path.then(|| expand(name, origin, secure)).flatten();
    let colon = |byte: &u8| *byte == b':';
    let inherited = inherited
        .iter()
        .flat_map(move |path| path.list.split(colon).map(|folder| (folder, path.origin)));
    let said = environment.library_path.filter(|_| !secure);
    let said = said.into_iter().flat_map(|list| list.split(|byte| matches!(byte, b':' | b';')));
    let own = own.into_iter().flat_map(move |list| list.split(colon));
    let folders = inherited.chain(said.chain(own).map(move |folder| (folder, origin)));
    let folders = folders.filter_map(move |(folder, origin)| match folder {
        // An empty entry is the working folder, which a program with more rights does not trust.
        b"" => (!secure).then(|| b".".to_vec()),
        _ => expand(folder, origin, secure),
    });
    let folders = folders.chain(DEFAULT.into_iter().map(<[u8]>::to_vec));
    let found = folders.filter(move |_| !is_path).map(move |mut path| {
        path.push(b'/');
        path.extend_from_slice(name);
        path
    });
    itself.into_iter().chain(found)
}

/// Puts the folder of the object in the place of `$ORIGIN` and `${ORIGIN}`.
///
/// With AT_SECURE no path with it is used: who can link to the program from another folder would
/// choose its libraries.
fn expand(path: &[u8], origin: &[u8], secure: bool) -> Option<Vec<u8>> {
    let mut expanded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((&first, behind)) = rest.split_first() {
        let token = [&b"$ORIGIN"[..], b"${ORIGIN}"].into_iter().find_map(|token| {
            let behind = rest.strip_prefix(token)?;
            let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
            (token.ends_with(b"}") || !behind.first().is_some_and(word)).then_some(behind)
        });
        match token {
            Some(_) if secure => return None,
            Some(behind) => {
                expanded.extend_from_slice(origin);
                rest = behind;
            }
            None => {
                expanded.push(first);
                rest = behind;
            }
        }
    }
    Some(expanded)
}
