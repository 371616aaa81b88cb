//! From a name to its entry: in a provider's own table, its parent's, behind a gateway, by prefix or by form;
//! with policy, defaults and overrides laid on it.

use serde_yaml::{Mapping, Value};

use super::build::{listed, merge, strings, text, Merged};
use super::room::{compile, compile_set, Room};
use super::{Date, Listed, Model, Table};

/// A gateway behind a gateway behind ...: how deep a name is followed.
const DEPTH: usize = 4;

/// An entry that was found, before policy is laid on it.
struct Found {
    id: String,
    profile: String,
    value: Value,
}

impl Table {
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

    pub(super) fn default_model(&self, room: &Room, today: Date) -> Model {
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
    pub(super) fn find(
        &self,
        given: Option<&Room>,
        name: &str,
        today: Date,
        depth: usize,
    ) -> Option<Listed> {
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
    pub(super) fn route<'n>(&self, name: &'n str) -> Option<(&Room, &'n str)> {
        let (prefix, rest) = name.split_once(['/', ':'])?;
        Some((self.room(prefix)?, rest))
    }

    pub(super) fn by_id(&self, name: &str) -> Option<&Room> {
        let set = self.ids.get_or_init(|| {
            let patterns: Vec<String> = self
                .rooms
                .iter()
                .map(|room| text(&room.head, "ids").map_or_else(|| "$.".into(), String::from))
                .collect();
            compile_set(&patterns).expect("id patterns of embedded headers compile: tested")
        });
        set.matches(name.as_bytes())
            .iter()
            .next()
            .map(|index| &self.rooms[index])
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
            self.listed(room, id, name, today)
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

    /// The model of a bare id at the prices of a date; `asked` is the name as it was given.
    pub(super) fn listed(&self, room: &Room, id: &str, asked: &str, today: Date) -> Option<Listed> {
        let (found, policy) = self.lookup(room, id)?;
        Some(self.finish(room, asked, found, policy, today))
    }

    /// The entry of a bare id: the room's own, then the parent's.
    fn lookup(&self, room: &Room, id: &str) -> Option<(Found, Value)> {
        let body = room.body();
        let parent = text(&room.head, "inherits").and_then(|p| self.room(p));
        if let Some(parent) = parent {
            let theirs = parent.body();
            if let Some(index) = theirs.matches.matches(id.as_bytes()).iter().next() {
                let entry = &theirs.entries[index];
                let id = text(entry, "id").unwrap_or_default();
                let own = body
                    .entries
                    .iter()
                    .find(|own| text(own, "like") == Some(id));
                return Some(self.inherit(room, parent, entry, own));
            }
        }
        let index = body.matches.matches(id.as_bytes()).iter().next()?;
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
            pattern.is_some_and(|re| re.is_match(text_of.as_bytes()))
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
}

/// The model's own `match` is a pattern, the policy's is a way of matching.
fn without_match(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Value::Mapping(map) = &mut entry {
        map.remove("match");
    }
    entry
}
