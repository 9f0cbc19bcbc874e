//! Following paths through a server's tree.

use super::Served;
use super::ask::Lent;
use super::attributes::check;
use crate::file::access::Caller;
use crate::file::place::Place;
use crate::result::{Errno, Result};
use abi::file::{S_IFLNK, S_IFMT};
use abi::node::{Attributes, Found, Request};
use kcore::node_tree::Kind;
use kcore::path::{Answer, names_only};

impl Served {
    /// Follows `residual`, which begins with a name, as far as the server does. Also returns the
    /// attributes of what was found.
    pub fn look_up(
        &self,
        residual: &[u8],
        caller: &Caller,
    ) -> Result<(Answer<u64>, Option<Attributes>)> {
        let path = names_only(residual);
        let mut lent = Lent::new()?.read(path)?.write(size_of::<Attributes>())?;
        if !caller.groups().is_empty() {
            lent = lent.groups(caller.groups())?;
        }
        let request = Request::LookUp { directory: self.node };
        let answer = self.mount.ask(request, caller, Some(lent))?;
        let found = Found::decode(answer.words()?).ok_or(Errno::EIO)?;
        if let Found::Missing { directory, consumed } = found {
            return Ok((Answer::Missing { parent: directory, consumed }, None));
        }
        let attributes = check(answer.structure(path.len())?)?;
        let is_link = attributes.mode & S_IFMT == S_IFLNK;
        let answer = match found {
            Found::Link { node, directory, consumed } if is_link => {
                Answer::Link { directory, node, consumed }
            }
            Found::Node { node, consumed } if !is_link => {
                let kind = Kind::of_mode(attributes.mode);
                Answer::Found { node, kind, consumed, is_covered: false }
            }
            _ => return Err(Errno::EIO),
        };
        Ok((answer, Some(attributes)))
    }

    /// The directory above; the root's is itself.
    pub fn parent(&self, caller: &Caller) -> Result<Place> {
        if self.place() == self.tree_root() {
            return Ok(self.place());
        }
        let answer = self.mount.ask(Request::Parent { directory: self.node }, caller, None)?;
        let [low, high] = answer.words()?;
        Ok(Place { node: u64::from(low) | u64::from(high) << 32, ..self.place() })
    }
}
