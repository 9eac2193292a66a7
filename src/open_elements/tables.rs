//! Tables and selects, where the Standard moves or ignores what does not belong there.

use super::{Open, OpenElements, Step, Steps, reopen};
use crate::tag::{Class, Name, name};

impl OpenElements {
    /// The table out of which a start tag is moved to before it, if it is: what stands in a table but
    /// in no cell is no part of it.
    /// <https://html.spec.whatwg.org/multipage/parsing.html#foster-parent>
    pub(crate) fn fosters(&self, name: Name, class: Class) -> Option<usize> {
        let stays = class.has(Class::TABLE_PART)
            || matches!(
                name,
                name::TABLE
                    | name::SCRIPT
                    | name::STYLE
                    | name::TEMPLATE
                    | name::INPUT
                    | name::FORM
            );
        if stays { None } else { self.fosters_text() }
    }

    /// The same for text that is not white space.
    pub(crate) fn fosters_text(&self) -> Option<usize> {
        let skeleton = |name| {
            matches!(
                name,
                name::TABLE | name::TBODY | name::THEAD | name::TFOOT | name::TR | name::COLGROUP
            )
        };
        if !skeleton(self.stack.last()?.name) {
            return None;
        }
        self.stack.iter().rposition(|e| e.name == name::TABLE)
    }

    /// Whether a table is open and no cell or caption in it.
    pub(super) fn is_in_table(&self) -> bool {
        let context = self.stack.iter().rev().find(|e| {
            matches!(
                e.name,
                name::TABLE | name::TD | name::TH | name::CAPTION | name::TEMPLATE | name::HTML
            )
        });
        context.is_some_and(|e| e.name == name::TABLE)
    }

    /// In table, in table body, in row:
    /// <https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-intable> ff.
    pub(super) fn make_room_in_table(&mut self, name: Name, steps: &mut Steps) -> bool {
        let context = self
            .stack
            .iter()
            .rposition(|e| matches!(e.name, name::TABLE | name::TEMPLATE | name::HTML));
        let Some(table) = context.filter(|&i| self.stack[i].name != name::HTML) else {
            return false;
        };
        if self.stack[table].name == name::TEMPLATE {
            return true;
        }
        let within = |names: &[Name], stack: &[Open]| {
            stack[table + 1..]
                .iter()
                .position(|e| names.contains(&e.name))
                .map(|i| table + 1 + i)
        };
        let section = within(&[name::TBODY, name::THEAD, name::TFOOT], &self.stack);
        match name {
            name::COL => {
                let group = within(&[name::COLGROUP], &self.stack);
                self.close_from(group.unwrap_or(table) + 1, steps);
                if group.is_none() {
                    self.imply(name::COLGROUP, steps);
                }
            }
            name::TR => {
                self.close_from(section.unwrap_or(table) + 1, steps);
                if section.is_none() {
                    self.imply(name::TBODY, steps);
                }
            }
            name::TD | name::TH => {
                let row = within(&[name::TR], &self.stack);
                self.close_from(row.or(section).unwrap_or(table) + 1, steps);
                if row.is_none() {
                    if section.is_none() {
                        self.imply(name::TBODY, steps);
                    }
                    self.imply(name::TR, steps);
                }
            }
            _ => self.close_from(table + 1, steps),
        }
        true
    }

    pub(super) fn in_table_scope(&self, name: Name) -> Option<usize> {
        for (i, open) in self.stack.iter().enumerate().rev() {
            if open.name == name {
                return Some(i);
            }
            if matches!(open.name, name::HTML | name::TABLE | name::TEMPLATE) {
                return None;
            }
        }
        None
    }

    /// In select: <https://html.spec.whatwg.org/multipage/parsing.html#parsing-main-inselect>. Newer
    /// parsers open elements there; to ignore them drops nothing that older ones keep.
    pub(super) fn ignored_in_select(&mut self, name: Name, steps: &mut Steps) -> bool {
        let Some(i) = self.in_scope(name::SELECT, &[]) else {
            return false;
        };
        match name {
            name::INPUT => {
                self.close_from(i, steps);
                false
            }
            // Some parsers close the select here, some do not.
            name::KEYGEN | name::TEXTAREA => {
                steps.push(Step::Settle(i));
                true
            }
            name::OPTION
            | name::OPTGROUP
            | name::SELECT
            | name::HR
            | name::SCRIPT
            | name::TEMPLATE => false,
            _ => !Class::of(name).has(Class::TABLE_PART) && name != name::TABLE,
        }
    }

    /// What older parsers ignore in a select is opened by newer ones: they open formatting elements
    /// again in what follows, end a link that is open, and know that there is a form.
    pub(super) fn might_open_in_select(&mut self, name: Name, class: Class, steps: &mut Steps) {
        if name == name::FORM {
            self.form |= !self.in_template();
        }
        if matches!(name, name::A | name::NOBR)
            && let Some(i) = self.stack.iter().rposition(|e| e.name == name)
        {
            steps.push(Step::Settle(i));
        }
        if class.has(Class::FORMATTING) {
            reopen(&mut self.reopened, name);
        }
    }
}
