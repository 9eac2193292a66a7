//! What can be wrong with a rule, told to the person who wrote it.

use std::fmt;

/// A rule that cannot be read: where it stands, what it says and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// The file, as it was named to the builder.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The line that was read.
    pub selector: String,
    /// What is wrong, and what would be right.
    pub reason: String,
}

impl RuleError {
    pub(crate) fn new(
        file: &str,
        line: usize,
        column: usize,
        selector: &str,
        reason: String,
    ) -> Self {
        RuleError {
            file: file.to_owned(),
            line,
            column,
            selector: selector.to_owned(),
            reason,
        }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}: {}",
            self.file, self.line, self.column, self.reason, self.selector
        )
    }
}

impl std::error::Error for RuleError {}

/// Every rule of a build that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleErrors(pub Vec<RuleError>);

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleErrors {}
