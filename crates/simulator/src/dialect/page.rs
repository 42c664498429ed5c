//! Lists in pages whose cursors are places in the list, not counts of rows: what is added or taken away between two
//! pages hides no row and shows none twice.

use serde_json::{Value, json};

use super::query::Query;
use crate::exchange::order::Reject;

/// How many rows a page has.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub default: usize,
    /// More than that is not refused, only not given.
    pub most: usize,
}

/// A part of a list, and the `meta` for it. Every row has a key by which the list is ordered, rising.
///
/// # Errors
/// A cursor or a page size that is none.
pub fn page<T>(rows: Vec<(i64, T)>, query: &Query, size: Size) -> Result<(Vec<T>, Value), Reject> {
    let limit = query.number("page_size")?.unwrap_or(size.default as i64);
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0);
    let limit =
        limit.ok_or_else(|| Reject::BadSchema("page_size must be positive".to_owned()))?.min(size.most);
    let total = rows.len();
    let (start, end) = match (query.get("after"), query.get("before")) {
        (Some(cursor), _) => {
            let last = key(cursor)?;
            let start = rows.partition_point(|(key, _)| *key <= last);
            (start, start + limit)
        }
        (None, Some(cursor)) => {
            let first = key(cursor)?;
            let end = rows.partition_point(|(key, _)| *key < first);
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, limit),
    };
    let end = end.min(total);
    let cursor = |at: usize| rows.get(at).map(|(key, _)| hex::encode(format!("k{key}")));
    let meta = json!({
        "after": if end < total { end.checked_sub(1).and_then(cursor) } else { None },
        "before": if start > 0 { cursor(start) } else { None },
        "limit": limit,
        "total_count": total,
    });
    Ok((rows.into_iter().skip(start).take(end - start).map(|(_, row)| row).collect(), meta))
}

fn key(cursor: &str) -> Result<i64, Reject> {
    let text = hex::decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let number = text.and_then(|text| text.strip_prefix('k').and_then(|digits| digits.parse().ok()));
    number.ok_or_else(|| Reject::BadSchema("invalid cursor".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: &[i64], query: &str) -> (Vec<i64>, Option<String>, Option<String>) {
        let rows = rows.iter().map(|row| (*row, *row)).collect();
        let query = Query::parse(Some(query)).unwrap();
        let (rows, meta) = page(rows, &query, Size { default: 2, most: 3 }).unwrap();
        let cursor = |name: &str| meta[name].as_str().map(str::to_owned);
        (rows, cursor("after"), cursor("before"))
    }

    #[test]
    fn a_row_that_goes_or_comes_between_two_pages_hides_none() {
        let (rows, after, before) = read(&[1, 2, 3, 4, 5], "");
        assert_eq!((rows, before), (vec![1, 2], None));
        let after = format!("after={}", after.unwrap());
        assert_eq!(read(&[1, 3, 4, 5], &after).0, [3, 4], "the last row of the page is gone");
        assert_eq!(read(&[0, 1, 2, 3, 4, 5], &after).0, [3, 4], "one came in front");
        let (rows, _, before) = read(&[1, 2, 3, 4, 5], &after);
        assert_eq!(rows, [3, 4]);
        let before = format!("before={}", before.unwrap());
        assert_eq!(read(&[1, 2, 3, 4, 5], &before).0, [1, 2]);
        assert_eq!(read(&[2, 3, 4, 5], &before).0, [2], "not the rows of the page itself");
        assert_eq!(read(&[1, 2, 3, 4, 5], "page_size=50").0, [1, 2, 3], "no more than the most");
        let (rows, after, _) = read(&[1, 2], "");
        assert_eq!((rows, after), (vec![1, 2], None));
    }
}
