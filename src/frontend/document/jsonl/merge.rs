//! Rows of one shape -> one draft: the first row, with slots where the rows differ.

use super::align::{differ, differs};
use crate::frontend::document::draft::{Content, Draft};
use crate::prompt::{Media, Piece};
use crate::source::Text;

/// Turns rows of one shape into one draft: the first row with slots where the rows differ.
pub(super) fn merge(mut rows: Vec<Draft>) -> Option<Draft> {
    if rows.is_empty() {
        return None;
    }
    let mut first = rows.remove(0);
    first.recorded = true;
    if rows.is_empty() {
        return Some(first);
    }
    for (m, message) in first.messages.iter_mut().enumerate() {
        for (b, block) in message.blocks.iter_mut().enumerate() {
            let others: Vec<&Content> = rows
                .iter()
                .filter_map(|row| Some(&row.messages.get(m)?.blocks.get(b)?.content))
                .collect();
            let section = message.section.as_ref().map_or("message", |s| s.name());
            if let Some(content) = merge_content(&block.content, &others, section) {
                block.content = content;
            }
        }
    }
    for setting in &mut first.settings {
        let [Piece::Text(text)] = setting.pieces.as_slice() else {
            continue;
        };
        let text = text.clone();
        let empty = Text::empty(&text.path);
        let mut texts = vec![&text];
        for row in &rows {
            let same = row.settings.iter().find(|s| s.name == setting.name);
            texts.push(match same.map(|s| s.pieces.as_slice()) {
                Some([Piece::Text(text)]) => text,
                _ => &empty,
            });
        }
        if texts.iter().any(|t| t.as_str() != text.as_str()) {
            setting.pieces = differ(&texts, &setting.name);
        }
    }
    Some(first)
}

/// `None`: the rows agree.
fn merge_content(first: &Content, others: &[&Content], section: &str) -> Option<Content> {
    match first {
        Content::Template(text, _) => {
            let mut texts = vec![text];
            texts.extend(others.iter().filter_map(|other| match other {
                Content::Template(text, _) => Some(text),
                _ => None,
            }));
            let same = texts.iter().all(|t| t.as_str() == text.as_str());
            (!same).then(|| Content::Pieces(differ(&texts, section)))
        }
        Content::Media { place, key } => {
            let same = others
                .iter()
                .all(|other| matches!(other, Content::Media { key: k, .. } if k == key));
            let media = Piece::Media(Media {
                place: place.clone(),
                key: key.clone(),
                volatility: differs(),
            });
            (!same).then(|| Content::Pieces(vec![media]))
        }
        _ => None,
    }
}
