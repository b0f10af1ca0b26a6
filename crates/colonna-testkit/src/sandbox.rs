//! A folder of its own for a test.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A temporary folder that is removed when it is dropped.
///
/// A test that cannot have its folder cannot go on, so these methods panic where the file system
/// fails.
#[derive(Debug)]
pub struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    /// A new, empty folder.
    ///
    /// # Panics
    ///
    /// Where no folder can be made.
    #[track_caller]
    #[expect(clippy::new_without_default, reason = "a default should not touch the disk")]
    #[expect(clippy::expect_used, reason = "a test without its folder cannot go on")]
    pub fn new() -> Self {
        Self { folder: TempDir::with_prefix("colonna-").expect("a temporary folder") }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The path of a name in it, whether or not anything is there.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, with the folders on its way, and gives its path.
    ///
    /// # Panics
    ///
    /// Where the file cannot be written.
    #[track_caller]
    #[expect(clippy::expect_used, reason = "a test without its files cannot go on")]
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("the folders of a file");
        }
        fs::write(&path, bytes).expect("a file in the sandbox");
        path
    }

    /// The names of all files in it, as paths from its root, sorted.
    ///
    /// # Panics
    ///
    /// Where a folder cannot be read.
    #[track_caller]
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect(self.root(), "", &mut found);
        found.sort();
        found
    }
}

/// Takes from a Parquet file of ours what only we write into a footer, as if it were another
/// program's: which columns have no NaN.
///
/// # Panics
///
/// Where the file cannot be read and written, or has no such footer.
#[track_caller]
#[expect(clippy::expect_used, reason = "a test without its files cannot go on")]
pub fn forget_nan(file: &Path) {
    let (ours, theirs) = (b"colonna.nan_free", b"another.nan_free");
    let mut bytes = fs::read(file).expect("a file of a test");
    let place = bytes.windows(ours.len()).rposition(|window| window == ours);
    let place = place.expect("the footer of a file of ours");
    bytes[place..place + ours.len()].copy_from_slice(theirs);
    fs::write(file, bytes).expect("a file of a test");
}

#[expect(clippy::expect_used, reason = "a test that cannot read its folder cannot go on")]
fn collect(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the sandbox") {
        let path = entry.expect("an entry of the sandbox").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), found);
        } else {
            found.push(format!("{prefix}{name}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_leaves_nothing_behind() {
        let sandbox = Sandbox::new();
        let path = sandbox.write("logs/day/one.json", "{}");
        assert_eq!(fs::read(&path).unwrap(), b"{}");
        assert_eq!(sandbox.files(), ["logs/day/one.json"]);
        let root = sandbox.root().to_owned();
        drop(sandbox);
        assert!(!root.exists());
    }
}
