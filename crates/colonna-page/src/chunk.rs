//! One leaf column of a row group as the bytes of a column chunk.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::{BoundaryOrder, Encoding, PageType};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::file::metadata::{
    ColumnChunkMetaData, ColumnIndexBuilder, OffsetIndexBuilder, PageEncodingStats,
};
use parquet::schema::types::ColumnDescPtr;

use crate::bloom::filter_of;
use crate::bounds::{Bounds, Shape, Side, index_bytes, statistics};
use crate::compress::Codec;
use crate::dense::Dense;
use crate::encoding::dictionary;
use crate::error::parquet_error;
use crate::layout::{Choice, Codes, Uncoded};
use crate::levels::Levels;
use crate::page_header::{PageKind, write_page};
use crate::words::{Coded, Dictionary};
use crate::{PageError, Profile};

/// About the most bytes of the values of a page.
const PAGE_BYTES: usize = 1 << 20;

/// A column chunk, ready to be appended to a file.
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) bytes: Bytes,
    pub(crate) close: ColumnCloseResult,
    /// Whether no value is NaN.
    pub(crate) nan_free: bool,
}

/// A leaf column's place in the schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) descriptor: &'a ColumnDescPtr,
    pub(crate) shape: Shape,
    pub(crate) page_rows: usize,
    pub(crate) profile: Profile,
}

/// The values of a chunk, as they are kept.
enum Kept<'a> {
    Plain(&'a Dense<'a>, Uncoded),
    Coded(Coded<'a>, Codes),
}

/// Encodes a leaf column of `row_count` rows.
pub(crate) fn encode_chunk(
    target: &Target<'_>,
    row_count: usize,
    levels: &Levels,
    values: &Dense<'_>,
    dictionary: &Dictionary<'_>,
    choice: &Choice,
) -> Result<Chunk, PageError> {
    if let Some((codes, codec)) = choice.codes
        && let Some(distinct) = dictionary.distinct()
    {
        let kept = Kept::Coded(distinct.coded(codes.order), codes);
        return encode_pages(target, row_count, levels, &kept, codec);
    }
    let flat = values.without_codes();
    let values = flat.as_ref().unwrap_or(values);
    let (way, codec) = choice.plain;
    let way = if values.suits(way) { way } else { Uncoded::Plain };
    encode_pages(target, row_count, levels, &Kept::Plain(values, way), codec)
}

fn encode_pages(
    target: &Target<'_>,
    row_count: usize,
    levels: &Levels,
    kept: &Kept<'_>,
    codec: Codec,
) -> Result<Chunk, PageError> {
    let mut pages = Pages::new(target, codec);
    if let Kept::Coded(coded, _) = kept {
        pages.add_dictionary(coded)?;
    }
    let mut first_value = 0;
    let mut rows = 0..0;
    while rows.end < row_count {
        rows = rows.end..(rows.end + target.page_rows.max(1)).min(row_count);
        let (slots, values) = fitted(&mut rows, levels, first_value, kept);
        pages.add_data(rows.len(), levels, slots, values.clone(), kept)?;
        first_value = values.end;
    }
    let filter = match kept {
        Kept::Plain(values, _) => {
            filter_of(values, &pages.page_bounds, pages.bytes.len(), target.profile)
        }
        Kept::Coded(..) => None,
    };
    pages.finish(row_count, levels.slot_count(), filter)
}

/// The slots and the values of a page of these rows, or of fewer where they have too many bytes.
fn fitted(
    rows: &mut Range<usize>,
    levels: &Levels,
    first_value: usize,
    kept: &Kept<'_>,
) -> (Range<usize>, Range<usize>) {
    loop {
        let slots = levels.slots(rows.clone());
        let values = first_value..first_value + levels.value_count(slots.clone());
        let byte_len = match kept {
            Kept::Plain(dense, _) => dense.byte_len(values.clone()),
            Kept::Coded(..) => values.len() * size_of::<u32>(),
        };
        // Two levels of a slot take at most about so much.
        if byte_len + slots.len() <= PAGE_BYTES || rows.len() == 1 {
            return (slots, values);
        }
        rows.end = rows.start + rows.len() / 2;
    }
}

impl Kept<'_> {
    fn encoding(&self) -> Encoding {
        match self {
            Self::Coded(..) => Encoding::RLE_DICTIONARY,
            Self::Plain(_, Uncoded::Plain) => Encoding::PLAIN,
            Self::Plain(_, Uncoded::Delta(_)) => Encoding::DELTA_BINARY_PACKED,
            Self::Plain(_, Uncoded::DeltaLength) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            Self::Plain(_, Uncoded::DeltaPrefix) => Encoding::DELTA_BYTE_ARRAY,
            Self::Plain(_, Uncoded::Split) => Encoding::BYTE_STREAM_SPLIT,
            Self::Plain(_, Uncoded::Runs) => Encoding::RLE,
        }
    }
}

/// The pages of a chunk as they come.
struct Pages<'a> {
    target: &'a Target<'a>,
    codec: Codec,
    bytes: Vec<u8>,
    /// The page that is being encoded.
    page: Vec<u8>,
    uncompressed_len: usize,
    data_offset: Option<usize>,
    has_dictionary: bool,
    encodings: Vec<PageEncodingStats>,
    column_index: ColumnIndexBuilder,
    offset_index: OffsetIndexBuilder,
    bounds: Option<Bounds>,
    /// Of the pages that have any.
    page_bounds: Vec<Bounds>,
    null_count: usize,
    nan_free: bool,
}

impl<'a> Pages<'a> {
    fn new(target: &'a Target<'a>, codec: Codec) -> Self {
        Self {
            target,
            codec,
            bytes: Vec::new(),
            page: Vec::new(),
            uncompressed_len: 0,
            data_offset: None,
            has_dictionary: false,
            encodings: Vec::new(),
            column_index: ColumnIndexBuilder::new(target.shape.physical),
            offset_index: OffsetIndexBuilder::new(),
            bounds: None,
            page_bounds: Vec::new(),
            null_count: 0,
            nan_free: true,
        }
    }

    fn add_dictionary(&mut self, coded: &Coded<'_>) -> Result<(), PageError> {
        coded.encode_words(&mut self.page, self.target.shape.fixed_width)?;
        let kind = PageKind::Dictionary { is_sorted: coded.is_sorted() };
        self.add(kind, coded.word_count())?;
        self.count(PageType::DICTIONARY_PAGE, Encoding::PLAIN);
        self.has_dictionary = true;
        Ok(())
    }

    fn add_data(
        &mut self,
        row_count: usize,
        levels: &Levels,
        slots: Range<usize>,
        values: Range<usize>,
        kept: &Kept<'_>,
    ) -> Result<(), PageError> {
        let null_count = slots.len() - values.len();
        levels.encode(&mut self.page, &slots);
        let is_null_page = values.is_empty();
        let (bounds, nan_free) = match kept {
            Kept::Plain(dense, way) => {
                let fixed_width = self.target.shape.fixed_width;
                dense.encode(&mut self.page, *way, values.clone(), fixed_width)?;
                dense.bounds(values)
            }
            Kept::Coded(coded, kept) => {
                let (codes, extremes) = coded.codes(values);
                let width = kept.width.bits(coded.word_count());
                dictionary::encode(&mut self.page, &codes, width);
                coded.bounds(&codes, extremes)
            }
        };
        self.note(bounds, is_null_page, null_count);
        self.nan_free &= nan_free;
        let offset = self.bytes.len();
        let encoding = kept.encoding();
        self.add(PageKind::Data { encoding }, slots.len())?;
        self.count(PageType::DATA_PAGE, encoding);
        self.data_offset.get_or_insert(offset);
        self.offset_index.append_row_count(signed(row_count));
        let byte_len = self.bytes.len() - offset;
        let page_len =
            i32::try_from(byte_len).map_err(|_too_large| PageError::TooLong { byte_len })?;
        self.offset_index.append_offset_and_size(signed(offset), page_len);
        Ok(())
    }

    /// Adds the page that was encoded.
    fn add(&mut self, kind: PageKind, count: usize) -> Result<(), PageError> {
        let (byte_len, before) = (self.page.len(), self.bytes.len());
        let bytes = &mut self.bytes;
        let header_len = self.codec.compressed(&self.page, |compressed| {
            write_page(bytes, kind, count, byte_len, compressed)?;
            Ok::<usize, PageError>(bytes.len() - before - compressed.len())
        })??;
        self.uncompressed_len += header_len + byte_len;
        self.page.clear();
        Ok(())
    }

    fn count(&mut self, page_type: PageType, encoding: Encoding) {
        match self.encodings.last_mut() {
            Some(last) if last.page_type == page_type => last.count += 1,
            _ => self.encodings.push(PageEncodingStats { page_type, encoding, count: 1 }),
        }
    }

    /// Notes what the page index and the chunk say of a page.
    fn note(&mut self, bounds: Option<Bounds>, is_null_page: bool, null_count: usize) {
        self.null_count += null_count;
        let nulls = signed(null_count);
        match bounds {
            Some(bounds) => {
                let shape = self.target.shape;
                let min = index_bytes(&bounds.min, Side::Min, shape);
                let max = index_bytes(&bounds.max, Side::Max, shape);
                self.column_index.append(false, min, max, nulls);
                match &mut self.bounds {
                    Some(all) => all.widen(&bounds),
                    none => *none = Some(bounds.clone()),
                }
                self.page_bounds.push(bounds);
            }
            None if is_null_page => {
                self.column_index.append(true, Vec::new(), Vec::new(), nulls);
            }
            // Values without bounds are NaN, of which an index can say nothing.
            None => self.column_index.to_invalid(),
        }
    }

    fn finish(
        mut self,
        row_count: usize,
        slot_count: usize,
        bloom_filter: Option<Sbbf>,
    ) -> Result<Chunk, PageError> {
        let byte_len = self.bytes.len();
        let mut encodings: Vec<Encoding> =
            self.encodings.iter().map(|page| page.encoding).collect();
        encodings.push(Encoding::RLE);
        let metadata = ColumnChunkMetaData::builder(Arc::clone(self.target.descriptor))
            .set_encodings(encodings)
            .set_page_encoding_stats(self.encodings)
            .set_compression(self.codec.named())
            .set_num_values(signed(slot_count))
            .set_total_compressed_size(signed(byte_len))
            .set_total_uncompressed_size(signed(self.uncompressed_len))
            .set_data_page_offset(signed(self.data_offset.unwrap_or_default()))
            .set_dictionary_page_offset(self.has_dictionary.then_some(0))
            .set_statistics(statistics(
                self.bounds.as_ref(),
                self.null_count as u64,
                self.target.shape,
            ))
            .build();
        let failed = parquet_error("describe a column chunk");
        self.column_index.set_boundary_order(boundary_order(&self.page_bounds));
        let column_index = match self.column_index.valid() {
            true => Some(self.column_index.build().map_err(&failed)?),
            false => None,
        };
        let close = ColumnCloseResult {
            bytes_written: byte_len as u64,
            rows_written: row_count as u64,
            metadata: metadata.map_err(failed)?,
            bloom_filter,
            column_index,
            offset_index: Some(self.offset_index.build()),
        };
        Ok(Chunk { bytes: self.bytes.into(), close, nan_free: self.nan_free })
    }
}

/// Memory holds fewer bytes than that.
fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Whether the bounds of pages ascend or descend.
fn boundary_order(pages: &[Bounds]) -> BoundaryOrder {
    let ascends = |pages: &[Bounds]| pages[0].min <= pages[1].min && pages[0].max <= pages[1].max;
    let descends = |pages: &[Bounds]| pages[0].min >= pages[1].min && pages[0].max >= pages[1].max;
    if pages.windows(2).all(ascends) {
        BoundaryOrder::ASCENDING
    } else if pages.windows(2).all(descends) {
        BoundaryOrder::DESCENDING
    } else {
        BoundaryOrder::UNORDERED
    }
}
