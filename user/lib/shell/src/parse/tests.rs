use super::*;
use std::format;
use std::string::String;
use std::string::ToString;

/// The tree as text: words in brackets, quoted text in quotes, operators around.
fn show(text: &str) -> String {
    match parse(text.as_bytes()) {
        Ok(list) => show_list(&list),
        Err(error) => format!("{error:?}"),
    }
}

fn show_list(list: &List) -> String {
    let items: Vec<String> = list
        .items
        .iter()
        .map(|item| {
            let mut text = show_pipeline(&item.first);
            for (connective, pipeline) in &item.rest {
                let sign = if *connective == Connective::And { "&&" } else { "||" };
                text += &format!(" {sign} {}", show_pipeline(pipeline));
            }
            text + if item.background { " &" } else { "" }
        })
        .collect();
    items.join(" ; ")
}

fn show_pipeline(pipeline: &Pipeline) -> String {
    let commands: Vec<String> = pipeline.commands.iter().map(show_command).collect();
    format!("{}{}", if pipeline.negated { "! " } else { "" }, commands.join(" | "))
}

fn show_command(command: &Command) -> String {
    let (mut parts, redirections) = match command {
        Command::Subshell(list, redirections) => {
            (Vec::from([format!("( {} )", show_list(list))]), redirections)
        }
        Command::Simple(simple) => {
            let assignments = simple.assignments.iter().map(|(name, value)| {
                format!("{}={}", String::from_utf8_lossy(name), show_word(value))
            });
            let parts = assignments.chain(simple.words.iter().map(show_word));
            (parts.collect(), &simple.redirections)
        }
    };
    parts.extend(redirections.iter().map(|redirection| {
        let sign = match redirection.kind {
            RedirectionKind::Read => "<",
            RedirectionKind::Write => ">",
            RedirectionKind::Append => ">>",
            RedirectionKind::Duplicate => ">&",
        };
        format!("{}{sign}{}", redirection.fd, show_word(&redirection.target))
    }));
    parts.join(" ")
}

fn show_word(word: &Word) -> String {
    let parts = word.parts.iter().map(|part| {
        let text = match &part.kind {
            PartKind::Text(text) => String::from_utf8_lossy(text).to_string(),
            PartKind::Variable(name) => format!("${{{}}}", String::from_utf8_lossy(name)),
            PartKind::Output(list) => format!("$({})", show_list(list)),
        };
        if part.quoted { format!("'{text}'") } else { text }
    });
    format!("[{}]", parts.collect::<String>())
}

#[test]
fn words_and_lists() {
    assert_eq!(show(""), "");
    assert_eq!(show("  \n\n # nothing\n"), "");
    assert_eq!(show("ls -l  /bin"), "[ls] [-l] [/bin]");
    assert_eq!(show("a;b ; c;"), "[a] ; [b] ; [c]");
    assert_eq!(show("a\nb\n"), "[a] ; [b]");
    assert_eq!(show("a & b&"), "[a] & ; [b] &");
    assert_eq!(show("a # b ; c\nd#e"), "[a] ; [d#e]");
    assert_eq!(show("a \\\n b"), "[a] [b]");
}

#[test]
fn pipelines_and_connectives() {
    assert_eq!(show("a|b | c"), "[a] | [b] | [c]");
    assert_eq!(show("a && b || c & d"), "[a] && [b] || [c] & ; [d]");
    assert_eq!(show("a |\n b"), "[a] | [b]");
    assert_eq!(show("a &&\n\n b"), "[a] && [b]");
    assert_eq!(show("! a | b"), "! [a] | [b]");
    assert_eq!(show("! ! a"), "[a]");
    assert_eq!(show("!a"), "[!a]");
    assert_eq!(show("(a; b) | c"), "( [a] ; [b] ) | [c]");
    assert_eq!(show("( (a) >x )"), "( ( [a] ) 1>[x] )");
}

#[test]
fn quotes() {
    assert_eq!(show("'a b'"), "['a b']");
    assert_eq!(show("a'b'c"), "[a'b'c]");
    assert_eq!(show("\"a $b \\\" \\$ \\x\""), "['a ''${b}'' \" $ \\x']");
    assert_eq!(show("''"), "['']");
    assert_eq!(show("\"\""), "['']");
    assert_eq!(show("a\\ b"), "[a' 'b]");
    assert_eq!(show("'a\nb'"), "['a\nb']");
    assert_eq!(show("'$x;#'"), "['$x;#']");
}

#[test]
fn variables() {
    assert_eq!(show("$a${b}c$d-"), "[${a}${b}c${d}-]");
    assert_eq!(show("$? $$ $# $@ $1 ${10}"), "[${?}] [${$}] [${#}] [${@}] [${1}] [${10}]");
    assert_eq!(show("$12"), "[${1}2]");
    assert_eq!(show("a$ $"), "[a$] [$]");
    assert_eq!(show("\"$\""), "['$']");
    assert_eq!(show("x$(a | b)y"), "[x$([a] | [b])y]");
    assert_eq!(show("\"$(a \"b c\")\""), "['''$([a] ['b c'])']");
}

#[test]
fn assignments() {
    assert_eq!(show("a=1 b='2 3' cmd c=4"), "a=[1] b=['2 3'] [cmd] [c=4]");
    assert_eq!(show("a="), "a=[]");
    assert_eq!(show("a=$b"), "a=[${b}]");
    assert_eq!(show("1a=2"), "[1a=2]");
    assert_eq!(show("a= cmd"), "a=[] [cmd]");
}

#[test]
fn redirections() {
    assert_eq!(show("a <b >c >>d"), "[a] 0<[b] 1>[c] 1>>[d]");
    assert_eq!(show("a 2>&1 2>b"), "[a] 2>&[1] 2>[b]");
    assert_eq!(show(">a b"), "[b] 1>[a]");
    assert_eq!(show("a2>b"), "[a2] 1>[b]");
    assert_eq!(show("a > \"$b\""), "[a] 1>['''${b}']");
}

#[test]
fn unfinished_text_asks_for_more() {
    for text in ["'a", "\"a", "\"a\\", "a |", "a &&", "a ||\n", "(a", "a\\", "$(a", "${a", "(a;"] {
        assert_eq!(parse(text.as_bytes()), Err(Error::Incomplete), "{text}");
    }
}

#[test]
fn misplaced_signs_are_errors() {
    for text in [
        "| a",
        "a | | b",
        "; a",
        "a ;; b",
        "& a",
        "a &&& b",
        "a )",
        "()",
        "a > ; b",
        "<",
        "a (b)",
        "(a) b",
        "${}",
        "${a-b}",
        "99999999999>x",
    ] {
        assert!(matches!(parse(text.as_bytes()), Err(Error::Unexpected(_))), "{text}");
    }
}

#[test]
fn depth_is_limited() {
    let text = "(".repeat(50) + "a" + &")".repeat(50);
    assert!(parse(text.as_bytes()).is_ok());
    let text = "(".repeat(100_000);
    assert_eq!(parse(text.as_bytes()), Err(Error::Deep));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(500))]

    #[test]
    fn any_bytes_are_a_tree_or_an_error(text in "[ab1$'\"\\\\|&;()<>{}?! =\n#]{0,40}") {
        let _ = parse(text.as_bytes());
    }

    #[test]
    fn single_quotes_keep_any_text(text in "[^']{0,20}") {
        let list = parse(format!("x '{text}'").as_bytes()).unwrap();
        let Command::Simple(simple) = &list.items[0].first.commands[0] else { panic!() };
        let wanted = PartKind::Text(text.into_bytes());
        proptest::prop_assert_eq!(&simple.words[1].parts[0].kind, &wanted);
    }
}
