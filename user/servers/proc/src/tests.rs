//! What the files say.

use super::*;
use std::vec;
use sys::abi::node::Request;
use sys::ipc::{Call, Connection, Loopback};
use sys::node::{Files, ROOT};

struct Example;

impl Kernel for Example {
    fn uptime(&mut self) -> Result<u64> {
        Ok(12_345_678_901)
    }

    fn version(&mut self) -> Result<Vec<u8>> {
        Ok(b"Folio version 6.1".to_vec())
    }
}

fn contents(name: &[u8]) -> Vec<u8> {
    let server = Loopback::new(Files(Proc(Example)));
    server.is_kernel.set(true);
    let call = |request: Request| {
        let encoded = request.encode(Default::default());
        Call::new(encoded.label).words(&encoded.words[..encoded.count])
    };
    let mut attributes = [0; 84];
    let found = call(Request::LookUp { directory: ROOT }).lend(name).lend_mut(&mut attributes);
    let node = server.call(found).unwrap().message.get64(2);
    let mut bytes = vec![0; 4096];
    let read = call(Request::Read { node, offset: 0 }).lend_mut(&mut bytes);
    let count = server.call(read).unwrap().message.get(0);
    bytes.truncate(count as usize);
    bytes
}

#[test]
fn files_have_linux_formats() {
    assert_eq!(contents(b"uptime"), b"12.34 0.00\n");
    assert_eq!(contents(b"version"), b"Folio version 6.1\n");
}
