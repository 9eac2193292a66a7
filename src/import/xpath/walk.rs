//! Paths: step by step from a set of chains to the next. Steps back (`parent::`, `ancestor::`) make
//! of what came after a thing that the element holds.

use super::chain::{Combinator, Compound, Late, Parts, family, selector};
use super::condition::{Condition, condition, place};
use super::parse::{Axis, Expr, NodeTest, Op, Path, Start, Step};
use super::{MAX_ALTERNATIVES, Refusal};

/// A place among the siblings that a step is about, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    At(u32),
    After(u32),
    Before(u32),
}

/// What a path leads to.
pub(super) struct Found {
    pub chains: Vec<Parts>,
    /// What else it leads to that is no element.
    pub aside: Option<Refusal>,
}

/// The expressions between `|`.
pub(super) fn branches(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Binary(Op::Union, left, right) => {
            let mut all = branches(left);
            all.extend(branches(right));
            all
        }
        other => vec![other],
    }
}

/// The elements of one expression, wherever on the page.
pub(super) fn find(expr: &Expr) -> Result<Found, Refusal> {
    let Expr::Path(path) = expr else {
        return Err(Refusal::broken("it leads to no element"));
    };
    let chains = match &path.start {
        Start::Root => vec![Parts::new()],
        Start::Context => vec![Parts::new()],
        Start::Set(inner, predicates) => {
            let mut chains = Vec::new();
            for branch in branches(inner) {
                let found = find(branch)?;
                if let Some(aside) = found.aside {
                    return Err(aside);
                }
                chains.extend(found.chains);
            }
            of_set(chains, predicates)?
        }
    };
    walk(chains, path)
}

/// What a path leads to within an element: descendants of it.
pub(super) fn held(steps: &[Step]) -> Result<Vec<Parts>, Refusal> {
    let first = steps.iter().find(|step| !step.is_double_slash());
    if !first.is_some_and(|step| matches!(step.axis, Axis::Child | Axis::Descendant)) {
        return Err(Refusal::unknown("a way that does not lead down"));
    }
    let mut chains = vec![Parts::new()];
    let mut deep = false;
    for step in steps {
        if step.is_double_slash() {
            deep = true;
            continue;
        }
        if !is_element(&step.test) {
            return Err(Refusal::unknown("text nodes in this place"));
        }
        let down = matches!(step.axis, Axis::Child | Axis::Descendant);
        let beside = step.axis == Axis::FollowingSibling && !deep;
        if !down && !beside {
            return Err(Refusal::unknown("a way there and back again"));
        }
        chains = go(&chains, step, std::mem::take(&mut deep))?;
    }
    Ok(chains)
}

fn is_element(test: &NodeTest) -> bool {
    matches!(test, NodeTest::Any | NodeTest::Name(_) | NodeTest::Node)
}

fn walk(mut chains: Vec<Parts>, path: &Path) -> Result<Found, Refusal> {
    let mut aside = None;
    // A path without slashes in front is meant to begin anywhere.
    let mut deep = path.start == Start::Context;
    for (i, step) in path.steps.iter().enumerate() {
        let is_last = i + 1 == path.steps.len();
        if step.is_double_slash() {
            deep = true;
            continue;
        }
        if step.axis == Axis::Attribute {
            return Err(Refusal::no_element("an attribute"));
        }
        if !is_element(&step.test) {
            return Err(if is_last {
                Refusal::no_element("text nodes")
            } else {
                Refusal::unknown("text nodes on the way")
            });
        }
        if step.test == NodeTest::Node && is_last && step.axis != Axis::Itself {
            let upwards = matches!(
                step.axis,
                Axis::Parent | Axis::Ancestor | Axis::AncestorOrSelf
            );
            if !upwards {
                aside = Some(Refusal::no_element("text nodes"));
            }
        }
        if chains == [Parts::new()] && step.axis == Axis::Itself && step.test == NodeTest::Node {
            continue; // `.//div`
        }
        chains = go(&chains, step, std::mem::take(&mut deep))?;
        if i == 0 && path.start == Start::Root {
            at_root(&mut chains)?;
        }
    }
    if chains.iter().any(Vec::is_empty) {
        return Err(Refusal::broken("it leads to no element"));
    }
    Ok(Found { chains, aside })
}

/// A path that begins with one slash: there is one element it can begin with.
fn at_root(chains: &mut Vec<Parts>) -> Result<(), Refusal> {
    for parts in chains {
        if let [(Combinator::Child, root)] = &mut parts[..] {
            match &root.name {
                None => root.name = Some("html".to_owned()),
                Some(name) if name == "html" => {}
                Some(name) => {
                    let reason = format!("/{name}: the page's root is html");
                    return Err(Refusal::broken(reason));
                }
            }
        }
    }
    Ok(())
}

/// `(X)[1]` and other predicates of a set.
fn of_set(mut chains: Vec<Parts>, predicates: &[Expr]) -> Result<Vec<Parts>, Refusal> {
    for predicate in predicates {
        match place(predicate)? {
            None => {
                let condition = condition(predicate)?;
                chains = with_last(chains, &condition)?;
            }
            Some(Place::At(1) | Place::Before(2)) => {
                let [parts] = &mut chains[..] else {
                    return Err(Refusal::unknown("the first of several kinds"));
                };
                let first = first_of_page(parts)?;
                if let Some((_, last)) = parts.last_mut() {
                    last.tests.push(first);
                }
            }
            Some(_) => return Err(Refusal::later("a place in the whole page")),
        }
    }
    Ok(chains)
}

/// "None such before it": neither around it nor before it.
fn first_of_page(parts: &Parts) -> Result<String, Refusal> {
    let mut others = Vec::new();
    if parts.last().is_some_and(|(_, last)| !last.is_void()) {
        let mut inside = parts.clone();
        inside.push((Combinator::Descendant, Compound::default()));
        others.push(selector(&inside)?);
    }
    for parts in following(parts, &Compound::default()) {
        others.push(selector(&parts)?);
    }
    Ok(format!(":not({})", others.join(", ")))
}

fn with_last(chains: Vec<Parts>, condition: &Condition) -> Result<Vec<Parts>, Refusal> {
    let mut found = Vec::new();
    for mut parts in chains {
        let Some((combinator, last)) = parts.pop() else {
            continue;
        };
        for last in condition.add(&last, true)? {
            let mut parts = parts.clone();
            parts.push((combinator, last));
            found.push(parts);
        }
    }
    Ok(found)
}

/// One step; `deep`: after `//`.
fn go(chains: &[Parts], step: &Step, deep: bool) -> Result<Vec<Parts>, Refusal> {
    let mut found = Vec::new();
    let down = matches!(
        step.axis,
        Axis::Child | Axis::Descendant | Axis::DescendantOrSelf
    );
    let mut starts = chains.to_vec();
    if deep && !down {
        starts.retain(|parts| !parts.is_empty());
        starts.extend(chains.iter().filter_map(below_any));
    }
    for parts in &starts {
        match step.axis {
            Axis::Child => found.extend(children(parts, step, deep)?),
            Axis::Descendant => {
                if step
                    .predicates
                    .iter()
                    .any(|p| !matches!(place(p), Ok(None)))
                {
                    return Err(Refusal::unknown("a place among descendants"));
                }
                found.extend(children(parts, step, true)?);
            }
            Axis::DescendantOrSelf => {
                found.extend(itself(parts, step)?);
                found.extend(children(parts, step, true)?);
            }
            Axis::Itself => found.extend(itself(parts, step)?),
            Axis::Parent => found.extend(parents(parts, step)?),
            Axis::Ancestor => found.extend(ancestors(parts, step)?),
            Axis::AncestorOrSelf => {
                found.extend(itself(parts, step)?);
                found.extend(ancestors(parts, step)?);
            }
            Axis::FollowingSibling => found.extend(siblings(parts, step)?),
            Axis::Following => {
                for compound in compounds(step)? {
                    found.extend(following(parts, &compound));
                }
            }
            Axis::Preceding | Axis::PrecedingSibling => {
                return Err(Refusal::later(format!(
                    "{}:: asks for what is out already",
                    step.axis.name()
                )));
            }
            Axis::Attribute | Axis::Namespace => return Err(Refusal::no_element("an attribute")),
        }
    }
    let mut distinct: Vec<Parts> = Vec::with_capacity(found.len());
    for parts in found {
        if !distinct.contains(&parts) {
            distinct.push(parts);
        }
    }
    if distinct.len() > MAX_ALTERNATIVES {
        return Err(Refusal::unknown("more alternatives than can be listed"));
    }
    Ok(distinct)
}

fn below_any(parts: &Parts) -> Option<Parts> {
    if parts.last().is_some_and(|(_, last)| last.is_void()) {
        return None;
    }
    let mut parts = parts.clone();
    parts.push((Combinator::Descendant, Compound::default()));
    Some(parts)
}

fn base(step: &Step) -> Compound {
    match &step.test {
        NodeTest::Name(name) => Compound::named(name),
        _ => Compound::default(),
    }
}

/// The compounds of a step whose predicates ask for no place but the first.
pub(super) fn compounds(step: &Step) -> Result<Vec<Compound>, Refusal> {
    let mut all = vec![base(step)];
    for predicate in &step.predicates {
        match place(predicate)? {
            None => all = each(&all, &condition(predicate)?)?,
            Some(Place::At(1)) if step.axis == Axis::Parent => {}
            Some(_) => return Err(Refusal::unknown("a place in this place")),
        }
    }
    Ok(all)
}

fn each(all: &[Compound], condition: &Condition) -> Result<Vec<Compound>, Refusal> {
    let mut found = Vec::new();
    for compound in all {
        found.extend(condition.add(compound, true)?);
    }
    if found.len() > MAX_ALTERNATIVES {
        return Err(Refusal::unknown("more alternatives than can be listed"));
    }
    Ok(found)
}

fn itself(parts: &Parts, step: &Step) -> Result<Vec<Parts>, Refusal> {
    let Some(((combinator, last), left)) = parts.split_last() else {
        return Err(Refusal::unknown("self:: in this place"));
    };
    let mut found = Vec::new();
    for compound in compounds(step)? {
        if let Some(both) = last.and(&compound) {
            let mut parts = left.to_vec();
            parts.push((*combinator, both));
            found.push(parts);
        }
    }
    Ok(found)
}

/// `A ~ A ~ A`: as many as `n`.
fn row(compound: &Compound, n: u32) -> Parts {
    let one = (Combinator::Later, compound.clone());
    std::iter::repeat_n(one, n as usize).collect()
}

/// Rows longer than this are not written down.
const MAX_ROW: u32 = 12;

fn written_row(
    left: &[(Combinator, Compound)],
    compound: &Compound,
    n: u32,
) -> Result<String, Refusal> {
    let mut parts = left.to_vec();
    parts.extend(row(compound, n));
    parts.push((Combinator::Later, Compound::default()));
    selector(&parts)
}

/// The nth, later or earlier of the siblings that `compound` matches, behind `left` if there is one.
fn at_place(
    left: &[(Combinator, Compound)],
    compound: &Compound,
    place: Place,
) -> Result<Vec<Parts>, Refusal> {
    let (Place::At(n) | Place::After(n) | Place::Before(n)) = place;
    if n > MAX_ROW {
        return Err(Refusal::unknown("a place far down"));
    }
    let not_after = |n: u32| {
        let row = written_row(left, compound, n)?;
        let mut last = compound.clone();
        last.tests.push(format!(":not({row})"));
        Ok::<_, Refusal>((Combinator::Later, last))
    };
    let mut parts;
    match place {
        Place::At(n) => {
            parts = row(compound, n - 1);
            parts.push(not_after(n)?);
        }
        Place::After(n) => parts = row(compound, n + 1),
        Place::Before(0 | 1) => return Ok(Vec::new()),
        Place::Before(n) => parts = vec![not_after(n - 1)?],
    }
    Ok(vec![parts])
}

/// `child::` and what `//` makes of it.
fn children(parts: &Parts, step: &Step, deep: bool) -> Result<Vec<Parts>, Refusal> {
    if parts.last().is_some_and(|(_, last)| last.is_void()) {
        return Ok(Vec::new());
    }
    let mut left = parts.clone();
    let mut combinator = if deep {
        Combinator::Descendant
    } else {
        Combinator::Child
    };
    if let [(Combinator::Descendant, any)] = &left[..]
        && any.name.is_none()
        && any.is_bare()
    {
        // `//*/x`: every element that can be asked for lies in another.
        left.clear();
        combinator = Combinator::Descendant;
    }
    let mut rows: Vec<Parts> = vec![vec![(combinator, base(step))]];
    let mut counted = false;
    for predicate in &step.predicates {
        let Some(place) = place(predicate)? else {
            rows = with_last(rows, &condition(predicate)?)?;
            counted = true;
            continue;
        };
        if !counted {
            counted = true;
            if let [row] = &mut rows[..]
                && let [(_, compound)] = &mut row[..]
            {
                let test = nth(place, compound.name.is_some());
                compound.tests.extend(test);
            }
            continue;
        }
        let [row] = &rows[..] else {
            return Err(Refusal::unknown("a place among several kinds"));
        };
        let [(_, compound)] = &row[..] else {
            return Err(Refusal::unknown("a place among places"));
        };
        rows = at_place(&[], compound, place)?;
        for row in &mut rows {
            if let Some((first, _)) = row.first_mut() {
                *first = combinator;
            }
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| left.iter().cloned().chain(row).collect())
        .collect())
}

/// A place among all siblings, or those of the same name.
fn nth(place: Place, of_type: bool) -> Option<String> {
    let places = match place {
        Place::At(n) => n.to_string(),
        Place::After(0) => return None,
        Place::After(n) => format!("n+{}", n + 1),
        Place::Before(n) => format!("-n+{}", n.saturating_sub(1)),
    };
    let of = if of_type { "of-type" } else { "child" };
    Some(format!(":nth-{of}({places})"))
}

fn siblings(parts: &Parts, step: &Step) -> Result<Vec<Parts>, Refusal> {
    if parts.is_empty() {
        return Err(Refusal::later("what comes after the element"));
    }
    let mut rows: Vec<Parts> = vec![vec![(Combinator::Later, base(step))]];
    let mut placed = false;
    for predicate in &step.predicates {
        let Some(place) = place(predicate)? else {
            rows = with_last(rows, &condition(predicate)?)?;
            continue;
        };
        let [row] = &rows[..] else {
            return Err(Refusal::unknown("a place among several kinds"));
        };
        let [(_, compound)] = &row[..] else {
            return Err(Refusal::unknown("a place among places"));
        };
        if std::mem::replace(&mut placed, true) {
            return Err(Refusal::unknown("a place among places"));
        }
        let is_any = compound.name.is_none() && compound.is_bare();
        rows = match place {
            Place::At(n) if is_any && n <= MAX_ROW => {
                let next = (Combinator::Next, compound.clone());
                vec![std::iter::repeat_n(next, n as usize).collect()]
            }
            place => {
                let mut rows = at_place(parts, compound, place)?;
                if place == Place::At(1) {
                    rows.insert(0, vec![(Combinator::Next, compound.clone())]);
                }
                rows
            }
        };
    }
    Ok(rows
        .into_iter()
        .map(|row| parts.iter().cloned().chain(row).collect())
        .collect())
}

/// What comes after an element and does not lie in it: later siblings, those of what it lies in,
/// and what lies in them.
pub(super) fn following(parts: &Parts, compound: &Compound) -> Vec<Parts> {
    let mut befores = vec![parts.clone()];
    befores.extend(around(parts, &Compound::default(), false).unwrap_or_default());
    let mut found = Vec::new();
    for before in befores {
        let name = before.last().and_then(|(_, last)| last.name.as_deref());
        if matches!(name, Some("html" | "body")) {
            continue;
        }
        let mut beside = before.clone();
        beside.push((Combinator::Later, compound.clone()));
        found.push(beside);
        let mut inside = before;
        inside.push((Combinator::Later, Compound::default()));
        inside.push((Combinator::Descendant, compound.clone()));
        found.push(inside);
    }
    found
}

fn parents(parts: &Parts, step: &Step) -> Result<Vec<Parts>, Refusal> {
    let mut found = Vec::new();
    let at = family(parts);
    let (left, family) = parts.split_at(at);
    let Some((combinator, _)) = family.first() else {
        return Err(Refusal::unknown("parent:: in this place"));
    };
    let mut held: Parts = family.to_vec();
    if let Some((first, _)) = held.first_mut() {
        *first = Combinator::Child;
    }
    for compound in compounds(step)? {
        if let Some(((above, last), left)) = left.split_last()
            && let Some(mut both) = last.and(&compound)
        {
            both.holds.push(held.clone());
            let mut parts = left.to_vec();
            parts.push((*above, both));
            found.push(parts);
        }
        if *combinator == Combinator::Descendant {
            let mut holder = compound.clone();
            holder.holds.push(held.clone());
            let mut parts = left.to_vec();
            parts.push((Combinator::Descendant, holder));
            found.push(parts);
        }
    }
    Ok(found)
}

/// Elements of which none lies in another of the name.
const NOT_IN_ITSELF: [&str; 4] = ["a", "button", "form", "p"];

fn ancestors(parts: &Parts, step: &Step) -> Result<Vec<Parts>, Refusal> {
    let mut all = vec![base(step)];
    let mut nearest = None;
    let mut later = Vec::new();
    for predicate in &step.predicates {
        match place(predicate)? {
            None if nearest.is_none() => all = each(&all, &condition(predicate)?)?,
            None => later.push(condition(predicate)?),
            Some(Place::At(n)) if nearest.is_none() => nearest = Some(n),
            Some(_) => return Err(Refusal::unknown("a place in this place")),
        }
    }
    let mut found = Vec::new();
    for compound in &all {
        match nearest {
            None => found.extend(around(parts, compound, false)?),
            Some(1) => found.extend(around(parts, compound, true)?),
            Some(n) => found.extend(nth_around(parts, compound, n)?),
        }
    }
    for condition in &later {
        found = with_last(found, condition)?;
    }
    Ok(found)
}

/// The elements around the last one of a chain that `compound` matches; the nearest of them, if
/// that is wanted.
fn around(parts: &Parts, compound: &Compound, nearest: bool) -> Result<Vec<Parts>, Refusal> {
    let mut found: Vec<Parts> = Vec::new();
    let own_family = parts[family(parts)..].to_vec();
    let nests = !matches!(&compound.name, Some(name) if NOT_IN_ITSELF.contains(&name.as_str()));
    let only_nearest = |mut holder: Compound| {
        if nearest && nests {
            holder.late.push(no_nearer(compound, &own_family)?);
        }
        Ok::<_, Refusal>(holder)
    };
    let mut left = parts.clone();
    let mut held = Parts::new();
    loop {
        let mut family = left.split_off(family(&left));
        let Some((combinator, _)) = family.first() else {
            return Ok(found);
        };
        let combinator = *combinator;
        family.append(&mut held);
        held = family;
        let holding = |compound: &Compound| {
            let mut holder = compound.clone();
            holder.holds.push(held.clone());
            holder
        };
        let merged = left.last().and_then(|(_, last)| last.and(compound));
        let is_such = left
            .last()
            .is_some_and(|(_, last)| merged.as_ref() == Some(last));
        let is_top = held.first().and_then(|(_, first)| first.name.as_deref());
        let is_top = is_top.is_some_and(|name| matches!(name, "html" | "body"));
        let is_same = left.last().is_some_and(|(_, last)| last == compound);
        if combinator == Combinator::Descendant && !is_same && !is_top {
            // Between the two, or above all of them.
            let mut parts = left.clone();
            parts.push((Combinator::Descendant, only_nearest(holding(compound))?));
            found.push(parts);
        }
        if let (Some(both), Some((above, _))) = (&merged, left.last()) {
            let sure = is_such && combinator == Combinator::Child && held.len() == own_family.len();
            let holder = if sure {
                holding(both)
            } else {
                only_nearest(holding(both))?
            };
            let mut parts = left[..left.len() - 1].to_vec();
            parts.push((*above, holder));
            found.push(parts);
            if is_same && combinator == Combinator::Descendant || sure && nearest {
                // What lies further out is this again, or is not the nearest.
                return Ok(found);
            }
        }
        if left.is_empty() {
            return Ok(found);
        }
    }
}

/// "In no other `compound` in this one".
fn no_nearer(compound: &Compound, family: &Parts) -> Result<Late, Refusal> {
    let mut parts: Parts = vec![(Combinator::Descendant, compound.clone())];
    parts.extend(family.iter().cloned());
    let holder = Compound {
        holds: vec![parts],
        ..Compound::default()
    };
    let parts = vec![(Combinator::Descendant, holder)];
    Ok(Late {
        written: format!(":not({})", selector(&parts)?),
        nests: true,
        // Without this, all of them would go, the outermost too.
        wider: None,
    })
}

/// `ancestor::T[n]` of an element that may be anywhere.
fn nth_around(parts: &Parts, compound: &Compound, n: u32) -> Result<Vec<Parts>, Refusal> {
    if n > MAX_ROW || family(parts) != 0 {
        return Err(Refusal::unknown("an ancestor far out"));
    }
    let mut held: Parts = Vec::new();
    for _ in 1..n {
        held.push((Combinator::Descendant, compound.clone()));
    }
    held.extend(parts.iter().cloned());
    let mut holder = compound.clone();
    holder.late.push(no_nearer(compound, &held)?);
    holder.holds.push(held);
    Ok(vec![vec![(Combinator::Descendant, holder)]])
}
