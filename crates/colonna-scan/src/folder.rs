//! A folder of Parquet files, or one file, without a log: what other programs write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use colonna_schema::{DataType, Field, Scalar, Schema, parse_date};
use rayon::prelude::*;

use crate::row_group::union;
use crate::{ScanError, ScanFile, ScanSource};

/// What Hive writes for null in the name of a folder.
const NULL_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

impl ScanSource {
    /// The Parquet files in a folder and below it, or one file. Folders named `key=value` are
    /// columns; their type is the narrowest of date, integer and text that fits all of them. Hidden
    /// files and folders, and those that begin with `_`, are passed over.
    ///
    /// # Errors
    ///
    /// Where a footer cannot be read, or two files have types for a column that do not go together.
    pub fn from_folder(root: impl AsRef<Path>) -> Result<Self, ScanError> {
        let root = root.as_ref();
        let mut found = Vec::new();
        list(root, &mut found)?;
        found.retain(|(path, _)| {
            path == root || Self::is_data_path(path.strip_prefix(root).unwrap_or(path))
        });
        found.sort_unstable();
        let partitions: Vec<BTreeMap<String, Option<String>>> = found
            .iter()
            .map(|(path, _)| partition_texts(path.strip_prefix(root).unwrap_or(path)))
            .collect();
        let types = partition_types(&partitions);
        let constants = partitions.iter().map(|texts| {
            let value = |(name, data_type): (&String, &DataType)| {
                let text = texts.get(name).cloned().flatten();
                (name.clone(), text.map_or(Scalar::Null, |text| partition_value(&text, data_type)))
            };
            types.iter().map(value).collect()
        });
        let files: Vec<ScanFile> = found
            .into_iter()
            .zip(constants)
            .map(|((path, byte_len), constants)| ScanFile::new(path, byte_len, constants))
            .collect();
        let schema = schema_of(&files, &types)?;
        Ok(Self { schema: Arc::new(schema), files, renamed: BTreeMap::new() })
    }
}

fn list(path: &Path, found: &mut Vec<(PathBuf, u64)>) -> Result<(), ScanError> {
    let list_error = |source| ScanError::List { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(list_error)?;
    if metadata.is_file() {
        found.push((path.to_owned(), metadata.len()));
    } else if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(list_error)? {
            list(&entry.map_err(list_error)?.path(), found)?;
        }
    }
    Ok(())
}

/// The `key=value` folders of a path, decoded.
fn partition_texts(path: &Path) -> BTreeMap<String, Option<String>> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    folders
        .filter_map(|folder| folder.as_os_str().to_str()?.split_once('='))
        .map(|(key, value)| (decoded(key), (value != NULL_PARTITION).then(|| decoded(value))))
        .collect()
}

/// `%` and two hexadecimal digits stand for a byte; whatever is none is left as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_not_text| text.to_owned())
}

/// The narrowest type that all values of each key have.
fn partition_types(partitions: &[BTreeMap<String, Option<String>>]) -> BTreeMap<String, DataType> {
    let mut types = BTreeMap::new();
    for (name, text) in partitions.iter().flatten() {
        let Some(text) = text else { continue };
        let narrowest = if parse_date(text).is_ok() {
            DataType::Date
        } else if text.parse::<i64>().is_ok_and(|number| number.to_string() == *text) {
            DataType::Int64
        } else {
            DataType::Utf8
        };
        types
            .entry(name.clone())
            .and_modify(|known| {
                if *known != narrowest {
                    *known = DataType::Utf8;
                }
            })
            .or_insert(narrowest);
    }
    for name in partitions.iter().flat_map(BTreeMap::keys) {
        types.entry(name.clone()).or_insert(DataType::Utf8);
    }
    types
}

fn partition_value(text: &str, data_type: &DataType) -> Scalar {
    match data_type {
        DataType::Date => parse_date(text).map_or(Scalar::Null, Scalar::Date),
        DataType::Int64 => text.parse::<i64>().map_or(Scalar::Null, Scalar::Int64),
        _ => Scalar::Utf8(text.to_owned()),
    }
}

fn schema_of(files: &[ScanFile], types: &BTreeMap<String, DataType>) -> Result<Schema, ScanError> {
    let readers: Vec<_> = files.par_iter().map(ScanFile::reader).collect::<Result<_, _>>()?;
    let mut schema = Schema::default();
    for (file, reader) in files.iter().zip(readers) {
        schema = union(&schema, reader.schema()).ok_or_else(|| {
            let differs = |field: &&Field| {
                schema
                    .index_of(&field.name)
                    .is_some_and(|known| schema.fields[known].data_type != field.data_type)
            };
            let field = reader.schema().fields.iter().find(differs);
            let expected = field.and_then(|field| schema.type_of(&[&field.name]).cloned());
            ScanError::TypeMismatch {
                path: file.path.clone(),
                column: field.map(|field| field.name.clone()).unwrap_or_default(),
                expected: expected.unwrap_or(DataType::Null),
                found: field.map_or(DataType::Null, |field| field.data_type.clone()),
            }
        })?;
    }
    schema.fields.retain(|field| !types.contains_key(&field.name));
    schema.fields.extend(types.iter().map(|(name, data_type)| Field::new(name, data_type.clone())));
    Ok(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_named_key_and_value_are_columns_of_the_narrowest_type() {
        let paths = [
            "day=2025-10-01/hour=7/x=a%2Fb/f.parquet",
            "day=2025-10-02/hour=07/x=__HIVE_DEFAULT_PARTITION__/f.parquet",
        ];
        let texts: Vec<_> = paths.iter().map(|path| partition_texts(Path::new(path))).collect();
        let types = partition_types(&texts);
        assert_eq!(types["day"], DataType::Date);
        // `07` is not how an integer is written, so nothing may be lost by reading it as one.
        assert_eq!(types["hour"], DataType::Utf8);
        assert_eq!(texts[0]["x"], Some("a/b".to_owned()));
        assert_eq!(texts[1]["x"], None);
    }
}
