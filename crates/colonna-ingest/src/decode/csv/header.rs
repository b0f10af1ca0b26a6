//! Whether the first record holds names.

use super::cell::Kind;

/// What the fields of a column are below the first record.
#[derive(Clone, Debug, Default)]
pub(super) struct Below {
    typed: usize,
    /// Texts; once there is one the others are no longer counted.
    text: usize,
    /// A field below says the same as the first.
    repeats_first: bool,
}

impl Below {
    /// Sees a field below `first`.
    pub(super) fn observe(&mut self, first: &[u8], field: &[u8]) {
        // In a column of text only a repeated name is still of interest.
        if self.text > 0 && field != first {
            return;
        }
        let kind = Kind::of(field);
        self.typed += usize::from(kind.is_typed());
        self.text += usize::from(kind == Kind::Text);
        self.repeats_first |= kind == Kind::Text && field == first;
    }

    /// Whether no field has a value.
    pub(super) fn is_empty(&self) -> bool {
        self.typed == 0 && self.text == 0
    }
}

/// Whether the first record names the columns below it.
///
/// A name stands over values of a type and has none itself; such columns have to be as many as those
/// where the first record has a value of a type. Where all is text, the first record is the header
/// if its fields look like names, and differ from one another and from all below.
pub(super) fn is_header(first: &[&[u8]], below: &[Below], row_count: usize) -> bool {
    let kinds: Vec<Kind> = first.iter().map(|field| Kind::of(field)).collect();
    let named = kinds
        .iter()
        .zip(below)
        .filter(|(kind, below)| **kind == Kind::Text && below.typed > 0 && below.text == 0);
    let named = named.count();
    let typed = kinds.iter().filter(|kind| kind.is_typed()).count();
    let texts = kinds.iter().filter(|kind| **kind == Kind::Text).count();
    if typed > 0 {
        return named >= typed || (texts > 0 && are_years(first, &kinds));
    }
    if named > 0 {
        return true;
    }
    if row_count == 0 {
        return texts == first.len() && first.iter().all(|field| is_identifier(field));
    }
    if first.len() == 1 && !first.iter().all(|field| is_plain_name(field)) {
        return false;
    }
    // The first column of an export may be an index without a name; a trailing delimiter leaves the
    // last without one.
    let inner = kinds.get(1..kinds.len().saturating_sub(1)).unwrap_or_default();
    let mut names: Vec<&[u8]> = first.to_vec();
    names.sort_unstable();
    let is_repeated = names.windows(2).any(|pair| pair.first() == pair.last());
    texts > 0
        && inner.iter().all(|kind| *kind == Kind::Text)
        && !is_repeated
        && first.iter().all(|field| is_short_name(field))
        && !below.iter().any(|below| below.repeats_first)
}

/// Columns of a pivoted table are named by years that go up.
fn are_years(first: &[&[u8]], kinds: &[Kind]) -> bool {
    let typed = first.iter().zip(kinds).filter(|(_, kind)| kind.is_typed());
    let years = typed.map(|(field, _)| {
        let field = field.trim_ascii();
        let text = std::str::from_utf8(field).unwrap_or_default();
        if field.len() == 4 { text.parse::<u16>().ok() } else { None }
    });
    let Some(years) = years.collect::<Option<Vec<u16>>>() else {
        return false;
    };
    let is_rising = years.windows(2).all(|pair| pair.first() < pair.last());
    years.len() >= 2 && is_rising && years.iter().all(|year| (1500..2200).contains(year))
}

/// Names are short, and no addresses.
fn is_short_name(field: &[u8]) -> bool {
    let is_address = field.contains(&b'@') || field.windows(3).any(|part| part == b"://");
    field.len() <= 128 && !is_address && !field.contains(&b'\n')
}

/// A name of plain words.
fn is_plain_name(field: &[u8]) -> bool {
    field.split(|byte| *byte == b' ').all(|word| word.is_empty() || is_identifier(word))
}

fn is_identifier(field: &[u8]) -> bool {
    let field = field.trim_ascii();
    let is_start = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_' || !byte.is_ascii();
    let is_part =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte) || !byte.is_ascii();
    field.first().is_some_and(is_start) && field.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(records: &[&str], expected: bool) {
        let rows: Vec<Vec<&[u8]>> =
            records.iter().map(|row| row.split(',').map(str::as_bytes).collect()).collect();
        let mut below = vec![Below::default(); rows[0].len()];
        for row in &rows[1..] {
            for (index, field) in row.iter().enumerate() {
                below[index].observe(rows[0][index], field);
            }
        }
        assert_eq!(is_header(&rows[0], &below, rows.len() - 1), expected, "{records:?}");
    }

    #[test]
    fn names_stand_over_values_of_a_type() {
        check(&["id,name", "1,ann", "2,bob"], true);
        check(&["1,ann", "2,bob"], false);
        check(&["day,x", "2025-10-01,a"], true);
        check(&["x,1,2", "5,1,2"], false);
    }

    #[test]
    fn names_over_text_differ_from_it() {
        check(&["first,last", "ann,lee", "bob,ray"], true);
        check(&["ann,lee", "bob,ray", "ann,may"], false);
        check(&["a,a", "b,c"], false);
    }

    #[test]
    fn a_single_record_is_a_header_if_it_could_be_one_in_a_program() {
        check(&["id,first_name"], true);
        check(&["id,hello world"], false);
        check(&["id,7"], false);
    }

    #[test]
    fn years_may_be_names() {
        check(&["country,2019,2020", "DE,1.5,2.5"], true);
        check(&["DE,2019,2020", "FR,2021,2020"], true);
        check(&["DE,2020,2019", "FR,2021,2020"], false);
    }
}
