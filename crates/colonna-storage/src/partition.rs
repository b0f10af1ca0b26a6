//! Which partition a row belongs to, and the folder that stands for it.
//!
//! A table partitioned by time gets columns that the rows do not have: the day and the hour, the
//! month, or the year, in UTC, named after the time column. They are in the folders' names and in
//! the log, not in the data files.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use colonna_column::{Column, Columns, Values};
use colonna_schema::{DataType, Field, Scalar, Schema};

use crate::{PartitionKey, StorageError};

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;
/// How long a partition by time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Granularity {
    /// An hour, in a folder of its day.
    Hour,
    /// A day.
    Day,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl fmt::Display for Granularity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Year => "year",
        })
    }
}

impl FromStr for Granularity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "hour" => Ok(Self::Hour),
            "day" => Ok(Self::Day),
            "month" => Ok(Self::Month),
            "year" => Ok(Self::Year),
            other => {
                Err(format!("{other:?} is no length of a partition: take hour, day, month or year"))
            }
        }
    }
}

/// By what a table is partitioned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum PartitionSpec {
    /// By nothing.
    #[default]
    None,
    /// By time in UTC.
    Time {
        /// The column that holds the time: a timestamp or a date. A dotted name leads into structs
        /// where there is no column of the whole name.
        column: String,
        /// How long a partition is.
        granularity: Granularity,
    },
    /// By the values of a column, which leaves the data files for the folders' names.
    Column {
        /// The column's name.
        name: String,
    },
}

impl PartitionSpec {
    /// The columns that partition a table of these columns, with their types. Those of a time are
    /// new ones.
    ///
    /// # Errors
    ///
    /// Where the column is missing or of a type that cannot be partitioned by, or where a name that
    /// is to be made is taken.
    pub fn columns(&self, schema: &Schema) -> Result<Vec<Field>, StorageError> {
        match self {
            Self::None => Ok(Vec::new()),
            Self::Column { name } => {
                let found = schema.type_of(&[name]);
                match found {
                    Some(kind) if kind.is_nested() || *kind == DataType::Null => {
                        Err(not_partitionable(name, &kind.to_string()))
                    }
                    // One folder for each double or blob is nobody's wish.
                    Some(kind @ (DataType::Binary | DataType::Float64)) => {
                        Err(not_partitionable(name, &kind.to_string()))
                    }
                    Some(kind) => Ok(vec![Field::new(name, kind.clone())]),
                    None => Err(not_partitionable(name, "not there")),
                }
            }
            Self::Time { column, granularity } => {
                let path = time_path(schema, column);
                match schema.type_of(&path) {
                    Some(DataType::Timestamp | DataType::Date) => {}
                    Some(other) => return Err(not_partitionable(column, &other.to_string())),
                    None => return Err(not_partitionable(column, "not there")),
                }
                Ok(time_columns(column, *granularity))
            }
        }
    }

    /// The columns that a table of these rows has: theirs, and those made for the partitions.
    ///
    /// # Errors
    ///
    /// As [`PartitionSpec::columns`].
    pub fn table_schema(&self, schema: &Schema) -> Result<Schema, StorageError> {
        let mut table = schema.clone();
        if let Self::Time { .. } = self {
            for field in self.columns(schema)? {
                if schema.index_of(&field.name).is_some() {
                    return Err(not_partitionable(&field.name, "there already"));
                }
                table.fields.push(field);
            }
        } else {
            self.columns(schema)?;
        }
        Ok(table)
    }

    /// The rows of each partition, the partitions in the order of their values, null last.
    ///
    /// # Errors
    ///
    /// As [`PartitionSpec::columns`], and where a value cannot stand for a partition.
    pub fn split(&self, rows: &Columns) -> Result<Vec<(PartitionKey, Vec<u32>)>, StorageError> {
        self.columns(rows.schema())?;
        match self {
            Self::None => {
                Ok(vec![(PartitionKey::new(Vec::new()), (0..narrow(rows.row_count())).collect())])
            }
            Self::Time { column, granularity } => {
                let path = time_path(rows.schema(), column);
                let times = rows.look_at(&path);
                let times = times.ok_or_else(|| not_partitionable(column, "not there"))?;
                Ok(split_times(column, *granularity, &times))
            }
            Self::Column { name } => {
                let values = rows.column_at(&[name]);
                let values = values.ok_or_else(|| not_partitionable(name, "not there"))?;
                split_values(name, &values)
            }
        }
    }

    /// The rows without the columns that the folders' names hold.
    ///
    /// # Errors
    ///
    /// Never for rows that were split before.
    pub fn without_partition_columns(&self, rows: Columns) -> Result<Columns, StorageError> {
        let Self::Column { name } = self else { return Ok(rows) };
        let row_count = rows.row_count();
        let (schema, columns) = rows.into_parts();
        let kept = schema.fields.iter().zip(columns).filter(|(field, _)| field.name != *name);
        let (fields, columns): (Vec<Field>, Vec<Column>) =
            kept.map(|(field, column)| (field.clone(), column)).unzip();
        Ok(Columns::try_new(Schema::new(fields).into(), columns, row_count)?)
    }
}

/// The spec as the table's properties keep it: `none`, `day(ts)`, `column(country)`.
impl fmt::Display for PartitionSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => formatter.write_str("none"),
            Self::Time { column, granularity } => write!(formatter, "{granularity}({column})"),
            Self::Column { name } => write!(formatter, "column({name})"),
        }
    }
}

impl FromStr for PartitionSpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self::None);
        }
        let parts = text.strip_suffix(')').and_then(|text| text.split_once('('));
        let (kind, name) = parts.ok_or_else(|| format!("{text:?} is no way to partition"))?;
        match kind {
            "column" => Ok(Self::Column { name: name.to_owned() }),
            kind => Ok(Self::Time { column: name.to_owned(), granularity: kind.parse()? }),
        }
    }
}

fn not_partitionable(column: &str, found: &str) -> StorageError {
    StorageError::NotAPartitionColumn { column: column.to_owned(), found: found.to_owned() }
}

/// The path of a time column: a column of the whole name wins over a field of a struct.
fn time_path(schema: &Schema, column: &str) -> Vec<String> {
    match schema.index_of(column) {
        Some(_) => vec![column.to_owned()],
        None => column.split('.').map(str::to_owned).collect(),
    }
}

/// The columns that hold a row's partition by time.
fn time_columns(column: &str, granularity: Granularity) -> Vec<Field> {
    let date = || Field::new(format!("{column}_date"), DataType::Date);
    match granularity {
        Granularity::Day => vec![date()],
        Granularity::Hour => vec![date(), Field::new(format!("{column}_hour"), DataType::Int64)],
        Granularity::Month => vec![Field::new(format!("{column}_month"), DataType::Utf8)],
        Granularity::Year => vec![Field::new(format!("{column}_year"), DataType::Int64)],
    }
}

/// The values of the columns of [`time_columns`] for the hour since the epoch.
fn time_key(column: &str, granularity: Granularity, hour: Option<i64>) -> PartitionKey {
    let names = time_columns(column, granularity).into_iter().map(|field| field.name);
    let Some(hour) = hour else {
        return PartitionKey::new(names.map(|name| (name, Scalar::Null)).collect());
    };
    let days = i32::try_from(hour.div_euclid(24)).unwrap_or(i32::MAX);
    let (year, month) = year_and_month(i64::from(days));
    let values = match granularity {
        Granularity::Day => vec![Scalar::Date(days)],
        Granularity::Hour => vec![Scalar::Date(days), Scalar::Int64(hour.rem_euclid(24))],
        // ISO 8601 gives a sign to years of more than four digits.
        Granularity::Month if (0..=9999).contains(&year) => {
            vec![Scalar::Utf8(format!("{year:04}-{month:02}"))]
        }
        Granularity::Month => vec![Scalar::Utf8(format!("{year:+05}-{month:02}"))],
        Granularity::Year => vec![Scalar::Int64(year)],
    };
    PartitionKey::new(names.zip(values).collect())
}

/// The year and the month of a day, by the calendar of today for all time, in eras of 400 years
/// that begin with March, so that the odd day of a leap year is the last one.
fn year_and_month(days: i64) -> (i64, i64) {
    const DAYS_PER_ERA: i64 = 146_097;
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year + i64::from(month <= 2), month)
}

fn split_times(
    column: &str,
    granularity: Granularity,
    times: &Column,
) -> Vec<(PartitionKey, Vec<u32>)> {
    let micros_per_value = if *times.data_type() == DataType::Date { MICROS_PER_DAY } else { 1 };
    let step = if granularity == Granularity::Hour { 1 } else { 24 };
    let start_of = |value: i64| {
        let hour = value.saturating_mul(micros_per_value).div_euclid(MICROS_PER_HOUR);
        hour.div_euclid(step) * step
    };
    if let (Values::Int64(values), 0) = (times.values(), times.null_count())
        && let Some((first, last)) = values.iter().min().zip(values.iter().max())
        && start_of(*first) == start_of(*last)
    {
        let key = time_key(column, granularity, Some(start_of(*first)));
        return vec![(key, (0..narrow(values.len())).collect())];
    }
    let mut by_hour: BTreeMap<(bool, i64), Vec<u32>> = BTreeMap::new();
    // Rows of one partition mostly come together: they are moved into the map by the run.
    let (mut last, mut run) = ((false, 0), Vec::new());
    let flat = times.to_flat();
    for row in 0..flat.len() {
        let hour = flat.i64_at(row).map(start_of);
        let key = (hour.is_none(), hour.unwrap_or_default());
        if key != last {
            if !run.is_empty() {
                by_hour.entry(last).or_default().append(&mut run);
            }
            last = key;
        }
        run.push(narrow(row));
    }
    if !run.is_empty() {
        by_hour.entry(last).or_default().append(&mut run);
    }
    // Days of one month become one partition here, in the order of the days.
    let mut split: Vec<(PartitionKey, Vec<u32>)> = Vec::new();
    for ((is_null, hour), mut rows) in by_hour {
        let key = time_key(column, granularity, (!is_null).then_some(hour));
        match split.last_mut() {
            Some((last, found)) if *last == key => found.append(&mut rows),
            _ => split.push((key, rows)),
        }
    }
    // Rows keep their order within a partition.
    split.iter_mut().for_each(|(_, rows)| rows.sort_unstable());
    split
}

fn split_values(
    name: &str,
    values: &Column,
) -> Result<Vec<(PartitionKey, Vec<u32>)>, StorageError> {
    /// Puts a scalar's own order into a map.
    #[derive(PartialEq, Eq)]
    struct Ordered(Scalar);
    impl Ord for Ordered {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            self.0.total_cmp(&other.0)
        }
    }
    impl PartialOrd for Ordered {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    let mut by_value: BTreeMap<Ordered, Vec<u32>> = BTreeMap::new();
    if let Values::Codes { codes, dictionary } = values.values() {
        // One look at each word instead of one at each row.
        let mut by_code: Vec<Vec<u32>> = vec![Vec::new(); dictionary.len()];
        let mut nulls = Vec::new();
        for (row, code) in codes.iter().enumerate() {
            match by_code.get_mut(*code as usize) {
                Some(rows) if values.is_valid(row) => rows.push(narrow(row)),
                _ => nulls.push(narrow(row)),
            }
        }
        for rows in by_code.into_iter().chain([nulls]) {
            if let Some(first) = rows.first() {
                let value = values.scalar_at(*first as usize);
                by_value.entry(Ordered(value)).or_default().extend(rows);
            }
        }
        by_value.values_mut().for_each(|rows| rows.sort_unstable());
    } else {
        for row in 0..values.len() {
            by_value.entry(Ordered(values.scalar_at(row))).or_default().push(narrow(row));
        }
    }
    let key = |(value, rows): (Ordered, Vec<u32>)| match value.0 {
        // The log would give back null.
        Scalar::Utf8(text) if text.is_empty() => {
            Err(StorageError::NoPartitionFor { column: name.to_owned(), value: text })
        }
        value => Ok((PartitionKey::new(vec![(name.to_owned(), value)]), rows)),
    };
    by_value.into_iter().map(key).collect()
}

/// A row's position. A block of columns has fewer than 2^32 rows.
fn narrow(row: usize) -> u32 {
    u32::try_from(row).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
