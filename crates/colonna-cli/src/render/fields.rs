//! The fields of a schema, one to a line, the parts of a nested one below it.

use colonna_schema::{DataType, Field};

/// One line of a schema.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FieldLine {
    /// The names from the column down to the part.
    pub(crate) path: Vec<String>,
    /// The name, set in by its depth.
    pub(crate) label: String,
    /// The type, without the fields that stand on lines of their own.
    pub(crate) data_type: String,
}

/// The lines of these fields, depth first.
pub(crate) fn lines(fields: &[Field]) -> Vec<FieldLine> {
    let mut lines = Vec::new();
    push_lines(&mut lines, fields, &[]);
    lines
}

fn push_lines(lines: &mut Vec<FieldLine>, fields: &[Field], above: &[String]) {
    for field in fields {
        let mut path = above.to_vec();
        path.push(field.name.clone());
        let label = format!("{}{}", "  ".repeat(above.len()), field.name);
        let data_type = short(&field.data_type);
        lines.push(FieldLine { path: path.clone(), label, data_type });
        push_lines(lines, parts(&field.data_type), &path);
    }
}

/// The fields of the structs in a type, also under lists and maps.
fn parts(data_type: &DataType) -> &[Field] {
    match data_type {
        DataType::Struct(fields) => fields,
        DataType::List(element) => parts(element),
        DataType::Map(_, value) => parts(value),
        _ => &[],
    }
}

/// The type's name; a struct without its fields.
pub(crate) fn short(data_type: &DataType) -> String {
    match data_type {
        DataType::Struct(_) => "struct".to_owned(),
        DataType::List(element) => format!("list<{}>", short(element)),
        DataType::Map(key, value) => format!("map<{}, {}>", short(key), short(value)),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_below_what_they_are_parts_of() {
        let inner = DataType::Struct(vec![Field::new("x", DataType::Int64)]);
        let fields =
            [Field::new("a", DataType::List(Box::new(inner))), Field::new("b", DataType::Utf8)];
        let shown: Vec<String> = lines(&fields)
            .iter()
            .map(|line| format!("{}: {}", line.label, line.data_type))
            .collect();
        assert_eq!(shown, ["a: list<struct>", "  x: int64", "b: text"]);
    }
}
