//! Lists over several pages. A page that repeats, or rows that are missing, make the whole unknown: never fewer rows in
//! silence.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Call, Rest, RestError};
use crate::venue::Cause;
use crate::venue::wire::Meta;

const PAGES_MAX: usize = 200;

/// One page: its rows, and the first of them as it came, by which a repetition is known.
#[derive(Debug)]
struct Page<T> {
    first: Option<Value>,
    rows: Vec<T>,
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Page<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Vec::<Value>::deserialize(deserializer)?;
        let first = rows.first().cloned();
        let read = |row| serde_json::from_value(row).map_err(D::Error::custom);
        Ok(Self { first, rows: rows.into_iter().map(read).collect::<Result<_, _>>()? })
    }
}

/// What was seen of one list so far. Pure.
#[derive(Default)]
struct Pages {
    rows: usize,
    firsts: Vec<Value>,
    cursors: Vec<String>,
}

impl Pages {
    /// Notes a page; gives the cursor of the next one, or `None` at the end. `full` is how many rows were asked for.
    fn note<T>(
        &mut self,
        page: &Page<T>,
        meta: Option<Meta>,
        full: Option<usize>,
    ) -> Result<Option<String>, Cause> {
        if let Some(first) = &page.first {
            // Rows have ids, so that no two of one list are the same.
            if self.firsts.contains(first) {
                return Err(Cause::PageRepeated);
            }
            self.firsts.push(first.clone());
        }
        self.rows += page.rows.len();
        let Some(Meta { after, total_count }) = meta else {
            // A full page without a word on the next one may be all, or not.
            let cut = full.is_some_and(|full| page.rows.len() >= full);
            return if cut { Err(Cause::RowsMissing) } else { Ok(None) };
        };
        match after {
            Some(after) if self.cursors.contains(&after) => Err(Cause::PageRepeated),
            Some(_) if self.cursors.len() + 1 >= PAGES_MAX => Err(Cause::TooManyPages),
            Some(after) => {
                self.cursors.push(after.clone());
                Ok(Some(after))
            }
            None if total_count.is_some_and(|total| total > self.rows) => Err(Cause::RowsMissing),
            None => Ok(None),
        }
    }
}

impl Rest {
    /// Reads all pages of a list, or fails: never fewer rows than there are.
    pub async fn read_all<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, RestError> {
        self.read_all_as(call, |row: T| Ok(Some(row))).await
    }

    /// The same with what `understand` makes of each row; `None` is no row of those that were asked for. A page with a
    /// row that it makes nothing of is unreadable, and told so.
    pub async fn read_all_as<T: DeserializeOwned, U>(
        &self,
        call: &Call,
        understand: impl Fn(T) -> Result<Option<U>, String>,
    ) -> Result<Vec<U>, RestError> {
        let understand = |page: Page<T>| {
            let Page { first, rows } = page;
            let rows: Vec<Option<U>> = rows.into_iter().map(&understand).collect::<Result<_, _>>()?;
            Ok(Page { first, rows })
        };
        let mut pages = Pages::default();
        let mut rows = Vec::new();
        let mut call = call.clone();
        loop {
            let (page, meta) = self.read_page(&call, &understand).await?;
            let after = pages.note(&page, meta, call.page_size()).map_err(RestError::Failed)?;
            rows.extend(page.rows.into_iter().flatten());
            match after {
                Some(after) => call.set_query("after", after),
                None => return Ok(rows),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(ids: std::ops::Range<u32>) -> Page<u32> {
        serde_json::from_value(Value::from(ids.collect::<Vec<_>>())).unwrap()
    }

    fn after(cursor: &str) -> Option<Meta> {
        Some(Meta { after: Some(cursor.to_owned()), total_count: None })
    }

    fn last(total: Option<usize>) -> Option<Meta> {
        Some(Meta { after: None, total_count: total })
    }

    #[test]
    fn pages_follow_each_other_to_the_last() {
        let mut pages = Pages::default();
        assert_eq!(pages.note(&page(0..2), after("a"), Some(2)), Ok(Some("a".to_owned())));
        let empty = pages.note(&page(0..0), after("b"), Some(2));
        assert_eq!(empty, Ok(Some("b".to_owned())), "empty, but not the end");
        assert_eq!(pages.note(&page(2..4), last(Some(4)), Some(2)), Ok(None));
        assert_eq!(pages.rows, 4);
    }

    #[test]
    fn a_page_that_repeats_is_an_error() {
        let mut pages = Pages::default();
        assert!(pages.note(&page(0..2), after("a"), None).is_ok());
        assert_eq!(pages.note(&page(0..2), after("b"), None), Err(Cause::PageRepeated), "the same rows");
        let mut pages = Pages::default();
        assert!(pages.note(&page(0..2), after("a"), None).is_ok());
        assert_eq!(pages.note(&page(2..4), after("a"), None), Err(Cause::PageRepeated), "the same cursor");
    }

    #[test]
    fn rows_that_are_missing_are_an_error() {
        let missing = |rows: u32, meta, full| Pages::default().note(&page(0..rows), meta, full);
        assert_eq!(missing(2, last(Some(3)), Some(50)), Err(Cause::RowsMissing), "the venue counts three");
        assert_eq!(missing(50, None, Some(50)), Err(Cause::RowsMissing), "cut off where a page ends");
        assert_eq!(missing(49, None, Some(50)), Ok(None));
        assert_eq!(missing(50, None, None), Ok(None), "not a paged list");
    }

    #[test]
    fn a_list_without_end_is_given_up() {
        let mut pages = Pages::default();
        let mut note = |number: u32| pages.note(&page(number..number + 1), after(&number.to_string()), None);
        assert_eq!((0..1_000).find_map(|number| note(number).err()), Some(Cause::TooManyPages));
        assert_eq!(pages.firsts.len(), PAGES_MAX);
    }

    #[test]
    fn one_row_that_cannot_be_read_makes_the_page_unreadable() {
        assert!(serde_json::from_str::<Page<u32>>("[1,\"x\",3]").is_err());
    }
}
