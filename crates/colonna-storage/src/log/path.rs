//! Paths as the log writes them: relative, percent-encoded, and never out of the table.

use std::path::{Component, Path, PathBuf};

use crate::StorageError;

/// The relative path that the log's text stands for, decoded once.
///
/// # Errors
///
/// Where it is absolute, has a scheme, or leaves the table.
pub(super) fn decode(table: &Path, text: &str) -> Result<String, StorageError> {
    let outside =
        || StorageError::PathOutsideTable { table: table.to_owned(), found: text.to_owned() };
    let decoded = percent_decoded(text).ok_or_else(outside)?;
    let scheme = text.split('/').next().is_some_and(|first| {
        first.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        })
    });
    let inside = Path::new(&decoded)
        .components()
        .all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if scheme || !inside || decoded.is_empty() || decoded.contains(['\0', '\\']) {
        return Err(outside());
    }
    Ok(decoded)
}

/// The relative path as the log writes it.
pub(super) fn encode(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' | b'=' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// Where a relative path that was decoded before lies on disk.
pub(crate) fn on_disk(table: &Path, relative: &str) -> PathBuf {
    relative.split('/').fold(table.to_owned(), |path, segment| path.join(segment))
}

/// A `%` that two hexadecimal digits do not follow stands for itself: some writers do not encode.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.as_bytes().iter();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(&byte) = bytes.next() {
        let rest = bytes.as_slice();
        let digit = |index: usize| {
            rest.get(index).and_then(|&digit| char::from(digit).to_digit(16)).map(u8::try_from)
        };
        match (byte, digit(0), digit(1)) {
            (b'%', Some(Ok(high)), Some(Ok(low))) => {
                decoded.push(high * 16 + low);
                bytes.nth(1);
            }
            _ => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(decode(Path::new("/t"), text).ok().as_deref(), expected, "{text}");
    }

    #[test]
    fn a_path_is_decoded_once() {
        check("a=b/part-1.parquet", Some("a=b/part-1.parquet"));
        check("ts=10%253A00/part.parquet", Some("ts=10%3A00/part.parquet"));
        check("a=%20x/p.parquet", Some("a= x/p.parquet"));
        check("a=100%/p.parquet", Some("a=100%/p.parquet"));
        check("a=x:y/p.parquet", Some("a=x:y/p.parquet"));
    }

    #[test]
    fn a_path_that_leaves_the_table_is_refused() {
        for text in [
            "/etc/passwd",
            "file:///etc/passwd",
            "s3://bucket/key",
            "s3:key",
            "../other/part.parquet",
            "a/../../part.parquet",
            "a/%2e%2e/%2e%2e/part.parquet",
            "%2Fetc/passwd",
            "",
            "a%00b",
            "a/%FF",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn decoding_inverts_encoding(segments in prop::collection::vec("[^/\\\\\0.]{1,8}", 1..4)) {
            let path = segments.join("/");
            prop_assert_eq!(decode(Path::new("/t"), &encode(&path)).unwrap(), path);
        }
    }
}
