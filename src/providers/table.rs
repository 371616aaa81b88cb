//! The table: one room per provider, headers read at once, bodies when a model of theirs is asked for.
//! Finds the entry of a name and lays policy, defaults and overrides on it; prices a date, reads no clock.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde_yaml::{Mapping, Value};

use super::build::{date, listed, merge, strings, text, Merged};
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

/// A gateway behind a gateway behind ...: how deep a name is followed.
const DEPTH: usize = 4;
/// Days after which a table is called old.
const OLD: i64 = 180;
/// Longer names are no model ids.
const NAME_LIMIT: usize = 512;

/// Cache policies and prices of every provider.
pub struct Table {
    pub(super) rooms: Vec<Room>,
    ids: OnceLock<RegexSet>,
}

/// One provider.
pub(super) struct Room {
    pub(super) head: Value,
    pub(super) name: String,
    body_text: &'static str,
    /// Entries of price files, before the embedded ones.
    pub(super) extra: Vec<Value>,
    body: OnceLock<Body>,
}

struct Body {
    value: Value,
    entries: Vec<Value>,
    matches: RegexSet,
}

fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).unicode(false).build().ok()
}

/// Anchors are added here, so that no pattern of a file can match a part of an id.
fn compile_set(patterns: &[String]) -> Result<RegexSet, regex::Error> {
    let anchored: Vec<String> = patterns.iter().map(|p| format!("^(?:{p})$")).collect();
    RegexSetBuilder::new(anchored).unicode(false).build()
}

/// The pattern of an entry: its own, else its id and the provider's suffix.
pub(super) fn pattern(body: &Value, entry: &Value) -> String {
    let suffix = text(body, "suffix").unwrap_or_default();
    match text(entry, "match") {
        Some(own) => own.replace("{suffix}", suffix),
        None => {
            let id = text(entry, "id").unwrap_or_default().to_ascii_lowercase();
            format!("{}{suffix}", regex::escape(&id))
        }
    }
}

/// Checks a pattern of a price file.
pub(super) fn check_pattern(pattern: &str) -> Result<(), String> {
    compile_set(&[pattern.to_string()])
        .map(|_| ())
        .map_err(|e| e.to_string())
}

impl Room {
    fn new(file: &'static str) -> Room {
        let (head, body_text) = file.split_once("\n---\n").unwrap_or((file, ""));
        let head: Value =
            serde_yaml::from_str(head).expect("an embedded provider header is valid YAML: tested");
        let name = text(&head, "provider").unwrap_or_default().to_string();
        Room {
            head,
            name,
            body_text,
            extra: Vec::new(),
            body: OnceLock::new(),
        }
    }

    fn body(&self) -> &Body {
        self.body.get_or_init(|| {
            let value: Value = serde_yaml::from_str(self.body_text)
                .expect("an embedded provider table is valid YAML: tested");
            let own = value.get("models").and_then(Value::as_sequence);
            let entries: Vec<Value> = self
                .extra
                .iter()
                .chain(own.into_iter().flatten())
                .cloned()
                .collect();
            let patterns: Vec<String> = entries
                .iter()
                .map(|entry| match text(entry, "like") {
                    // Matched through the parent, by the parent's id.
                    Some(like) if entry.get("id").is_none() => regex::escape(like),
                    _ => pattern(&value, entry),
                })
                .collect();
            let matches = compile_set(&patterns)
                .expect("model patterns are checked before they enter a table");
            Body {
                value,
                entries,
                matches,
            }
        })
    }

    fn says(&self, name: &str) -> bool {
        self.name == name
            || strings(self.head.get("aliases"))
                .iter()
                .any(|alias| alias == name)
    }

    /// The id without what the provider puts in front of it.
    fn stripped<'a>(&self, name: &'a str) -> &'a str {
        let strip = text(&self.head, "strip").and_then(|p| compile(&format!("^(?:{p})")));
        let end = strip
            .and_then(|re| re.find(name).map(|m| m.end()))
            .unwrap_or(0);
        &name[end..]
    }

    /// Policy of a name, with its `extends` laid under it and its sources spelt out.
    fn profile(&self, name: &str) -> Value {
        let profiles = self.body().value.get("profiles");
        let mut chain = Vec::new();
        let mut next = Some(name.to_string());
        while let Some(profile) = next.and_then(|name| profiles.and_then(|p| p.get(name.as_str())))
        {
            chain.push(profile);
            next = text(profile, "extends")
                .filter(|_| chain.len() < 8)
                .map(String::from);
        }
        let empty = Value::Mapping(Mapping::new());
        chain
            .iter()
            .rev()
            .fold(empty, |under, over| merge(&under, over))
    }

    fn default(&self) -> &Value {
        self.body().value.get("default").unwrap_or(&Value::Null)
    }

    fn default_profile(&self) -> String {
        let value = &self.body().value;
        let of_defaults = value.get("defaults").and_then(|d| text(d, "profile"));
        let name = text(self.default(), "profile").or(of_defaults);
        name.unwrap_or("none").to_string()
    }

    /// Defaults under an entry, with the tokenizer and the sources spelt out.
    fn flat(&self, entry: &Value) -> Value {
        let body = &self.body().value;
        let empty = Value::Mapping(Mapping::new());
        let mut flat = merge(body.get("defaults").unwrap_or(&empty), entry);
        let named = text(&flat, "tokenizer")
            .and_then(|name| body.get("tokenizers").and_then(|t| t.get(name)));
        let tokenizer = named.cloned();
        let sources = self.spelt(flat.get("sources"));
        if let Value::Mapping(map) = &mut flat {
            if let Some(tokenizer) = tokenizer {
                map.insert("tokenizer".into(), tokenizer);
            }
            map.insert(
                "sources".into(),
                sources.into_iter().map(Value::from).collect(),
            );
        }
        flat
    }

    /// Source names of this file as `where (date)`.
    fn spelt(&self, names: Option<&Value>) -> Vec<String> {
        let table = self.body().value.get("sources");
        let spell = |name: String| {
            let source = table.and_then(|t| t.get(name.as_str()));
            let place = source.and_then(|s| text(s, "url").or(text(s, "package")));
            match (place, source.and_then(|s| s.get("date"))) {
                (Some(place), Some(Value::String(date))) => format!("{place} ({date})"),
                (Some(place), Some(Value::Number(year))) => format!("{place} ({year})"),
                (Some(place), _) => place.to_string(),
                _ => name,
            }
        };
        strings(names).into_iter().map(spell).collect()
    }
}

/// An entry that was found, before policy is laid on it.
struct Found {
    id: String,
    profile: String,
    value: Value,
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

    /// What the table knows of an id, under what a price file says of it.
    pub(super) fn known_entry(&self, room: &Room, id: &str, over: &Value) -> Value {
        let by_id = |room: &Room| {
            let entries = &room.body().entries;
            entries.iter().find(|e| text(e, "id") == Some(id)).cloned()
        };
        let own = by_id(room).map(|entry| merge(&entry, over));
        own.unwrap_or_else(|| {
            let mut entry = over.clone();
            let parent = text(&room.head, "inherits").and_then(|p| self.room(p));
            let inherited = parent.and_then(by_id).is_some();
            if let (true, Value::Mapping(map)) = (inherited, &mut entry) {
                map.insert("like".into(), id.into());
            }
            entry
        })
    }

    fn default_model(&self, room: &Room, today: Date) -> Model {
        let default = room.default();
        let minimum = default.get("minimum");
        let found = match text(default, "model") {
            Some(name) => self.in_room(room, name, today, 0),
            None => None,
        };
        let mut model = found
            .unwrap_or_else(|| self.any(room, "default", today))
            .model;
        let bound = |key| {
            minimum
                .and_then(|m| m.get(key))
                .and_then(Value::as_u64)
                .and_then(|n| u32::try_from(n).ok())
        };
        if let (Some(low), Some(high)) = (bound("low"), bound("high")) {
            model.minimum_range = (low, high);
        }
        model
    }

    /// A name in the given room, else where its prefix or its own form points.
    fn find(&self, given: Option<&Room>, name: &str, today: Date, depth: usize) -> Option<Listed> {
        if depth > DEPTH {
            return None;
        }
        if let Some(found) = given.and_then(|room| self.in_room(room, name, today, depth)) {
            return Some(found);
        }
        if let Some((room, rest)) = self.route(name) {
            return self.in_room(room, rest, today, depth).or_else(|| {
                self.by_id(rest)
                    .and_then(|room| self.in_room(room, rest, today, depth))
            });
        }
        let tail = name.rsplit(['/', ':']).next().unwrap_or(name);
        [name, tail]
            .iter()
            .find_map(|name| self.in_room(self.by_id(name)?, name, today, depth))
    }

    /// `azure/gpt-5.4` -> (azure, `gpt-5.4`).
    fn route<'n>(&self, name: &'n str) -> Option<(&Room, &'n str)> {
        let (prefix, rest) = name.split_once(['/', ':'])?;
        Some((self.room(prefix)?, rest))
    }

    fn by_id(&self, name: &str) -> Option<&Room> {
        let set = self.ids.get_or_init(|| {
            let patterns: Vec<String> = self
                .rooms
                .iter()
                .map(|room| text(&room.head, "ids").map_or_else(|| "$.".into(), String::from))
                .collect();
            compile_set(&patterns).expect("id patterns of embedded headers compile: tested")
        });
        set.matches(name)
            .iter()
            .next()
            .map(|index| &self.rooms[index])
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

    fn in_room(&self, room: &Room, name: &str, today: Date, depth: usize) -> Option<Listed> {
        // `openai/gpt-5.4` given to openai; the parts behind `chat:` or `models/`; dots for dashes.
        let own = self
            .route(name)
            .filter(|(routed, _)| routed.name == room.name)
            .map(|(_, rest)| rest);
        let tail = name.rsplit(['/', ':']).next();
        let dashed = own.unwrap_or(name).replace('.', "-");
        let names = [Some(name), own, tail, Some(dashed.as_str())];
        if text(&room.head, "inherits") == Some("*") {
            return self.behind(room, own.unwrap_or(name), today, depth);
        }
        let found = names.into_iter().flatten().find_map(|candidate| {
            let id = room.stripped(candidate);
            let (found, policy) = self.lookup(room, id)?;
            Some(self.finish(room, name, found, policy, today))
        });
        if found.is_none() && room.default().get("any").is_some() {
            return Some(self.any(room, own.unwrap_or(name), today));
        }
        found
    }

    /// A gateway: the model of the provider behind it with what the gateway changes.
    fn behind(&self, room: &Room, name: &str, today: Date, depth: usize) -> Option<Listed> {
        let mut listed = self.find(None, name, today, depth + 1)?;
        let change = room.body().value.get("passthrough").unwrap_or(&Value::Null);
        listed.model.provider = room.name.clone();
        if let Some(key) = change.get("cache_key") {
            listed.model.cache_key = key.as_str().map(String::from);
        }
        if let Some(rate) = change.get("rate_per_key") {
            listed.model.rate_per_key = rate.as_f64();
        }
        if change.get("batch").is_some_and(Value::is_null) {
            listed.model.batch = None;
        }
        listed
            .model
            .sources
            .extend(room.spelt(change.get("sources")));
        Some(listed)
    }

    /// The entry of a bare id: the room's own, then the parent's.
    fn lookup(&self, room: &Room, id: &str) -> Option<(Found, Value)> {
        let body = room.body();
        let parent = text(&room.head, "inherits").and_then(|p| self.room(p));
        if let Some(parent) = parent {
            let theirs = parent.body();
            if let Some(index) = theirs.matches.matches(id).iter().next() {
                let entry = &theirs.entries[index];
                let id = text(entry, "id").unwrap_or_default();
                let own = body
                    .entries
                    .iter()
                    .find(|own| text(own, "like") == Some(id));
                return Some(self.inherit(room, parent, entry, own));
            }
        }
        let index = body.matches.matches(id).iter().next()?;
        let entry = &body.entries[index];
        if let Some(like) = text(entry, "like") {
            let base = parent
                .unwrap_or(room)
                .body()
                .entries
                .iter()
                .find(|e| text(e, "id") == Some(like))?;
            return Some(self.inherit(room, parent.unwrap_or(room), base, Some(entry)));
        }
        let flat = room.flat(entry);
        let profile = text(&flat, "profile").map_or_else(|| room.default_profile(), String::from);
        let policy = room.profile(&profile);
        let id = text(entry, "id").unwrap_or_default().to_string();
        Some((
            Found {
                id,
                profile,
                value: flat,
            },
            policy,
        ))
    }

    fn inherit(
        &self,
        room: &Room,
        parent: &Room,
        entry: &Value,
        own: Option<&Value>,
    ) -> (Found, Value) {
        let mut flat = parent.flat(entry);
        let theirs = text(&flat, "profile").unwrap_or("none").to_string();
        let policies = room.body().value.get("policies");
        let mapped = policies.and_then(|p| text(p, &theirs).or(text(p, "otherwise")));
        let mut profile = mapped.unwrap_or(&theirs).to_string();
        let mut id = text(entry, "id").unwrap_or_default().to_string();
        if let Some(own) = own {
            flat = merge(&flat, own);
            profile = text(own, "profile").unwrap_or(&profile).to_string();
            id = text(own, "id").unwrap_or(&id).to_string();
            if own.get("sources").is_some() {
                let sources = room
                    .spelt(own.get("sources"))
                    .into_iter()
                    .map(Value::from)
                    .collect();
                if let Value::Mapping(map) = &mut flat {
                    map.insert("sources".into(), sources);
                }
            }
        }
        let policy = room.profile(&profile);
        (
            Found {
                id,
                profile,
                value: flat,
            },
            policy,
        )
    }

    fn finish(&self, room: &Room, asked: &str, found: Found, policy: Value, today: Date) -> Listed {
        let mut sources = strings(found.value.get("sources"));
        sources.extend(room.spelt(policy.get("sources")));
        let mut value = merge(&policy, &without_match(&found.value));
        if let Some(over) = policy.get("override") {
            value = merge(&value, over);
        }
        let regional = room.body().value.get("regional");
        let applies = |key: &str, text_of: &str| {
            let pattern = regional
                .and_then(|r| text(r, key))
                .and_then(|p| compile(&format!("^(?:{p})$")));
            pattern.is_some_and(|re| re.is_match(text_of))
        };
        let premium = applies("ids", asked) && applies("models", &found.id);
        let factor = regional
            .and_then(|r| r.get("multiplier"))
            .and_then(Value::as_f64);
        let merged = Merged {
            id: &found.id,
            provider: &room.name,
            profile: &found.profile,
            as_of: text(&room.head, "as_of").unwrap_or_default(),
            value,
            sources,
            factor: factor.filter(|_| premium).unwrap_or(1.0),
        };
        listed(merged, today)
    }

    /// A model of a provider that serves any: default profile, no price.
    fn any(&self, room: &Room, id: &str, today: Date) -> Listed {
        let profile = room.default_profile();
        let policy = room.profile(&profile);
        let value = room.flat(&Value::Mapping(Mapping::new()));
        let found = Found {
            id: id.to_string(),
            profile,
            value,
        };
        self.finish(room, id, found, policy, today)
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
                (Some(glob), _) => glob.is_match(&id) || glob.is_match(&whole),
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
                if let Some((found, policy)) = self.lookup(room, &id.to_ascii_lowercase()) {
                    out.push(self.finish(room, id, found, policy, today));
                }
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

/// The model's own `match` is a pattern, the policy's is a way of matching.
fn without_match(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Value::Mapping(map) = &mut entry {
        map.remove("match");
    }
    entry
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
