//! What a server of previews shows: the pages, by their numbers, filtered by the rules as they are now. A
//! rule that cannot be read is told on them, and the rules before it stay.

use super::document::{Previewed, STYLE, Served, filled, policy, text};
use crate::batch::{PAGES, Target, Tree, content};
use crate::cli::{How, Preview};
use crate::{job, rule_set, rules_command};
use anyhow::{Context as _, Result, anyhow, bail};
use dehusk::{Kind, Options, Report, Rules};
use serde::Serialize;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

const TEMPLATE: &str = include_str!("index.html");
const INDEX_SCRIPT: &str = include_str!("index.js");
const LIVE_SCRIPT: &str = include_str!("live.js");

/// How long the server works on the reports of a list before it answers with those it has.
const MOMENT: Duration = Duration::from_millis(250);

/// The rules as they are now.
struct Now {
    rules: Rules,
    /// Why these are not the ones that the files say.
    problem: Option<String>,
    /// Goes up with each change.
    version: u64,
}

/// Pages and rules.
pub(super) struct Site {
    how: How,
    paths: Vec<PathBuf>,
    now: Mutex<Now>,
    /// Every page that was ever listed: its place here is its number.
    pages: Mutex<Vec<PathBuf>>,
    versions: watch::Sender<u64>,
}

/// Pages that were found.
#[derive(Default)]
pub(super) struct Found {
    /// With their numbers.
    pub pages: Vec<(usize, PathBuf)>,
    /// What cannot be read, in words.
    pub problems: Vec<String>,
}

impl Site {
    /// What the flags name.
    ///
    /// # Errors
    ///
    /// What the user has to know, in words.
    pub(super) fn new(asked: &Preview) -> Result<Site> {
        if asked.files.is_empty() {
            bail!("--serve: which pages? files and folders are wanted");
        }
        if let Some(missing) = asked.files.iter().find(|path| !path.exists()) {
            bail!("cannot open {}", missing.display());
        }
        let how = asked.how.clone();
        // The time, so that no version is one of an earlier run.
        let version = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |time| time.as_millis() as u64);
        job::options(&how)?;
        Ok(Site {
            now: Mutex::new(Now {
                rules: job::rules_here(&how)?,
                problem: None,
                version,
            }),
            how,
            paths: asked.files.clone(),
            pages: Mutex::default(),
            versions: watch::Sender::new(version),
        })
    }

    /// Where rules and pages lie.
    pub(super) fn places(&self) -> Vec<PathBuf> {
        let mut places = rule_set::places(&self.how.set);
        places.extend(self.paths.iter().cloned());
        places
    }

    /// The versions to come.
    pub(super) fn versions(&self) -> watch::Receiver<u64> {
        self.versions.subscribe()
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the rules again, and tells it.
    pub(super) fn read_again(&self) {
        let read = job::rules_here(&self.how);
        let mut now = self.now();
        match read {
            Ok(rules) => {
                now.rules = rules;
                now.problem = None;
            }
            Err(error) => {
                let problem = format!("{error:#}");
                if now.problem.as_ref() != Some(&problem) {
                    eprintln!("dehusk: {problem}\ndehusk: the rules stay as they were");
                }
                now.problem = Some(problem);
            }
        }
        now.version += 1;
        self.versions.send_replace(now.version);
    }

    /// The pages that there are now.
    ///
    /// # Errors
    ///
    /// The paths cannot be gone through.
    pub(super) fn list(&self) -> Result<Found> {
        let tree = Tree::new(&self.paths, Target::InPlace, PAGES)?;
        let mut known = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = Found::default();
        for item in tree.walk() {
            match item {
                // What came out of a page, kept beside it, is no page.
                Ok(item)
                    if item.input.ends_with("clean.html")
                        && item.input.with_file_name("page.html").exists() => {}
                Ok(item) => {
                    let place = known.iter().position(|path| *path == item.input);
                    let number = place.unwrap_or_else(|| {
                        known.push(item.input.clone());
                        known.len() - 1
                    });
                    found.pages.push((number, item.input));
                }
                Err(error) => found.problems.push(format!("{error:#}")),
            }
        }
        Ok(found)
    }

    fn path_of(&self, number: usize) -> Result<PathBuf> {
        let known = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let path = known.get(number).cloned();
        path.ok_or_else(|| anyhow!("there is no page {number}"))
    }

    /// A page's bytes, and what is known of it.
    fn read(&self, path: &Path) -> Result<(Vec<u8>, Options)> {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("cannot open {name}"))?;
        let mut page = Vec::new();
        content(file)
            .read_to_end(&mut page)
            .with_context(|| format!("cannot read {name}"))?;
        let options = job::options_on(rules_command::options_of(path)?, &self.how)?;
        Ok((page, options))
    }

    fn report(&self, number: usize, rules: &Rules) -> Result<Report> {
        let (page, options) = self.read(&self.path_of(number)?)?;
        let options = options.explain(true);
        Ok(dehusk::clean(rules, &options, &page[..], io::sink())?)
    }

    /// A page's preview.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(super) fn preview(&self, number: usize) -> Result<String> {
        let path = self.path_of(number)?;
        let (rules, problem, version) = self.snapshot();
        let (bytes, options) = self.read(&path)?;
        let previewed =
            Previewed::new(&rules, &options, &bytes).with_context(|| path.display().to_string())?;
        let served = Served {
            script: LIVE_SCRIPT,
            problem: problem.as_deref(),
            version,
        };
        previewed.html(&path.display().to_string(), Some(&served))
    }

    fn snapshot(&self) -> (Rules, Option<String>, u64) {
        let now = self.now();
        (now.rules.clone(), now.problem.clone(), now.version)
    }

    /// The reports of some pages, by their numbers, as far as they are done in a moment.
    ///
    /// # Errors
    ///
    /// These are no numbers.
    pub(super) fn reports(&self, numbers: &str) -> Result<String> {
        #[derive(Serialize)]
        struct Told {
            report: Option<Report>,
            problem: Option<String>,
        }
        let began = Instant::now();
        let rules = self.snapshot().0;
        let mut reports = Vec::new();
        for number in numbers.split(',') {
            let number = number.parse().context("numbers of pages are wanted")?;
            reports.push(match self.report(number, &rules) {
                Ok(report) => Told {
                    report: Some(report),
                    problem: None,
                },
                Err(error) => Told {
                    report: None,
                    problem: Some(format!("{error:#}")),
                },
            });
            if began.elapsed() > MOMENT {
                break;
            }
        }
        serde_json::to_string(&reports).context("the reports cannot be written as JSON")
    }

    /// The list of pages.
    ///
    /// # Errors
    ///
    /// The paths cannot be gone through.
    pub(super) fn index(&self) -> Result<String> {
        let found = self.list()?;
        let mut table = String::from(
            "<p class=\"hint\">What would go of each page’s text, in percent: all of it, and by kind.</p>\
             <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Pages\"><table><thead><tr>\
             <th scope=\"col\">page</th><th scope=\"col\">all</th>",
        );
        for kind in Kind::ALL {
            table.push_str(&format!("<th scope=\"col\">{kind}</th>"));
        }
        table.push_str("<th scope=\"col\">notes</th></tr></thead><tbody>");
        let cells = "<td></td>".repeat(1 + Kind::ALL.len());
        let common = match &self.paths[..] {
            [path] if path.is_dir() => Some(path),
            _ => None,
        };
        for (number, path) in found.pages {
            let short = common.and_then(|folder| path.strip_prefix(folder).ok());
            let name = text(&short.unwrap_or(&path).display().to_string());
            table.push_str(&format!(
                "<tr data-page=\"{number}\"><th scope=\"row\"><a href=\"/page/{number}\">{name}</a></th>\
                 {cells}<td class=\"note-cell\"></td></tr>"
            ));
        }
        table.push_str("</tbody></table></div>");
        for problem in found.problems {
            table.push_str(&format!("<p class=\"hint\">{}</p>", text(&problem)));
        }
        let title = common.map_or("Pages".to_owned(), |folder| {
            format!("Pages of {}", folder.display())
        });
        self.shown(&title, &table)
    }

    /// A page that says something.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub(super) fn message(&self, title: &str, message: &str) -> Result<String> {
        let message = text(message);
        self.shown(
            title,
            &format!("<p>{message}</p><p><a href=\"/\">All pages</a></p>"),
        )
    }

    fn shown(&self, title: &str, content: &str) -> Result<String> {
        #[derive(Serialize)]
        struct Data {
            kinds: [&'static str; Kind::ALL.len()],
            served: u64,
        }
        let (_, problem, served) = self.snapshot();
        let kinds = Kind::ALL.map(Kind::name);
        let data = serde_json::to_string(&Data { kinds, served })
            .context("the data cannot be written as JSON")?;
        let scripts = [INDEX_SCRIPT, LIVE_SCRIPT];
        Ok(filled(
            TEMPLATE,
            &[
                ("policy", &policy(&scripts, true)),
                ("title", &text(title)),
                ("style", STYLE),
                ("hidden", if problem.is_some() { "" } else { " hidden" }),
                ("problem", &text(&problem.unwrap_or_default())),
                ("content", content),
                ("data", &data),
                ("script", &scripts.join("</script>\n<script>")),
            ],
        ))
    }
}
