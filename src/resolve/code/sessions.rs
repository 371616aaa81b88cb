//! Calls that open a session of a provider: what they are given is set once and stays for as long as the session is
//! open, so nothing of it is the prefix of a request that is sent again. Which calls and addresses do is in `rules/sdk/`.

use crate::prompt::{Block, Conversation, Message, Piece, Section, Stored, Target};
use crate::sdk;
use crate::source::Place;

use super::eval::Eval;
use super::events::Sort;
use super::value::{Argument, Value};

impl Eval<'_, '_> {
    /// `fetch("https://../realtime/sessions", { body: .. })`
    pub fn opens_session(&self, args: &[Argument]) -> bool {
        args.iter().any(|arg| match &arg.value {
            // The address may begin with one that is configured.
            Value::Text(pieces) => match pieces.last() {
                Some(Piece::Text(text)) => sdk::opens_session(text.as_str()),
                _ => false,
            },
            _ => false,
        })
    }

    /// Notes what a session is opened with, so that its texts are not taken for parts of requests nobody sees.
    pub fn note_session(&mut self, args: &[Argument], site: &Place) {
        let given = args.iter();
        let pieces = given.flat_map(|arg| self.print(&arg.value, &arg.place));
        let message = Message {
            section: Section::System,
            blocks: vec![Block {
                pieces: pieces.collect(),
                marker: None,
            }],
            place: site.clone(),
            stored: Stored::Unknown,
        };
        let mut prompt = self.prompt(Target::unknown(), vec![message], Vec::new(), site);
        prompt.conversation = Conversation::None;
        self.record(Sort::Session, site.clone(), prompt);
    }
}
