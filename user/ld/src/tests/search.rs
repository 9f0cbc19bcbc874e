use crate::{Environment, Path, Wanted, candidates};
use std::string::String;
use std::vec::Vec;

const ORIGIN: &[u8] = b"/opt/tool";

fn paths(name: &str, own: Option<&str>, said: Option<&str>, secure: bool) -> Vec<String> {
    let own = own.map(str::as_bytes);
    let wanted = Wanted { name: name.as_bytes(), origin: ORIGIN, inherited: &[], own };
    found(wanted, said, secure)
}

fn found(wanted: Wanted<'_>, said: Option<&str>, secure: bool) -> Vec<String> {
    let environment = Environment { library_path: said.map(str::as_bytes), secure };
    candidates(wanted, environment).map(|path| String::from_utf8(path).unwrap()).collect()
}

#[test]
fn the_person_comes_before_the_object_and_the_system_last() {
    let found = paths("liba.so", Some("/own:$ORIGIN/lib"), Some("/said;/more"), false);
    let expected = [
        "/said/liba.so",
        "/more/liba.so",
        "/own/liba.so",
        "/opt/tool/lib/liba.so",
        "/lib/liba.so",
        "/usr/lib/liba.so",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_inherited_comes_before_the_person() {
    let inherited = [("/mine:$ORIGIN", "/a"), ("$ORIGIN/deep", "/b")]
        .map(|(list, origin)| Path { list: list.as_bytes(), origin: origin.as_bytes() });
    let wanted = Wanted { name: b"l", origin: ORIGIN, inherited: &inherited, own: None };
    let expected = ["/mine/l", "/a/l", "/b/deep/l", "/said/l", "/lib/l", "/usr/lib/l"];
    assert_eq!(found(wanted, Some("/said"), false), expected);
}

#[test]
fn a_path_is_taken_as_it_is() {
    assert_eq!(paths("./x/liba.so", Some("/own"), Some("/said"), false), ["./x/liba.so"]);
    assert_eq!(paths("${ORIGIN}/liba.so", None, None, false), ["/opt/tool/liba.so"]);
}

#[test]
fn who_may_do_more_believes_nobody() {
    let found = paths("liba.so", Some("$ORIGIN/lib:/own:"), Some("/said"), true);
    assert_eq!(found, ["/own/liba.so", "/lib/liba.so", "/usr/lib/liba.so"]);
    assert_eq!(paths("$ORIGIN/liba.so", None, None, true), [""; 0]);
}

#[test]
fn only_the_word_is_replaced() {
    let found = paths("l", Some("/$ORIGINS/${ORIGIN}s:$ORIGIN:a$"), None, false);
    let expected = ["/$ORIGINS//opt/tools/l", "/opt/tool/l", "a$/l", "/lib/l", "/usr/lib/l"];
    assert_eq!(found, expected);
}
