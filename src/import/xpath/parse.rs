//! XPath 1.0 as it is written, into expressions: <https://www.w3.org/TR/1999/REC-xpath-19991116/>.

use super::Refusal;

/// Brackets in brackets that are followed; nobody nests deeper by hand.
const MAX_DEPTH: usize = 24;

/// Names, signs and literals of an expression; the longest in use has sixty.
const MAX_TOKENS: usize = 600;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Binary(Op, Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    Literal(String),
    Number(f64),
    Path(Path),
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Or,
    And,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Union,
}

/// A location path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    pub start: Start,
    pub steps: Vec<Step>,
}

/// Where a path begins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Start {
    /// At the document.
    Root,
    /// At the node that is looked at.
    Context,
    /// At the nodes of an expression in brackets, less those that a predicate rules out.
    Set(Box<Expr>, Vec<Expr>),
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub axis: Axis,
    pub test: NodeTest,
    pub predicates: Vec<Expr>,
}

/// Where a step leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Namespace,
    Parent,
    Preceding,
    PrecedingSibling,
    Itself,
}

impl Axis {
    const NAMES: [(&str, Axis); 13] = [
        ("ancestor", Axis::Ancestor),
        ("ancestor-or-self", Axis::AncestorOrSelf),
        ("attribute", Axis::Attribute),
        ("child", Axis::Child),
        ("descendant", Axis::Descendant),
        ("descendant-or-self", Axis::DescendantOrSelf),
        ("following", Axis::Following),
        ("following-sibling", Axis::FollowingSibling),
        ("namespace", Axis::Namespace),
        ("parent", Axis::Parent),
        ("preceding", Axis::Preceding),
        ("preceding-sibling", Axis::PrecedingSibling),
        ("self", Axis::Itself),
    ];

    /// The axis as it is written.
    pub(super) fn name(self) -> &'static str {
        let mut all = Axis::NAMES.iter();
        all.find(|(_, axis)| *axis == self)
            .map_or("", |(name, _)| name)
    }
}

/// Which nodes a step is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum NodeTest {
    /// `*`
    Any,
    Name(String),
    /// `node()`
    Node,
    /// `text()`
    Text,
    /// `comment()`, `processing-instruction()`
    Other,
}

impl Step {
    fn new(axis: Axis, test: NodeTest) -> Step {
        Step {
            axis,
            test,
            predicates: Vec::new(),
        }
    }

    /// Whether this is what `//` stands for.
    pub(super) fn is_double_slash(&self) -> bool {
        self.axis == Axis::DescendantOrSelf
            && self.test == NodeTest::Node
            && self.predicates.is_empty()
    }
}

/// The functions there are. One of another name is a typing error: nobody evaluates it.
const FUNCTIONS: [&str; 27] = [
    "boolean",
    "ceiling",
    "concat",
    "contains",
    "count",
    "false",
    "floor",
    "id",
    "lang",
    "last",
    "local-name",
    "name",
    "namespace-uri",
    "normalize-space",
    "not",
    "number",
    "position",
    "round",
    "starts-with",
    "string",
    "string-length",
    "substring",
    "substring-after",
    "substring-before",
    "sum",
    "translate",
    "true",
];

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// A name or `*` where one can stand.
    Name(String),
    Literal(String),
    Number(f64),
    Op(Op),
    /// `/`, `//`, `.`, `..`, `@`, `::`, `[`, `]`, `(`, `)`, `,`
    Sign(&'static str),
}

/// Reads an expression; the error says at which character nobody can go on.
pub(super) fn parse(source: &str) -> Result<Expr, Refusal> {
    let tokens = tokens(source)?;
    let mut parser = Parser {
        tokens: &tokens,
        at: 0,
        depth: 0,
    };
    let expr = parser.binary(0)?;
    match parser.tokens.get(parser.at) {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected()),
    }
}

const SIGNS: [&str; 11] = ["//", "/", "..", ".", "@", "::", "[", "]", "(", ")", ","];

const OPERATORS: [(&str, Op); 9] = [
    ("!=", Op::Ne),
    ("<=", Op::Le),
    (">=", Op::Ge),
    ("=", Op::Eq),
    ("<", Op::Lt),
    (">", Op::Gt),
    ("|", Op::Union),
    ("+", Op::Add),
    ("-", Op::Sub),
];

/// The tokens, each with its column.
fn tokens(source: &str) -> Result<Vec<(usize, Token)>, Refusal> {
    let mut tokens: Vec<(usize, Token)> = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let column = source.len() - rest.len() + 1;
        let (token, length) = if let '"' | '\'' = first {
            let Some(end) = rest[1..].find(first) else {
                return Err(Refusal::broken(format!(
                    "a quotation mark at {column} is not closed"
                )));
            };
            (Token::Literal(rest[1..=end].to_owned()), end + 2)
        } else if first.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
            let end = end.unwrap_or(rest.len());
            let number = rest[..end].parse().unwrap_or(f64::NAN);
            (Token::Number(number), end)
        } else if first.is_alphabetic() || first == '_' {
            let length = name_length(rest);
            let name = &rest[..length];
            let word = match name {
                "and" => Some(Op::And),
                "or" => Some(Op::Or),
                "div" => Some(Op::Div),
                "mod" => Some(Op::Mod),
                _ => None,
            };
            let token = match word {
                Some(op) if ends_operand(tokens.last()) => Token::Op(op),
                _ => Token::Name(name.to_owned()),
            };
            (token, length)
        } else if first == '*' {
            let token = if ends_operand(tokens.last()) {
                Token::Op(Op::Mul)
            } else {
                Token::Name("*".to_owned())
            };
            (token, 1)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else if let Some((sign, op)) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            (Token::Op(*op), sign.len())
        } else {
            return Err(Refusal::broken(format!("'{first}' at {column}")));
        };
        if tokens.len() >= MAX_TOKENS {
            return Err(Refusal::unknown("an expression without end"));
        }
        tokens.push((column, token));
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// The length of the name that `rest` begins with; a prefix belongs to it, an axis does not.
fn name_length(rest: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let end = |from: usize| {
        let end = rest[from..].find(|c| !is_part(c));
        end.map_or(rest.len(), |end| from + end)
    };
    let first = end(0);
    match rest[first..].strip_prefix(':') {
        Some(local) if local.starts_with(is_part) => end(first + 1),
        _ => first,
    }
}

/// Whether an operand may end with this token, so that what follows is an operator.
fn ends_operand(token: Option<&(usize, Token)>) -> bool {
    match token {
        None => false,
        Some((_, Token::Op(_))) => false,
        Some((_, Token::Sign(sign))) => matches!(*sign, ")" | "]" | "." | ".."),
        Some(_) => true,
    }
}

struct Parser<'t> {
    tokens: &'t [(usize, Token)],
    at: usize,
    depth: usize,
}

/// The operators from the loosest to the tightest.
const LEVELS: [&[Op]; 7] = [
    &[Op::Or],
    &[Op::And],
    &[Op::Eq, Op::Ne],
    &[Op::Lt, Op::Le, Op::Gt, Op::Ge],
    &[Op::Add, Op::Sub],
    &[Op::Mul, Op::Div, Op::Mod],
    &[Op::Union],
];

impl Parser<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Result<(), Refusal> {
        if self.take(sign) {
            Ok(())
        } else {
            Err(Refusal::broken(match self.tokens.get(self.at) {
                Some((column, _)) => format!("'{sign}' is missing at {column}"),
                None => format!("'{sign}' is missing at the end"),
            }))
        }
    }

    fn unexpected(&self) -> Refusal {
        Refusal::broken(match self.tokens.get(self.at) {
            Some((column, _)) => format!("what begins at {column} does not belong there"),
            None => "the end is missing".to_owned(),
        })
    }

    fn binary(&mut self, level: usize) -> Result<Expr, Refusal> {
        let Some(operators) = LEVELS.get(level) else {
            return self.operand();
        };
        let mut left = self.binary(level + 1)?;
        while let Some(Token::Op(op)) = self.peek() {
            let op = *op;
            if !operators.contains(&op) {
                break;
            }
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = Expr::Binary(op, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    /// What stands in brackets, or a predicate.
    fn inner(&mut self) -> Result<Expr, Refusal> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Refusal::unknown("brackets in brackets without end"));
        }
        let expr = self.binary(0);
        self.depth -= 1;
        expr
    }

    fn operand(&mut self) -> Result<Expr, Refusal> {
        let primary = match self.peek() {
            Some(Token::Literal(text)) => Expr::Literal(text.clone()),
            Some(Token::Number(number)) => Expr::Number(*number),
            Some(Token::Sign("(")) => {
                self.at += 1;
                let expr = self.inner()?;
                self.expect(")")?;
                return self.filtered(expr);
            }
            Some(Token::Name(name)) if self.is_call(name) => {
                let name = name.clone();
                self.at += 2;
                let call = Expr::Call(name, self.arguments()?);
                return self.filtered(call);
            }
            _ => return self.path(),
        };
        self.at += 1;
        self.filtered(primary)
    }

    /// Whether a name is that of a function, not of a kind of node.
    fn is_call(&self, name: &str) -> bool {
        let next = self.tokens.get(self.at + 1).map(|(_, token)| token);
        next == Some(&Token::Sign("("))
            && !matches!(
                name,
                "node" | "text" | "comment" | "processing-instruction" | "*"
            )
    }

    fn arguments(&mut self) -> Result<Vec<Expr>, Refusal> {
        let called = self.at - 2;
        if let Some((_, Token::Name(name))) = self.tokens.get(called)
            && !FUNCTIONS.contains(&name.as_str())
        {
            return Err(Refusal::broken(format!("there is no function {name}()")));
        }
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.inner()?);
            if !self.take(",") {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    /// Predicates and steps after an expression that is no path.
    fn filtered(&mut self, expr: Expr) -> Result<Expr, Refusal> {
        let predicates = self.predicates()?;
        let is_step = matches!(self.peek(), Some(Token::Sign("/" | "//")));
        if predicates.is_empty() && !is_step {
            return Ok(expr);
        }
        let mut path = Path {
            start: Start::Set(Box::new(expr), predicates),
            steps: Vec::new(),
        };
        if is_step {
            self.slashes(&mut path.steps)?;
        }
        Ok(Expr::Path(path))
    }

    fn path(&mut self) -> Result<Expr, Refusal> {
        let mut path = Path {
            start: Start::Context,
            steps: Vec::new(),
        };
        match self.peek() {
            Some(Token::Sign("//")) => {
                path.start = Start::Root;
                self.slashes(&mut path.steps)?;
            }
            Some(Token::Sign("/")) => {
                path.start = Start::Root;
                // The document itself.
                let after = self.tokens.get(self.at + 1).map(|(_, token)| token);
                if !matches!(after, Some(Token::Name(_) | Token::Sign("." | ".." | "@"))) {
                    self.at += 1;
                    return Ok(Expr::Path(path));
                }
                self.slashes(&mut path.steps)?;
            }
            _ => {
                let step = self.step()?;
                path.steps.push(step);
                self.slashes(&mut path.steps)?;
            }
        }
        Ok(Expr::Path(path))
    }

    /// Steps, each after a slash or two.
    fn slashes(&mut self, steps: &mut Vec<Step>) -> Result<(), Refusal> {
        loop {
            if self.take("//") {
                steps.push(Step::new(Axis::DescendantOrSelf, NodeTest::Node));
            } else if !self.take("/") {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    fn step(&mut self) -> Result<Step, Refusal> {
        if self.take("..") {
            return Ok(Step::new(Axis::Parent, NodeTest::Node));
        }
        if self.take(".") {
            return Ok(Step::new(Axis::Itself, NodeTest::Node));
        }
        let mut axis = Axis::Child;
        if self.take("@") {
            axis = Axis::Attribute;
        } else if let Some(Token::Name(name)) = self.peek()
            && let Some((_, Token::Sign("::"))) = self.tokens.get(self.at + 1)
        {
            let known = Axis::NAMES.iter().find(|(n, _)| n == name);
            let Some((_, known)) = known else {
                return Err(Refusal::broken(format!("there is no axis {name}::")));
            };
            axis = *known;
            self.at += 2;
        }
        let Some(Token::Name(name)) = self.peek() else {
            return Err(self.unexpected());
        };
        let name = name.clone();
        self.at += 1;
        let test = if self.take("(") {
            if let Some(Token::Literal(_)) = self.peek() {
                self.at += 1;
            }
            self.expect(")")?;
            match (name.as_str(), axis) {
                ("node", _) => NodeTest::Node,
                ("text", Axis::Attribute) => {
                    return Err(Refusal::broken("there is no attribute text()"));
                }
                ("text", _) => NodeTest::Text,
                _ => NodeTest::Other,
            }
        } else if name == "*" {
            NodeTest::Any
        } else {
            NodeTest::Name(name)
        };
        let predicates = self.predicates()?;
        Ok(Step {
            axis,
            test,
            predicates,
        })
    }

    fn predicates(&mut self) -> Result<Vec<Expr>, Refusal> {
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(self.inner()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }
}
