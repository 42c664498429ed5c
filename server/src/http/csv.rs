//! Rows of comma-separated values after RFC 4180, in which no cell is run by a spreadsheet. Pure.

/// Adds a row with its line end.
pub fn push_row(out: &mut String, cells: impl IntoIterator<Item = String>) {
    for (number, cell) in cells.into_iter().enumerate() {
        if number > 0 {
            out.push(',');
        }
        push_cell(out, &cell);
    }
    out.push_str("\r\n");
}

fn push_cell(out: &mut String, cell: &str) {
    let guard = if is_formula(cell) { "'" } else { "" };
    if cell.contains([',', '"', '\r', '\n']) {
        out.push('"');
        out.push_str(guard);
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(guard);
        out.push_str(cell);
    }
}

/// What a spreadsheet would take for a formula, full-width signs too. A negative number is a number.
fn is_formula(cell: &str) -> bool {
    let starts = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    starts && !is_number(cell)
}

/// Digits with at most one point, and perhaps a minus: never what could begin a formula.
fn is_number(cell: &str) -> bool {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[&str]) -> String {
        let mut out = String::new();
        push_row(&mut out, cells.iter().map(|cell| (*cell).to_owned()));
        out
    }

    #[test]
    fn cells_with_commas_quotes_and_lines_are_quoted() {
        assert_eq!(row(&["a", "b c", "", "1"]), "a,b c,,1\r\n");
        assert_eq!(row(&["a,b", "say \"x\"", "two\nlines"]), "\"a,b\",\"say \"\"x\"\"\",\"two\nlines\"\r\n");
    }

    #[test]
    fn nothing_that_a_spreadsheet_would_run_stands_at_the_start_of_a_cell() {
        for formula in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "-2+3",
            "@SUM(A1)",
            "\tx",
            "\r=1",
            "--1",
            "-",
            "-1.2.3",
            "-.5",
            "＝1",
            "-1e9",
        ] {
            let told = row(&[formula]);
            let cell = told.trim_end_matches("\r\n").trim_start_matches('"');
            assert!(cell.starts_with('\''), "{told:?}");
        }
        assert_eq!(row(&["=1,\"2\""]), "\"'=1,\"\"2\"\"\"\r\n");
    }

    #[test]
    fn negative_numbers_stay_numbers() {
        assert_eq!(row(&["-1", "-12.50", "0.1", "7"]), "-1,-12.50,0.1,7\r\n");
    }
}
