//! Bytes that say they are values, and bytes that say they are a Parquet file: an error or values,
//! never a panic, and never more memory than the values take.

#![no_main]

use std::io::Write;

use colonna_page::encoding::{
    boolean, byte_stream_split, delta_binary_packed, delta_byte_array, delta_length_byte_array,
    dictionary, hybrid, plain,
};
use colonna_page::{PageError, Reader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: only_own_panics(), |bytes: &[u8]| {
    let Some((&choice, rest)) = bytes.split_first() else { return };
    if choice == 0 {
        read_file(rest);
    } else if let Some((&count, values)) = rest.split_first() {
        decode_values(choice, usize::from(count) * 7, values);
    }
});

/// Panics of libraries, which the reader turns into errors, are no finds, unless they come through.
fn only_own_panics() {
    let find = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_of_library = |file: &str| file.contains("/registry/src/");
        if !panic.location().is_some_and(|location| is_of_library(location.file())) {
            find(panic);
        }
    }));
}

/// The values are as many as were asked for, or, of encodings that say it themselves, no more.
fn decode_values(choice: u8, count: usize, mut bytes: &[u8]) {
    let width = u32::from(choice / 16);
    let found = match choice % 16 {
        0 => hybrid::decode(bytes, width, count).map(|values| values.len()),
        1 => hybrid::decode_bits(bytes, count).map(|values| values.len()),
        2 => dictionary::decode(bytes, count, 1 << width).map(|values| values.len()),
        3 => plain::decode_i32(bytes, count).map(|values| values.len()),
        4 => plain::decode_i64(bytes, count).map(|values| values.len()),
        5 => plain::decode_f64(bytes, count).map(|values| values.len()),
        6 => plain::decode_fixed(bytes, count, width as usize).map(|values| values.len()),
        7 => plain::decode_strings(bytes, count).map(|values| values.len()),
        8 => boolean::decode_plain(bytes, count).map(|values| values.len()),
        9 => boolean::decode_runs(bytes, count).map(|values| values.len()),
        10 => byte_stream_split::decode_i64(bytes, count).map(|values| values.len()),
        11 => {
            byte_stream_split::decode_fixed(bytes, count, width as usize).map(|values| values.len())
        }
        12 => {
            return at_most(
                count,
                delta_binary_packed::decode_i64(&mut bytes, count).map(|values| values.len()),
            );
        }
        13 => {
            return at_most(
                count,
                delta_binary_packed::decode_i32(&mut bytes, count).map(|values| values.len()),
            );
        }
        14 => {
            return at_most(
                count,
                delta_length_byte_array::decode(bytes, count).map(|values| values.len()),
            );
        }
        _ => {
            return at_most(
                count,
                delta_byte_array::decode(bytes, count, 1 << 20).map(|values| values.len()),
            );
        }
    };
    if let Ok(found) = found {
        assert_eq!(found, count, "as many values as were asked for");
    }
}

fn at_most(count: usize, found: Result<usize, PageError>) {
    if let Ok(found) = found {
        assert!(found <= count, "no more values than may be");
    }
}

/// All rows, and then some of them: as many as were asked for, or an error.
fn read_file(bytes: &[u8]) {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(bytes).expect("room in it");
    let Ok(reader) = Reader::from_file(file) else { return };
    let columns: Vec<Vec<String>> =
        reader.schema().fields.iter().map(|field| vec![field.name.clone()]).collect();
    for group in 0..reader.row_group_count().min(4) {
        let row_count = reader.row_group_rows(group);
        if row_count > 10_000 {
            continue;
        }
        let read = |ranges: Option<&[std::ops::Range<u64>]>| -> Result<Vec<_>, PageError> {
            let mut rows = Vec::new();
            for block in reader.read(group, &columns, ranges)? {
                let block = block?;
                rows.extend((0..block.row_count()).map(|row| format!("{:?}", block.row(row))));
            }
            Ok(rows)
        };
        let Ok(all) = read(None) else { continue };
        assert_eq!(all.len() as u64, row_count, "as many rows as the footer says");
        let part = row_count / 3..row_count - row_count / 4;
        if !part.is_empty()
            && let Ok(some) = read(Some(&[part.clone()]))
        {
            // An index that leads to other pages cannot be told from one that does not.
            assert_eq!(some.len() as u64, part.end - part.start);
        }
    }
}
