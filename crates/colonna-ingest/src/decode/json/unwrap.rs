//! Records written anew, without the wrapping that other programs put around them.
//!
//! A rewritten record is JSON text again, so that the values in it are as written. What a wrapping
//! says beyond the value itself stays, as a field: nothing is lost by taking it off.

use std::sync::Arc;

use colonna_schema::format_timestamp;

use super::parse::Parser;
use super::value::{Kind, Value};
use super::{Refusal, Unwrap};
use crate::Limits;

/// Writes records anew, one after the other.
#[derive(Debug)]
pub(super) struct Rewriter {
    unwrap: Unwrap,
    header: Option<Arc<[String]>>,
    before: Parser,
    after: Parser,
    text: String,
}

impl Rewriter {
    pub(super) fn new(unwrap: Unwrap, header: Option<Arc<[String]>>, limits: &Limits) -> Self {
        // A record that is put into an object may be as deep as any other.
        let deeper = Limits { depth: limits.depth + 1, ..*limits };
        let (before, after) = (Parser::new(limits), Parser::new(&deeper));
        Self { unwrap, header, before, after, text: String::new() }
    }

    /// Whether records are to be written anew.
    pub(super) fn is_needed(&self) -> bool {
        self.unwrap != Unwrap::None || self.header.is_some()
    }

    /// Calls `each` with the record that is in this one.
    pub(super) fn rewrite(
        &mut self,
        text: &str,
        each: impl FnOnce(&Value<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.text.clear();
        if self.unwrap == Unwrap::ElasticBulk {
            self.write_bulk(text)?;
            return self.read_back(each);
        }
        let value = self.before.parse(text)?;
        let out = &mut self.text;
        match (&self.header, self.unwrap) {
            (Some(names), Unwrap::None) => write_named(&value, names, out)?,
            _ if value.kind() != Kind::Object => {
                return Err(Refusal::because("a record that is unwrapped must be an object"));
            }
            (_, Unwrap::MongoExtended) => write_mongo(&value, out),
            (_, Unwrap::DynamoDb) => write_dynamo_record(&value, out)?,
            _ => write_hit(&value, out),
        }
        self.read_back(each)
    }

    /// Calls `each` with a record that has the value, which is no object, under the name `value`.
    pub(super) fn wrap(
        &mut self,
        text: &str,
        each: impl FnOnce(&Value<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        self.text.clear();
        write_object(&mut self.text, |object| object.member("\"value\"", text));
        self.read_back(each)
    }

    fn read_back(
        &mut self,
        each: impl FnOnce(&Value<'_>) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        each(&self.after.parse(&self.text)?)
    }

    fn write_bulk(&mut self, text: &str) -> Result<(), Refusal> {
        let (action, document) = text.trim_start().split_once('\n').unwrap_or((text.trim(), ""));
        let action = self.before.parse(action)?;
        let Some((name, target)) =
            action.members().next().filter(|_| action.members().count() == 1)
        else {
            return Err(Refusal::because("expected one action, such as {\"index\": {}}"));
        };
        let is_delete = name.as_written() == "delete";
        if is_delete != document.trim().is_empty() {
            return Err(Refusal::because("the action lacks the line with its document"));
        }
        let mut result = Ok(());
        write_object(&mut self.text, |object| {
            object.member("\"_action\"", name.raw());
            object.members_of(&target);
            if !is_delete {
                match self.after.parse(document) {
                    Ok(document) if document.kind() == Kind::Object => object.members_of(&document),
                    Ok(_) => result = Err(Refusal::because("the document is no object")),
                    Err(error) => result = Err(error.into()),
                }
            }
        });
        result
    }
}

/// Writes the members of one object.
struct ObjectWriter<'a> {
    out: &'a mut String,
    is_first: bool,
}

impl ObjectWriter<'_> {
    /// A member of which both sides are JSON text.
    fn member(&mut self, key: &str, value: &str) {
        self.member_with(key, |out| out.push_str(value));
    }

    fn member_with(&mut self, key: &str, write: impl FnOnce(&mut String)) {
        if !std::mem::replace(&mut self.is_first, false) {
            self.out.push(',');
        }
        self.out.push_str(key);
        self.out.push(':');
        write(self.out);
    }

    fn members_of(&mut self, object: &Value<'_>) {
        object.members().for_each(|(key, value)| self.member(key.raw(), value.raw()));
    }
}

fn write_object(out: &mut String, write: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push('{');
    write(&mut ObjectWriter { out, is_first: true });
    out.push('}');
}

fn write_array<'a>(
    out: &mut String,
    elements: impl Iterator<Item = Value<'a>>,
    mut write: impl FnMut(&Value<'a>, &mut String),
) {
    out.push('[');
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.push(',');
        }
        write(&element, out);
    }
    out.push(']');
}

/// A text as JSON writes it.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A record that is an array, under the names of the header. A value past the last name is
/// `column_<its number>`.
fn write_named(record: &Value<'_>, names: &[String], out: &mut String) -> Result<(), Refusal> {
    if record.kind() != Kind::Array {
        return Err(Refusal::because("expected an array of values, as in the header"));
    }
    write_object(out, |object| {
        for (index, value) in record.elements().enumerate() {
            let name = names
                .get(index)
                .map_or_else(|| quoted(&format!("column_{}", index + 1)), |name| quoted(name));
            object.member(&name, value.raw());
        }
    });
    Ok(())
}

/// A value of MongoDB Extended JSON, without the wrappings of its types.
fn write_mongo(value: &Value<'_>, out: &mut String) {
    match value.kind() {
        Kind::Object if !write_mongo_type(value, out) => write_object(out, |object| {
            for (key, value) in value.members() {
                object.member_with(key.raw(), |out| write_mongo(&value, out));
            }
        }),
        Kind::Object => {}
        Kind::Array => write_array(out, value.elements(), write_mongo),
        _ => out.push_str(value.raw()),
    }
}

/// Writes the value of an object that stands for one of MongoDB's types; false where it is none.
fn write_mongo_type(value: &Value<'_>, out: &mut String) -> bool {
    let mut members = value.members();
    let (Some((key, inner)), second, None) = (members.next(), members.next(), members.next())
    else {
        return false;
    };
    let key = key.as_written();
    let Some((second_key, second)) = second else {
        match (&*key, inner.kind()) {
            ("$oid" | "$uuid" | "$symbol" | "$code", Kind::PlainText | Kind::EscapedText) => {
                out.push_str(inner.raw());
            }
            ("$numberLong" | "$numberInt" | "$numberDouble" | "$numberDecimal", _) => {
                write_number(&inner, out);
            }
            ("$date", _) => write_mongo_date(&inner, out),
            ("$binary" | "$timestamp" | "$regularExpression", Kind::Object) => {
                out.push_str(inner.raw());
            }
            ("$undefined", Kind::True) => out.push_str("null"),
            _ => return false,
        }
        return true;
    };
    let names = match (&*key, &*second_key.as_written()) {
        ("$binary", "$type") => ["\"base64\"", "\"subType\""],
        ("$type", "$binary") => ["\"subType\"", "\"base64\""],
        ("$regex", "$options") => ["\"pattern\"", "\"options\""],
        ("$options", "$regex") => ["\"options\"", "\"pattern\""],
        _ => return false,
    };
    write_object(out, |object| {
        for (name, value) in names.into_iter().zip([inner, second]) {
            object.member(name, value.raw());
        }
    });
    true
}

/// The number in a text, where it is one that JSON can write; NaN and infinities stay text.
fn write_number(value: &Value<'_>, out: &mut String) {
    if value.is_text() && is_number(value.inner()) {
        out.push_str(value.inner());
    } else {
        out.push_str(value.raw());
    }
}

fn is_number(text: &str) -> bool {
    let starts_well = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
    starts_well && Parser::new(&Limits::default()).parse(text).is_ok()
}

/// A date as ISO 8601 writes it, from milliseconds where they are what is given.
fn write_mongo_date(value: &Value<'_>, out: &mut String) {
    let millis = match value.kind() {
        Kind::Integer => value.inner().parse::<i64>().ok(),
        Kind::Object => value.get("$numberLong").and_then(|number| number.inner().parse().ok()),
        _ => None,
    };
    // Years of five digits and more have no common form: their milliseconds stay.
    let in_range =
        millis.filter(|millis| (-62_135_596_800_000..253_402_300_800_000).contains(millis));
    match in_range {
        Some(millis) => out.push_str(&quoted(&format_timestamp(millis * 1000))),
        None => write_mongo(value, out),
    }
}

/// A record of DynamoDB: an item, alone or under `Item`.
fn write_dynamo_record(value: &Value<'_>, out: &mut String) -> Result<(), Refusal> {
    let mut members = value.members();
    match (members.next(), members.next()) {
        (Some((key, item)), None) if key.as_written() == "Item" && item.kind() == Kind::Object => {
            write_dynamo_map(&item, out)
        }
        _ => write_dynamo_map(value, out),
    }
}

fn write_dynamo_map(item: &Value<'_>, out: &mut String) -> Result<(), Refusal> {
    let mut result = Ok(());
    write_object(out, |object| {
        for (key, value) in item.members() {
            object.member_with(key.raw(), |out| {
                if !write_dynamo(&value, out) && result.is_ok() {
                    let field = Some(key.as_written().into_owned());
                    let reason =
                        "expected a value with its type, such as {\"S\": \"x\"}".to_owned();
                    result = Err(Refusal { field, reason });
                }
            });
        }
    });
    result
}

/// Writes a value that has its type beside it; false where it has none.
fn write_dynamo(value: &Value<'_>, out: &mut String) -> bool {
    let mut members = value.members();
    let (Some((key, inner)), None) = (members.next(), members.next()) else { return false };
    match (&*key.as_written(), inner.kind()) {
        ("S" | "B", Kind::PlainText | Kind::EscapedText) | ("BOOL", Kind::True | Kind::False) => {
            out.push_str(inner.raw());
        }
        ("N", _) => write_number(&inner, out),
        ("NULL", Kind::True) => out.push_str("null"),
        ("M", Kind::Object) => return write_dynamo_map(&inner, out).is_ok(),
        ("L", Kind::Array) => {
            let mut is_typed = true;
            write_array(out, inner.elements(), |value, out| is_typed &= write_dynamo(value, out));
            return is_typed;
        }
        ("SS" | "BS", Kind::Array) => out.push_str(inner.raw()),
        ("NS", Kind::Array) => write_array(out, inner.elements(), write_number),
        _ => return false,
    }
    true
}

/// A search hit: what stands beside `_source`, then what stands in it.
fn write_hit(hit: &Value<'_>, out: &mut String) {
    let source = hit.get("_source").filter(|source| source.kind() == Kind::Object);
    write_object(out, |object| {
        for (key, value) in hit.members() {
            if source.is_none() || key.as_written() != "_source" {
                object.member(key.raw(), value.raw());
            }
        }
        if let Some(source) = source {
            object.members_of(&source);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(unwrap: Unwrap, text: &str, expected: &str) {
        let mut rewriter = Rewriter::new(unwrap, None, &Limits::default());
        let mut found = String::new();
        rewriter
            .rewrite(text, |value| {
                value.raw().clone_into(&mut found);
                Ok(())
            })
            .unwrap();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_types_of_mongodb_become_plain_values() {
        let canonical = r#"{"_id":{"$oid":"57e1"},"n":{"$numberLong":"9007199254740993"},
            "d":{"$date":{"$numberLong":"1565546054692"}},"x":{"$numberDouble":"-1.5"},
            "y":{"$numberDouble":"NaN"},"p":{"$numberDecimal":"1.10"},"a":[{"$numberInt":"1"}],
            "b":{"$binary":{"base64":"QQ==","subType":"00"}},"o":{"$undefined":true}}"#;
        check(
            Unwrap::MongoExtended,
            canonical,
            r#"{"_id":"57e1","n":9007199254740993,"d":"2019-08-11T17:54:14.692Z","x":-1.5,"y":"NaN","p":1.10,"a":[1],"b":{"base64":"QQ==","subType":"00"},"o":null}"#,
        );
        let older = r#"{"d":{"$date":1565546054692},"e":{"$date":"2019-08-11T17:54:14Z"},"b":{"$binary":"QQ==","$type":"00"},"r":{"$regex":"a","$options":"i"}}"#;
        check(
            Unwrap::MongoExtended,
            older,
            r#"{"d":"2019-08-11T17:54:14.692Z","e":"2019-08-11T17:54:14Z","b":{"base64":"QQ==","subType":"00"},"r":{"pattern":"a","options":"i"}}"#,
        );
    }

    #[test]
    fn the_types_of_dynamodb_become_plain_values() {
        check(
            Unwrap::DynamoDb,
            r#"{"Item":{"id":{"S":"a"},"n":{"N":"1.50"},"m":{"M":{"k":{"L":[{"NULL":true},{"BOOL":false}]}}},"s":{"NS":["1","2"]}}}"#,
            r#"{"id":"a","n":1.50,"m":{"k":[null,false]},"s":[1,2]}"#,
        );
        let mut rewriter = Rewriter::new(Unwrap::DynamoDb, None, &Limits::default());
        let refusal = rewriter.rewrite(r#"{"id":"a"}"#, |_| Ok(())).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("id"));
    }

    #[test]
    fn a_hit_gives_its_document_and_keeps_the_rest() {
        check(
            Unwrap::ElasticSource,
            r#"{"_index":"i","_id":"1","_source":{"a":1},"sort":[2]}"#,
            r#"{"_index":"i","_id":"1","sort":[2],"a":1}"#,
        );
    }

    #[test]
    fn an_action_and_its_document_are_one_record() {
        check(
            Unwrap::ElasticBulk,
            "{\"index\":{\"_index\":\"i\"}}\n{\"a\":1}",
            r#"{"_action":"index","_index":"i","a":1}"#,
        );
        check(
            Unwrap::ElasticBulk,
            "{\"delete\":{\"_id\":\"7\"}}",
            r#"{"_action":"delete","_id":"7"}"#,
        );
    }
}
