//! The example of `tests/README.md`: what comes of two programs when the kernel runs out of things.

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
