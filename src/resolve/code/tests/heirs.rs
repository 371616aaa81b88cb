//! Classes that fill in what another one only declares.

use super::{prompts, sent};

const HEAD: &str = "from abc import ABC, abstractmethod\nimport openai\nclient = openai.OpenAI()\n\
                    class Base(ABC):\n    @abstractmethod\n    def text(self, who):\n        ...\n    \
                    def work(self, who):\n        \
                    client.responses.create(model='m', instructions=self.text(who))\n";

fn python(source: &str) -> Vec<String> {
    prompts(&[("app.py", &format!("{HEAD}{source}"))])
}

#[test]
fn what_an_abstract_class_sends_stands_in_those_that_extend_it() {
    let found = python(
        "class One(Base):\n    def text(self, who):\n        return f'First for {who}'\n\
         class Two(Base):\n    def text(self, who):\n        return f'Second for {who}'\n",
    );
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].starts_with("system: First for <who"), "{found:#?}");
    assert!(
        found[1].starts_with("system: Second for <who"),
        "{found:#?}"
    );
}

#[test]
fn one_that_extends_by_way_of_another_fills_it_in() {
    let found = python(
        "class Half(Base):\n    pass\nclass Whole(Half):\n    def text(self, who):\n        \
         return 'All of it'\n",
    );
    assert_eq!(found, ["system: All of it"]);
}

#[test]
fn a_class_that_is_only_declared_is_the_one_that_fills_it_in() {
    let found = sent(&[(
        "app.py",
        "import openai\nclient = openai.OpenAI()\nclass Engine:\n    def text(self, q):\n        \
         raise NotImplementedError\nclass Own(Engine):\n    def text(self, q):\n        return f'Own {q}'\n\
         def work(engine: Engine, q):\n    \
         client.responses.create(model='m', instructions=engine.text(q))\n",
    )]);
    assert!(found.starts_with("Own <q"), "{found}");
}
