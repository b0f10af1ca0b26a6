//! How JSON is read.

use std::fmt;
use std::str::FromStr;

use crate::IngestError;

/// How JSON is read. The default finds out by itself how records are arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonOptions {
    /// The JSON pointer (RFC 6901, such as `/Records`) of the array that holds the records.
    pub pointer: Option<String>,
    /// Whether records are arrays of values whose names stand in the first record of each source.
    pub array_header: bool,
    /// The wrapping that is taken off each record.
    pub unwrap: Unwrap,
}

/// A wrapping that other programs put around values or records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unwrap {
    /// Nothing is taken off.
    #[default]
    None,
    /// MongoDB Extended JSON, version 1 or 2, canonical or relaxed: `{"$numberLong": "7"}` is 7.
    MongoExtended,
    /// DynamoDB's types, as its exports to S3 and its API write them: `{"N": "7"}` is 7.
    DynamoDb,
    /// A search hit of Elasticsearch: the fields of `_source`, beside `_index` and `_id`.
    ElasticSource,
    /// A bulk file of Elasticsearch: a line that names the action, then a line with the document.
    ElasticBulk,
}

const NAMES: [(Unwrap, &str); 5] = [
    (Unwrap::None, "none"),
    (Unwrap::MongoExtended, "mongodb"),
    (Unwrap::DynamoDb, "dynamodb"),
    (Unwrap::ElasticSource, "elastic-source"),
    (Unwrap::ElasticBulk, "elastic-bulk"),
];

impl fmt::Display for Unwrap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(unwrap, _)| unwrap == self).map_or("none", |(_, name)| name);
        formatter.write_str(name)
    }
}

impl FromStr for Unwrap {
    type Err = IngestError;

    fn from_str(text: &str) -> Result<Self, IngestError> {
        let found = NAMES.iter().find(|(_, name)| *name == text);
        found.map(|(unwrap, _)| *unwrap).ok_or_else(|| IngestError::UnknownName {
            what: "wrapping",
            name: text.to_owned(),
            expected: "none, mongodb, dynamodb, elastic-source or elastic-bulk",
        })
    }
}
