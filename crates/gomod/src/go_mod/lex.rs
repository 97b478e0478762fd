//! From the text of a go.mod to tokens (x/mod `modfile/read.go`).

use super::GoModError;
use crate::quote;

/// One token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// The end of the text.
    End,
    /// A line feed that does not belong to a comment.
    LineFeed,
    /// A comment with nothing before it on its line, with its line feed.
    Comment(&'a str),
    /// A comment behind something, with its line feed.
    Suffix(&'a str),
    /// A word, a string in quotes, or one of `( ) [ ] { } ,`.
    Word(&'a str),
}

impl Token<'_> {
    /// Whether a line ends here.
    pub(super) fn ends_line(self) -> bool {
        matches!(self, Self::End | Self::LineFeed | Self::Suffix(_))
    }
}

/// Reads tokens with one token of look-ahead.
pub(super) struct Lexer<'a> {
    rest: &'a str,
    /// The line on which `rest` begins.
    line: usize,
    /// Whether something other than space has been read on that line.
    begun: bool,
    next: Token<'a>,
    /// The line on which `next` begins.
    next_line: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, GoModError> {
        let mut lexer = Self { rest: text, line: 1, begun: false, next: Token::End, next_line: 1 };
        lexer.advance()?;
        Ok(lexer)
    }

    /// The next token, not consumed.
    pub(super) fn peek(&self) -> Token<'a> {
        self.next
    }

    /// The line on which the next token begins.
    pub(super) fn line_of_next(&self) -> usize {
        self.next_line
    }

    /// Consumes the next token.
    pub(super) fn next(&mut self) -> Result<Token<'a>, GoModError> {
        let token = self.next;
        self.advance()?;
        Ok(token)
    }

    fn advance(&mut self) -> Result<(), GoModError> {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r']);
        self.next_line = self.line;
        let Some(first) = self.rest.chars().next() else {
            self.next = Token::End;
            return Ok(());
        };
        self.next = match first {
            '/' if self.rest.starts_with("//") => self.comment(),
            '/' if self.rest.starts_with("/*") => return Err(self.fault(SyntaxFault::BlockComment)),
            '\n' => {
                self.take(1);
                self.line += 1;
                self.begun = false;
                Token::LineFeed
            }
            '(' | ')' | '[' | ']' | '{' | '}' | ',' => self.word(1),
            '"' | '`' => self.string(first)?,
            first if is_word(first) => self.identifier()?,
            other => return Err(self.fault(SyntaxFault::Character(other))),
        };
        Ok(())
    }

    fn comment(&mut self) -> Token<'a> {
        let text = self.take(self.rest.find('\n').unwrap_or(self.rest.len()));
        let text = text.strip_suffix('\r').unwrap_or(text);
        let token = if self.begun { Token::Suffix(text) } else { Token::Comment(text) };
        if !self.take(1).is_empty() {
            self.line += 1;
        }
        self.begun = false;
        token
    }

    /// A string up to its closing quote. A backslash in double quotes hides whatever follows it.
    fn string(&mut self, quote: char) -> Result<Token<'a>, GoModError> {
        let mut hidden = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            if hidden {
                self.line += usize::from(c == '\n');
                hidden = false;
            } else if c == quote {
                return Ok(self.word(at + 1));
            } else if c == '\n' {
                return Err(self.fault(SyntaxFault::LineFeedInString));
            } else {
                hidden = c == '\\' && quote == '"';
            }
        }
        Err(self.fault(SyntaxFault::UnterminatedString))
    }

    fn identifier(&mut self) -> Result<Token<'a>, GoModError> {
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        let slashes = word.find("//");
        if word.find("/*").is_some_and(|star| slashes.is_none_or(|slashes| star < slashes)) {
            return Err(self.fault(SyntaxFault::BlockComment));
        }
        Ok(self.word(slashes.unwrap_or(end)))
    }

    fn word(&mut self, length: usize) -> Token<'a> {
        self.begun = true;
        Token::Word(self.take(length))
    }

    /// Consumes so many bytes, or as many as there are.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn fault(&self, fault: SyntaxFault) -> GoModError {
        GoModError::Syntax { line: self.next_line, fault }
    }
}

/// Whether a word may hold this character: whatever is printed, but for a few of ASCII.
fn is_word(c: char) -> bool {
    !matches!(c, ' ' | '(' | ')' | '[' | ']' | '{' | '}' | ',') && !c.is_whitespace() && quote::is_print(c)
}

/// Why a text cannot be divided into lines of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxFault {
    /// A comment of the form `/* */`.
    #[error("mod files must use // comments (not /* */ comments)")]
    BlockComment,
    /// A line feed inside quotes.
    #[error("unexpected newline in string")]
    LineFeedInString,
    /// Quotes that are not closed.
    #[error("unexpected end of file in string")]
    UnterminatedString,
    /// A character that cannot be printed, such as a byte order mark.
    #[error("unexpected input character {0:?}")]
    Character(char),
    /// A block without its closing parenthesis.
    #[error("syntax error (unterminated block)")]
    UnterminatedBlock,
    /// Something behind a block's closing parenthesis.
    #[error("syntax error (expected newline after closing paren)")]
    AfterBlock,
}
