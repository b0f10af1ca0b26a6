//! A value as bytes that are equal just where the values are.

use colonna_schema::Scalar;

use super::canonical_bits;

/// Adds the bytes of a value. Two values of one column have the same bytes if, and only if, they
/// are equal in the sense of [`Scalar::total_cmp`].
pub(crate) fn encode(value: &Scalar, bytes: &mut Vec<u8>) {
    match value {
        Scalar::Null => bytes.push(0),
        Scalar::Boolean(value) => bytes.extend([1, u8::from(*value)]),
        Scalar::Int64(value) | Scalar::Timestamp(value) => tagged(2, &value.to_le_bytes(), bytes),
        Scalar::Date(days) => tagged(3, &days.to_le_bytes(), bytes),
        Scalar::Float64(value) => tagged(4, &canonical_bits(*value).to_le_bytes(), bytes),
        Scalar::Decimal { value, scale } => {
            tagged(5, &value.to_le_bytes(), bytes);
            bytes.push(*scale);
        }
        Scalar::Utf8(text) => sized(6, text.len(), bytes, |bytes| bytes.extend(text.as_bytes())),
        Scalar::Binary(value) => sized(7, value.len(), bytes, |bytes| bytes.extend(value)),
        Scalar::List(values) => sized(8, values.len(), bytes, |bytes| {
            values.iter().for_each(|value| encode(value, bytes));
        }),
        Scalar::Struct(fields) => sized(9, fields.len(), bytes, |bytes| {
            fields.iter().for_each(|(_, value)| encode(value, bytes));
        }),
        Scalar::Map(entries) => sized(10, entries.len(), bytes, |bytes| {
            for (key, value) in entries {
                encode(key, bytes);
                encode(value, bytes);
            }
        }),
    }
}

fn tagged(tag: u8, content: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(tag);
    bytes.extend_from_slice(content);
}

fn sized(tag: u8, len: usize, bytes: &mut Vec<u8>, content: impl FnOnce(&mut Vec<u8>)) {
    tagged(tag, &(len as u64).to_le_bytes(), bytes);
    content(bytes);
}
