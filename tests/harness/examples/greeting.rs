//! Two programs of this tree when the kernel runs out of things: `cargo run -p harness --example
//! greeting`. `tests/README.md` shows how such a test lives outside of the tree.

harness::campaign! {
    #[sweep]
    fn a_greeting_is_said(guest) {
        guest.run("/bin/hello", &[])?.says("hello, world\n")
    }

    #[sweep(points = [PageLow, Slab, UserCopyIn], pairs = 4)]
    fn a_file_is_shown(guest) {
        guest.write("/tmp/text", b"some text\n")?;
        guest.run("/bin/cat", &["/tmp/text"])?.says("some text\n")
    }
}
