//! Classes that extend what is not in sight.

use super::prompts;

const AGENT: &str = "from datetime import datetime\nfrom livekit.agents import Agent\n";

#[test]
fn what_a_constructor_hands_up_is_sent() {
    for class in [
        "class Desk(Agent):\n    def __init__(self, now):\n        super().__init__(instructions=f'Today {now} p')\n",
        "class Base(Agent):\n    pass\nclass Desk(Base):\n    def __init__(self, now):\n        super().__init__(instructions=f'Today {now} p')\n",
    ] {
        let source = format!("{AGENT}{class}\ndef start():\n    return Desk(datetime.now())\n");
        let found = prompts(&[("app.py", &source)]);
        assert_eq!(found, ["system: Today <datetime.now():unique!> p"], "{class}");
    }
}

#[test]
fn a_class_without_a_constructor_hands_all_up() {
    let source = format!(
        "{AGENT}class Desk(Agent):\n    pass\ndef start():\n    return Desk(instructions=f'At {{datetime.now()}} p')\n"
    );
    let found = prompts(&[("app.py", &source)]);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("system: At <datetime.now()"),
        "{found:?}"
    );
}

#[test]
fn the_nearest_constructor_in_sight_decides_what_is_handed_up() {
    let source = format!(
        "{AGENT}class Base(Agent):\n    def __init__(self, name):\n        super().__init__(instructions='I am ' + name)\n\
         class Desk(Base):\n    def __init__(self):\n        super().__init__(name='desk')\ndef start():\n    return Desk()\n"
    );
    let found = prompts(&[("app.py", &source)]);
    assert_eq!(found, ["system: I am desk"]);
}

#[test]
fn a_class_of_no_sdk_sends_nothing() {
    let source = "from shop import Agent\nimport openai\nclass Desk(Agent):\n    def __init__(self, now):\n        \
                  super().__init__(instructions=f'Today {now} p')\n";
    assert!(prompts(&[("app.py", source)]).is_empty());
}

#[test]
fn javascript_hands_options_up() {
    let source = "import { Agent } from '@openai/agents';\nclass Desk extends Agent {\n  constructor(now) {\n    \
                  super({ name: 'd', instructions: `Today ${now} p` });\n  }\n}\n\
                  export const desk = () => new Desk(Date.now());\n";
    let found = prompts(&[("app.ts", source)]);
    assert_eq!(found, ["system: Today <Date.now():unique!> p"]);
}

#[test]
fn the_repository_of_a_library_is_a_user_of_it_too() {
    let library =
        "class Agent:\n    def __init__(self, instructions):\n        self.text = instructions\n";
    let app = |import: &str| {
        format!(
            "from datetime import datetime\nfrom {import} import Agent\nclass Desk(Agent):\n    def __init__(self):\n        \
             super().__init__(instructions=f'Today {{datetime.now()}} p')\n"
        )
    };
    let livekit = app("livekit.agents");
    let files = [
        ("examples/app.py", livekit.as_str()),
        ("livekit/agents/__init__.py", library),
    ];
    assert_eq!(
        prompts(&files),
        ["system: Today <datetime.now():unique/session!> p"]
    );
    // A folder that is only named like a package is the program's own.
    let own = app("agents");
    let files = [("app.py", own.as_str()), ("agents/__init__.py", library)];
    assert_eq!(prompts(&files), [""; 0]);
}
