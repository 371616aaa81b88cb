//! Two versions of a project under the same settings: what they have in common is looked at once.

use super::outcomes::outcomes;
use super::{analyse_again, analyse_with, judge_all, resolved, Analysis, Memo, Request};
use crate::frontend::code;
use crate::reads::Changed;

/// Analyses two versions of a project under the same settings and tables. What the newer one has in common with the
/// older, by `changed`, is read and parsed once; where that is most of it, it is resolved and judged once as well, else
/// both are resolved side by side.
pub fn analyse_both(older: &Request, newer: &Request, changed: &Changed) -> (Analysis, Analysis) {
    let mut memo = Memo::between(changed);
    if !mostly(newer, changed) {
        let before = analyse_with(older, &mut memo);
        let after = analyse_again(newer, &mut memo, changed);
        return (before, after);
    }
    let before = outcomes(older, &mut memo);
    memo.forget(newer, changed);
    let after = outcomes(newer, &mut memo);
    let alone = |request, outcomes| {
        let resolved = resolved(request, outcomes, &mut Memo::default());
        judge_all(request, resolved, &[])
    };
    rayon::join(|| alone(older, before), || alone(newer, after))
}

/// Of a share of files that changed hardly any prompt is left that rests on none of them.
const FEW_AGREE: f64 = 0.1;

/// Whether so much changed that what was resolved before is of little use.
fn mostly(request: &Request, changed: &Changed) -> bool {
    if changed.is_all() {
        return true;
    }
    let code = |path: &str| code::language_of(path).is_some();
    let all = request.found.candidates.iter();
    let all = all.filter(|candidate| code(&candidate.path)).count();
    let changed = changed.files().filter(|path| code(path)).count();
    changed as f64 > FEW_AGREE * all as f64
}
