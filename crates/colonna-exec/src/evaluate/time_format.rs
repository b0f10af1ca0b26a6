//! strftime and strptime.
//!
//! The letters are those of C, with `%f` for the six digits of a microsecond and `%g` for the three
//! of a millisecond.

use std::fmt::Write;

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use colonna_column::{Column, Values};
use colonna_schema::{DataType, Function};

use super::frame::Site;
use super::operand::{Texts, all_valid, integers, is_valid};
use super::text::text_rows;
use crate::ExecError;

/// A function of times and their formats.
pub(super) fn call(
    site: &Site<'_>,
    function: Function,
    operands: &[&Column],
) -> Result<Column, ExecError> {
    let [first, format] = operands else {
        return Ok(Column::nulls(site.expr.data_type.clone(), 0));
    };
    let formats = Texts::of(format);
    if function == Function::FormatTime {
        return format_times(site, operands, first, formats);
    }
    let texts = Texts::of(first);
    let len = first.len();
    let mut validity = all_valid(operands);
    let mut values = vec![0; len];
    let mut items = Formats::new(formats, true);
    let mut failed = Vec::new();
    for (row, value) in values.iter_mut().enumerate() {
        if !is_valid(validity.as_ref(), row) {
            continue;
        }
        match parse(texts.text(row), items.at(row)?) {
            Some(micros) => *value = micros,
            None if function == Function::TryParseTime => failed.push(row),
            None => {
                let (text, format) = (texts.text(row).to_owned(), formats.text(row).to_owned());
                return Err(ExecError::UnreadableTime { text, format });
            }
        }
    }
    if !failed.is_empty() {
        let mut bits = validity.unwrap_or_else(|| colonna_column::Bitmap::filled(true, len));
        failed.into_iter().for_each(|row| bits.set(row, false));
        validity = Some(bits);
    }
    Ok(Column::try_new(DataType::Timestamp, len, Values::Int64(values), validity)?)
}

fn format_times(
    site: &Site<'_>,
    operands: &[&Column],
    times: &Column,
    formats: Texts<'_>,
) -> Result<Column, ExecError> {
    let values = integers(times);
    let mut items = Formats::new(formats, false);
    text_rows(times.len(), all_valid(operands), |row, out| {
        let time: DateTime<Utc> =
            DateTime::from_timestamp_micros(values.get(row)).ok_or_else(|| site.overflow())?;
        let items = items.at(row)?;
        write!(out, "{}", time.format_with_items(items.iter()))
            .map_err(|_cause| ExecError::InvalidFormat { format: formats.text(row).to_owned() })
    })
}

/// The formats of the rows; one that is a literal is read once.
struct Formats<'a> {
    texts: Texts<'a>,
    parsing: bool,
    last: Option<(String, Vec<Item<'static>>)>,
}

impl<'a> Formats<'a> {
    fn new(texts: Texts<'a>, parsing: bool) -> Self {
        Self { texts, parsing, last: None }
    }

    fn at(&mut self, row: usize) -> Result<&[Item<'static>], ExecError> {
        let format = self.texts.text(row);
        let known = match self.last.take() {
            Some(last) if last.0 == format => last,
            _ => (format.to_owned(), items(format, self.parsing)?),
        };
        Ok(&self.last.insert(known).1)
    }
}

fn items(format: &str, parsing: bool) -> Result<Vec<Item<'static>>, ExecError> {
    let invalid = || ExecError::InvalidFormat { format: format.to_owned() };
    let items: Vec<Item<'static>> = StrftimeItems::new(&in_chrono(format, parsing))
        .parse_to_owned()
        .map_err(|_cause| invalid())?;
    Ok(items)
}

/// The format in chrono's letters. `.%f` reads as many digits as there are; offsets are read with
/// or without a colon and minutes.
fn in_chrono(format: &str, parsing: bool) -> String {
    let mut translated = String::with_capacity(format.len());
    let mut letters = format.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '.' && parsing && letters.peek() == Some(&'%') {
            letters.next();
            match letters.next() {
                Some('f' | 'g') => translated.push_str("%.f"),
                Some('%') => translated.push_str(".%%"),
                Some('z') => translated.push_str(".%#z"),
                Some(other) => translated.extend(['.', '%', other]),
                None => translated.push_str(".%"),
            }
            continue;
        }
        translated.push(letter);
        if letter == '%'
            && let Some(code) = letters.next()
        {
            match code {
                'f' => translated.push_str("6f"),
                'g' => translated.push_str("3f"),
                'z' if parsing => translated.push_str("#z"),
                other => translated.push(other),
            }
        }
    }
    translated
}

/// The moment that a text writes. What a format leaves out is the first: January, the first day,
/// midnight.
fn parse(text: &str, items: &[Item<'static>]) -> Option<i64> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text.trim(), items.iter()).ok()?;
    let offset = parsed.offset().unwrap_or_default();
    let moment = match parsed.to_naive_datetime_with_offset(offset) {
        Ok(moment) => moment,
        Err(_) => from_parts(&mut parsed)?,
    };
    moment.and_utc().timestamp_micros().checked_sub(i64::from(offset) * 1_000_000)
}

fn from_parts(parsed: &mut Parsed) -> Option<NaiveDateTime> {
    let date = match parsed.to_naive_date() {
        Ok(date) => date,
        Err(_) => {
            if parsed.month().is_none() {
                parsed.set_month(1).ok()?;
            }
            if parsed.day().is_none() {
                parsed.set_day(1).ok()?;
            }
            parsed.to_naive_date().ok()?
        }
    };
    if parsed.hour_mod_12().is_some() && parsed.minute().is_none() {
        parsed.set_minute(0).ok()?;
    }
    let has_time = parsed.hour_mod_12().is_some()
        || parsed.minute().is_some()
        || parsed.second().is_some()
        || parsed.nanosecond().is_some();
    let time = if has_time { parsed.to_naive_time().ok()? } else { NaiveTime::MIN };
    Some(date.and_time(time))
}
