//! Whether the keys of an object are names of fields or data.

use super::evidence::{Class, ObjectEvidence, ValueEvidence};

/// More keys than this, with new ones in every other object, are data.
const FIELD_NAMES_AT_MOST: usize = 50;
/// With fewer objects than this, nothing can be said of keys that just come up now and then.
const OBJECTS_AT_LEAST: u64 = 50;
/// How often one record may have been counted: in two places of a sample that overlap, and in two
/// passes of a load that set its chunk aside.
const LOOKS_AT_MOST: u64 = 4;
/// Fewer keys than this say nothing, even if they look like data.
const DATA_KEYS_AT_LEAST: usize = 3;

/// Whether the keys are data: they look like identifiers, days or numbers, or new ones keep coming;
/// each of them is rare, and their values are of one kind.
pub(super) fn keys_are_data(object: &ObjectEvidence) -> bool {
    if object.collapsed.is_some() {
        return true;
    }
    let key_count = object.fields.len();
    if key_count < DATA_KEYS_AT_LEAST || !is_uniform(object.fields.iter().map(|field| &field.value))
    {
        return false;
    }
    let occurrences: u64 = object.fields.iter().map(|field| field.object_count).sum();
    let key_count_wide = crate::chunk::count(key_count);
    // On average a key stands in at most half of the objects.
    let is_rare =
        occurrences.saturating_mul(2) <= key_count_wide.saturating_mul(object.object_count);
    if !is_rare {
        return false;
    }
    object.fields.iter().all(|field| looks_like_data(&field.name)) || keeps_growing(object)
}

/// Whether more objects with the same keys, which surprise nobody, could turn the answer of
/// [`keys_are_data`]: it goes by how often keys stand in objects, and by how they look.
pub(super) fn may_turn(object: &ObjectEvidence) -> bool {
    let key_count = object.fields.len();
    let perhaps_once =
        object.fields.iter().filter(|field| field.object_count <= LOOKS_AT_MOST).count();
    object.collapsed.is_none()
        && key_count >= DATA_KEYS_AT_LEAST
        && is_uniform(object.fields.iter().map(|field| &field.value))
        && (object.fields.iter().all(|field| looks_like_data(&field.name))
            || (key_count > FIELD_NAMES_AT_MOST && perhaps_once * 2 >= key_count))
}

/// Whether new keys come up all the time: at least half of the many keys stood in one object only,
/// and no object has most of them.
fn keeps_growing(object: &ObjectEvidence) -> bool {
    let key_count = object.fields.len();
    let occurrences: u64 = object.fields.iter().map(|field| field.object_count).sum();
    let once = object.fields.iter().filter(|field| field.object_count == 1).count();
    key_count > FIELD_NAMES_AT_MOST
        && object.object_count >= OBJECTS_AT_LEAST
        && once * 2 >= key_count
        && occurrences < crate::chunk::count(key_count).saturating_mul(object.object_count) / 5
}

/// Whether all values are of one kind, so that one type holds them without turning any into text.
fn is_uniform<'a>(values: impl Iterator<Item = &'a ValueEvidence>) -> bool {
    let mut kinds = [false; 5];
    for value in values {
        for (kind, classes) in kinds.iter_mut().zip([
            &[Class::Boolean][..],
            &[Class::Int, Class::Float, Class::BigInt, Class::Wide],
            &[Class::Text],
            &[Class::Object, Class::EmptyObject],
            &[Class::Array, Class::EmptyArray],
        ]) {
            *kind |= classes.iter().any(|class| value.count(*class) > 0);
        }
    }
    kinds.into_iter().filter(|seen| *seen).count() <= 1
}

/// Whether a key is a number, a UUID, a long hexadecimal number, or starts as a day does.
fn looks_like_data(key: &str) -> bool {
    let bytes = key.as_bytes();
    let unsigned = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let is_number = !unsigned.is_empty() && unsigned.iter().all(u8::is_ascii_digit);
    let is_hexadecimal = bytes.len() >= 16
        && bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
        && bytes.iter().any(u8::is_ascii_digit);
    let is_day = bytes.len() >= 8
        && bytes.iter().take(4).all(u8::is_ascii_digit)
        && bytes.iter().all(|byte| byte.is_ascii_digit() || b"-/.:TZ +".contains(byte));
    is_number || is_hexadecimal || is_day
}

#[cfg(test)]
mod tests {
    use super::looks_like_data;

    #[test]
    fn identifiers_days_and_numbers_are_data_and_words_are_not() {
        for key in ["17", "-3", "2025-10-01", "123e4567-e89b-12d3-a456-426614174000"] {
            assert!(looks_like_data(key), "{key}");
        }
        for key in ["name", "a1", "", "deadbeef", "utf8", "2nd_value"] {
            assert!(!looks_like_data(key), "{key}");
        }
    }
}
