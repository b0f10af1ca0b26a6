//! The way to a value inside of a document, by a JSON pointer (RFC 6901).

use super::scan::{Scan, scan_string, scan_value, skip_blanks};

/// Where the way ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Descent {
    /// At the value that starts there.
    Found(usize),
    /// The document has no such place.
    Missing,
    /// The bytes end on the way.
    Incomplete,
    /// The document is broken there.
    Broken(usize),
}

/// The names and indices that a pointer is made of.
pub(super) fn tokens(pointer: &str) -> Vec<String> {
    let pointer = pointer.strip_prefix('/').unwrap_or(pointer);
    if pointer.is_empty() {
        return Vec::new();
    }
    pointer.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect()
}

/// Follows the path from the document that starts at `start`.
pub(super) fn descend(bytes: &[u8], start: usize, path: &[String]) -> Descent {
    let mut at = start;
    for token in path {
        let step = match bytes.get(at) {
            Some(b'{') => member(bytes, at + 1, token),
            Some(b'[') => element(bytes, at + 1, token),
            Some(_) => Descent::Missing,
            None => Descent::Incomplete,
        };
        match step {
            Descent::Found(found) => at = found,
            other => return other,
        }
    }
    if at < bytes.len() { Descent::Found(at) } else { Descent::Incomplete }
}

/// The value of that name in the object whose first key is looked for from `at` on.
fn member(bytes: &[u8], mut at: usize, name: &str) -> Descent {
    loop {
        at = skip_blanks(bytes, at);
        match bytes.get(at) {
            Some(b'"') => {}
            Some(b'}') => return Descent::Missing,
            Some(_) => return Descent::Broken(at),
            None => return Descent::Incomplete,
        }
        let key_end = match scan_string(bytes, at) {
            Scan::Ends(end) => end,
            Scan::Incomplete => return Descent::Incomplete,
            Scan::Broken => return Descent::Broken(at),
        };
        let key = bytes.get(at..key_end).unwrap_or_default();
        let is_wanted = serde_json::from_slice::<String>(key).is_ok_and(|key| key == name);
        at = skip_blanks(bytes, key_end);
        match bytes.get(at) {
            Some(b':') => at = skip_blanks(bytes, at + 1),
            Some(_) => return Descent::Broken(at),
            None => return Descent::Incomplete,
        }
        if is_wanted {
            return Descent::Found(at);
        }
        match pass(bytes, at) {
            Ok(next) => at = next,
            Err(stopped) => return stopped,
        }
    }
}

/// The element of that index in the array whose first element is looked for from `at` on.
fn element(bytes: &[u8], mut at: usize, index: &str) -> Descent {
    let Ok(index) = index.parse::<u64>() else { return Descent::Missing };
    for _ in 0..index {
        at = skip_blanks(bytes, at);
        if bytes.get(at) == Some(&b']') {
            return Descent::Missing;
        }
        match pass(bytes, at) {
            Ok(next) => at = next,
            Err(stopped) => return stopped,
        }
    }
    match bytes.get(skip_blanks(bytes, at)) {
        Some(b']') => Descent::Missing,
        _ => Descent::Found(skip_blanks(bytes, at)),
    }
}

/// Passes a value and the comma behind it; a closing bracket stays.
fn pass(bytes: &[u8], at: usize) -> Result<usize, Descent> {
    let end = match scan_value(bytes, at) {
        Scan::Ends(end) => skip_blanks(bytes, end),
        Scan::Incomplete => return Err(Descent::Incomplete),
        Scan::Broken => return Err(Descent::Broken(at)),
    };
    match bytes.get(end) {
        Some(b',') => Ok(end + 1),
        Some(b'}' | b']') => Ok(end),
        Some(_) => Err(Descent::Broken(end)),
        None => Err(Descent::Incomplete),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, pointer: &str, expected: Descent) {
        assert_eq!(descend(text.as_bytes(), 0, &tokens(pointer)), expected);
    }

    #[test]
    fn a_pointer_leads_through_objects_and_arrays() {
        let text = r#"{"took": 5, "hits" : {"n":[{}], "hits":[1]}}"#;
        check(text, "/hits/hits", Descent::Found(39));
        check(text, "/hits/n/0", Descent::Found(27));
        check(text, "/hits/n/1", Descent::Missing);
        check(text, "/misses", Descent::Missing);
        check(&text[..30], "/hits/hits", Descent::Incomplete);
        check("{\"a\" 1}", "/b", Descent::Broken(5));
        check(r#"{"a/b":{"~":1}}"#, "/a~1b/~0", Descent::Found(12));
    }
}
