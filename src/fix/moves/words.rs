//! Words of `rules/fixes.yaml`. Data only.

use std::sync::OnceLock;

use serde_yaml::Value;

pub struct Words {
    pub refers_back: Vec<String>,
    pub speaks_of: Vec<String>,
    pub persons: Vec<String>,
    pub conditions: Vec<String>,
    pub behind: Vec<String>,
    pub in_front: Vec<String>,
    pub stops: Vec<String>,
    pub verbs: Vec<String>,
    pub abbreviations: Vec<String>,
    pub opens_role: Vec<String>,
    pub headings: Vec<String>,
    /// Of a date, of a finer clock.
    pub clocks: (String, String),
    pub times: Vec<String>,
    pub dates: Vec<String>,
    pub both: Vec<String>,
    pub tells_apart: Vec<String>,
    /// A regular expression, and what takes the place of what it finds.
    pub coarsen: Vec<(String, String)>,
    pub time_fields: String,
    pub time_options: String,
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
        persons: list("persons"),
        conditions: list("conditions"),
        behind: list("behind"),
        in_front: list("in-front"),
        stops: list("stops"),
        verbs: list("verbs"),
        abbreviations: list("abbreviations"),
        opens_role: list("opens-role"),
        headings: list("headings"),
        clocks: (clock("day"), clock("finer")),
        times: list("times"),
        dates: list("dates"),
        both: list("both"),
        tells_apart: list("tells-apart"),
        coarsen: rows(&value["coarsen"]),
        time_options: value["time-options"]
            .as_str()
            .unwrap_or_default()
            .to_string(),
        time_fields: value["time-fields"]
            .as_str()
            .unwrap_or_default()
            .to_string(),
    }
}

fn rows(value: &Value) -> Vec<(String, String)> {
    let rows = value.as_sequence().map_or(&[][..], Vec::as_slice);
    let text = |row: &Value, key: &str| row[key].as_str().map(str::to_string);
    let pairs = rows
        .iter()
        .filter_map(|row| Some((text(row, "match")?, text(row, "to")?)));
    pairs.collect()
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
            &words.persons,
            &words.behind,
            &words.in_front,
            &words.stops,
            &words.verbs,
            &words.abbreviations,
            &words.opens_role,
            &words.headings,
            &words.times,
            &words.dates,
            &words.tells_apart,
            &words.both,
        ];
        assert!(lists.iter().all(|list| list.len() >= 3));
        let all = lists.iter().flat_map(|list| list.iter());
        assert!(all.clone().all(|word| !word.is_empty()));
        assert!(words.coarsen.len() >= 4 && !words.time_fields.is_empty());
        assert!(!words.clocks.0.is_empty() && !words.clocks.1.is_empty());
    }
}
