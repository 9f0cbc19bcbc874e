//! Terminals: attributes, window size, `ioctl` numbers.

use crate::plain::structure;

structure! {
    /// Terminal attributes, as the kernel lays them out.
    pub struct Termios: 36 {
        /// Input flags.
        pub iflag: u32,
        /// Output flags.
        pub oflag: u32,
        /// Control flags.
        pub cflag: u32,
        /// Local flags.
        pub lflag: u32,
        /// Line discipline.
        pub line: u8,
        /// Control characters, indexed by `VINTR` and so on.
        pub cc: [u8; 19],
    }

    /// Size of a terminal.
    pub struct Winsize: 8 {
        /// Rows in characters.
        pub row: u16,
        /// Columns in characters.
        pub col: u16,
        /// Width in pixels.
        pub xpixel: u16,
        /// Height in pixels.
        pub ypixel: u16,
    }
}

/// Words of [`Termios`].
pub const TERMIOS_WORDS: usize = size_of::<Termios>() / size_of::<u32>();

impl Termios {
    /// As words.
    pub fn to_words(&self) -> [u32; TERMIOS_WORDS] {
        let mut words = [self.iflag, self.oflag, self.cflag, self.lflag, 0, 0, 0, 0, 0];
        let mut bytes = [self.line; 20];
        bytes[1..].copy_from_slice(&self.cc);
        for (word, bytes) in words[4..].iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        words
    }

    /// From words.
    pub fn from_words(words: &[u32; TERMIOS_WORDS]) -> Self {
        let [iflag, oflag, cflag, lflag, rest @ ..] = *words;
        let mut bytes = [0; 20];
        for (bytes, word) in bytes.as_chunks_mut().0.iter_mut().zip(rest) {
            *bytes = word.to_le_bytes();
        }
        let [line, cc @ ..] = bytes;
        Self { iflag, oflag, cflag, lflag, line, cc }
    }
}

macro_rules! constants {
    ($($(#[$attribute:meta])* $name:ident: $kind:ty = $value:expr;)*) => {
        $( $(#[$attribute])* pub const $name: $kind = $value; )*
    };
}

// ioctl numbers.
constants! {
    /// Queries attributes.
    TCGETS: u32 = 0x5401;
    /// Sets attributes now.
    TCSETS: u32 = 0x5402;
    /// Sets attributes after output has drained.
    TCSETSW: u32 = 0x5403;
    /// Sets attributes after output has drained, discarding input.
    TCSETSF: u32 = 0x5404;
    /// Sends a break; with argument 1 only drains.
    TCSBRK: u32 = 0x5409;
    /// Stops or resumes output or input.
    TCXONC: u32 = 0x540a;
    /// Discards input or output.
    TCFLSH: u32 = 0x540b;
    /// Makes it the controlling terminal.
    TIOCSCTTY: u32 = 0x540e;
    /// Queries the foreground group.
    TIOCGPGRP: u32 = 0x540f;
    /// Sets the foreground group.
    TIOCSPGRP: u32 = 0x5410;
    /// Bytes of output not yet sent.
    TIOCOUTQ: u32 = 0x5411;
    /// Queries the window size.
    TIOCGWINSZ: u32 = 0x5413;
    /// Sets the window size.
    TIOCSWINSZ: u32 = 0x5414;
    /// Bytes of input that can be read.
    FIONREAD: u32 = 0x541b;
    /// Sets or clears `O_NONBLOCK` by an `int`.
    FIONBIO: u32 = 0x5421;
    /// Asks for SIGIO by an `int`.
    FIOASYNC: u32 = 0x5452;
    /// Gives the controlling terminal up.
    TIOCNOTTY: u32 = 0x5422;
    /// Queries the session.
    TIOCGSID: u32 = 0x5429;
    /// Clears close-on-exec.
    FIONCLEX: u32 = 0x5450;
    /// Sets close-on-exec.
    FIOCLEX: u32 = 0x5451;
}

// Input flags.
constants! {
    /// A break is ignored.
    IGNBRK: u32 = 0o1;
    /// A break interrupts.
    BRKINT: u32 = 0o2;
    /// Parity errors are ignored.
    IGNPAR: u32 = 0o4;
    /// Parity errors are marked.
    PARMRK: u32 = 0o10;
    /// Parity is checked.
    INPCK: u32 = 0o20;
    /// The eighth bit is stripped.
    ISTRIP: u32 = 0o40;
    /// NL becomes CR.
    INLCR: u32 = 0o100;
    /// CR is ignored.
    IGNCR: u32 = 0o200;
    /// CR becomes NL.
    ICRNL: u32 = 0o400;
    /// XON and XOFF control output.
    IXON: u32 = 0o2000;
    /// Any character resumes output.
    IXANY: u32 = 0o4000;
    /// XON and XOFF control input.
    IXOFF: u32 = 0o10000;
    /// A full line rings the bell.
    IMAXBEL: u32 = 0o20000;
    /// Erasing knows UTF-8.
    IUTF8: u32 = 0o40000;
}

// Output flags.
constants! {
    /// Output is processed.
    OPOST: u32 = 0o1;
    /// NL becomes CR NL.
    ONLCR: u32 = 0o4;
    /// CR becomes NL.
    OCRNL: u32 = 0o10;
    /// No CR in column 0.
    ONOCR: u32 = 0o20;
    /// NL returns the carriage.
    ONLRET: u32 = 0o40;
    /// The bits that say what becomes of tabs.
    TABDLY: u32 = 0o14000;
    /// Tabs become spaces.
    XTABS: u32 = 0o14000;
}

// Control flags.
constants! {
    /// 38,400 bits a second.
    B38400: u32 = 0o17;
    /// Eight bits a character.
    CS8: u32 = 0o60;
    /// The receiver is on.
    CREAD: u32 = 0o200;
    /// Hangs up on the last close.
    HUPCL: u32 = 0o2000;
    /// Modem lines are ignored.
    CLOCAL: u32 = 0o4000;
}

// Local flags.
constants! {
    /// Control characters send signals.
    ISIG: u32 = 0o1;
    /// Input by lines.
    ICANON: u32 = 0o2;
    /// Input is echoed.
    ECHO: u32 = 0o10;
    /// Erasing echoes BS SP BS.
    ECHOE: u32 = 0o20;
    /// Killing a line echoes NL.
    ECHOK: u32 = 0o40;
    /// NL is echoed even without `ECHO`.
    ECHONL: u32 = 0o100;
    /// A signal does not discard input and output.
    NOFLSH: u32 = 0o200;
    /// Output from the background stops the process.
    TOSTOP: u32 = 0o400;
    /// Control characters are echoed as ^X.
    ECHOCTL: u32 = 0o1000;
    /// Killing a line erases it.
    ECHOKE: u32 = 0o4000;
    /// Implementation-defined processing (word erase, literal next).
    IEXTEN: u32 = 0o100000;
}

// Indices of control characters.
constants! {
    /// SIGINT.
    VINTR: usize = 0;
    /// SIGQUIT.
    VQUIT: usize = 1;
    /// Erases a character.
    VERASE: usize = 2;
    /// Erases a line.
    VKILL: usize = 3;
    /// End of file.
    VEOF: usize = 4;
    /// Without `ICANON`: tenths of a second to wait.
    VTIME: usize = 5;
    /// Without `ICANON`: least number of bytes.
    VMIN: usize = 6;
    /// Resumes output.
    VSTART: usize = 8;
    /// Stops output.
    VSTOP: usize = 9;
    /// SIGTSTP.
    VSUSP: usize = 10;
    /// Another end of line.
    VEOL: usize = 11;
    /// Prints the line again.
    VREPRINT: usize = 12;
    /// Erases a word.
    VWERASE: usize = 14;
    /// Takes the next character literally.
    VLNEXT: usize = 15;
    /// Yet another end of line.
    VEOL2: usize = 16;
}
