//! The built program, run on small inputs in folders of their own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot run has failed"
)]

mod crash;
mod formats;
mod load;
mod query;
mod schema;
mod show;
mod usage;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Three good records and nothing else.
const EVENTS: &str = concat!(
    r#"{"ts":"2025-10-01T08:00:00Z","status":200,"ms":12.5,"user":{"country":"KR"}}"#,
    "\n",
    r#"{"ts":"2025-10-01T09:00:00Z","status":404,"ms":7.25,"user":{"country":"DE"}}"#,
    "\n",
    r#"{"ts":"2025-10-02T09:30:00Z","status":500,"ms":null,"user":{"country":"KR"}}"#,
    "\n",
);

/// What a run of the program left.
#[derive(Debug)]
struct Run {
    code: i32,
    stdout: Vec<u8>,
    stderr: String,
}

impl Run {
    /// The output of a run that is to have ended with that code.
    #[track_caller]
    fn text(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        String::from_utf8(self.stdout).unwrap()
    }

    /// The output as one JSON value.
    #[track_caller]
    fn json(self, code: i32) -> Value {
        let text = self.text(code);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// What went wrong, told in one line and nowhere else.
    #[track_caller]
    fn complaint(self) -> String {
        assert_eq!(self.code, 2, "{self:?}");
        assert!(self.stdout.is_empty(), "{self:?}");
        let line = self.stderr.strip_suffix('\n').expect("a line on standard error").to_owned();
        assert!(!line.contains('\n'), "more than one line: {line}");
        line.strip_prefix("colonna: ").expect("the name of the program").to_owned()
    }
}

/// A folder that the program runs in.
struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// With the table `events`, partitioned by day.
    fn with_events() -> Self {
        let sandbox = Self::new();
        sandbox.write("in.ndjson", EVENTS);
        sandbox.run(&["load", "events", "in.ndjson", "--time", "ts"]).text(0);
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_colonna"));
        command.args(args).current_dir(self.folder.path()).env_remove("COLUMNS");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    #[track_caller]
    fn run(&self, args: &[&str]) -> Run {
        finished(self.command(args).output().unwrap())
    }

    /// Runs with that text on standard input.
    fn run_with_input(&self, args: &[&str], input: &str) -> Run {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        finished(child.wait_with_output().unwrap())
    }

    /// The rows that answer a query, as CSV.
    #[track_caller]
    fn rows(&self, table: &str, sql: &str) -> String {
        self.run(&["query", table, sql, "--format", "csv"]).text(0)
    }
}

fn finished(output: std::process::Output) -> Run {
    Run {
        code: output.status.code().expect("an exit code"),
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
