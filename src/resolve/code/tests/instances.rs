//! Instances that libraries copy, change and turn into objects.

use super::{prompt, sent};

const HEAD: &str =
    "import openai, copy, dataclasses\nfrom dataclasses import dataclass, asdict, replace\n\
                    from pydantic import BaseModel\nclient = openai.OpenAI()\n\
                    @dataclass\nclass Card:\n    head: str = 'p'\n    body: str = 'q'\n\
                    class Model(BaseModel):\n    head: str = 'p'\n    body: str = 'q'\n";

fn python(before: &str, text: &str) -> String {
    let source = format!(
        "{HEAD}def send(a):\n    {before}\n    client.responses.create(model='m', instructions={text})\n"
    );
    sent(&[("app.py", &source)])
}

#[test]
fn a_copy_with_other_fields_leaves_what_it_was_made_of() {
    let rows = [
        ("c = Card()\n    d = replace(c, head=a)", "<a:request>qpq"),
        (
            "c = Card()\n    d = dataclasses.replace(c, head=a)",
            "<a:request>qpq",
        ),
        (
            "c = Model()\n    d = c.model_copy(update={'head': a})",
            "<a:request>qpq",
        ),
        (
            "c = Model()\n    d = c.copy(update={'head': a})",
            "<a:request>qpq",
        ),
        (
            "c = Card()\n    d = copy.copy(c)\n    d.head = a",
            "<a:request>qpq",
        ),
        (
            "c = Card()\n    d = copy.deepcopy(c)\n    d.head = a",
            "<a:request>qpq",
        ),
    ];
    for (before, expected) in rows {
        assert_eq!(
            python(before, "d.head + d.body + c.head + c.body"),
            expected,
            "{before}"
        );
    }
}

#[test]
fn fields_fill_a_text() {
    assert_eq!(python("", "'{head}-{body}'.format(**vars(Card()))"), "p-q");
    assert_eq!(
        python("", "'{head}-{body}'.format(**Card().__dict__)"),
        "p-q"
    );
    assert_eq!(
        python("", "'{head}-{body}'.format(**Model().model_dump())"),
        "p-q"
    );
}

#[test]
fn messages_of_a_class_are_sent_as_their_fields() {
    let one = |made: &str, shown: &str| {
        let source = format!(
            "import openai\nfrom dataclasses import dataclass, asdict\nfrom pydantic import BaseModel\n\
             client = openai.OpenAI()\n{made}class Turn{shown}\n    role: str\n    content: str\n"
        );
        source
    };
    let sends = |head: String, list: &str| {
        let source = format!(
            "{head}def send(q):\n    turns = [Turn(role='system', content='p'), Turn(role='user', content=q)]\n    \
             client.chat.completions.create(model='m', messages={list})\n"
        );
        prompt(&[("app.py", &source)])
    };
    let expected = "system: p\nuser: <q:request>";
    let data = || one("@dataclass\n", ":");
    assert_eq!(sends(data(), "[asdict(t) for t in turns]"), expected);
    assert_eq!(sends(data(), "[vars(t) for t in turns]"), expected);
    let model = || one("", "(BaseModel):");
    assert_eq!(sends(model(), "[t.model_dump() for t in turns]"), expected);
    assert_eq!(
        sends(model(), "[t.model_dump(exclude_none=True) for t in turns]"),
        expected
    );
    assert_eq!(sends(model(), "[t.dict() for t in turns]"), expected);
}

#[test]
fn a_method_of_its_own_comes_first() {
    let shown = python("", "Own().model_dump()");
    assert!(!shown.contains("own text"), "{shown}");
    let source = format!(
        "{HEAD}class Own(BaseModel):\n    head: str = 'p'\n    def model_dump(self):\n        return 'own text'\n\
         def send(a):\n    client.responses.create(model='m', instructions=Own().model_dump())\n"
    );
    assert_eq!(sent(&[("app.py", &source)]), "own text");
}

#[test]
fn a_base_with_type_parameters_is_the_base() {
    let source = "import openai\nfrom typing import Generic, TypeVar\nS = TypeVar('S')\nclient = openai.OpenAI()\n\
                  class Agent(Generic[S]):\n    def head(self):\n        return 'p'\n\
                  class Desk(Agent[int]):\n    def send(self, q):\n        \
                  client.responses.create(model='m', instructions=self.head())\n";
    assert_eq!(sent(&[("app.py", source)]), "p");
}
