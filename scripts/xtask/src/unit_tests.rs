//! Unit tests that nobody runs: those of packages that `cargo test` alone leaves out.

/// The packages that cargo takes when none is named: folders, a `*` at the end for all in one.
pub fn default_members(manifest: &str) -> Vec<&str> {
    let list = manifest
        .split_once("\ndefault-members = [")
        .and_then(|(_, rest)| rest.split_once(']'))
        .map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).collect()
}

/// Whether a source has a unit test.
pub fn has_tests(source: &str) -> bool {
    source.lines().any(|line| line.trim() == "#[test]")
}

/// Whether the package in `folder` is one of `members`.
pub fn is_member(folder: &str, members: &[&str]) -> bool {
    members.iter().any(|member| match member.strip_suffix("/*") {
        Some(parent) => folder.rsplit_once('/').is_some_and(|(above, _)| above == parent),
        None => *member == folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &str = "[workspace]\nmembers = [\n    \"a\",\n    \"lib/b\",\n]\n\
                            default-members = [\n    \"a\", \"lib/b\",\n    \"servers/*\",\n]\n\
                            [workspace.dependencies]\nx = { features = [\"y\"] }\n";

    #[test]
    fn the_default_members_are_read_from_the_manifest() {
        assert_eq!(default_members(MANIFEST), ["a", "lib/b", "servers/*"]);
        assert_eq!(default_members("[workspace]\nmembers = [\"a\"]\n"), [""; 0]);
    }

    #[test]
    fn who_is_not_named_is_left_out() {
        let members = default_members(MANIFEST);
        for folder in ["a", "lib/b", "servers/proc"] {
            assert!(is_member(folder, &members), "{folder}");
        }
        for folder in ["b", "lib", "lib/decode", "servers", "servers/proc/more"] {
            assert!(!is_member(folder, &members), "{folder}");
        }
    }

    #[test]
    fn a_test_is_an_attribute_on_a_line() {
        assert!(has_tests("mod tests {\n    #[test]\n    fn a() {}\n}"));
        assert!(!has_tests("// As with #[test].\nfn a() {}"));
    }
}
