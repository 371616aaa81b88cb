//! The table: one room per provider, headers read at once, bodies when a model of theirs is asked for.
//! Finds the entry of a name and lays policy, defaults and overrides on it; prices a date, reads no clock.

use std::sync::OnceLock;

use regex::bytes::{Regex, RegexSet};

use super::build::{date, strings, text};
use super::room::Room;
use super::{names_option, Date, Listed, Model};

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        &[$(include_str!(concat!("../../rules/providers/", $name, ".yaml"))),*]
    };
}

/// Every provider file. Order decides which provider a bare id or an option name is taken for.
const FILES: &[&str] = embedded!(
    "openai",
    "azure",
    "anthropic",
    "google",
    "bedrock",
    "deepseek",
    "xai",
    "mistral",
    "moonshot",
    "qwen",
    "zai",
    "groq",
    "fireworks",
    "openrouter",
    "vllm",
    "sglang",
    "llamacpp",
);

/// Days after which a table is called old.
const OLD: i64 = 180;
/// Longer names are no model ids.
const NAME_LIMIT: usize = 512;

/// Cache policies and prices of every provider.
pub struct Table {
    pub(super) rooms: Vec<Room>,
    pub(super) ids: OnceLock<RegexSet>,
}

impl Table {
    /// The table that the program was built with.
    pub fn embedded() -> &'static Table {
        static TABLE: OnceLock<Table> = OnceLock::new();
        TABLE.get_or_init(Table::fresh)
    }

    /// The built-in table as a value of its own, to lay price files over.
    pub fn fresh() -> Table {
        Table {
            rooms: FILES.iter().map(|file| Room::new(file)).collect(),
            ids: OnceLock::new(),
        }
    }

    /// Provider names, in the order of the table.
    pub fn providers(&self) -> impl Iterator<Item = &str> {
        self.rooms.iter().map(|room| room.name.as_str())
    }

    pub(super) fn room(&self, provider: &str) -> Option<&Room> {
        let provider = provider.trim().to_ascii_lowercase();
        self.rooms.iter().find(|room| room.says(&provider))
    }

    fn builtin(&self) -> &Room {
        let marked = self
            .rooms
            .iter()
            .find(|room| room.head.get("builtin").is_some());
        marked.unwrap_or(&self.rooms[0])
    }

    /// The model of a name at the prices of a date. Without a model, the provider's default profile with the range of
    /// its minimums; without both, the built-in target. A name that is not in the table gives the default of its
    /// provider with `fallback: true` and a note.
    pub fn resolve(&self, provider: Option<&str>, model: Option<&str>, today: Date) -> Model {
        let given = provider.and_then(|p| self.room(p));
        let asked = model.map(|m| m.trim().to_ascii_lowercase());
        let asked = asked.filter(|m| !m.is_empty());
        let Some(asked) = asked else {
            let mut model = self.default_model(given.unwrap_or(self.builtin()), today);
            if let (Some(provider), None) = (provider, given) {
                model.fallback = true;
                model.note = Some(format!(
                    "provider `{provider}` is not in the table: judged as {}",
                    model.id
                ));
            }
            return model;
        };
        if asked.len() <= NAME_LIMIT {
            if let Some(found) = self.find(given, &asked, today, 0) {
                return found.model;
            }
        }
        let routed = self.route(&asked).map(|(room, _)| room);
        let room = given
            .or(routed)
            .or_else(|| self.by_id(&asked))
            .unwrap_or(self.builtin());
        let mut model = self.default_model(room, today);
        model.fallback = true;
        model.note = Some(format!(
            "`{asked}` is not in the table: judged as {}, the default of {}",
            model.id, room.name
        ));
        model
    }

    /// The provider that a model id names, by a prefix or by its form.
    pub fn provider_from_model(&self, id: &str) -> Option<&str> {
        let id = id.trim().to_ascii_lowercase();
        let routed = self.route(&id).map(|(room, _)| room);
        routed
            .or_else(|| self.by_id(&id))
            .map(|room| room.name.as_str())
    }

    /// The provider that declares itself by the use of an option (`cache_control.type` counts as `cache_control`).
    pub fn provider_of_option(&self, option: &str) -> Option<&str> {
        let room = self.rooms.iter().find(|room| {
            let options = strings(room.head.get("options"));
            options.iter().any(|name| names_option(name, option))
        });
        room.map(|room| room.name.as_str())
    }

    /// Models whose `provider/id` holds the pattern (case apart); `*` and `?` make it a glob over the id or the whole.
    /// In the order of the table; inherited models are not repeated under the provider that inherits them unless it
    /// has an entry of its own.
    pub fn all(&self, wanted: Option<&str>, today: Date) -> Vec<Listed> {
        let wanted = wanted
            .map(|w| w.trim().to_ascii_lowercase())
            .filter(|w| !w.is_empty());
        let glob = wanted
            .as_deref()
            .filter(|w| w.contains(['*', '?']))
            .and_then(|w| {
                let pattern = regex::escape(w).replace("\\*", ".*").replace("\\?", ".");
                Regex::new(&format!("^(?:{pattern})$")).ok()
            });
        let keep = |provider: &str, id: &str| {
            let id = id.to_ascii_lowercase();
            let whole = format!("{provider}/{id}");
            match (&glob, &wanted) {
                (Some(glob), _) => glob.is_match(id.as_bytes()) || glob.is_match(whole.as_bytes()),
                (None, Some(wanted)) => whole.contains(wanted.as_str()),
                (None, None) => true,
            }
        };
        let mut out: Vec<Listed> = Vec::new();
        for room in &self.rooms {
            for entry in &room.body().entries {
                let Some(id) = text(entry, "id").or(text(entry, "like")) else {
                    continue;
                };
                let seen = out
                    .iter()
                    .any(|l| l.model.provider == room.name && l.model.id == id);
                if seen || !keep(&room.name, id) {
                    continue;
                }
                out.extend(self.listed(room, &id.to_ascii_lowercase(), id, today));
            }
        }
        out
    }

    /// The date of the oldest file of the table, ISO.
    pub fn as_of(&self) -> &str {
        self.rooms
            .iter()
            .filter_map(|room| text(&room.head, "as_of"))
            .min()
            .unwrap_or_default()
    }

    /// What to say when the table is older than 180 days on a date.
    pub fn age_note(&self, today: Date) -> Option<String> {
        let age = days(today) - days(date(self.as_of())?);
        (age > OLD).then(|| {
            let as_of = self.as_of();
            format!(
                "the price table is of {as_of}, {age} days old: prices and limits may have changed"
            )
        })
    }
}

/// Days since the first of March of the year 0 (proleptic Gregorian).
fn days((year, month, day): Date) -> i64 {
    let (month, day) = (i64::from(month), i64::from(day));
    let year = i64::from(year) - i64::from(month <= 2);
    let from_march = (month + 9) % 12;
    year * 365 + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * from_march + 2) / 5
        + day
        - 1
}
