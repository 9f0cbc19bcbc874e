//! What a guest is asked, request by request. One that counts instructions gets no input: it has all of it
//! in a file before it boots.

/// Requests in their order, as `agent` reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script(Vec<Vec<u8>>);

/// Files are larger only for long scripts.
const USUAL: usize = 64 << 10;

impl Script {
    /// The file with them. Its size is nearly always the same, so that what is asked later changes nothing
    /// of how the machine gets there.
    pub fn file(&self) -> Vec<u8> {
        let mut bytes = self.0.concat();
        let size = bytes.len().next_power_of_two().max(USUAL);
        bytes.resize(size, 0);
        bytes
    }
}

/// How the next request gets to a guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It waits for it.
    Send,
    /// It has it.
    Given,
    /// It has another one, or none: what it does now is not what it was asked.
    Other,
}

/// What a guest was asked, and what it has been given to read.
pub struct Asked {
    so_far: Script,
    /// `None` if it waits for each request.
    given: Option<Script>,
    is_other: bool,
}

impl Asked {
    pub fn one_by_one() -> Self {
        Self { so_far: Script::default(), given: None, is_other: false }
    }

    pub fn beforehand(script: Script) -> Self {
        Self { given: Some(script), ..Self::one_by_one() }
    }

    /// Notes a request. Of those behind one that was not expected nobody knows the answer.
    pub fn next(&mut self, request: &[u8]) -> Way {
        if self.is_other {
            return Way::Other;
        }
        let place = self.so_far.0.len();
        self.so_far.0.push(request.to_vec());
        match &self.given {
            None => Way::Send,
            Some(given) if given.0.get(place).is_some_and(|known| known == request) => Way::Given,
            Some(_) => {
                self.is_other = true;
                Way::Other
            }
        }
    }

    /// Whether its guest was asked something that it had not been given.
    pub fn is_other(&self) -> bool {
        self.is_other
    }

    pub fn into_script(self) -> Script {
        self.so_far
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(mut asked: Asked, requests: &[&str]) -> (Vec<Way>, Script) {
        let ways = requests.iter().map(|request| asked.next(request.as_bytes())).collect();
        (ways, asked.into_script())
    }

    #[test]
    fn a_script_ends_where_the_guest_was_asked_something_else() {
        let (ways, script) = asked(Asked::one_by_one(), &["a", "b", "c"]);
        assert_eq!(ways, [Way::Send; 3]);
        let (ways, same) = asked(Asked::beforehand(script.clone()), &["a", "b", "c"]);
        assert_eq!((ways, &same), (vec![Way::Given; 3], &script));
        let (ways, other) = asked(Asked::beforehand(script.clone()), &["a", "x", "c"]);
        assert_eq!(ways, [Way::Given, Way::Other, Way::Other]);
        assert_eq!(asked(Asked::one_by_one(), &["a", "x"]).1, other);
        let (ways, longer) = asked(Asked::beforehand(script.clone()), &["a", "b", "c", "d"]);
        assert_eq!((ways[3], longer == script), (Way::Other, false));
        let (_, shorter) = asked(Asked::beforehand(script.clone()), &["a"]);
        assert_ne!(shorter, script);
    }

    #[test]
    fn files_of_scripts_are_of_one_size_and_end_with_zeroes() {
        let (_, short) = asked(Asked::one_by_one(), &["ab", "c"]);
        let file = short.file();
        assert_eq!((&file[..4], file.len()), (&b"abc\0"[..], USUAL));
        assert_eq!(Script::default().file(), vec![0; USUAL]);
        let long = Script(vec![vec![1; USUAL + 1]]);
        assert_eq!(long.file().len(), 2 * USUAL);
    }
}
