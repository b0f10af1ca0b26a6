//! Rows picked from several columns at once.

use std::sync::Arc;

use colonna_schema::DataType;

use crate::sparse::{LazyPlaces, Places, pick_sparse};
use crate::{Bitmap, Column, Interner, Strings, Values, concat};

/// One row of one of several columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    /// Which of the columns.
    pub piece: u32,
    /// Which of its rows.
    pub row: u32,
}

/// Rows of several columns, in an order of their own. Rows that follow each other in their column
/// are kept together, since they are moved together.
#[derive(Clone, Debug, Default)]
pub struct Picks {
    runs: Vec<Run>,
    len: usize,
    places: LazyPlaces,
}

/// Rows of one column that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    piece: u32,
    start: u32,
    len: u32,
}

impl Run {
    fn piece(self) -> usize {
        self.piece as usize
    }

    fn rows(self) -> std::ops::Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

impl Picks {
    /// How many rows are picked.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds the first rows of a column, in their order.
    pub fn push_first(&mut self, piece: u32, row_count: u32) {
        if row_count > 0 {
            self.places.take();
            self.runs.push(Run { piece, start: 0, len: row_count });
            self.len += row_count as usize;
        }
    }

    /// Adds a row.
    pub fn push(&mut self, pick: Pick) {
        self.places.take();
        self.len += 1;
        match self.runs.last_mut() {
            Some(run) if run.piece == pick.piece && run.start + run.len == pick.row => {
                run.len += 1;
            }
            _ => self.runs.push(Run { piece: pick.piece, start: pick.row, len: 1 }),
        }
    }

    /// The rows, one by one.
    pub fn iter(&self) -> impl Iterator<Item = Pick> + '_ {
        self.runs.iter().flat_map(|run| {
            (run.start..run.start + run.len).map(move |row| Pick { piece: run.piece, row })
        })
    }

    /// Where each row of the columns stands among the picked ones; none where one is picked twice.
    pub(crate) fn places_of_rows(&self) -> Option<&Places> {
        self.places.get_or_init(|| Places::of(self.iter())).as_ref()
    }

    fn places(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.runs.iter().flat_map(|run| run.rows().map(move |row| (run.piece(), row)))
    }
}

impl FromIterator<Pick> for Picks {
    fn from_iter<I: IntoIterator<Item = Pick>>(picks: I) -> Self {
        let mut all = Self::default();
        picks.into_iter().for_each(|pick| all.push(pick));
        all
    }
}

/// The picked rows of columns of one type, in the order of the picks: what [`concat()`] and
/// [`Column::gather`] give together, without the columns in between. Every pick must lie inside.
///
/// ```
/// use colonna_column::{Column, Pick, Picks, pick};
/// use colonna_schema::DataType;
///
/// let (left, right) = (Column::from_i64(vec![1, 2]), Column::from_i64(vec![3]));
/// let picks: Picks = [Pick { piece: 1, row: 0 }, Pick { piece: 0, row: 1 }].into_iter().collect();
/// assert_eq!(pick(&DataType::Int64, &[&left, &right], &picks), Column::from_i64(vec![3, 2]));
/// ```
pub fn pick(data_type: &DataType, pieces: &[&Column], picks: &Picks) -> Column {
    let len = picks.len();
    if pieces.iter().all(|piece| matches!(piece.values(), Values::Null)) {
        return Column::nulls(data_type.clone(), len);
    }
    if let Some(picked) = pick_sparse(data_type, pieces, picks) {
        return picked;
    }
    let has_nulls = pieces.iter().any(|piece| piece.null_count() > 0);
    let validity = has_nulls.then(|| {
        bits_of(picks, |piece| match (pieces[piece].values(), pieces[piece].validity()) {
            (Values::Null, _) => Bits::All(false),
            (_, None) => Bits::All(true),
            (_, Some(bits)) => Bits::Each(bits),
        })
    });
    let values = picked(data_type, pieces, picks)
        .unwrap_or_else(|| gathered(data_type, pieces, picks).values().clone());
    Column::from_parts(data_type.clone(), len, values, validity)
}

/// The bits of one piece.
enum Bits<'a> {
    All(bool),
    Each(&'a Bitmap),
}

fn bits_of<'a>(picks: &Picks, bits: impl Fn(usize) -> Bits<'a>) -> Bitmap {
    let mut picked = Bitmap::new();
    for run in &picks.runs {
        match bits(run.piece()) {
            Bits::All(value) => picked.extend(value, run.len as usize),
            Bits::Each(bits) => picked.append_range(bits, run.start as usize, run.len as usize),
        }
    }
    picked
}

/// The slow way, for forms that are rare.
fn gathered(data_type: &DataType, pieces: &[&Column], picks: &Picks) -> Column {
    let mut starts = Vec::with_capacity(pieces.len());
    let mut len = 0;
    for piece in pieces {
        starts.push(len);
        len += piece.len();
    }
    let rows: Option<Vec<u32>> =
        picks.places().map(|(piece, row)| u32::try_from(starts[piece] + row).ok()).collect();
    match rows {
        Some(rows) => {
            let pieces: Vec<Column> = pieces.iter().map(|piece| (*piece).clone()).collect();
            concat(data_type, &pieces).gather(&rows)
        }
        None => {
            let run = |run: &Run| pieces[run.piece()].slice(run.start as usize, run.len as usize);
            concat(data_type, &picks.runs.iter().map(run).collect::<Vec<_>>())
        }
    }
}

/// The values, where all pieces have the form that is usual for the type.
fn picked(data_type: &DataType, pieces: &[&Column], picks: &Picks) -> Option<Values> {
    macro_rules! flat {
        ($form:ident) => {{
            let slices = pieces.iter().map(|piece| match piece.values() {
                Values::$form(values) => Some(values.as_slice()),
                Values::Null => Some(&[][..]),
                _ => None,
            });
            let slices: Vec<&[_]> = slices.collect::<Option<_>>()?;
            let mut picked = Vec::with_capacity(picks.len());
            for run in &picks.runs {
                match slices[run.piece()].get(run.rows()) {
                    Some(values) => picked.extend_from_slice(values),
                    None => picked.resize(picked.len() + run.len as usize, Default::default()),
                }
            }
            Some(Values::$form(picked))
        }};
    }
    match data_type {
        DataType::Int64 | DataType::Date | DataType::Timestamp => flat!(Int64),
        DataType::Float64 => flat!(Float64),
        DataType::Decimal { .. } => flat!(Decimal),
        DataType::Boolean => picked_booleans(pieces, picks),
        DataType::Utf8 | DataType::Binary => picked_texts(pieces, picks),
        DataType::Struct(fields) => {
            let field = |(index, field): (usize, &colonna_schema::Field)| {
                let nulls: Vec<Column> = pieces
                    .iter()
                    .map(|piece| Column::nulls(field.data_type.clone(), piece.len()))
                    .collect();
                let pieces = pieces.iter().zip(&nulls).map(|(piece, nulls)| match piece.values() {
                    Values::Struct(columns) => columns.get(index),
                    Values::Null => Some(nulls),
                    _ => None,
                });
                Some(pick(&field.data_type, &pieces.collect::<Option<Vec<_>>>()?, picks))
            };
            Some(Values::Struct(fields.iter().enumerate().map(field).collect::<Option<_>>()?))
        }
        DataType::List(element) => {
            let parts =
                pieces.iter().map(|piece| Entries::of(piece)).collect::<Option<Vec<_>>>()?;
            let (offsets, picks) = picked_entries(&parts, picks)?;
            let elements =
                Box::new(pick_some(element, parts.iter().map(|part| part.first), &picks));
            Some(Values::List { offsets, elements })
        }
        DataType::Map(key, value) => {
            let parts =
                pieces.iter().map(|piece| Entries::of(piece)).collect::<Option<Vec<_>>>()?;
            let (offsets, picks) = picked_entries(&parts, picks)?;
            let keys = Box::new(pick_some(key, parts.iter().map(|part| part.first), &picks));
            let values = Box::new(pick_some(value, parts.iter().map(|part| part.second), &picks));
            Some(Values::Map { offsets, keys, values })
        }
        _ => None,
    }
}

fn picked_booleans(pieces: &[&Column], picks: &Picks) -> Option<Values> {
    let is_flat = |piece: &&Column| matches!(piece.values(), Values::Boolean(_) | Values::Null);
    pieces.iter().all(is_flat).then(|| {
        Values::Boolean(bits_of(picks, |piece| match pieces[piece].values() {
            Values::Boolean(bits) => Bits::Each(bits),
            _ => Bits::All(false),
        }))
    })
}

/// The entries of lists or maps.
struct Entries<'a> {
    offsets: &'a [usize],
    /// The elements, or the keys.
    first: Option<&'a Column>,
    /// The values of a map.
    second: Option<&'a Column>,
}

impl<'a> Entries<'a> {
    fn of(column: &'a Column) -> Option<Self> {
        match column.values() {
            Values::List { offsets, elements } => {
                Some(Self { offsets, first: Some(elements), second: None })
            }
            Values::Map { offsets, keys, values } => {
                Some(Self { offsets, first: Some(keys), second: Some(values) })
            }
            Values::Null => Some(Self { offsets: &[], first: None, second: None }),
            _ => None,
        }
    }
}

/// The rows of those columns that are there.
fn pick_some<'a>(
    data_type: &DataType,
    pieces: impl Iterator<Item = Option<&'a Column>>,
    picks: &Picks,
) -> Column {
    let none = Column::nulls(data_type.clone(), 0);
    let pieces: Vec<Option<&Column>> = pieces.collect();
    let pieces: Vec<&Column> = pieces.into_iter().map(|piece| piece.unwrap_or(&none)).collect();
    pick(data_type, &pieces, picks)
}

/// The offsets of the picked lists, and the entries of them: those of rows that follow each other
/// do so, too. None where there are more entries than 32 bits count.
fn picked_entries(parts: &[Entries<'_>], picks: &Picks) -> Option<(Vec<usize>, Picks)> {
    let mut offsets = Vec::with_capacity(picks.len() + 1);
    let mut entries = Picks::default();
    offsets.push(0);
    for run in &picks.runs {
        let rows = run.rows();
        let Some(bounds) = parts[run.piece()].offsets.get(rows.start..=rows.end) else {
            offsets.resize(offsets.len() + run.len as usize, entries.len);
            continue;
        };
        let (first, last) = (bounds[0], bounds[bounds.len() - 1]);
        offsets.extend(bounds[1..].iter().map(|bound| bound - first + entries.len));
        entries.len += last - first;
        let (start, len) = (u32::try_from(first).ok()?, u32::try_from(last - first).ok()?);
        if len > 0 {
            entries.runs.push(Run { piece: run.piece, start, len });
        }
    }
    Some((offsets, entries))
}

/// Texts in the form they have.
#[derive(Clone, Copy)]
enum Texts<'a> {
    Flat(&'a Strings),
    Coded(&'a [u32], &'a Strings),
    Null,
}

impl<'a> Texts<'a> {
    fn of(column: &'a Column) -> Option<Self> {
        match column.values() {
            Values::Strings(strings) => Some(Self::Flat(strings)),
            Values::Codes { codes, dictionary } => Some(Self::Coded(codes, dictionary)),
            Values::Null => Some(Self::Null),
            _ => None,
        }
    }

    /// The text at a row; anything where it is null.
    #[inline]
    fn bytes(self, row: usize) -> &'a [u8] {
        match self {
            Self::Flat(strings) => strings.bytes(row),
            Self::Coded(codes, words) => {
                codes.get(row).map_or(&[], |code| words.bytes(*code as usize))
            }
            Self::Null => &[],
        }
    }
}

/// Codes where most of the rows are coded, and else flat.
fn picked_texts(pieces: &[&Column], picks: &Picks) -> Option<Values> {
    let texts: Vec<Texts<'_>> =
        pieces.iter().map(|piece| Texts::of(piece)).collect::<Option<_>>()?;
    let (mut coded, mut flat) = (0, 0);
    for (piece, texts) in pieces.iter().zip(&texts) {
        match texts {
            Texts::Coded(..) => coded += piece.len(),
            Texts::Flat(_) => flat += piece.len(),
            Texts::Null => {}
        }
    }
    if coded >= flat {
        return Some(picked_codes(pieces, &texts, picks));
    }
    let bytes_of = |(piece, row): (usize, usize)| {
        if pieces[piece].is_valid(row) { texts[piece].bytes(row) } else { &[] }
    };
    let byte_len = |run: &Run| match texts[run.piece()] {
        // A null takes no bytes, or few.
        Texts::Flat(strings) => strings.byte_len_of(run.rows()),
        _ => run.rows().map(|row| bytes_of((run.piece(), row)).len()).sum(),
    };
    let mut picked = Strings::with_capacity(picks.len(), picks.runs.iter().map(byte_len).sum());
    for run in &picks.runs {
        match (texts[run.piece()], pieces[run.piece()].validity()) {
            (Texts::Flat(strings), None) => picked.append_range(strings, run.rows()),
            _ => run.rows().for_each(|row| picked.push(bytes_of((run.piece(), row)))),
        }
    }
    Some(Values::Strings(Arc::new(picked)))
}

/// A word that no row has used yet.
const UNSEEN: u32 = u32::MAX;

/// Each word that a row uses is looked up once for each of the pieces.
fn picked_codes(pieces: &[&Column], texts: &[Texts<'_>], picks: &Picks) -> Values {
    let mut interner = Interner::new();
    let mut numbers: Vec<Vec<u32>> = texts
        .iter()
        .map(|texts| match texts {
            Texts::Coded(_, words) => vec![UNSEEN; words.len()],
            _ => Vec::new(),
        })
        .collect();
    let mut picked = Vec::with_capacity(picks.len());
    for run in &picks.runs {
        let numbers = &mut numbers[run.piece()];
        match texts[run.piece()] {
            Texts::Coded(codes, words) => {
                // What a null has for a code means nothing, before and after: to ask which rows are
                // null would cost more than a word that nobody uses.
                picked.extend(codes[run.rows()].iter().map(|code| {
                    let Some(number) = numbers.get_mut(*code as usize) else { return 0 };
                    if *number == UNSEEN {
                        *number = interner.intern(words.bytes(*code as usize));
                    }
                    *number
                }));
            }
            Texts::Flat(strings) => picked.extend(run.rows().map(|row| {
                let piece = pieces[run.piece()];
                if piece.is_valid(row) { interner.intern(strings.bytes(row)) } else { 0 }
            })),
            Texts::Null => picked.resize(picked.len() + run.len as usize, 0),
        }
    }
    Values::Codes { codes: picked, dictionary: Arc::new(interner.into_words()) }
}

#[cfg(test)]
mod tests;
