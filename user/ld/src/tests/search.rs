use crate::{Environment, candidates};
use std::string::String;
use std::vec::Vec;

fn paths(name: &str, own: Option<&str>, said: Option<&str>, secure: bool) -> Vec<String> {
    let environment = Environment { library_path: said.map(str::as_bytes), secure };
    candidates(name.as_bytes(), own.map(str::as_bytes), b"/opt/tool", environment)
        .map(|path| String::from_utf8(path).unwrap())
        .collect()
}

#[test]
fn the_object_is_asked_first_and_the_system_last() {
    let found = paths("liba.so", Some("/own:$ORIGIN/lib"), Some("/said;/more"), false);
    let expected = [
        "/own/liba.so",
        "/opt/tool/lib/liba.so",
        "/said/liba.so",
        "/more/liba.so",
        "/lib/liba.so",
        "/usr/lib/liba.so",
    ];
    assert_eq!(found, expected);
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
