//! How each leaf column is encoded.

use crate::compress::Codec;
use crate::dense::Dense;
use crate::encoding::delta_binary_packed::Widths;
use crate::encoding::dictionary::CodeWidth;
use crate::words::Order;

/// How values are kept where they are not coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(dead_code, reason = "some are chosen by trial, which comes next")]
pub(crate) enum Uncoded {
    /// As they are.
    Plain,
    /// Integers as the steps between them.
    Delta(Widths),
    /// Texts after their lengths.
    DeltaLength,
    /// Texts as what they do not share with the one before.
    DeltaPrefix,
    /// Numbers byte by byte.
    Split,
    /// Booleans as runs.
    Runs,
}

/// How codes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Codes {
    pub(crate) order: Order,
    pub(crate) width: CodeWidth,
}

/// How a leaf column is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// As codes, where its values are few enough.
    pub(crate) codes: Option<(Codes, Codec)>,
    /// And otherwise so.
    pub(crate) plain: (Uncoded, Codec),
}

impl Choice {
    /// What is right for most columns of values like these.
    pub(crate) fn usual(values: &Dense<'_>, codec: Codec) -> Self {
        let codes = Codes { order: Order::Frequency, width: CodeWidth::Natural };
        // Nothing becomes no smaller.
        let codec = if matches!(values, Dense::Nothing) { Codec::None } else { codec };
        let (codes, plain) = match values {
            Dense::Nothing => (None, Uncoded::Plain),
            Dense::Boolean { .. } => (None, Uncoded::Runs),
            Dense::Int32(_) | Dense::Int64(_) => (Some(codes), Uncoded::Delta(Widths::Natural)),
            Dense::Double(_) | Dense::Fixed(_) => (Some(codes), Uncoded::Plain),
            Dense::Strings(_) | Dense::Codes { .. } => (Some(codes), Uncoded::DeltaLength),
        };
        Self { codes: codes.map(|codes| (codes, codec)), plain: (plain, codec) }
    }
}
