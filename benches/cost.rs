//! What hostile pages cost: processor time against size, for every shape that has made some parser
//! slow. Time must grow as the page does: the slope of its logarithm over the size's is 1, give or
//! take a tenth.
//!
//!     cargo bench --bench cost
//!     cargo bench --bench cost -- --up-to 4 nesting siblings
//!
//! Sizes are 1, 2, 4 … MiB, up to 64 if nothing else is asked; names choose shapes by a part of
//! theirs. The end is status 1 if a slope is above 1.1.

use dehusk::{Filter, Options, Rules};
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, iter};

const MIB: usize = 1 << 20;
/// A slope above this is more than linear.
const STEEPEST: f64 = 1.1;
/// Small pages are filtered until it has taken so long: the system's clocks tick.
const LONG_ENOUGH: Duration = Duration::from_millis(250);

/// A kind of page, of any size, and the rules that find it hardest.
struct Shape {
    name: &'static str,
    rules: String,
    /// A page of so many bytes, or a little more.
    page: Box<dyn Fn(usize) -> String>,
}

fn main() -> ExitCode {
    let mut up_to = 64;
    let mut names = Vec::new();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // Cargo says so to every bench.
            "--bench" => {}
            "--up-to" => match args.next().and_then(|n| n.parse().ok()) {
                Some(n) => up_to = n,
                None => {
                    eprintln!("--up-to wants a number of MiB");
                    return ExitCode::from(2);
                }
            },
            _ => names.push(arg),
        }
    }
    let sizes: Vec<usize> = iter::successors(Some(1), |n| Some(n * 2))
        .take_while(|n| *n <= up_to)
        .collect();
    print!("{:<34}", "ns a byte, of pages of MiB:");
    for size in &sizes {
        print!("{size:>8}");
    }
    println!("{:>8}", "slope");
    let mut steep = 0;
    for shape in shapes() {
        if names.is_empty() || names.iter().any(|name| shape.name.contains(name.as_str())) {
            let slope = measure(&shape, &sizes);
            steep += usize::from(slope > STEEPEST);
        }
    }
    if steep > 0 {
        println!("{steep} grow faster than the page does");
    }
    ExitCode::from(u8::from(steep > 0))
}

/// Measures one shape, tells, and gives its slope.
fn measure(shape: &Shape, sizes: &[usize]) -> f64 {
    let rules = Rules::builder().file("cost.sel", &shape.rules).build();
    let rules = match rules {
        Ok(rules) => rules,
        Err(error) => panic!("{}: {error}", shape.name),
    };
    let mut points = Vec::new();
    print!("{:<34}", shape.name);
    for size in sizes {
        let page = (shape.page)(size * MIB);
        let time = time_of(&rules, page.as_bytes());
        print!("{:>8.2}", time / page.len() as f64);
        let _ = io::stdout().flush();
        points.push(((page.len() as f64).ln(), time.ln()));
    }
    let slope = slope(&points);
    let steep = if slope > STEEPEST { "  STEEP" } else { "" };
    println!("{slope:>8.3}{steep}");
    slope
}

/// Nanoseconds for a page.
fn time_of(rules: &Rules, page: &[u8]) -> f64 {
    let before = now();
    for n in 1.. {
        let mut filter = Filter::new(rules, &Options::new(), io::sink());
        for piece in page.chunks(64 * 1024) {
            filter.write(piece).expect("a sink takes everything");
        }
        filter.finish().expect("a sink takes everything");
        let time = now().saturating_sub(before);
        if time > LONG_ENOUGH {
            return time.as_nanos() as f64 / f64::from(n);
        }
    }
    f64::NAN
}

/// This thread's processor time where the system tells it, the wall's elsewhere.
fn now() -> Duration {
    thread_local!(static START: Instant = Instant::now());
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|line| line.split(' ').next()?.parse().ok());
    told.map_or_else(|| START.with(Instant::elapsed), Duration::from_nanos)
}

/// The slope of the line that is nearest to the points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let mean = |f: fn(&(f64, f64)) -> f64| points.iter().map(f).sum::<f64>() / n;
    let (x, y) = (mean(|p| p.0), mean(|p| p.1));
    let above: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    let below: f64 = points.iter().map(|p| (p.0 - x).powi(2)).sum();
    above / below
}

/// `unit`, again and again, between `before` and `after`.
fn repeated(
    before: &'static str,
    unit: &'static str,
    after: &'static str,
) -> Box<dyn Fn(usize) -> String> {
    Box::new(move |size| format!("{before}{}{after}", unit.repeat(size / unit.len() + 1)))
}

/// Half of the page opens elements, a few bytes stand inside, the other half closes them.
fn nested(start: &'static str, end: &'static str) -> Box<dyn Fn(usize) -> String> {
    Box::new(move |size| {
        let n = size / (start.len() + end.len()) + 1;
        format!("{}inside{}", start.repeat(n), end.repeat(n))
    })
}

fn many(rule: impl Fn(usize) -> String) -> String {
    let mut rules = String::new();
    for i in 0..3000 {
        let _ = writeln!(rules, "{}", rule(i));
    }
    rules
}

fn shapes() -> Vec<Shape> {
    let none = String::new;
    let shape = |name, rules, page| Shape { name, rules, page };
    vec![
        shape("nesting", none(), nested("<div>", "</div>")),
        shape("nesting, never closed", none(), repeated("", "<div>", "")),
        shape(
            "nesting of formatting",
            none(),
            repeated("", "<b><i><p>", ""),
        ),
        shape(
            "nesting of tables",
            none(),
            repeated("", "<table><tr><td>", ""),
        ),
        shape(
            "nesting of SVG",
            none(),
            repeated("", "<svg><g><title>", ""),
        ),
        shape("siblings", none(), repeated("<ul>", "<li>a", "</ul>")),
        shape(
            "siblings, asked for",
            "li ~ li.never\nli + li.never\nli:nth-child(3n+7).never\n".into(),
            repeated("<ul>", "<li class=a>a", "</ul>"),
        ),
        shape(
            "end tags of nothing",
            none(),
            repeated("<p>", "</b></div>", ""),
        ),
        shape(
            "attributes",
            none(),
            repeated("", "<p a=1 b=2 c=3 d=4 e=5 f=6 g=7 h=8>", ""),
        ),
        shape(
            "attributes of one element",
            none(),
            Box::new(|size| {
                let mut page = "<p".to_owned();
                for i in 0.. {
                    if page.len() > size {
                        break;
                    }
                    let _ = write!(page, " a{i}=1");
                }
                page + ">"
            }),
        ),
        shape(
            "classes",
            many(|i| format!(".c{i}.never")),
            Box::new(|size| {
                let mut page = String::new();
                while page.len() < size {
                    page += "<p class='";
                    for i in 0..1000 {
                        let _ = write!(page, "c{i} ");
                    }
                    page += "'>a</p>";
                }
                page
            }),
        ),
        shape("one text", none(), repeated("<p>", "word ", "</p>")),
        shape(
            "one text without spaces",
            none(),
            repeated("<p>", "word", "</p>"),
        ),
        shape("one comment", none(), repeated("<!--", "word-- ", "-->")),
        shape(
            "one script",
            none(),
            repeated("<script>", "<!-- <script> ", "</script>"),
        ),
        shape("less-than signs", none(), repeated("<p>", "<<! </ &lt", "")),
        shape(
            "character references",
            none(),
            repeated("<p>", "&amp;&#x41;&notit;", ""),
        ),
        shape(
            "backtracking",
            "p:has-text(/(a+)+$/)\np:has-text(/(.*a){12}b/)\np:has-text(/(a|aa)+c/)\n".into(),
            repeated(
                "",
                "<p>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!</p>",
                "",
            ),
        ),
        shape(
            "backtracking in one text",
            "p:has-text(/(a+)+$/)\np:has-text(/(.*a){12}b/)\np:has-text(/(a|aa)+c/)\n".into(),
            repeated("<p>", "a", "!</p>"),
        ),
        shape(
            "held, nested",
            "div:has(.never)\n".into(),
            nested("<div>", "</div>"),
        ),
        shape(
            "held, nested, with text",
            "div:has-text(never)\ndiv:max-text-length(100000)\n".into(),
            nested("<div>some text ", "</div>"),
        ),
        shape(
            "held, nested, shallow",
            "div:has-text(never)\n".into(),
            repeated(
                "",
                "<div><div><div><div><div><div><div><div><p>some text</p></div></div></div></div></div></div></div></div>",
                "",
            ),
        ),
        shape(
            ":has over :has",
            "div:has(p):has(b):has(> p):has(i > u):has(.never)\np:has(b):has(i > u.never)\nb:has(.never)\ni:has(.never)\n".into(),
            repeated("", "<div><p><b><i><u>a</u></i></b></p></div>", ""),
        ),
        shape(
            ":has over :has, nested",
            "div:has(div):has(div div):has(> div > div):has(p.never)\ndiv:has(div + div.never)\ndiv:has(> div ~ p)\n".into(),
            nested("<div>", "</div>"),
        ),
        shape(
            "thousands of rules, all match",
            many(|i| format!("p:not(.c{i}):has-text(never-{i})")),
            repeated(
                "",
                "<p class=x>Some words of a paragraph that all rules ask for.</p>",
                "",
            ),
        ),
        shape(
            "thousands of rules of one type",
            many(|i| format!(".c{i}-never p a, #i{i}-never")),
            repeated("", "<p class=x id=y><a href='/z'>Some words</a></p>", ""),
        ),
        shape(
            "dropped",
            "p\n".into(),
            repeated("", "<p>dropped</p>kept", ""),
        ),
        shape(
            "tag soup",
            none(),
            repeated(
                "",
                "<p><b><table><a><tr><div></b><select><option></p><a></table></a><svg><p>",
                "",
            ),
        ),
    ]
}
