//! Every construct as source -> compact form.

use super::*;

#[test]
fn dump() {
    let file = SourceFile::new(
        "a.ts",
        r#"
import x, { a as b, type C } from "./p.js";
import * as ns from 'ns';
export default class A extends B<string> implements C {
  static #p = 1;
  private y?: string = `a${b}\n`;
  constructor(private readonly x: T, @Inject() z = 3) { super(); }
  get v() { return this.x; }
  @dec() async *gen<T>(): AsyncIterable<T> { const k = yield 1; }
  f = async (e) => e!.x as string;
}
export const t = 1, u = () => ({ ...t, m() { return 1 }, "k": 2, [z]: 3, x });
for (const [k, v = 2] of Object.entries(o)) { i++; }
for (let i = 0; i < 3; i++) foo(...i);
enum E { A, B = 5, C, D = "x" }
namespace N { export const q = 1; }
switch (a) { case 1: case 2: foo(); default: bar(); }
x ||= 3; a.replace(/\{\{N\}\}/g, v);
"#,
    );
    let m = lower(&file);
    assert!(m.problems.is_empty());
}
