//! Statements, values and rows, which SQLite and PostgreSQL have in common.

use crate::fault::Fault;

/// A connection in a transaction. Parameters are `?1`, `?2` and so on.
pub(crate) trait Sql {
    /// Runs a statement. How many rows it changed.
    fn execute(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<u64, Fault>;

    /// The rows of a query.
    fn query(&mut self, sql: &'static str, values: &[Value<'_>]) -> Result<Vec<Row>, Fault>;
}

/// A parameter. `None` is NULL.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Integer(Option<i64>),
    Text(Option<&'a str>),
    Bytes(Option<&'a [u8]>),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(Some(value))
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Bytes(Some(value))
    }
}

/// A row: its columns in the order of the query.
#[derive(Debug)]
pub(crate) struct Row(pub(super) Vec<Column>);

/// What a column holds.
#[derive(Debug)]
pub(crate) enum Column {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Row {
    /// The value of the column at this position, from 0. An error if it is of another type.
    pub(crate) fn get<T: FromColumn>(&self, position: usize) -> Result<T, Fault> {
        let value = self.0.get(position).and_then(T::from_column);
        value.ok_or_else(|| Fault::Unavailable(format!("column {position} is of another type")))
    }
}

/// What a column can be read as.
pub(crate) trait FromColumn: Sized {
    fn from_column(column: &Column) -> Option<Self>;
}

impl FromColumn for i64 {
    fn from_column(column: &Column) -> Option<Self> {
        if let Column::Integer(value) = column { Some(*value) } else { None }
    }
}

impl FromColumn for String {
    fn from_column(column: &Column) -> Option<Self> {
        if let Column::Text(value) = column { Some(value.clone()) } else { None }
    }
}

impl FromColumn for Vec<u8> {
    fn from_column(column: &Column) -> Option<Self> {
        if let Column::Bytes(value) = column { Some(value.clone()) } else { None }
    }
}

impl<T: FromColumn> FromColumn for Option<T> {
    fn from_column(column: &Column) -> Option<Self> {
        if matches!(column, Column::Null) { Some(None) } else { T::from_column(column).map(Some) }
    }
}
