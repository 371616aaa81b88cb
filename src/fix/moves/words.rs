//! Words of `rules/fixes.yaml`. Data only.

use std::sync::OnceLock;

use serde_yaml::Value;

pub struct Words {
    pub refers_back: Vec<String>,
    pub speaks_of: Vec<String>,
    pub behind: Vec<String>,
    pub in_front: Vec<String>,
    pub stops: Vec<String>,
    pub abbreviations: Vec<String>,
    pub opens_role: Vec<String>,
    pub headings: Vec<String>,
    /// Of a date, of a finer clock.
    pub clocks: (String, String),
    pub times: Vec<String>,
}

pub fn words() -> &'static Words {
    static WORDS: OnceLock<Words> = OnceLock::new();
    WORDS.get_or_init(|| {
        let text = include_str!("../../../rules/fixes.yaml");
        parse(&serde_yaml::from_str(text).unwrap_or(Value::Null))
    })
}

fn parse(value: &Value) -> Words {
    let list = |key: &str| {
        let items = value[key].as_sequence().map_or(&[][..], Vec::as_slice);
        let texts = items.iter().filter_map(Value::as_str);
        texts.map(str::to_string).collect::<Vec<_>>()
    };
    let clock = |key: &str| {
        value["clocks"][key]
            .as_str()
            .unwrap_or_default()
            .to_string()
    };
    Words {
        refers_back: list("refers-back"),
        speaks_of: list("speaks-of"),
        behind: list("behind"),
        in_front: list("in-front"),
        stops: list("stops"),
        abbreviations: list("abbreviations"),
        opens_role: list("opens-role"),
        headings: list("headings"),
        clocks: (clock("day"), clock("finer")),
        times: list("times"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_its_words() {
        let words = words();
        let lists = [
            &words.refers_back,
            &words.speaks_of,
            &words.behind,
            &words.in_front,
            &words.stops,
            &words.abbreviations,
            &words.opens_role,
            &words.headings,
            &words.times,
        ];
        assert!(lists.iter().all(|list| list.len() >= 3));
        let all = lists.iter().flat_map(|list| list.iter());
        assert!(all.clone().all(|word| !word.is_empty()));
        assert!(!words.clocks.0.is_empty() && !words.clocks.1.is_empty());
    }
}
