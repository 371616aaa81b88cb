//! Agents of libraries: what they send in front of the turns, and whether anything marks it.

use prefixlint::finding::Severity;
use prefixlint::workspace::Memory;

mod linting;

const RULE: &str = "missing-breakpoint";

/// The severities of the findings on missing markers, worst first.
fn missing(files: &[(&str, &str)]) -> Vec<Severity> {
    let analysis = linting::lint(&Memory::new(files), "a config");
    let found = analysis.findings.iter().filter(|f| f.rule == RULE);
    let mut all: Vec<Severity> = found.map(|found| found.severity).collect();
    all.sort_by_key(|severity| std::cmp::Reverse(*severity));
    all
}

fn is_loud(files: &[(&str, &str)]) -> bool {
    missing(files).first() == Some(&Severity::Warning)
}

fn langchain(makes: &str, more: &str) -> String {
    format!(
        "from langchain_anthropic import ChatAnthropic\nfrom langchain.agents import create_agent\nfrom deepagents import create_deep_agent\n\
         from tools import search\nRULES = 'Answer from the handbook and name the page. ' * 300\n\n\
         agent = {makes}(ChatAnthropic(model='claude-sonnet-5'), tools=[search], system_prompt=RULES{more})\n\n\
         def chat(messages):\n    return agent.invoke({{'messages': messages}})\n"
    )
}

#[test]
fn an_agent_sends_its_turns_unmarked_unless_its_library_marks_them() {
    let plain = langchain("create_agent", "");
    assert!(is_loud(&[("app.py", &plain)]));
    let by_library = langchain("create_deep_agent", "");
    assert!(!is_loud(&[("app.py", &by_library)]));
    let asked = langchain(
        "create_agent",
        ", middleware=[AnthropicPromptCachingMiddleware()]",
    );
    assert!(!is_loud(&[("app.py", &asked)]));
}

#[test]
fn an_agent_with_little_to_say_may_lack_the_least_that_is_cached() {
    let short = langchain("create_agent", "").replace(" * 300", "");
    assert!(!is_loud(&[("app.py", &short)]));
}

#[test]
fn a_run_of_an_agent_sends_nothing_that_its_agent_does_not_say() {
    let agent = |given: &str| {
        format!(
            "from pydantic_ai import Agent\nRULES = 'Answer from the handbook and name the page. ' * 300\n\
             agent = Agent('anthropic:claude-sonnet-5', system_prompt=RULES)\n\n\
             async def ask(question, history):\n    return await agent.run(question, message_history=history{given})\n"
        )
    };
    let prompts = |source: &str| {
        linting::lint(&Memory::new(&[("app.py", source)]), "a config")
            .prompts
            .len()
    };
    assert_eq!(prompts(&agent("")), 1);
    assert_eq!(prompts(&agent(", instructions='Be brief.'")), 2);
}

#[test]
fn a_request_beside_one_that_carries_all_markers_is_unmarked() {
    let judge = |block: &str| {
        format!(
            "import Anthropic from '@anthropic-ai/sdk';\nconst client = new Anthropic();\n\
             const RULES = 'Judge by the handbook and name the page. '.repeat(300);\n\
             export async function judge(text: string) {{\n  return client.messages.create({{ model: 'claude-sonnet-5', max_tokens: 9,\n    \
             system: [{block}], messages: [{{ role: 'user', content: text }}] }});\n}}\n"
        )
    };
    let chat = "import { streamText } from 'ai';\nimport { anthropic } from '@ai-sdk/anthropic';\n\
        const RULES = 'Answer from the handbook and name the page. '.repeat(300);\n\
        export async function POST(req: Request) {\n  const { messages } = await req.json();\n  \
        return streamText({ model: anthropic('claude-sonnet-5'), system: RULES, messages });\n}\n";
    let marked = judge("{ type: 'text', text: RULES, cache_control: { type: 'ephemeral' } }");
    assert!(is_loud(&[("chat.ts", chat), ("judge.ts", &marked)]));
    // A marker that nothing is seen to carry may land anywhere.
    let loose = "export function mark(block: any) {\n  newest(block).cache_control = { type: 'ephemeral' };\n}\n";
    let files = [("chat.ts", chat), ("judge.ts", &marked), ("mark.ts", loose)];
    assert!(!is_loud(&files));
}
