//! Sorting by number: what is sorted stays where it is.

use colonna_column::Strings;

/// Some of the words, by their numbers, as they sort. Equal words stay side by side.
///
/// Most words are told apart by the eight bytes that follow the start that all of them share, or by
/// the next few. They are compared as integers, and the words themselves only where that is not enough.
pub(crate) fn sorted_strings(words: &Strings, numbers: &[u32]) -> Vec<u32> {
    let word = |number: u32| words.bytes(number as usize);
    let shared = shared_start(numbers.iter().map(|number| word(*number)));
    let mut keyed: Vec<(u64, u32)> =
        numbers.iter().map(|number| (key(&word(*number)[shared..]), *number)).collect();
    sort_keyed(words, &mut keyed, shared, 0);
    keyed.into_iter().map(|(_, number)| number).collect()
}

/// How many times eight more bytes are taken before words are compared whole.
const MOST_STEPS: usize = 8;

/// So few words are compared whole.
const FEW_WORDS: usize = 4;

/// Sorts words that are alike up to `from`, each with the eight bytes that it has there.
fn sort_keyed(words: &Strings, keyed: &mut [(u64, u32)], from: usize, step: usize) {
    let word = |number: u32| words.bytes(number as usize);
    keyed.sort_unstable();
    for same in keyed.chunk_by_mut(|left, right| left.0 == right.0) {
        let from = from + size_of::<u64>();
        if same.len() <= FEW_WORDS || step == MOST_STEPS {
            same.sort_unstable_by(|left, right| word(left.1).cmp(word(right.1)));
        } else {
            same.iter_mut().for_each(|(next, number)| {
                *next = key(word(*number).get(from..).unwrap_or_default());
            });
            sort_keyed(words, same, from, step + 1);
        }
    }
}

/// The first eight bytes, which order as the bytes do. Shorter words come before longer ones that
/// begin with them or are equal to them.
fn key(word: &[u8]) -> u64 {
    if let Some(first) = word.first_chunk() {
        return u64::from_be_bytes(*first);
    }
    let mut bytes = [0; 8];
    let len = word.len().min(8);
    bytes[..len].copy_from_slice(&word[..len]);
    u64::from_be_bytes(bytes)
}

/// How many bytes all words begin with.
fn shared_start<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> usize {
    let Some(first) = words.next() else { return 0 };
    words.fold(first.len(), |shared, word| {
        if word.get(..shared) == first.get(..shared) {
            return shared;
        }
        first[..shared].iter().zip(word).take_while(|(left, right)| left == right).count()
    })
}

/// The numbers of values as they sort.
pub(crate) fn sorted_by_key<T, K: Ord>(values: &[T], key: impl Fn(&T) -> K) -> Vec<u32> {
    let mut keyed: Vec<(K, u32)> = values.iter().map(key).zip(0..).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, number)| number).collect()
}

/// Where each number stands.
pub(crate) fn inverse(numbers: &[u32]) -> Vec<u32> {
    let mut places = vec![0; numbers.len()];
    for (place, number) in (0..).zip(numbers) {
        places[*number as usize] = place;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn words_are_sorted_as_bytes(
            words in prop::collection::btree_set("(common start )?(common part )?[ab\0]{0,12}", 0..50),
        ) {
            // As a set has them, they are sorted.
            let mut shuffled: Vec<&String> = words.iter().collect();
            shuffled.reverse();
            let strings: Strings = shuffled.iter().collect();
            let numbers: Vec<u32> = (0..u32::try_from(words.len()).unwrap()).collect();
            let sorted = sorted_strings(&strings, &numbers);
            let found: Vec<&str> = sorted.iter().map(|number| strings.text(*number as usize)).collect();
            prop_assert_eq!(found, words.iter().map(String::as_str).collect::<Vec<_>>());
            let places = inverse(&sorted);
            for (place, number) in (0..).zip(&sorted) {
                prop_assert_eq!(places[*number as usize], place);
            }
        }
    }
}
