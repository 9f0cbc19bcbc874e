//! Files of the kernel's own tree.

use crate::faults::Outcome;
use crate::scratch::Scratch;
use sys::abi::file::{O_CREAT, O_EXCL, O_RDWR};
use sys::directory;
use sys::file::{self, File};

pub fn a_file_is_written_and_read() -> Outcome {
    let path = Scratch::path("written");
    let file = File::open_with(path.as_str(), O_RDWR | O_CREAT | O_EXCL, 0o644)?;
    let text = [7; 9000];
    let written = file.write_at(&text, 0)?;
    let mut found = [0; 9000];
    let read = file.read_at(&mut found, 0)?;
    assert!(read <= written && found[..read] == text[..read]);
    assert!(file.stat()?.size >= written as i64);
    Ok(())
}

pub fn names_come_and_go() -> Outcome {
    let place = Scratch::path("names");
    directory::create(place.as_str(), 0o755)?;
    let (one, two, three) = (place.join("one"), place.join("two"), place.join("three"));
    drop(File::create(&one)?);
    directory::rename(&one, &two)?;
    directory::symlink("two", &three)?;
    assert_eq!(directory::read_link(&three)?, b"two");
    assert_eq!(directory::entries(place.as_str())?.len(), 4);
    file::stat(&three)?;
    directory::remove_file(&three)?;
    directory::remove_file(&two)?;
    assert_eq!(directory::entries(place.as_str())?.len(), 2);
    directory::remove(place.as_str())?;
    Ok(())
}

pub fn a_file_is_found_by_a_long_way() -> Outcome {
    assert!(file::stat("/../bin/./../bin/hello")?.size > 0);
    let mut bytes = [0; 4];
    assert_eq!(File::open("/bin/hello")?.read(&mut bytes)?, 4);
    assert_eq!(&bytes, b"\x7fELF");
    Ok(())
}
