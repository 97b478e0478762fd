//! From tokens to lines and blocks of lines, with the comments that belong to them (x/mod `modfile/read.go`).

use super::GoModError;
use super::lex::{Lexer, SyntaxFault, Token};

/// One line of words; in a block, without the block's own words.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// Where it begins, from 1.
    pub(super) number: usize,
    /// At least one.
    pub(super) words: Vec<&'a str>,
    /// The comment lines before it; in a block, an empty text for blank lines between them or above them.
    pub(super) before: Vec<&'a str>,
    /// The comment behind it.
    pub(super) suffix: Option<&'a str>,
}

/// A line by itself, or a block.
#[derive(Debug)]
pub(super) enum Statement<'a> {
    Line(Line<'a>),
    Block {
        /// What stands before the parenthesis.
        words: Vec<&'a str>,
        /// The comment lines before it.
        before: Vec<&'a str>,
        lines: Vec<Line<'a>>,
    },
}

/// Reads statements one after the other.
pub(super) struct Statements<'a> {
    lexer: Lexer<'a>,
}

impl<'a> Statements<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, GoModError> {
        Ok(Self { lexer: Lexer::new(text)? })
    }

    /// The next statement; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Statement<'a>>, GoModError> {
        let mut before = Vec::new();
        loop {
            match self.lexer.peek() {
                Token::End => return Ok(None),
                // A blank line cuts the comments above it off from what follows.
                Token::LineFeed => before.clear(),
                Token::Comment(text) => before.push(text),
                Token::Suffix(_) | Token::Word(_) => return self.statement(before).map(Some),
            }
            self.lexer.next()?;
        }
    }

    fn statement(&mut self, before: Vec<&'a str>) -> Result<Statement<'a>, GoModError> {
        let number = self.lexer.line_of_next();
        let mut words = Vec::new();
        loop {
            match self.lexer.next()? {
                Token::End | Token::LineFeed => {
                    return Ok(Statement::Line(Line { number, words, before, suffix: None }));
                }
                Token::Suffix(text) if !words.is_empty() => {
                    return Ok(Statement::Line(Line { number, words, before, suffix: Some(text) }));
                }
                Token::Word("(") if !words.is_empty() && self.lexer.peek().ends_line() => {
                    let lines = self.block(number)?;
                    return Ok(Statement::Block { words, before, lines });
                }
                Token::Word("(") if !words.is_empty() && self.lexer.peek() == Token::Word(")") => {
                    self.lexer.next()?;
                    if self.lexer.peek().ends_line() {
                        self.lexer.next()?;
                        return Ok(Statement::Block { words, before, lines: Vec::new() });
                    }
                    words.extend(["(", ")"]);
                }
                Token::Word(text) | Token::Comment(text) | Token::Suffix(text) => words.push(text),
            }
        }
    }

    /// Reads up to and with the closing parenthesis and the end of its line.
    fn block(&mut self, opened: usize) -> Result<Vec<Line<'a>>, GoModError> {
        let mut lines = Vec::new();
        let mut before = Vec::new();
        loop {
            let number = self.lexer.line_of_next();
            match self.lexer.peek() {
                Token::Suffix(_) => {
                    self.lexer.next()?;
                }
                Token::LineFeed => {
                    self.lexer.next()?;
                    // Blank lines count once, and not those right behind the parenthesis.
                    if before.last().map_or(!lines.is_empty(), |last: &&str| !last.is_empty()) {
                        before.push("");
                    }
                }
                Token::Comment(text) => {
                    self.lexer.next()?;
                    before.push(text);
                }
                Token::End => {
                    return Err(GoModError::Syntax { line: opened, fault: SyntaxFault::UnterminatedBlock });
                }
                Token::Word(")") => {
                    self.lexer.next()?;
                    if !self.lexer.peek().ends_line() {
                        return Err(GoModError::Syntax { line: number, fault: SyntaxFault::AfterBlock });
                    }
                    self.lexer.next()?;
                    return Ok(lines);
                }
                Token::Word(_) => lines.push(self.line(number, std::mem::take(&mut before))?),
            }
        }
    }

    fn line(&mut self, number: usize, before: Vec<&'a str>) -> Result<Line<'a>, GoModError> {
        let mut words = Vec::new();
        let suffix = loop {
            match self.lexer.next()? {
                Token::End | Token::LineFeed => break None,
                Token::Suffix(text) => break Some(text),
                Token::Word(text) | Token::Comment(text) => words.push(text),
            }
        };
        Ok(Line { number, words, before, suffix })
    }
}
