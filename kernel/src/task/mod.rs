//! Tasks.

pub fn describe_current() -> &'static str {
    "boot"
}

pub fn stack_words(_pointer: u32) -> Option<[u32; 2]> {
    None
}
