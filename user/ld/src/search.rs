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

/// Where libraries are that no path is needed for.
const DEFAULT: [&[u8]; 2] = [b"/lib", b"/usr/lib"];

/// The paths to try for a library that is needed by `name`, in this order: where the object that
/// needs it says (DT_RUNPATH, or DT_RPATH without it), LD_LIBRARY_PATH, `/lib`, `/usr/lib`.
///
/// A name with a slash is a path already. `origin` is the folder of the object that needs it.
pub fn candidates<'p>(
    name: &'p [u8],
    own: Option<&'p [u8]>,
    origin: &'p [u8],
    environment: Environment<'p>,
) -> impl Iterator<Item = Vec<u8>> {
    let is_path = name.contains(&b'/');
    let itself = is_path.then(|| expand(name, origin, environment.secure)).flatten();
    let said = environment.library_path.filter(|_| !environment.secure);
    let separators = |byte: &u8| matches!(byte, b':' | b';');
    let own = own.into_iter().flat_map(|path| path.split(|byte| *byte == b':'));
    let said = said.into_iter().flat_map(move |path| path.split(separators));
    let folders = own.chain(said).filter_map(move |folder| match folder {
        // An empty entry is the working folder, which a program with more rights does not trust.
        b"" => (!environment.secure).then(|| b".".to_vec()),
        _ => expand(folder, origin, environment.secure),
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
