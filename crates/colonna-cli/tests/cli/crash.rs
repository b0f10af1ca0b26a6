//! A load that is killed, at any moment, and run again.

use std::fmt::Write;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::Sandbox;

const ROWS: u32 = 40_000;

const LOAD: [&str; 9] =
    ["load", "rows", "in.ndjson", "--time", "ts", "--by", "day", "--memory", "4MB"];

/// After a kill a reader sees nothing of the load or all of it; after the next run, all of it once.
#[test]
fn a_load_that_is_killed_leaves_nothing_or_all_and_can_be_run_again() {
    let mut lines = String::new();
    for row in 0..ROWS {
        let day = 1 + row % 20;
        writeln!(
            lines,
            "{{\"ts\":\"2025-10-{day:02}T00:00:00Z\",\"n\":{row},\"text\":\"row {row}\"}}"
        )
        .unwrap();
    }
    for delay_ms in [0, 5, 20, 60, 120, 200, 300, 450, 700] {
        let sandbox = Sandbox::new();
        sandbox.write("in.ndjson", &lines);
        let mut child = Command::new(env!("CARGO_BIN_EXE_colonna"))
            .args(LOAD)
            .current_dir(sandbox.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(delay_ms));
        child.kill().unwrap();
        child.wait().unwrap();

        let query = ["query", "rows", "SELECT count(*), sum(n) FROM t", "--format", "csv"];
        let sum = u64::from(ROWS) * u64::from(ROWS - 1) / 2;
        let whole = format!("{ROWS},{sum}");
        let rows = || {
            let text = sandbox.run(&query).text(0);
            text.lines().nth(1).unwrap().to_owned()
        };
        if sandbox.folder.path().join("rows/_delta_log/00000000000000000000.json").exists() {
            assert!(
                ["0,", whole.as_str()].contains(&rows().as_str()),
                "a kill at {delay_ms} ms: {}",
                rows()
            );
        }
        sandbox.run(&LOAD).text(0);
        assert_eq!(rows(), whole, "after a kill at {delay_ms} ms");
    }
}
