//! The common and the combined log of web servers.

use super::Fields;

/// One line, such as
/// `192.0.2.3 - ann [01/Oct/2025:00:00:00 +0000] "GET / HTTP/1.1" 200 512 "https://a.example/" "curl/8"`.
///
/// Texts in quotes are kept as they are written, escapes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccessLog<'a> {
    host: &'a str,
    identity: &'a str,
    user: &'a str,
    time: &'a str,
    request: &'a str,
    status: &'a str,
    bytes: &'a str,
    /// Of the combined log: the referer and the user agent.
    combined: Option<(&'a str, &'a str)>,
}

/// How many lines tell whether a source is such a log.
const SAMPLE_LINES: usize = 20;

/// Whether four of five first lines are of such a log.
pub(super) fn looks_like_access_log(head: &[u8]) -> bool {
    let head = head.get(..head.len().min(64 << 10)).unwrap_or_default();
    let lines = head.split_inclusive(|byte| *byte == b'\n');
    let lines = lines.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let (mut fit, mut all) = (0, 0);
    for line in lines.take(SAMPLE_LINES) {
        all += 1;
        fit += usize::from(std::str::from_utf8(line).ok().and_then(AccessLog::of).is_some());
    }
    fit > 0 && fit * 5 >= all * 4
}

impl<'a> AccessLog<'a> {
    pub(super) fn of(line: &'a str) -> Option<Self> {
        let (host, rest) = line.split_once(' ')?;
        let (identity, rest) = rest.split_once(' ')?;
        // A name may have blanks.
        let (user, rest) = rest.split_once(" [")?;
        let (time, rest) = rest.split_once("] ")?;
        let (request, rest) = quoted(rest)?;
        let (status, rest) = rest.strip_prefix(' ')?.split_once(' ')?;
        let (bytes, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let is_count = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if host.is_empty() || status.len() != 3 || !is_count(status) {
            return None;
        }
        if bytes != "-" && (bytes.is_empty() || !is_count(bytes)) {
            return None;
        }
        let combined = if rest.is_empty() {
            None
        } else {
            let (referer, rest) = quoted(rest)?;
            let (user_agent, rest) = quoted(rest.strip_prefix(' ')?)?;
            if !rest.trim().is_empty() {
                return None;
            }
            Some((referer, user_agent))
        };
        Some(Self { host, identity, user, time, request, status, bytes, combined })
    }

    /// The fields; `-` is null. A request is its method, path and protocol, or where it has not these
    /// three, `request` as it is.
    pub(super) fn fields(&self, fields: &mut Fields<'a>) {
        let mut push =
            |name, text: &'a str| fields.push((name, Some(text).filter(|text| *text != "-")));
        push("host", self.host);
        push("identity", self.identity);
        push("user", self.user);
        push("time", self.time);
        let parts = self.request_parts();
        let (method, path, protocol) = parts.unwrap_or(("-", "-", "-"));
        push("method", method);
        push("path", path);
        push("protocol", protocol);
        push("status", self.status);
        push("bytes", self.bytes);
        if let Some((referer, user_agent)) = self.combined {
            push("referer", referer);
            push("user_agent", user_agent);
        }
        if parts.is_none() && self.request != "-" {
            push("request", self.request);
        }
    }

    fn request_parts(&self) -> Option<(&'a str, &'a str, &'a str)> {
        let (method, rest) = self.request.split_once(' ')?;
        let (path, protocol) = rest.rsplit_once(' ')?;
        let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
        let is_whole =
            is_method && protocol.starts_with("HTTP/") && !path.is_empty() && path != "-";
        is_whole.then_some((method, path, protocol))
    }
}

/// The text between quotes, and what is behind them. A backslash escapes.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('"')?;
    let mut from = 0;
    loop {
        let found = from + memchr::memchr2(b'"', b'\\', inner.as_bytes().get(from..)?)?;
        if inner.as_bytes().get(found) == Some(&b'"') {
            return Some((inner.get(..found)?, inner.get(found + 1..)?));
        }
        from = found + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[(&str, &str)]) {
        let mut fields = Vec::new();
        AccessLog::of(line).unwrap().fields(&mut fields);
        let fields: Vec<(&str, &str)> =
            fields.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_common_line_has_seven_values() {
        check(
            r#"::1 - ann lee [01/Oct/2025:00:00:00 +0000] "GET /a b HTTP/1.1" 200 -"#,
            &[
                ("host", "::1"),
                ("user", "ann lee"),
                ("time", "01/Oct/2025:00:00:00 +0000"),
                ("method", "GET"),
                ("path", "/a b"),
                ("protocol", "HTTP/1.1"),
                ("status", "200"),
            ],
        );
    }

    #[test]
    fn a_combined_line_has_two_more_and_what_is_no_request_stays_whole() {
        check(
            r#"h - - [t] "\x16\"\x03" 400 0 "-" "an \"agent\"""#,
            &[
                ("host", "h"),
                ("time", "t"),
                ("status", "400"),
                ("bytes", "0"),
                ("user_agent", r#"an \"agent\""#),
                ("request", r#"\x16\"\x03"#),
            ],
        );
    }

    #[test]
    fn what_is_not_such_a_line_is_none() {
        for line in ["", "a,b", r#"h - - [t] "GET / HTTP/1.1" 200"#, r#"h - - [t] "x" 200 1 junk"#]
        {
            assert_eq!(AccessLog::of(line), None, "{line}");
        }
        assert!(!looks_like_access_log(b"a,b\n1,2\n"));
    }
}
