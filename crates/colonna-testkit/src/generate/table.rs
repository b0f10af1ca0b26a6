//! Tables, whole and in batches, in every form that a column may have.

use std::sync::Arc;

use colonna_column::{Column, Columns, Numbers, Strings, Values};
use colonna_schema::{DataType, Field, Scalar, Schema};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any};
use proptest::sample::select;
use proptest::{prop_oneof, strategy::Union};

const MAX_ROWS: usize = 40;
const DIGITS: u8 = 12;
const SCALE: u8 = 2;

/// The schema of every generated table: each type, nested ones, and a name with a dot in it.
pub fn table_schema() -> Arc<Schema> {
    let user = vec![Field::new("id", DataType::Int64), Field::new("country", DataType::Utf8)];
    Arc::new(Schema::new(vec![
        Field::new("n", DataType::Int64),
        Field::new("small", DataType::Int64),
        Field::new("x", DataType::Float64),
        Field::new("price", DataType::Decimal { precision: DIGITS, scale: SCALE }),
        Field::new("ok", DataType::Boolean),
        Field::new("city", DataType::Utf8),
        Field::new("name", DataType::Utf8),
        Field::new("day", DataType::Date),
        Field::new("ts", DataType::Timestamp),
        Field::new("user", DataType::Struct(user)),
        Field::new("tags", DataType::List(Box::new(DataType::Utf8))),
        Field::new("labels", DataType::Map(Box::new(DataType::Utf8), Box::new(DataType::Int64))),
        Field::new("a.b", DataType::Int64),
    ]))
}

/// Any table of [`table_schema`], also one without rows.
pub fn any_table() -> impl Strategy<Value = Columns> {
    let fields = table_schema().fields.clone();
    let columns: Vec<_> = fields.iter().map(|field| values_of(&field.name)).collect();
    vec(columns, 0..MAX_ROWS).prop_map(|rows| columns_of(&rows))
}

/// The rows under the schema of all tables.
#[expect(clippy::expect_used, reason = "the strategies make values of the types of the schema")]
fn columns_of(rows: &[Vec<Scalar>]) -> Columns {
    let schema = table_schema();
    let column = |(index, field): (usize, &Field)| {
        let values = rows.iter().map(|row| row.get(index).cloned().unwrap_or(Scalar::Null));
        Column::from_scalars(&field.data_type, &values.collect::<Vec<_>>())
            .expect("values of the column's type")
    };
    let columns = schema.fields.iter().enumerate().map(column).collect();
    Columns::try_new(Arc::clone(&schema), columns, rows.len()).expect("columns of the schema")
}

type AnyScalar = Union<proptest::strategy::BoxedStrategy<Scalar>>;

fn or_null(values: impl Strategy<Value = Scalar> + 'static) -> AnyScalar {
    Union::new_weighted(vec![(1, Just(Scalar::Null).boxed()), (6, values.boxed())])
}

fn values_of(name: &str) -> AnyScalar {
    match name {
        "n" => or_null(
            prop_oneof![
                8 => -1000_i64..1000,
                1 => select(vec![i64::MIN, i64::MAX, 9_007_199_254_740_993]),
            ]
            .prop_map(Scalar::from),
        ),
        "x" => or_null(
            prop_oneof![
                8 => (-4000_i32..4000).prop_map(|quarters| f64::from(quarters) / 4.0),
                1 => select(vec![f64::NAN, -0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY]),
                1 => select(vec![0.1, 1e15, -1e-15, 1e300, -1e300, 9_007_199_254_740_992.0]),
            ]
            .prop_map(Scalar::from),
        ),
        "price" => or_null(
            (-99_999_i64..99_999)
                .prop_map(|cents| Scalar::Decimal { value: cents.into(), scale: SCALE }),
        ),
        "ok" => or_null(any::<bool>().prop_map(Scalar::from)),
        "city" => or_null(select(vec!["Oslo", "Bern", "bern", ""]).prop_map(Scalar::from)),
        "name" => or_null("[a-c%_ \u{e9}\u{df}]{0,5}".prop_map(Scalar::from)),
        "day" => or_null((-800_i32..20_000).prop_map(Scalar::Date)),
        "ts" => or_null(moments().prop_map(Scalar::Timestamp)),
        "user" => or_null((or_null((0_i64..5).prop_map(Scalar::from)), countries()).prop_map(
            |(id, country)| Scalar::Struct(vec![("id".into(), id), ("country".into(), country)]),
        )),
        "tags" => or_null(vec(countries(), 0..4).prop_map(Scalar::List)),
        "labels" => {
            or_null(proptest::sample::subsequence(vec!["k", "a.b", "\u{e9}"], 0..=3).prop_flat_map(
                |keys| {
                    let count = keys.len();
                    vec(or_null((0_i64..9).prop_map(Scalar::from)), count).prop_map(move |values| {
                        Scalar::Map(keys.iter().map(|key| Scalar::from(*key)).zip(values).collect())
                    })
                },
            ))
        }
        _ => or_null((-3_i64..4).prop_map(Scalar::from)),
    }
}

fn countries() -> AnyScalar {
    or_null(select(vec!["no", "ch", "\u{e9}"]).prop_map(Scalar::from))
}

/// Moments close to each other, around the epoch and far from it.
fn moments() -> impl Strategy<Value = i64> {
    prop_oneof![
        (-200_i64..200).prop_map(|minutes| minutes * 60_000_000),
        (-3_i64..3).prop_map(|micros| micros),
        -60_000_000_000_000_000_i64..60_000_000_000_000_000,
    ]
}

/// A form in which a table may be handed over. It changes no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is built.
    Flat,
    /// Texts and numbers as codes into a dictionary of the distinct ones.
    Codes,
    /// Texts and numbers as codes into a dictionary in which every row has an entry of its own.
    LooseCodes,
    /// Constants and all-null columns where the values allow it.
    Constant,
}

/// The same rows in that form, wherever it suits a column. Fields of structs take it too.
pub fn in_form(columns: &Columns, form: Form) -> Columns {
    let formed = columns.columns().iter().map(|column| column_in_form(column, form)).collect();
    Columns::try_new(Arc::clone(columns.schema()), formed, columns.row_count())
        .unwrap_or_else(|_| columns.clone())
}

fn column_in_form(column: &Column, form: Form) -> Column {
    let formed = match (form, column.values()) {
        (Form::Flat, _) => return column.clone(),
        (Form::Constant, _) => return as_constant(column),
        (_, Values::Strings(_)) => as_codes(column, form == Form::Codes),
        (_, Values::Int64(values)) => {
            let coded =
                Coded::of(column, values, form == Form::Codes, i64::MAX, i64::cast_unsigned);
            coded.leading_to(Numbers::Int64)
        }
        (_, Values::Float64(values)) => {
            let coded = Coded::of(column, values, form == Form::Codes, f64::NAN, f64::to_bits);
            coded.leading_to(Numbers::Float64)
        }
        (_, Values::Struct(fields)) => {
            Values::Struct(fields.iter().map(|field| column_in_form(field, form)).collect())
        }
        (_, Values::List { offsets, elements }) => Values::List {
            offsets: offsets.clone(),
            elements: Box::new(column_in_form(elements, form)),
        },
        _ => return column.clone(),
    };
    let (data_type, validity) = (column.data_type().clone(), column.validity().cloned());
    Column::try_new(data_type, column.len(), formed, validity).unwrap_or_else(|_| column.clone())
}

fn as_constant(column: &Column) -> Column {
    let first = column.scalar_at(0);
    // Both zeros are equal, but only one of them is the value of a row.
    let written = format!("{first:?}");
    let same = |row| format!("{:?}", column.scalar_at(row)) == written;
    if (1..column.len()).all(same) {
        Column::constant(column.data_type().clone(), first, column.len())
    } else {
        column.clone()
    }
}

fn as_codes(column: &Column, shared: bool) -> Values {
    let mut entries: Vec<Vec<u8>> = vec![b"of no row".to_vec()];
    let mut codes = Vec::with_capacity(column.len());
    for row in 0..column.len() {
        let Some(bytes) = column.bytes_at(row) else {
            // Any number may stand for a null, also one that leads nowhere.
            codes.push(u32::MAX);
            continue;
        };
        let known = entries.iter().skip(1).position(|entry| shared && entry == bytes);
        let code = known.map_or(entries.len(), |position| position + 1);
        if code == entries.len() {
            entries.push(bytes.to_vec());
        }
        codes.push(u32::try_from(code).unwrap_or(u32::MAX));
    }
    Values::Codes { codes, dictionary: Arc::new(entries.iter().collect::<Strings>()) }
}

/// Numbers as codes.
struct Coded<T> {
    codes: Vec<u32>,
    numbers: Vec<T>,
}

impl<T: Copy> Coded<T> {
    /// Codes of numbers that are shared by rows of the same bits; or of one for each row, with one
    /// more that no row has.
    fn of(column: &Column, values: &[T], shared: bool, unused: T, bits: fn(T) -> u64) -> Self {
        let mut coded = Self { codes: Vec::new(), numbers: Vec::new() };
        if !shared {
            coded.numbers.push(unused);
        }
        for (row, &value) in values.iter().enumerate() {
            if !column.is_valid(row) {
                coded.codes.push(u32::MAX);
                continue;
            }
            let known = coded.numbers.iter().position(|known| bits(*known) == bits(value));
            let code = known.filter(|_| shared).unwrap_or(coded.numbers.len());
            if code == coded.numbers.len() {
                coded.numbers.push(value);
            }
            coded.codes.push(u32::try_from(code).unwrap_or(u32::MAX));
        }
        coded
    }

    fn leading_to(self, numbers: impl Fn(Vec<T>) -> Numbers) -> Values {
        Values::NumberCodes { codes: self.codes, dictionary: Arc::new(numbers(self.numbers)) }
    }
}

/// The rows of a table in one to four batches, each in a form of its own, some of them empty.
pub fn any_batches(columns: &Columns) -> impl Strategy<Value = Vec<Columns>> + use<> {
    let columns = columns.clone();
    let forms = vec![Form::Flat, Form::Codes, Form::LooseCodes, Form::Constant];
    vec((any::<proptest::sample::Index>(), select(forms)), 1..=4).prop_map(move |cuts| {
        let row_count = columns.row_count();
        let mut starts: Vec<usize> =
            cuts.iter().skip(1).map(|(cut, _)| cut.index(row_count + 1)).collect();
        starts.sort_unstable();
        let ends: Vec<usize> = starts.iter().copied().chain([row_count]).collect();
        let starts = std::iter::once(0).chain(starts);
        let pieces = starts.zip(ends).zip(&cuts);
        pieces
            .map(|((start, end), (_, form))| in_form(&columns.slice(start, end - start), *form))
            .collect()
    })
}
