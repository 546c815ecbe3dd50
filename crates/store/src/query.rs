//! One statement for both databases, and the rows it brings, free of either driver's types.

use std::net::IpAddr;
use std::str::FromStr;

use doorward_core::time::Timestamp;

use crate::StoreError;

/// What is bound to a statement or stands in a column. Every table is made of these three types.
pub(crate) enum Value {
    /// Integers, times, booleans.
    Int(Option<i64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
}

/// A statement with its arguments, in the order `$1`, `$2`, …
pub(crate) struct Query {
    pub(crate) sqlite: &'static str,
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "only the other back end reads it")
    )]
    pub(crate) postgres: &'static str,
    pub(crate) values: Vec<Value>,
    holds_nul: bool,
}

/// A statement that is the same for both databases.
pub(crate) fn sql(text: &'static str) -> Query {
    sql_for(text, text)
}

/// A statement where they truly differ.
pub(crate) fn sql_for(sqlite: &'static str, postgres: &'static str) -> Query {
    Query {
        sqlite,
        postgres,
        values: Vec::new(),
        holds_nul: false,
    }
}

/// A selection inside a write: locks its rows. SQLite's one writer holds the lock on everything already.
macro_rules! sql_locked {
    ($($text:expr),+ $(,)?) => {
        $crate::query::sql_for(concat!($($text),+), concat!($($text),+, " FOR UPDATE"))
    };
}
pub(crate) use sql_locked;

impl Query {
    pub(crate) fn int(mut self, value: i64) -> Self {
        self.values.push(Value::Int(Some(value)));
        self
    }

    pub(crate) fn flag(self, value: bool) -> Self {
        self.int(i64::from(value))
    }

    pub(crate) fn time(self, value: Timestamp) -> Self {
        self.int(value.micros())
    }

    pub(crate) fn time_if(mut self, value: Option<Timestamp>) -> Self {
        self.values.push(Value::Int(value.map(Timestamp::micros)));
        self
    }

    pub(crate) fn text(self, value: &str) -> Self {
        self.text_if(Some(value.to_owned()))
    }

    /// An id, by its text.
    pub(crate) fn id(self, value: impl std::fmt::Display) -> Self {
        self.text_if(Some(value.to_string()))
    }

    pub(crate) fn text_if(mut self, value: Option<String>) -> Self {
        self.holds_nul |= value.as_ref().is_some_and(|text| text.contains('\0'));
        self.values.push(Value::Text(value));
        self
    }

    pub(crate) fn bytes(mut self, value: Vec<u8>) -> Self {
        self.values.push(Value::Bytes(Some(value)));
        self
    }

    /// A counter; those of ours never come near the end of `i64`.
    pub(crate) fn count(self, value: u64) -> Self {
        self.int(i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// Refuses U+0000, which PostgreSQL cannot store and C programs end strings at.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        if self.holds_nul {
            Err(inconsistent("(argument)", "a text holds U+0000"))
        } else {
            Ok(())
        }
    }
}

/// A row, column by column.
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    /// Starts reading columns from the left; `table` is named in errors.
    pub(crate) fn read(self, table: &'static str) -> Columns {
        Columns {
            table,
            values: self.0.into_iter(),
        }
    }
}

/// The columns of a row that are still to be read.
pub(crate) struct Columns {
    table: &'static str,
    values: std::vec::IntoIter<Value>,
}

impl Columns {
    pub(crate) fn wrong(&self, problem: &str) -> StoreError {
        inconsistent(self.table, problem)
    }

    pub(crate) fn int_if(&mut self) -> Result<Option<i64>, StoreError> {
        match self.values.next() {
            Some(Value::Int(value)) => Ok(value),
            Some(Value::Text(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(self.wrong("an integer is expected")),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        self.int_if()?.ok_or_else(|| self.wrong("unexpected NULL"))
    }

    pub(crate) fn count(&mut self) -> Result<u64, StoreError> {
        u64::try_from(self.int()?).map_err(|_| self.wrong("a counter is negative"))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, StoreError> {
        match self.int()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.wrong("a boolean is neither 0 nor 1")),
        }
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, StoreError> {
        self.int().map(Timestamp::from_micros)
    }

    pub(crate) fn time_if(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.int_if()?.map(Timestamp::from_micros))
    }

    pub(crate) fn text_if(&mut self) -> Result<Option<String>, StoreError> {
        match self.values.next() {
            Some(Value::Text(value)) => Ok(value),
            Some(Value::Int(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(self.wrong("a text is expected")),
        }
    }

    pub(crate) fn text(&mut self) -> Result<String, StoreError> {
        self.text_if()?.ok_or_else(|| self.wrong("unexpected NULL"))
    }

    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T, StoreError> {
        self.parsed_if()?
            .ok_or_else(|| self.wrong("unexpected NULL"))
    }

    pub(crate) fn parsed_if<T: FromStr>(&mut self) -> Result<Option<T>, StoreError> {
        match self.text_if()? {
            None => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| self.wrong("a text has not the form it must have")),
        }
    }

    pub(crate) fn address_if(&mut self) -> Result<Option<IpAddr>, StoreError> {
        self.parsed_if()
    }

    pub(crate) fn bytes_if(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        match self.values.next() {
            Some(Value::Bytes(value)) => Ok(value),
            Some(Value::Int(None) | Value::Text(None)) => Ok(None),
            _ => Err(self.wrong("bytes are expected")),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, StoreError> {
        self.bytes_if()?
            .ok_or_else(|| self.wrong("unexpected NULL"))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        <[u8; N]>::try_from(self.bytes()?).map_err(|_| self.wrong("bytes have a wrong length"))
    }
}

pub(crate) fn inconsistent(table: &'static str, problem: &str) -> StoreError {
    StoreError::Inconsistent {
        table,
        problem: problem.to_owned(),
    }
}
