//! What the programs of a run wrote, against what they write when nothing fails.

use super::ran::Ran;
use agent::Program;
use sys::wait::Status;
use xtask::captured::text;

/// The programs of a run in their order, and what came of each.
#[derive(Debug, Default)]
pub struct Said(Vec<(Program, Ran)>);

impl Said {
    pub fn note(&mut self, program: Program, ran: Ran) {
        self.0.push((program, ran));
    }

    /// How a program that succeeded wrote something else than in a run without faults. Behind one that ended
    /// otherwise, or that is another one, work may go on in another way.
    pub fn difference(&self, usual: &Self) -> Option<String> {
        let mut both = self.0.iter().zip(&usual.0);
        let ((program, ran), (usual_program, usual)) = both.find(|(now, then)| now != then)?;
        let has_succeeded = |ran: &Ran| ran.status == Status::Exited(0);
        if program != usual_program || !has_succeeded(ran) || !has_succeeded(usual) {
            return None;
        }
        let (stream, found, wanted) = match ran.stdout == usual.stdout {
            true => ("standard error", &ran.stderr, &usual.stderr),
            false => ("standard output", &ran.stdout, &usual.stdout),
        };
        let (path, found, wanted) = (&ran.path, text(found), text(wanted));
        Some(format!(
            "{path} succeeded, but its {stream} is {found:?}, and {wanted:?} when nothing fails \
             (`output = any` lets it)"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(programs: &[(&str, i32, &str, &str)]) -> Said {
        let mut said = Said::default();
        for &(path, status, stdout, stderr) in programs {
            let ran = Ran {
                path: path.into(),
                status: Status::Exited(status),
                is_late: false,
                stdout: stdout.into(),
                stderr: stderr.into(),
            };
            said.note(Program { path: path.into(), ..Program::default() }, ran);
        }
        said
    }

    #[test]
    fn a_program_that_succeeds_writes_the_same() {
        let usual = said(&[("a", 0, "one", ""), ("b", 0, "two", "")]);
        assert_eq!(said(&[("a", 0, "one", ""), ("b", 0, "two", "")]).difference(&usual), None);
        let why = said(&[("a", 0, "one", ""), ("b", 0, "no", "")]).difference(&usual).unwrap();
        assert!(
            why.starts_with("b succeeded, but its standard output is \"no\", and \"two\""),
            "{why}"
        );
        let why = said(&[("a", 0, "one", "ENOMEM")]).difference(&usual).unwrap();
        assert!(why.contains("its standard error is \"ENOMEM\", and \"\" when"), "{why}");
    }

    #[test]
    fn a_refusal_and_what_follows_it_may_differ() {
        let usual = said(&[("a", 0, "one", ""), ("b", 0, "two", "")]);
        for other in [("a", 1, "", "ENOMEM"), ("c", 0, "one", "")] {
            assert_eq!(said(&[other, ("b", 0, "nothing", "")]).difference(&usual), None);
        }
        // A status that is no success, as that of a search that finds nothing, may be a refusal's, too.
        let usual = said(&[("a", 1, "", "none")]);
        assert_eq!(said(&[("a", 1, "", "ENOMEM")]).difference(&usual), None);
    }
}
