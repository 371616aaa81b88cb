//! Cells that are being read. A list that holds itself has no end: what is read within its own reading is nothing.

use std::cell::RefCell;
use std::rc::Rc;

use super::heap::CellId;

/// The cells that are being read, outermost first.
#[derive(Debug, Default)]
pub struct Reading(Rc<RefCell<Vec<CellId>>>);

/// A cell is being read for as long as this lives.
#[must_use]
pub struct Within(Rc<RefCell<Vec<CellId>>>);

impl Reading {
    /// `None`: the cell is being read already, or too many are.
    pub fn begin(&self, id: CellId) -> Option<Within> {
        let mut open = self.0.borrow_mut();
        if open.len() >= super::super::context::MAX_NESTING || open.contains(&id) {
            return None;
        }
        open.push(id);
        Some(Within(self.0.clone()))
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        self.0.borrow_mut().pop();
    }
}
