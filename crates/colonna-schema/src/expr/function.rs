//! Functions of the values of one row, and the names that SQL has for them.

macro_rules! functions {
    ($($(#[doc = $doc:literal])+ $variant:ident = $($name:literal)|+),+ $(,)?) => {
        /// A function of the values of one row.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Function { $($(#[doc = $doc])+ $variant),+ }

        impl Function {
            /// Every function.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The names it has in SQL, in lower case, the preferred one first.
            pub fn names(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($name),+]),+ }
            }
        }
    };
}

functions! {
    /// `abs(x)`: without its sign; overflow is an error.
    Abs = "abs",
    /// `ceil(x)`: the least whole number not below.
    Ceil = "ceil" | "ceiling",
    /// `floor(x)`: the greatest whole number not above.
    Floor = "floor",
    /// `round(x [, digits])`: halves away from zero.
    Round = "round",
    /// `trunc(x)`: towards zero.
    Trunc = "trunc",
    /// `sqrt(x)`
    Sqrt = "sqrt",
    /// `ln(x)`
    Ln = "ln",
    /// `log10(x)`
    Log10 = "log10" | "log",
    /// `log2(x)`
    Log2 = "log2",
    /// `exp(x)`
    Exp = "exp",
    /// `power(x, y)`, a double.
    Power = "power" | "pow",
    /// `sign(x)`: -1, 0 or 1.
    Sign = "sign",
    /// `greatest(x, ..)`, passing over nulls.
    Greatest = "greatest",
    /// `least(x, ..)`, passing over nulls.
    Least = "least",
    /// `coalesce(x, ..)`: the first that is not null.
    Coalesce = "coalesce" | "ifnull",
    /// `nullif(x, y)`: null where they are equal, else x.
    NullIf = "nullif",
    /// `lower(text)`
    Lower = "lower" | "lcase",
    /// `upper(text)`
    Upper = "upper" | "ucase",
    /// `length(text)` in code points; of a list or map, its entries.
    Length = "length" | "len" | "char_length" | "character_length" | "array_length" | "cardinality",
    /// `octet_length(text)` in bytes.
    OctetLength = "octet_length" | "strlen",
    /// `substring(text, start [, length])`, counted from one, in code points.
    Substring = "substring" | "substr",
    /// `left(text, n)`
    Left = "left",
    /// `right(text, n)`
    Right = "right",
    /// `trim(text [, characters])`
    Trim = "trim" | "btrim",
    /// `ltrim(text [, characters])`
    TrimStart = "ltrim",
    /// `rtrim(text [, characters])`
    TrimEnd = "rtrim",
    /// `lpad(text, length [, fill])`
    PadStart = "lpad",
    /// `rpad(text, length [, fill])`
    PadEnd = "rpad",
    /// `replace(text, from, to)`
    Replace = "replace",
    /// `reverse(text)` by code points.
    Reverse = "reverse",
    /// `repeat(text, n)`
    Repeat = "repeat",
    /// `concat(x, ..)`: as text, passing over nulls.
    Concat = "concat",
    /// `concat_ws(separator, x, ..)`: as text, passing over nulls.
    ConcatWithSeparator = "concat_ws",
    /// `starts_with(text, prefix)`
    StartsWith = "starts_with" | "prefix",
    /// `ends_with(text, suffix)`
    EndsWith = "ends_with" | "suffix",
    /// `contains(text, part)`
    Contains = "contains",
    /// `strpos(text, part)`: the position counted from one, 0 where it is not there.
    Position = "strpos" | "instr" | "position",
    /// `split_part(text, separator, n)`, counted from one, from the end where negative.
    SplitPart = "split_part",
    /// `regexp_matches(text, pattern)`: whether any part of the text matches.
    RegexpMatches = "regexp_matches" | "regexp_like",
    /// `regexp_extract(text, pattern [, group])`: the match or one group of it, empty where none.
    RegexpExtract = "regexp_extract",
    /// `regexp_replace(text, pattern, replacement [, flags])`: the first match; all with flag `g`.
    RegexpReplace = "regexp_replace",
    /// `date_trunc(unit, time)`: the start of the microsecond .. millennium it lies in.
    DateTrunc = "date_trunc",
    /// `date_bin(interval, time [, origin])`: the start of the bin it lies in; the interval comes as
    /// months and microseconds: arguments are (months, micros, time [, origin]).
    DateBin = "date_bin" | "time_bucket",
    /// `extract(part FROM time)`: arguments are (part, time).
    DatePart = "date_part" | "extract",
    /// `strftime(time, format)`, with the letters of C's strftime.
    FormatTime = "strftime" | "to_char",
    /// `strptime(text, format)`, with the letters of C's strptime; what does not fit is an error.
    ParseTime = "strptime",
    /// `try_strptime(text, format)`: what does not fit is null.
    TryParseTime = "try_strptime",
    /// `to_timestamp(seconds)` since 1970.
    ToTimestamp = "to_timestamp",
    /// `epoch_ms(time)`: milliseconds since 1970; of an integer, the moment.
    EpochMilliseconds = "epoch_ms",
    /// `epoch(time)`: seconds since 1970, a double.
    Epoch = "epoch",
    /// `date_add(time, interval)`: arguments are (time, months, micros).
    DateAdd = "date_add",
    /// `date_diff(unit, from, to)`: unit boundaries crossed.
    DateDiff = "date_diff" | "datediff",
    /// `list[n]` counted from one, from the end where negative; `map[key]`. Null where absent.
    ElementAt = "element_at" | "list_extract" | "array_extract" | "map_extract_value",
    /// `list_contains(list, x)`
    ListContains = "list_contains" | "array_contains" | "list_has",
    /// `array_to_string(list, separator)`, passing over nulls.
    ListJoin = "array_to_string" | "list_join",
    /// `map_keys(map)`, a list.
    MapKeys = "map_keys",
    /// `map_values(map)`, a list.
    MapValues = "map_values",
    /// `json_extract(text, path)`, `text -> path`: a part of JSON, as JSON; null where it is not there. A
    /// path is a name, `$.name."other name"[0]`, `/name/0`, or the number of an element.
    JsonExtract = "json_extract" | "json_extract_path",
    /// `json_extract_string(text, path)`, `text ->> path`: the same, a string without its quotes and
    /// null as null.
    JsonExtractText = "json_extract_string" | "json_extract_path_text",
    /// `json_valid(text)`: whether it is JSON.
    JsonValid = "json_valid",
}

impl Function {
    /// The function of that name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        Self::ALL.iter().copied().find(|function| function.names().contains(&name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_found_by_each_of_its_names_and_no_two_share_one() {
        for function in Function::ALL {
            for name in function.names() {
                assert_eq!(Function::from_name(&name.to_uppercase()), Some(*function), "{name}");
            }
        }
    }
}
