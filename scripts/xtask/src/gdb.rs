//! A client of the debugger's stub in QEMU: what its other control cannot do is to write memory and
//! to stop at an instruction.

use crate::qmp::PATIENCE;
use crate::stop::{Result, Stop, failed};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Bytes of memory in one packet, which carries them as twice as many digits.
const PART: usize = 1024;
/// A guest that is to come somewhere may have much to do before.
const LONG: Duration = Duration::from_secs(120);
/// What stops a guest that runs: no packet, but a byte.
const INTERRUPT: &[u8] = b"\x03";

/// The connection to the stub of one guest, which stands still as long as nobody lets it go on.
pub struct Gdb {
    from: BufReader<UnixStream>,
    /// The guest stands where [`run_to`](Self::run_to) led it.
    is_there: bool,
}

impl Gdb {
    /// Addresses are physical from here on, but for those of instructions.
    pub(crate) fn new(stream: UnixStream) -> Result<Self> {
        let mut gdb = Self { from: BufReader::new(stream), is_there: false };
        gdb.order("Qqemu.PhyMemMode:1")?;
        Ok(gdb)
    }

    /// Ends the connection, after which addresses are virtual: as who comes next takes them to be.
    pub(crate) fn leave(mut self) -> Result<()> {
        self.order("Qqemu.PhyMemMode:0")
    }

    /// Physical memory.
    pub fn read(&mut self, address: u64, size: usize) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while bytes.len() < size {
            let count = (size - bytes.len()).min(PART);
            let packet = format!("m{:x},{count:x}", address + bytes.len() as u64);
            let answer = self.ask(&packet)?;
            let part = from_hex(&answer).filter(|part| part.len() == count);
            bytes.extend(part.ok_or_else(|| refused(&packet, &answer))?);
        }
        Ok(bytes)
    }

    /// Changes physical memory. Code that is changed runs as it is then.
    pub fn write(&mut self, address: u64, bytes: &[u8]) -> Result<()> {
        for (number, part) in bytes.chunks(PART).enumerate() {
            let address = address + (number * PART) as u64;
            self.order(&format!("M{address:x},{:x}:{}", part.len(), to_hex(part)))?;
        }
        Ok(())
    }

    /// Flips one bit of a byte of physical memory.
    pub fn flip(&mut self, address: u64, bit: u8) -> Result<()> {
        let bytes = self.read(address, 1)?;
        let flipped: Vec<u8> =
            bytes.iter().map(|byte| byte ^ 1_u8.rotate_left(bit.into())).collect();
        self.write(address, &flipped)
    }

    /// Lets the guest go on until it is about to execute the instruction at `address`, again if it
    /// has been led there before.
    pub fn run_to(&mut self, address: u32) -> Result<()> {
        self.run_to_within(address, LONG)
    }

    /// The same for a guest that may not take longer than that. If it does, it stands still where it is.
    pub fn run_to_within(&mut self, address: u32, timeout: Duration) -> Result<()> {
        if self.is_there {
            // It would meet the breakpoint where it stands.
            self.go("s", PATIENCE)?;
        }
        self.order(&format!("Z1,{address:x},1"))?;
        self.is_there = self.go("c", timeout)?;
        self.order(&format!("z1,{address:x},1"))?;
        match self.is_there {
            true => Ok(()),
            false => Err(failed(format!(
                "the guest has not come to {address:#010x} within {} ms",
                timeout.as_millis()
            ))),
        }
    }

    /// Lets the guest execute so many instructions.
    pub fn step(&mut self, count: u32) -> Result<()> {
        self.is_there &= count == 0;
        (0..count).try_for_each(|_| self.go("s", PATIENCE).map(drop))
    }

    /// Lets the guest go on in this way until it stops. If it does not in time it is stopped: false.
    fn go(&mut self, how: &str, timeout: Duration) -> Result<bool> {
        self.send(how)?;
        self.wait(timeout)?;
        let in_time = self.answer();
        self.wait(PATIENCE)?;
        let is_late =
            |error: &io::Error| matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
        let (answer, is_in_time) = match in_time {
            Err(error) if is_late(&error) => {
                self.from.get_mut().write_all(INTERRUPT).map_err(trouble)?;
                (self.answer(), false)
            }
            answer => (answer, true),
        };
        match answer.map_err(trouble)? {
            answer if answer.starts_with('T') => Ok(is_in_time),
            answer => Err(refused(how, &answer)),
        }
    }

    fn wait(&self, timeout: Duration) -> Result<()> {
        self.from.get_ref().set_read_timeout(Some(timeout)).map_err(trouble)
    }

    fn order(&mut self, packet: &str) -> Result<()> {
        match self.ask(packet)? {
            answer if answer == "OK" => Ok(()),
            answer => Err(refused(packet, &answer)),
        }
    }

    /// Sends a packet and waits for the one that answers it.
    fn ask(&mut self, packet: &str) -> Result<String> {
        self.send(packet)?;
        self.answer().map_err(trouble)
    }

    fn send(&mut self, packet: &str) -> Result<()> {
        let line = format!("${packet}#{:02x}", sum(packet.as_bytes()));
        self.from.get_mut().write_all(line.as_bytes()).map_err(trouble)
    }

    fn answer(&mut self) -> io::Result<String> {
        let (mut before, mut answer, mut sum_of_it) = (Vec::new(), Vec::new(), [0; 2]);
        self.from.read_until(b'$', &mut before)?;
        self.from.read_until(b'#', &mut answer)?;
        self.from.read_exact(&mut sum_of_it)?;
        answer.pop();
        if from_hex(&String::from_utf8_lossy(&sum_of_it)) != Some(vec![sum(&answer)]) {
            return Err(io::Error::other("an answer is damaged"));
        }
        self.from.get_mut().write_all(b"+")?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

fn trouble(error: io::Error) -> Stop {
    failed(format!("the debugger's stub of QEMU: {error}"))
}

fn refused(packet: &str, answer: &str) -> Stop {
    let packet: String = packet.chars().take(40).collect();
    failed(format!(
        "the debugger's stub of QEMU answers {answer:?} to {packet:?}; an address may be outside of \
         memory"
    ))
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    digits?.chunks(2).map(|pair| Some(pair.first()? << 4 | pair.get(1)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn packets_carry_sums_and_memory_comes_in_parts() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let asked = thread::spawn(move || {
            let mut theirs = BufReader::new(theirs);
            let ok = "OK".to_owned();
            let answers = [ok.clone(), "ab".repeat(PART), "ab".repeat(6), "E14".into(), ok];
            let heard = answers.map(|answer| {
                let mut heard = Vec::new();
                theirs.read_until(b'#', &mut heard).unwrap();
                let mut sum_of_it = [0; 2];
                theirs.read_exact(&mut sum_of_it).unwrap();
                heard.extend(sum_of_it);
                let packet = format!("+${answer}#{:02x}", sum(answer.as_bytes()));
                theirs.get_mut().write_all(packet.as_bytes()).unwrap();
                String::from_utf8_lossy(&heard).trim_start_matches('+').to_owned()
            });
            // The last thing to come says that the last answer has arrived.
            theirs.read_exact(&mut [0]).unwrap();
            heard
        });
        let mut gdb = Gdb::new(ours).unwrap();
        assert_eq!(gdb.read(0x1000, PART + 6).unwrap(), vec![0xab; PART + 6]);
        assert!(gdb.write(1 << 40, &[1, 0xfe]).unwrap_err().why.contains("E14"));
        gdb.leave().unwrap();
        let heard = asked.join().unwrap();
        let wanted = [
            "Qqemu.PhyMemMode:1",
            "m1000,400",
            "m1400,6",
            "M10000000000,2:01fe",
            "Qqemu.PhyMemMode:0",
        ];
        for (heard, wanted) in heard.iter().zip(wanted) {
            assert_eq!(*heard, format!("${wanted}#{:02x}", sum(wanted.as_bytes())));
        }
    }

    #[test]
    fn a_guest_that_does_not_come_is_stopped() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let heard = thread::spawn(move || {
            let mut theirs = BufReader::new(theirs);
            let mut heard = String::new();
            // The answer to the third one comes only when the guest is stopped.
            for answer in ["OK", "OK", "", "T05", "OK"] {
                let mut packet = Vec::new();
                match answer {
                    "T05" => {
                        packet = vec![0; INTERRUPT.len()];
                        theirs.read_exact(&mut packet).unwrap();
                        assert_eq!(packet, INTERRUPT);
                    }
                    _ => {
                        theirs.read_until(b'#', &mut packet).unwrap();
                        theirs.read_exact(&mut [0; 2]).unwrap();
                    }
                }
                heard.push_str(&String::from_utf8_lossy(&packet));
                if !answer.is_empty() {
                    let packet = format!("+${answer}#{:02x}", sum(answer.as_bytes()));
                    theirs.get_mut().write_all(packet.as_bytes()).unwrap();
                }
            }
            // The last thing to come says that the last answer has arrived.
            theirs.read_exact(&mut [0]).unwrap();
            heard
        });
        let mut gdb = Gdb::new(ours).unwrap();
        let late = gdb.run_to_within(0xc010_0000, Duration::from_millis(50)).unwrap_err();
        assert!(late.why.contains("not come to 0xc0100000 within 50 ms"), "{}", late.why);
        assert!(heard.join().unwrap().contains("+$z1,c0100000,1#"));
    }

    #[test]
    fn digits_are_bytes() {
        assert_eq!(from_hex("00fE7a"), Some(vec![0, 0xfe, 0x7a]));
        assert_eq!((from_hex("0g"), from_hex("123")), (None, None));
    }
}
