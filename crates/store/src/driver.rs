//! The two functions each back end needs, written once.

/// Defines `fetch` and `execute` over one driver's connection.
macro_rules! driver {
    ($database:ty, $connection:ty, $row:ty, $sql:ident, [$($int:literal)|+], [$($text:literal)|+], [$($bytes:literal)|+]) => {
        fn bound(
            query: $crate::query::Query,
        ) -> sqlx::query::Query<'static, $database, <$database as sqlx::Database>::Arguments> {
            let mut bound = sqlx::query::<$database>(query.$sql);
            for value in query.values {
                bound = match value {
                    $crate::query::Value::Int(value) => bound.bind(value),
                    $crate::query::Value::Text(value) => bound.bind(value),
                    $crate::query::Value::Bytes(value) => bound.bind(value),
                };
            }
            bound
        }

        /// Runs a statement and reads all its rows; every statement of ours is bounded by a key or a limit.
        pub(crate) async fn fetch(
            connection: &mut $connection,
            query: $crate::query::Query,
        ) -> Result<Vec<$crate::query::Row>, sqlx::Error> {
            let rows = bound(query).fetch_all(connection).await?;
            rows.iter().map(row).collect()
        }

        /// Runs a statement and counts the rows it touched.
        pub(crate) async fn execute(
            connection: &mut $connection,
            query: $crate::query::Query,
        ) -> Result<u64, sqlx::Error> {
            Ok(bound(query).execute(connection).await?.rows_affected())
        }

        fn row(from: &$row) -> Result<$crate::query::Row, sqlx::Error> {
            use $crate::query::Value;
            use sqlx::{Row as _, TypeInfo as _, ValueRef as _};
            let mut values = Vec::with_capacity(from.len());
            for index in 0..from.len() {
                let raw = from.try_get_raw(index)?;
                if raw.is_null() {
                    values.push(Value::Int(None));
                    continue;
                }
                values.push(match raw.type_info().name() {
                    $($int)|+ => Value::Int(from.try_get(index)?),
                    $($text)|+ => Value::Text(from.try_get(index)?),
                    $($bytes)|+ => Value::Bytes(from.try_get(index)?),
                    other => {
                        return Err(sqlx::Error::Decode(
                            format!("column {index} is a {other}").into(),
                        ));
                    }
                });
            }
            Ok($crate::query::Row(values))
        }
    };
}
pub(crate) use driver;
