//! Command lines that are wrong, and help.

use crate::Sandbox;

#[test]
fn a_wrong_command_line_is_told_in_one_line() {
    let sandbox = Sandbox::with_events();
    for (args, expected) in [
        (&["load"][..], "TABLE"),
        (&["load", "events"], "INPUT"),
        (&["lode", "events", "in.ndjson"], "lode"),
        (&["load", "events", "in.ndjson", "--replace", "some"], "some"),
        (&["load", "events", "in.ndjson", "--type", "a=number"], "number"),
        (&["load", "events", "in.ndjson", "--type", "a=date:%Q"], "%Q"),
        (&["load", "events", "in.ndjson", "--identity", "x"], "NAME:VERSION"),
        (&["load", "events", "in.ndjson", "--quote", "ab"], "ab"),
        (&["load", "events", "in.ndjson", "--all-text", "--schema", "s.json"], "--schema"),
        (&["load", "events", "in.ndjson", "--memory", "lots"], "512MB"),
        (&["query", "events", "SELECT 1 FROM t", "--threads", "0"], "0"),
        (&["query", "events", "SELECT 1 FROM t", "--format", "xml"], "xml"),
        (&["query", "events", "SELECT 1 FROM t", "--repeat", "0"], "0"),
        (&["query", "events", "SELECT 1 FROM t", "--json", "--format", "csv"], "--json"),
        (&["show", "events", "--version", "first"], "first"),
    ] {
        let complaint = sandbox.run(args).complaint();
        assert!(complaint.contains(expected), "{args:?}: {complaint}");
    }
}

#[test]
fn help_teaches_by_examples() {
    let sandbox = Sandbox::new();
    for command in ["load", "query", "schema", "show"] {
        let text = sandbox.run(&[command, "--help"]).text(0);
        let examples = text.lines().filter(|line| line.trim_start().starts_with("$ colonna"));
        assert!(text.contains("Examples:") && examples.count() >= 2, "{text}");
    }
    let text = sandbox.run(&["--help"]).text(0);
    assert!(text.contains("Exit codes:") && text.contains("load"), "{text}");
    assert!(sandbox.run(&["--version"]).text(0).starts_with("colonna "));
}

#[test]
fn no_command_at_all_shows_the_help_and_fails() {
    let run = Sandbox::new().run(&[]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("Usage: colonna"), "{run:?}");
}
