//! What the measuring program prints.

/// One row of its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub name: String,
    /// Instructions and page faults of one operation, or why there are none.
    pub measured: Result<Measured, String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub instructions: f64,
    /// `None` where the kernel does not count them.
    pub faults: Option<f64>,
}

/// The rows among the lines of `output`; a kernel may have written others.
pub fn parse(output: &str) -> Vec<Figure> {
    output.lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Figure> {
    let (name, rest) = line.trim_end().split_once(' ')?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(plain) {
        return None;
    }
    let measured = match rest.strip_prefix("failed: ") {
        Some(why) => Err(why.to_owned()),
        None => {
            let (instructions, faults) = rest.split_once(' ')?;
            let faults = if faults == "-" { None } else { Some(faults.parse().ok()?) };
            Ok(Measured { instructions: instructions.parse().ok()?, faults })
        }
    };
    Some(Figure { name: name.to_owned(), measured })
}

/// The rows whose figures are not the same in both, as lines of text.
pub fn differences(first: &[Figure], second: &[Figure]) -> Vec<String> {
    let mut lines = Vec::new();
    if first.len() != second.len() {
        lines.push(format!("{} rows, then {}", first.len(), second.len()));
    }
    for (a, b) in first.iter().zip(second).filter(|(a, b)| a != b) {
        lines.push(format!("{}: {:?}, then {}: {:?}", a.name, a.measured, b.name, b.measured));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(instructions: f64, faults: Option<f64>) -> Result<Measured, String> {
        Ok(Measured { instructions, faults })
    }

    #[test]
    fn rows_are_told_from_a_kernel_s_messages() {
        let output = "[    0.000000] Linux version 6.1\r\nrdtsc 3.0 0.000\r\nread_4k 2771.5 -\n\
                      fork failed: ENOSYS\nrandom: crng init done\n---[ end ]---\nreboot: 1 2 3\n";
        let rows = parse(output);
        let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
        assert_eq!(names, ["rdtsc", "read_4k", "fork"]);
        assert_eq!(rows[0].measured, measured(3.0, Some(0.0)));
        assert_eq!(rows[1].measured, measured(2771.5, None));
        assert_eq!(rows[2].measured, Err("ENOSYS".into()));
    }

    #[test]
    fn differences_name_the_row() {
        let (first, second) =
            (parse("a 1.0 0.000\nb 2.0 0.000"), parse("a 1.0 0.000\nb 2.5 0.000"));
        assert!(differences(&first, &first).is_empty());
        let lines = differences(&first, &second);
        assert!(lines.len() == 1 && lines[0].starts_with("b: "), "{lines:?}");
        assert_eq!(differences(&first, &second[..1]).len(), 1);
    }
}
