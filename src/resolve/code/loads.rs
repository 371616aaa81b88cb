//! Files and templates that code loads: paths built from parts, texts read from files, templates rendered with values.

use crate::frontend::code::ir::Expr;

use super::eval::Eval;
use super::tables::Operation;
use super::value::{Argument, Unknown, Value};

impl Eval<'_, '_> {
    /// A function of a library that makes a path, reads a file or makes a template.
    pub fn file_function(
        &mut self,
        operation: Operation,
        path: &str,
        args: &[Argument],
        expr: &Expr,
    ) -> Option<Value> {
        let _ = (operation, path, args, expr);
        None
    }

    pub fn render_method(
        &mut self,
        template: &Unknown,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        let _ = (template, name, args, expr);
        None
    }

    pub fn read_method(&mut self, file: &Unknown, expr: &Expr) -> Option<Value> {
        let _ = (file, expr);
        None
    }

    pub fn template_method(
        &mut self,
        template: &Unknown,
        operation: Operation,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        let _ = (template, operation, args, expr);
        None
    }

    pub fn get_template(
        &mut self,
        environment: &Unknown,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        let _ = (environment, args, expr);
        None
    }

    pub fn path_method(
        &mut self,
        path: &Unknown,
        name: &str,
        args: Vec<Argument>,
        expr: &Expr,
    ) -> Option<Value> {
        let _ = (path, name, args, expr);
        None
    }
}
