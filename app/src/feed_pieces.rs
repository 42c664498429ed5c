//! HTML in pieces: tags, and the texts between them. Server and browser cut alike. Pure.

/// Cuts; `concat` undoes it.
pub fn cut(html: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let end = if rest.starts_with('<') {
            rest.find('>').map_or(rest.len(), |at| at + 1)
        } else {
            rest.find('<').unwrap_or(rest.len())
        };
        let (piece, after) = rest.split_at(end);
        pieces.push(piece.to_owned());
        rest = after;
    }
    pieces
}

#[cfg(not(feature = "hydrate"))]
/// What changed, by number; `None` when the pieces are not the same in number.
pub fn changed<'a>(before: &[String], after: &'a [String]) -> Option<Vec<(usize, &'a str)>> {
    (before.len() == after.len()).then(|| {
        let pairs = before.iter().zip(after).enumerate();
        pairs
            .filter(|(_, (before, after))| before != after)
            .map(|(at, (_, after))| (at, after.as_str()))
            .collect()
    })
}

/// A run of the pieces before, or new HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    Kept { from: usize, count: usize },
    New(String),
}

/// A row begins with a tag that has a key.
#[cfg(not(feature = "hydrate"))]
fn rows(pieces: &[String]) -> Vec<(usize, &[String])> {
    let mut rows = Vec::new();
    let mut from = 0;
    for at in 1..=pieces.len() {
        let begins = pieces.get(at).is_none_or(|piece| piece.contains(" data-key=\""));
        if begins {
            rows.push((from, &pieces[from..at]));
            from = at;
        }
    }
    rows
}

/// What stays row by row, and what is new, when rows came or went.
#[cfg(not(feature = "hydrate"))]
pub fn parts(before: &[String], after: &[String]) -> Vec<Part> {
    let known: std::collections::BTreeMap<&[String], usize> =
        rows(before).into_iter().map(|(from, row)| (row, from)).collect();
    let mut parts: Vec<Part> = Vec::new();
    for (_, row) in rows(after) {
        match (known.get(row), parts.last_mut()) {
            (Some(from), Some(Part::Kept { from: first, count })) if *first + *count == *from => {
                *count += row.len();
            }
            (Some(from), Some(_) | None) => parts.push(Part::Kept { from: *from, count: row.len() }),
            (None, Some(Part::New(html))) => html.push_str(&row.concat()),
            (None, Some(Part::Kept { .. }) | None) => parts.push(Part::New(row.concat())),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_whole_again() {
        for html in ["", "text", "<td class=\"n\">+71.20<!></td>", "<a", "a>b<i></i>c"] {
            assert_eq!(cut(html).concat(), html);
        }
        assert_eq!(cut("<td>1<!></td>"), ["<td>", "1", "<!>", "</td>"]);
    }

    #[test]
    fn a_number_that_changed_is_one_piece() {
        let after = cut("<td>2</td><td>7</td>");
        assert_eq!(changed(&cut("<td>1</td><td>7</td>"), &after), Some(vec![(1, "2")]));
        assert_eq!(changed(&cut("<td>1</td>"), &after), None);
    }

    #[test]
    fn a_row_that_comes_costs_no_more_than_itself() {
        let row = |key: u32| format!("<li data-key=\"{key}\">line {key}</li>");
        let list =
            |keys: &[u32]| cut(&format!("<ol>{}</ol>", keys.iter().map(|key| row(*key)).collect::<String>()));
        let (before, after) = (list(&[3, 2, 1, 0]), list(&[4, 3, 2, 1]));
        let parts = parts(&before, &after);
        let html: Vec<String> = parts
            .iter()
            .map(|part| match part {
                Part::Kept { from, count } => before[*from..from + count].concat(),
                Part::New(html) => html.clone(),
            })
            .collect();
        assert_eq!(html.concat(), after.concat());
        let fresh = parts.iter().filter(|part| matches!(part, Part::New(_))).count();
        assert_eq!((parts.len(), fresh), (4, 2), "{parts:?}");
    }
}
