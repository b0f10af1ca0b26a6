//! The house as it is drawn, checked on the repository itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the repository cannot go on")]
#![expect(clippy::print_stdout, reason = "long files are shown to the reader, and fail nothing")]

use std::fs;
use std::path::{Path, PathBuf};

/// The crates by level. An arrow may only point to a lower level.
const LEVELS: &[(&str, u8)] = &[
    ("colonna-schema", 0),
    ("colonna-column", 1),
    ("colonna-ingest", 2),
    ("colonna-page", 2),
    ("colonna-exec", 2),
    ("colonna-storage", 3),
    ("colonna-scan", 4),
    ("colonna", 5),
    ("colonna-sql", 6),
    ("colonna-cli", 6),
];

/// A file longer than this may have two subjects.
const LONG_FILE: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// Every Rust file of the workspace, by its path from the root, with its text.
fn rust_files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["crates", "benches", "examples", "datafusion-check", "fuzz"] {
        collect(&root().join(folder), &mut found);
    }
    found.sort();
    found
}

fn collect(folder: &Path, found: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() && name != "target" {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let from_root = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            found
                .push((from_root, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned()));
        }
    }
}

/// The lines that are code: no comments, and nothing of this file, which names what it forbids.
fn code_lines(path: &str, text: &str) -> Vec<(usize, String)> {
    if path.ends_with("tests/tidy.rs") {
        return Vec::new();
    }
    let code = |line: &str| !line.trim_start().starts_with("//");
    text.lines()
        .enumerate()
        .filter(|(_, line)| code(line))
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect()
}

/// Where `name` stands outside the places it may stand in.
fn strays(name: &str, allowed: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut strays = Vec::new();
    for (path, text) in rust_files().iter().filter(|(path, _)| !allowed(path)) {
        for (number, line) in code_lines(path, text) {
            if has_word(&line, name) {
                strays.push(format!("{path}:{number}: {}", line.trim()));
            }
        }
    }
    strays
}

/// Whether the word stands in the line, and not as a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(start, found)| {
        let before = line.get(..start).and_then(|text| text.chars().next_back());
        let after = line.get(start + found.len()..).and_then(|text| text.chars().next());
        let open_end = word.ends_with(':');
        !before.is_some_and(joins) && (open_end || !after.is_some_and(joins))
    })
}

/// The crates of the workspace that one names under a section of its manifest.
fn dependencies(manifest: &str, section: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == format!("[{section}]");
        } else if inside && line.starts_with("colonna") {
            let end = line.find(['.', ' ', '=']).unwrap_or(line.len());
            found.push(line.get(..end).unwrap().to_owned());
        }
    }
    found
}

#[track_caller]
fn check(rule: &str, strays: &[String]) {
    assert!(strays.is_empty(), "{rule}:\n{}", strays.join("\n"));
}

#[test]
fn arrows_between_crates_point_down() {
    let level =
        |name: &str| LEVELS.iter().find(|(known, _)| *known == name).map(|(_, level)| *level);
    let mut strays = Vec::new();
    for folder in fs::read_dir(root().join("crates")).unwrap() {
        let folder = folder.unwrap().path();
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let named = manifest.lines().any(|line| line.trim() == format!("name = {name:?}"));
        if !named {
            strays.push(format!("crates/{name} holds a crate of another name"));
        }
        if name == "colonna-testkit" {
            continue;
        }
        for dependency in dependencies(&manifest, "dependencies") {
            let down = level(&dependency).zip(level(&name)).is_some_and(|(to, from)| to < from);
            // The program is the one door that reads SQL.
            let beside = name == "colonna-cli" && dependency == "colonna-sql";
            if !down && !beside {
                strays.push(format!("{name} -> {dependency}"));
            }
        }
    }
    check("a crate may only know those below it, and each has its level in this file", &strays);
}

#[test]
fn every_path_on_the_map_leads_somewhere() {
    let Ok(map) = fs::read_to_string(root().join("ARCHITECTURE.md")) else { return };
    let mut strays = Vec::new();
    for line in map.lines() {
        for quoted in line.split('`').skip(1).step_by(2) {
            let path = quoted.trim_end_matches('/');
            let plain = path.chars().all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c));
            if plain && path.contains('/') && !root().join(path).exists() {
                strays.push(quoted.to_owned());
            }
        }
    }
    check("ARCHITECTURE.md names what is not there", &strays);
}

#[test]
fn source_is_ascii() {
    let mut strays = Vec::new();
    for (path, text) in rust_files() {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_ascii()) {
            strays.push(format!("{path}:{}: {line}", index + 1));
        }
    }
    check("write other characters as \\u{..}", &strays);
}

#[test]
fn the_delta_kernel_is_known_behind_one_door() {
    let behind = |path: &str| path.starts_with("crates/colonna-storage/src/log/");
    check("delta_kernel belongs to the log", &strays("delta_kernel", &behind));
}

#[test]
fn parquet_is_named_where_pages_are_written_and_read() {
    let allowed = |path: &str| {
        path.starts_with("crates/colonna-page/")
            || path.starts_with("crates/colonna-storage/src/log/")
            || path == "crates/colonna-cli/src/output.rs"
            || path.starts_with("crates/colonna-cli/src/output/")
    };
    check("parquet belongs to colonna-page", &strays("parquet::", &allowed));
}

#[test]
fn nothing_is_unsafe() {
    check("there is a safe way", &strays("unsafe", &|_| false));
}

#[test]
fn long_files_are_shown() {
    for (path, text) in rust_files() {
        let line_count = text.lines().count();
        if line_count > LONG_FILE {
            println!("{path}: {line_count} lines");
        }
    }
}

#[test]
fn a_word_is_no_part_of_a_longer_one() {
    assert!(has_word("use parquet::file;", "parquet::"));
    assert!(!has_word("use my_parquet::file;", "parquet::"));
    assert!(!has_word("forbid(unsafe_code)", "unsafe"));
}

#[test]
fn a_manifest_gives_up_its_arrows() {
    let manifest = "[dependencies]\ncolonna-schema.workspace = true\nserde = \"1\"\n\
        colonna = { path = \"../colonna\" }\n\n[dev-dependencies]\ncolonna-testkit.workspace = true\n";
    assert_eq!(dependencies(manifest, "dependencies"), ["colonna-schema", "colonna"]);
    assert_eq!(dependencies(manifest, "dev-dependencies"), ["colonna-testkit"]);
}
