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

// ioctl numbers.
/// Queries attributes.
pub const TCGETS: u32 = 0x5401;
/// Sets attributes now.
pub const TCSETS: u32 = 0x5402;
/// Sets attributes after output has drained.
pub const TCSETSW: u32 = 0x5403;
/// Sets attributes after output has drained, discarding input.
pub const TCSETSF: u32 = 0x5404;
/// Sends a break; with argument 1 only drains.
pub const TCSBRK: u32 = 0x5409;
/// Stops or resumes output or input.
pub const TCXONC: u32 = 0x540a;
/// Discards input or output.
pub const TCFLSH: u32 = 0x540b;
/// Makes it the controlling terminal.
pub const TIOCSCTTY: u32 = 0x540e;
/// Queries the foreground group.
pub const TIOCGPGRP: u32 = 0x540f;
/// Sets the foreground group.
pub const TIOCSPGRP: u32 = 0x5410;
/// Bytes of output not yet sent.
pub const TIOCOUTQ: u32 = 0x5411;
/// Queries the window size.
pub const TIOCGWINSZ: u32 = 0x5413;
/// Sets the window size.
pub const TIOCSWINSZ: u32 = 0x5414;
/// Bytes of input that can be read.
pub const FIONREAD: u32 = 0x541b;
/// Sets or clears `O_NONBLOCK` by an `int`.
pub const FIONBIO: u32 = 0x5421;
/// Asks for SIGIO by an `int`.
pub const FIOASYNC: u32 = 0x5452;
/// Gives the controlling terminal up.
pub const TIOCNOTTY: u32 = 0x5422;
/// Queries the session.
pub const TIOCGSID: u32 = 0x5429;
/// Clears close-on-exec.
pub const FIONCLEX: u32 = 0x5450;
/// Sets close-on-exec.
pub const FIOCLEX: u32 = 0x5451;

// Input flags.
/// A break is ignored.
pub const IGNBRK: u32 = 0o1;
/// A break interrupts.
pub const BRKINT: u32 = 0o2;
/// Parity errors are ignored.
pub const IGNPAR: u32 = 0o4;
/// Parity errors are marked.
pub const PARMRK: u32 = 0o10;
/// Parity is checked.
pub const INPCK: u32 = 0o20;
/// The eighth bit is stripped.
pub const ISTRIP: u32 = 0o40;
/// NL becomes CR.
pub const INLCR: u32 = 0o100;
/// CR is ignored.
pub const IGNCR: u32 = 0o200;
/// CR becomes NL.
pub const ICRNL: u32 = 0o400;
/// XON and XOFF control output.
pub const IXON: u32 = 0o2000;
/// Any character resumes output.
pub const IXANY: u32 = 0o4000;
/// XON and XOFF control input.
pub const IXOFF: u32 = 0o10000;
/// A full line rings the bell.
pub const IMAXBEL: u32 = 0o20000;
/// Erasing knows UTF-8.
pub const IUTF8: u32 = 0o40000;

// Output flags.
/// Output is processed.
pub const OPOST: u32 = 0o1;
/// NL becomes CR NL.
pub const ONLCR: u32 = 0o4;
/// CR becomes NL.
pub const OCRNL: u32 = 0o10;
/// No CR in column 0.
pub const ONOCR: u32 = 0o20;
/// NL returns the carriage.
pub const ONLRET: u32 = 0o40;
/// The bits that say what becomes of tabs.
pub const TABDLY: u32 = 0o14000;
/// Tabs become spaces.
pub const XTABS: u32 = 0o14000;

// Control flags.
/// 38,400 bits a second.
pub const B38400: u32 = 0o17;
/// Eight bits a character.
pub const CS8: u32 = 0o60;
/// The receiver is on.
pub const CREAD: u32 = 0o200;
/// Hangs up on the last close.
pub const HUPCL: u32 = 0o2000;
/// Modem lines are ignored.
pub const CLOCAL: u32 = 0o4000;

// Local flags.
/// Control characters send signals.
pub const ISIG: u32 = 0o1;
/// Input by lines.
pub const ICANON: u32 = 0o2;
/// Input is echoed.
pub const ECHO: u32 = 0o10;
/// Erasing echoes BS SP BS.
pub const ECHOE: u32 = 0o20;
/// Killing a line echoes NL.
pub const ECHOK: u32 = 0o40;
/// NL is echoed even without `ECHO`.
pub const ECHONL: u32 = 0o100;
/// A signal does not discard input and output.
pub const NOFLSH: u32 = 0o200;
/// Output from the background stops the process.
pub const TOSTOP: u32 = 0o400;
/// Control characters are echoed as ^X.
pub const ECHOCTL: u32 = 0o1000;
/// Killing a line erases it.
pub const ECHOKE: u32 = 0o4000;
/// Implementation-defined processing (word erase, literal next).
pub const IEXTEN: u32 = 0o100000;

// Indices of control characters.
/// SIGINT.
pub const VINTR: usize = 0;
/// SIGQUIT.
pub const VQUIT: usize = 1;
/// Erases a character.
pub const VERASE: usize = 2;
/// Erases a line.
pub const VKILL: usize = 3;
/// End of file.
pub const VEOF: usize = 4;
/// Without `ICANON`: tenths of a second to wait.
pub const VTIME: usize = 5;
/// Without `ICANON`: least number of bytes.
pub const VMIN: usize = 6;
/// Resumes output.
pub const VSTART: usize = 8;
/// Stops output.
pub const VSTOP: usize = 9;
/// SIGTSTP.
pub const VSUSP: usize = 10;
/// Another end of line.
pub const VEOL: usize = 11;
/// Prints the line again.
pub const VREPRINT: usize = 12;
/// Erases a word.
pub const VWERASE: usize = 14;
/// Takes the next character literally.
pub const VLNEXT: usize = 15;
/// Yet another end of line.
pub const VEOL2: usize = 16;
