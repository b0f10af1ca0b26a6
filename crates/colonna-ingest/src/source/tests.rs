use std::io::Write;
use std::path::Path;

use proptest::prelude::{any, proptest};
use tempfile::TempDir;

use super::*;

/// A folder with files of that name and content.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn read(bytes: &[u8], options: &SourceOptions) -> Result<(Vec<u8>, String), IngestError> {
    let folder = folder(&[("input", bytes)]);
    let source = Source::try_new(Input::File(folder.path().join("input")), options)?;
    let mut text = Vec::new();
    for _ in 0..2 {
        text.clear();
        source.open()?.read_to_end(&mut text).map_err(|error| source.failed(text.len(), error))?;
    }
    Ok((text, source.description()))
}

#[track_caller]
fn check(bytes: &[u8], text: &str, description: &str) {
    let (found, described) = read(bytes, &SourceOptions::default()).unwrap();
    assert_eq!(String::from_utf8_lossy(&found), text);
    assert_eq!(described, description);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut writer = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 1);
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::bulk::compress(bytes, 1).unwrap()
}

fn names_in(folder: &Path, inputs: &[&str]) -> Result<Vec<String>, IngestError> {
    let inputs: Vec<String> =
        inputs.iter().map(|input| folder.join(input).display().to_string()).collect();
    let found = expand(&inputs)?;
    let prefix = format!("{}/", folder.display());
    Ok(found.iter().map(|input| input.name().replace(&prefix, "")).collect())
}

#[test]
fn a_folder_is_all_its_files_but_the_hidden_ones() {
    let folder = folder(&[
        ("b.csv", b""),
        ("a/2.csv", b""),
        ("a/_log/0", b""),
        (".git/x", b""),
        ("_x", b""),
    ]);
    assert_eq!(names_in(folder.path(), &[""]).unwrap(), ["a/2.csv", "b.csv"]);
}

#[test]
fn a_pattern_is_the_files_it_matches_each_of_them_once() {
    let folder = folder(&[("b.csv", b""), ("a.csv", b""), ("c/d.csv", b""), ("e.json", b"")]);
    let found = names_in(folder.path(), &["**/*.csv", "a.csv"]).unwrap();
    assert_eq!(found, ["a.csv", "b.csv", "c/d.csv"]);
}

#[test]
fn a_path_that_exists_is_no_pattern() {
    let folder = folder(&[("[a]*.csv", b""), ("a.csv", b"")]);
    assert_eq!(names_in(folder.path(), &["[a]*.csv"]).unwrap(), ["[a]*.csv"]);
}

#[test]
fn an_input_that_leads_nowhere_is_an_error() {
    let folder = folder(&[("empty/.keep", b"")]);
    for input in ["x.csv", "*.csv"] {
        let error = names_in(folder.path(), &[input]).unwrap_err();
        assert!(matches!(error, IngestError::NoSuchInput { .. }), "{error}");
    }
    let error = names_in(folder.path(), &["empty"]).unwrap_err();
    assert!(matches!(error, IngestError::EmptyFolder { .. }), "{error}");
}

#[test]
fn compression_is_known_by_content_also_in_several_parts() {
    for (name, compress) in
        [("gzip", gzip as fn(&[u8]) -> Vec<u8>), ("zstd", zstd), ("bzip2", bzip2), ("xz", xz)]
    {
        let parts = [compress(b"a,b\n"), compress(b""), compress(b"1,2\n")].concat();
        check(&parts, "a,b\n1,2\n", name);
    }
}

#[test]
fn frames_to_skip_are_skipped() {
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"any"].concat();
    check(&[&skipped[..], &zstd(b"a"), &skipped, &zstd(b"b")].concat(), "ab", "zstd");
}

#[test]
fn a_compressed_file_in_a_compressed_file_is_read() {
    check(&zstd(&gzip(b"a\n")), "a\n", "zstd, gzip");
}

#[test]
fn a_stream_that_breaks_off_is_an_error_that_says_where() {
    let text: Vec<u8> = (0..200_000u32).flat_map(|row| format!("{row}\n").into_bytes()).collect();
    for compress in [gzip as fn(&[u8]) -> Vec<u8>, zstd, bzip2, xz] {
        let whole = compress(&text);
        for cut in [whole.len() / 2, whole.len() - 1] {
            let error = read(&whole[..cut], &SourceOptions::default()).unwrap_err();
            assert!(matches!(error, IngestError::ReadFailed { .. }), "{error}");
        }
    }
}

#[test]
fn a_stream_that_grows_past_all_measure_is_stopped() {
    let zeros = vec![b'0'; 4 << 20];
    let bomb: Vec<u8> = (0..80).flat_map(|_| zstd(&zeros)).collect();
    let options = SourceOptions { max_expansion: 1, ..SourceOptions::default() };
    let folder = folder(&[("input", &bomb)]);
    let source = Source::try_new(Input::File(folder.path().join("input")), &options).unwrap();
    let error = io::copy(&mut source.open().unwrap(), &mut io::sink()).unwrap_err();
    assert!(error.to_string().contains("limit of expansion"), "{error}");
}

#[test]
fn byte_order_marks_are_taken_off() {
    check(b"\xef\xbb\xbfa", "a", "");
    check(b"\xff\xfea\0\xe4\0", "a\u{e4}", "UTF-16LE");
    check(b"\xfe\xff\0a\0\xe4", "a\u{e4}", "UTF-16BE");
    check(b"\xff\xfe\0\0a\0\0\0", "a", "UTF-32LE");
    check(b"\0\0\xfe\xff\0\0\0a", "a", "UTF-32BE");
}

#[test]
fn text_without_a_mark_is_known_by_its_bytes() {
    check(b"a\0,\0b\0\n\0", "a,b\n", "UTF-16LE (by its bytes)");
    check(
        b"name,age\r\nJos\xe9 M\xfcller,30\r\nFran\xe7ois B\xe9,45\r\n",
        "name,age\r\nJos\u{e9} M\u{fc}ller,30\r\nFran\u{e7}ois B\u{e9},45\r\n",
        "windows-1252 (by its bytes)",
    );
}

#[test]
fn a_bad_byte_in_utf8_is_kept_bad() {
    let text = "J\u{f6}rg\n\u{dc}nal\n".as_bytes();
    let (found, described) = read(&[text, b"\xff\n"].concat(), &SourceOptions::default()).unwrap();
    assert_eq!(found, [text, b"\xff\n"].concat());
    assert_eq!(described, "");
}

#[test]
fn what_a_named_encoding_cannot_hold_is_no_text() {
    let options =
        SourceOptions { encoding: Some("shift_jis".to_owned()), ..SourceOptions::default() };
    let (text, described) = read(b"\x96\xbc\x91\x4f,\x81\n", &options).unwrap();
    assert_eq!(text, ["\u{540d}\u{524d},".as_bytes(), b"\xff\n"].concat());
    assert_eq!(described, "Shift_JIS");
}

#[test]
fn an_unknown_encoding_is_an_error() {
    let options = SourceOptions { encoding: Some("latin".to_owned()), ..SourceOptions::default() };
    assert!(matches!(read(b"", &options), Err(IngestError::UnknownName { .. })));
}

#[test]
fn a_pipe_is_read_as_often_as_a_file() {
    let text: Vec<u8> = (0..400_000u32).flat_map(|row| format!("{row}\n").into_bytes()).collect();
    let spool = Arc::new(Spool::try_new(Box::new(io::Cursor::new(text.clone())), None).unwrap());
    let mut head = Vec::new();
    spool.reader().take(10).read_to_end(&mut head).unwrap();
    assert_eq!(head, text[..10]);
    for _ in 0..3 {
        let mut found = Vec::new();
        spool.reader().read_to_end(&mut found).unwrap();
        assert!(found == text);
    }
}

/// Gives some bytes and then fails.
struct Breaking(io::Cursor<Vec<u8>>);

impl Read for Breaking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the pipe broke")),
            count => Ok(count),
        }
    }
}

#[test]
fn a_pipe_that_breaks_never_comes_to_an_end() {
    let text = vec![b'x'; 5 << 20];
    let stream = Breaking(io::Cursor::new(text));
    let spool = Arc::new(Spool::try_new(Box::new(stream), None).unwrap());
    for _ in 0..3 {
        let mut found = Vec::new();
        assert!(spool.reader().read_to_end(&mut found).is_err());
        assert_eq!(found.len() >> 20, 5);
    }
}

#[test]
fn readers_of_a_pipe_side_by_side_read_the_same() {
    let text: Vec<u8> = (0..700_000u32).flat_map(|row| format!("{row}\n").into_bytes()).collect();
    let spool = Arc::new(Spool::try_new(Box::new(io::Cursor::new(text.clone())), None).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut found = Vec::new();
                spool.reader().read_to_end(&mut found).unwrap();
                assert!(found == text);
            });
        }
    });
}

#[test]
fn a_path_tells_fields() {
    let folder = folder(&[("acme/2025-10-01_trades.csv", b"")]);
    let input = Input::File(folder.path().join("acme/2025-10-01_trades.csv"));
    let options = SourceOptions {
        path_pattern: Some("{symbol}/{date}_*.csv".to_owned()),
        source_column: Some("file".to_owned()),
        ..SourceOptions::default()
    };
    let source = Source::try_new(input.clone(), &options).unwrap();
    let expected = [
        ("file".to_owned(), input.name()),
        ("symbol".to_owned(), "acme".to_owned()),
        ("date".to_owned(), "2025-10-01".to_owned()),
    ];
    assert_eq!(source.extra_fields(), expected);
    for pattern in ["{a}.json", "{a", "*.csv", "{}", "{a}/{a}_*.csv"] {
        let options =
            SourceOptions { path_pattern: Some(pattern.to_owned()), ..SourceOptions::default() };
        assert!(Source::try_new(input.clone(), &options).is_err(), "{pattern}");
    }
}

proptest! {
    #[test]
    fn transcoding_keeps_every_character(text: String, is_big_endian: bool) {
        let bytes: Vec<u8> = if is_big_endian {
            "\u{feff}".chars().chain(text.chars()).flat_map(|c| u32::from(c).to_be_bytes()).collect()
        } else {
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
        };
        // A text that starts with NUL makes the mark of UTF-16 that of UTF-32.
        if is_big_endian || !text.starts_with('\0') {
            let (found, _) = read(&bytes, &SourceOptions::default()).unwrap();
            assert_eq!(String::from_utf8(found).unwrap(), text);
        }
    }

    #[test]
    fn no_bytes_bring_a_source_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        drop(read(&bytes, &SourceOptions::default()));
    }
}

/// A source is found, its file is changed, and it is read.
#[track_caller]
fn check_changed(bytes: &[u8], change: impl FnOnce(&File), expected: &str) {
    let folder = folder(&[("input", bytes)]);
    let path = folder.path().join("input");
    let source = Source::try_new(Input::File(path.clone()), &SourceOptions::default()).unwrap();
    // It is open when the change comes.
    let mut text = source.open().unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    change(&file);
    let told = text.read_to_end(&mut Vec::new()).unwrap_err().to_string();
    assert!(told.contains(expected), "{told}");
    let told = source.open().err().expect("a later pass sees it at once");
    let told = std::error::Error::source(&told).unwrap().to_string();
    assert!(told.contains(expected), "{told}");
    let told = source.digest().unwrap_err();
    assert!(matches!(told, IngestError::ReadFailed { .. }), "{told}");
}

#[test]
fn a_file_that_is_cut_short_while_it_is_read_does_not_end_there() {
    let lines = "{\"a\":1}\n".repeat(1000);
    let cut = |file: &File| file.set_len(4000).unwrap();
    check_changed(lines.as_bytes(), cut, "had 8000 bytes when the load began, and has 4000 now");
    let stored = gzip(lines.as_bytes());
    let expected = format!("had {} bytes when the load began, and has 9 now", stored.len());
    check_changed(&stored, |file| file.set_len(9).unwrap(), &expected);
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_no_input() {
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1);
    let touch = |file: &File| file.set_modified(now).unwrap();
    check_changed(b"a,b\n1,2\n", touch, "was written to since the load began");
    let more = |mut file: &File| file.write_all(b"a,b\n1,2\n3,4\n").unwrap();
    check_changed(b"a,b\n1,2\n", more, "had 8 bytes when the load began, and has 12 now");
}

#[test]
fn what_stands_behind_gzip_is_more_of_it_or_zeros_or_an_error() {
    let (one, two) = (gzip(b"{\"a\":1}\n"), gzip(b"{\"a\":2}\n"));
    check(&[&one[..], &two[..]].concat(), "{\"a\":1}\n{\"a\":2}\n", "gzip");
    check(&[&one[..], &[0; 512]].concat(), "{\"a\":1}\n", "gzip");
    for garbage in [&b"x"[..], b"garbage", &one[1..], &[&[0; 9][..], b"garbage"].concat()] {
        let bytes = [&one[..], garbage].concat();
        let error = read(&bytes, &SourceOptions::default()).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.starts_with("other bytes follow the end of the gzip stream"), "{cause}");
    }
    let broken_off = &two[..two.len() - 9];
    let error = read(&[&one[..], broken_off].concat(), &SourceOptions::default()).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("incomplete"), "{cause}");
}
