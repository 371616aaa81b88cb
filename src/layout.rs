//! Wire order, keys, ends, barriers, stranded tokens: one prompt as a sequence of segments with keys.

use crate::prompt::Prompt;

/// A prompt with its layout and cost under the traffic in force.
pub struct Judged {
    pub prompt: Prompt,
}
