//! volatile-prefix: a value the program makes up stands before stable tokens.

use super::doubt::is_clock;
use super::steps::{effect, front, inheritance, join, landing, name_of, of, remark, subject};
use super::Remark;
use crate::figures::tokens;
use crate::judge::Judged;
use crate::volatility::Class;

pub fn check(judged: &Judged) -> Vec<Remark> {
    of(judged, "volatile-prefix")
        .map(|step| {
            let subject = subject(judged, step);
            let volatility = subject.volatility();
            let (class, why) =
                volatility.map_or((Class::Unique, ""), |v| (v.class, v.why.as_str()));
            let clock = volatility.is_some_and(is_clock);
            let message = join(&[
                Some(format!(
                    "{} ({class}: {why}) stands before {} that could be cached",
                    name_of(subject),
                    tokens(step.stranded, judged.estimated()),
                )),
                Some(effect(judged, step)),
                front(judged, step),
                inheritance(judged),
            ]);
            let coarser = match class {
                // Only a clock can be cut.
                Class::Minute | Class::Hour | Class::Unique if clock => {
                    ", or cut it to the day if that is enough"
                }
                _ => "",
            };
            let help = format!("{}{coarser}", landing(judged, step));
            remark(judged, step, "volatile-prefix", message, help)
        })
        .collect()
}
