//! Just enough of Rust's lexical rules to tell code from comments, strings and characters.

/// The text with everything that is not code replaced by spaces; line breaks stay, so line numbers hold.
pub fn code_of(text: &str) -> String {
    let mut lexer = Lexer { chars: text.chars().collect(), at: 0, code: String::with_capacity(text.len()) };
    while lexer.at < lexer.chars.len() {
        lexer.step();
    }
    lexer.code
}

struct Lexer {
    chars: Vec<char>,
    at: usize,
    code: String,
}

impl Lexer {
    fn step(&mut self) {
        match (self.peek(0), self.peek(1)) {
            ('/', '/') => self.blank_until(|lexer| lexer.peek(0) == '\n'),
            ('/', '*') => self.block_comment(),
            ('"', _) => self.string(),
            ('r', '"' | '#') if !self.follows_name() && self.raw_hashes().is_some() => self.raw_string(),
            ('b' | 'c', 'r') if !self.follows_name() && self.raw_after_prefix() => {
                self.keep();
                self.raw_string();
            }
            ('\'', _) if self.is_character() => self.character(),
            _ => self.keep(),
        }
    }

    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.at + ahead).copied().unwrap_or('\0')
    }

    fn keep(&mut self) {
        self.code.push(self.peek(0));
        self.at += 1;
    }

    fn blank(&mut self) {
        let kept = if self.peek(0) == '\n' { '\n' } else { ' ' };
        self.code.push(kept);
        self.at += 1;
    }

    fn blank_until(&mut self, end: impl Fn(&Self) -> bool) {
        while self.at < self.chars.len() && !end(self) {
            self.blank();
        }
    }

    fn blank_some(&mut self, count: usize) {
        for _ in 0..count.min(self.chars.len() - self.at) {
            self.blank();
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            match (self.peek(0), self.peek(1)) {
                ('/', '*') => depth += 1,
                ('*', '/') => depth -= 1,
                _ => {
                    self.blank();
                    continue;
                }
            }
            self.blank_some(2);
            if depth == 0 {
                return;
            }
        }
    }

    fn string(&mut self) {
        self.blank();
        while self.at < self.chars.len() && self.peek(0) != '"' {
            let width = if self.peek(0) == '\\' { 2 } else { 1 };
            self.blank_some(width);
        }
        self.blank_some(1);
    }

    /// The number of `#` of a raw string that begins with the `r` here.
    fn raw_hashes(&self) -> Option<usize> {
        let hashes = (1..).take_while(|ahead| self.peek(*ahead) == '#').count();
        (self.peek(1 + hashes) == '"').then_some(hashes)
    }

    fn raw_after_prefix(&self) -> bool {
        let hashes = (2..).take_while(|ahead| self.peek(*ahead) == '#').count();
        self.peek(2 + hashes) == '"'
    }

    fn raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or(0);
        self.blank_some(2 + hashes);
        let closes =
            |lexer: &Self| lexer.peek(0) == '"' && (1..=hashes).all(|ahead| lexer.peek(ahead) == '#');
        self.blank_until(closes);
        self.blank_some(1 + hashes);
    }

    fn follows_name(&self) -> bool {
        self.at > 0 && is_name(self.chars[self.at - 1])
    }

    /// `'a'` and `'\n'` are characters, `'a` is a lifetime.
    fn is_character(&self) -> bool {
        self.peek(1) == '\\' || self.peek(2) == '\''
    }

    fn character(&mut self) {
        self.blank();
        let width = if self.peek(0) == '\\' { 2 } else { 1 };
        self.blank_some(width);
        self.blank_until(|lexer| lexer.peek(0) == '\'');
        self.blank_some(1);
    }
}

pub fn is_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Lines (from 1) on which `word` stands in the code, not as part of a longer name.
pub fn lines_with(code: &str, word: &str) -> Vec<usize> {
    code.lines().enumerate().filter(|(_, line)| holds_word(line, word)).map(|(index, _)| index + 1).collect()
}

pub fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        let open = word.chars().next_back().is_some_and(|last| !is_name(last));
        !before.is_some_and(is_name) && (open || !after.is_some_and(is_name))
    })
}

#[test]
fn only_code_survives() {
    let cases = [
        ("a // b\nc", "a     \nc"),
        ("a /* b /* c */ d */ e", "a                   e"),
        ("f(\"x } \\\" y\") + 1", "f(          ) + 1"),
        ("r#\"a \" b\"# c", "           c"),
        ("for<'a> f('}', '\\'', 'b')", "for<'a> f(   ,     ,    )"),
        ("br\"x\" y", "b     y"),
        ("number\"s\"", "number   "),
    ];
    for (text, code) in cases {
        assert_eq!(code_of(text), code, "{text}");
    }
}

#[test]
fn a_word_is_not_part_of_a_longer_name() {
    assert!(holds_word("let x: f64 = 1;", "f64"));
    assert!(!holds_word("let xf64 = 1;", "f64") && !holds_word("to_f64()", "f64"));
    assert!(holds_word("println!(x)", "println!") && !holds_word("eprintln!(x)", "println!"));
}
