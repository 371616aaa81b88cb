//! Speed of the stages over a generated tree of prompt files. Run by hand: see `README.md` in this folder.

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};

use prefixlint::config::{Assume, Settings};
use prefixlint::discover::{discover, Options, PathArg};
use prefixlint::engine::{analyse, Analysis, Filter, Request};
use prefixlint::frontend::template::{self, dialect::Dialect};
use prefixlint::providers::Table;
use prefixlint::resolve::{resolve, Parsed, ParsedKind};
use prefixlint::source::SourceFile;
use prefixlint::tokens::Counter;
use prefixlint::volatility::classify::Classifier;
use prefixlint::workspace::Memory;

const PROMPTS: usize = 500;

/// Sentences of a fixed vocabulary, from a small generator, so that every run measures the same text.
struct Words(u64);

impl Words {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 as usize
    }

    fn sentence(&mut self) -> String {
        const WORDS: [&str; 16] = [
            "answer",
            "the",
            "customer",
            "in",
            "two",
            "short",
            "sentences",
            "and",
            "quote",
            "policy",
            "when",
            "refund",
            "orders",
            "are",
            "late",
            "politely",
        ];
        let count = 6 + self.next() % 12;
        let words: Vec<&str> = (0..count)
            .map(|_| WORDS[self.next() % WORDS.len()])
            .collect();
        format!("{}.\n", words.join(" "))
    }
}

/// Templates of 1 to 8 KiB with values, branches and loops.
fn prompts() -> Vec<(String, String)> {
    let mut words = Words(0x2545_f491_4f6c_dd1d);
    (0..PROMPTS)
        .map(|number| {
            let mut text = String::from("You are a support agent.\n");
            let sentences = 15 + words.next() % 100;
            for line in 0..sentences {
                let sentence = words.sentence();
                let _ = match line % 23 {
                    5 => write!(text, "Today is {{{{ today }}}}. {sentence}"),
                    11 => write!(text, "{{% if plan == \"pro\" %}}{sentence}{{% endif %}}"),
                    17 => write!(
                        text,
                        "{{% for item in orders %}}{{{{ item.name }}}}{{% endfor %}}{sentence}"
                    ),
                    _ => write!(text, "{sentence}"),
                };
            }
            (format!("prompts/p{number:04}.j2"), text)
        })
        .collect()
}

fn whole(workspace: &Memory) -> Analysis {
    let table = Table::fresh();
    let settings = Arc::new(Settings::default());
    analyse(&Request {
        workspace,
        found: discover(workspace, &[PathArg::new("")], &Options::default()),
        settings_for: &|_| settings.clone(),
        model_for: &|provider, model| table.resolve(provider, model, (2026, 11, 22)),
        insists: &|_| false,
        filter: Filter::default(),
        list_files: false,
        prices_as_of: table.as_of().to_string(),
        notices: Vec::new(),
        accepted: None,
        fixes: true,
    })
}

fn parsed(files: &[Arc<SourceFile>]) -> Vec<Parsed> {
    let parse = |file: &Arc<SourceFile>| Parsed {
        file: file.clone(),
        kind: ParsedKind::Template {
            dialect: Dialect::Jinja,
            tree: Arc::new(template::parse(&file.content(), Dialect::Jinja)),
        },
        explicit: false,
        by_name: false,
    };
    files.iter().map(parse).collect()
}

fn stages(criterion: &mut Criterion) {
    let prompts = prompts();
    let bytes: usize = prompts.iter().map(|(_, text)| text.len()).sum();
    let files: Vec<Arc<SourceFile>> = prompts
        .iter()
        .map(|(path, text)| Arc::new(SourceFile::new(path, text)))
        .collect();
    let named: Vec<(&str, &str)> = prompts
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let workspace = Memory::new(&named);
    let classifier = Arc::new(Classifier::new(&[]));
    let counter = Counter::new("o200k_base").expect("a known encoding");

    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("parse", |bench| bench.iter(|| black_box(parsed(&files))));
    group.bench_function("parse and resolve", |bench| {
        bench.iter(|| {
            resolve(
                parsed(&files),
                &[],
                &workspace,
                &|_| classifier.clone(),
                &|_| Assume::default(),
            )
        });
    });
    group.bench_function("count", |bench| {
        bench.iter(|| {
            prompts
                .iter()
                .map(|(_, text)| counter.count(text))
                .sum::<u32>()
        });
    });
    group.bench_function("analyse", |bench| {
        bench.iter(|| black_box(whole(&workspace)))
    });
    group.finish();
}

criterion_group!(benches, stages);
criterion_main!(benches);
