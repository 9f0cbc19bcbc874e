//! A client of the debugger's stub in QEMU: what its other control cannot do is to write memory and
//! to stop at an instruction.

use crate::stop::{Result, failed};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;

/// Bytes of memory in one packet, which carries them as twice as many digits.
const PART: usize = 1024;

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
        if self.is_there {
            // It would meet the breakpoint where it stands.
            self.go("s")?;
        }
        self.order(&format!("Z1,{address:x},1"))?;
        self.go("c")?;
        self.order(&format!("z1,{address:x},1"))?;
        self.is_there = true;
        Ok(())
    }

    /// Lets the guest go on in this way until it stops.
    fn go(&mut self, how: &str) -> Result<()> {
        match self.ask(how)? {
            answer if answer.starts_with('T') => Ok(()),
            answer => Err(refused(how, &answer)),
        }
    }

    fn order(&mut self, packet: &str) -> Result<()> {
        match self.ask(packet)? {
            answer if answer == "OK" => Ok(()),
            answer => Err(refused(packet, &answer)),
        }
    }

    /// Sends a packet and waits for the one that answers it.
    fn ask(&mut self, packet: &str) -> Result<String> {
        let trouble = |error| failed(format!("the debugger's stub of QEMU: {error}"));
        let line = format!("${packet}#{:02x}", sum(packet.as_bytes()));
        self.from.get_mut().write_all(line.as_bytes()).map_err(trouble)?;
        let (mut before, mut answer, mut sum_of_it) = (Vec::new(), Vec::new(), [0; 2]);
        self.from.read_until(b'$', &mut before).map_err(trouble)?;
        self.from.read_until(b'#', &mut answer).map_err(trouble)?;
        self.from.read_exact(&mut sum_of_it).map_err(trouble)?;
        answer.pop();
        if from_hex(&String::from_utf8_lossy(&sum_of_it)) != Some(vec![sum(&answer)]) {
            return Err(failed("the debugger's stub of QEMU: an answer is damaged"));
        }
        self.from.get_mut().write_all(b"+").map_err(trouble)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

fn refused(packet: &str, answer: &str) -> crate::stop::Stop {
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
            let answers = ["OK".to_owned(), "ab".repeat(PART), "ab".repeat(6), "E14".into()];
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
        let heard = asked.join().unwrap();
        let wanted = ["Qqemu.PhyMemMode:1", "m1000,400", "m1400,6", "M10000000000,2:01fe"];
        for (heard, wanted) in heard.iter().zip(wanted) {
            assert_eq!(*heard, format!("${wanted}#{:02x}", sum(wanted.as_bytes())));
        }
    }

    #[test]
    fn digits_are_bytes() {
        assert_eq!(from_hex("00fE7a"), Some(vec![0, 0xfe, 0x7a]));
        assert_eq!((from_hex("0g"), from_hex("123")), (None, None));
    }
}
