//! Any bytes as the entries of a Delta log (cut at NUL into versions): no panic, and no file named
//! that lies outside the table.
#![no_main]

use std::fs;

use colonna_storage::Snapshot;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let log = folder.path().join("_delta_log");
    fs::create_dir(&log).expect("a folder");
    for (version, entry) in bytes.split(|&byte| byte == 0).take(3).enumerate() {
        fs::write(log.join(format!("{version:020}.json")), entry).expect("a file");
    }
    if let Ok(snapshot) = Snapshot::open(folder.path(), None) {
        let root = snapshot.root().to_owned();
        for file in snapshot.files().unwrap_or_default() {
            assert!(snapshot.path_of(&file).starts_with(&root), "{} leads outside", file.path);
        }
    }
});
