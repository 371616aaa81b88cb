//! How many markers a request carries: which exclude each other, which are taken out again, which are of another call.

use crate::prompt::{Marker, Prompt};

use super::run;

fn markers(prompt: &Prompt) -> Vec<&Marker> {
    let blocks = prompt.messages.iter().flat_map(|message| &message.blocks);
    blocks.filter_map(|block| block.marker.as_ref()).collect()
}

fn python(body: &str) -> Vec<Prompt> {
    let lines: String = body.lines().map(|line| format!("    {line}\n")).collect();
    let source = format!(
        "import anthropic\nclient = anthropic.Anthropic()\nC = {{'type': 'ephemeral'}}\n\n\
         def send(messages, system, tools, limit):\n{lines}    return client.messages.create(\
         model='claude-sonnet-5', max_tokens=9, system=system, messages=messages, tools=tools)\n"
    );
    run(&[("app.py", &source)]).prompts
}

#[test]
fn what_is_marked_is_one_of_the_turns_that_it_may_be() {
    let pick = "target = None\nfor turn in reversed(out):\n    if limit(turn):\n        target = turn\n        break\n\
                target['content'] = [{'type': 'text', 'text': target['content'], 'cache_control': C}]\nmessages = out";
    let known = format!(
        "out = [{{'role': 'user', 'content': system}}, {{'role': 'assistant', 'content': tools}}]\n{pick}"
    );
    let prompts = python(&known);
    let arms: Vec<_> = markers(&prompts[0])
        .into_iter()
        .map(|marker| marker.count.arms.clone())
        .collect();
    let [first, second] = arms.as_slice() else {
        panic!("{arms:?}");
    };
    let exclude = |(id, arm): &(u64, usize)| second.iter().any(|(of, at)| of == id && at != arm);
    assert!(first.iter().any(exclude), "{arms:?}");

    let made = format!(
        "out = []\nfor row in limit.rows:\n    out.append({{'role': 'user', 'content': row}})\n{pick}"
    );
    let prompts = python(&made);
    let times: Vec<_> = markers(&prompts[0])
        .into_iter()
        .map(|marker| marker.count.times)
        .collect();
    assert_eq!(times, [Some(1)]);
}

#[test]
fn turns_that_are_made_anew_carry_the_one_marker_that_was_set_before() {
    let set = "for turn in messages:\n    if isinstance(turn.content, list):\n        for block in turn.content:\n            \
               if 'cache_control' in block:\n                del block['cache_control']\n\
               messages[-1].content[-1]['cache_control'] = C\n";
    let anew = "messages = [{'role': turn.role, 'content': turn.content} for turn in messages]";
    let prompts = python(&format!("{set}{anew}"));
    let times: Vec<_> = markers(&prompts[0])
        .into_iter()
        .map(|marker| marker.count.times)
        .collect();
    assert_eq!(times, [Some(1)]);
}

#[test]
fn a_marker_that_is_taken_out_under_a_condition_may_be_none() {
    let block = "system = [{'type': 'text', 'text': 'Be brief.', 'cache_control': C}]\n";
    for out in [
        "del system[0]['cache_control']",
        "system[0].pop('cache_control', None)",
    ] {
        let doubtful = |body: String| -> Vec<bool> {
            let prompts = python(&body);
            let all = markers(&prompts[0]).into_iter();
            all.map(|marker| marker.count.doubtful).collect()
        };
        assert_eq!(doubtful(format!("{block}if limit:\n    {out}")), [true]);
        assert!(doubtful(format!("{block}{out}")).is_empty());
    }
    let several = "if tools:\n    system = [{'type': 'text', 'text': 'Be brief.', 'cache_control': C}]\nelse:\n    \
                   system = [{'type': 'text', 'text': 'Be kind.', 'cache_control': C}]\nif limit:\n    del system[0]['cache_control']";
    let prompts = python(several);
    assert!(markers(&prompts[0])
        .iter()
        .all(|marker| marker.count.doubtful));
}

#[test]
fn conditions_on_the_shape_of_what_is_marked_are_none_on_the_marker() {
    let conditions = |test: &str| {
        let body = format!("if {test}:\n    messages[-1]['cache_control'] = C");
        let prompts = python(&body);
        let all = markers(&prompts[0]).into_iter();
        all.map(|marker| marker.count.conditions)
            .collect::<Vec<_>>()
    };
    for shape in [
        "isinstance(messages, list)",
        "messages and len(messages) > 0",
        "isinstance(messages, list) and messages",
    ] {
        assert_eq!(conditions(shape), [0], "{shape}");
    }
    for other in [
        "limit",
        "messages",
        "limit and len(messages) > 0",
        "len(messages) > 7",
    ] {
        assert_eq!(conditions(other), [1], "{other}");
    }
}

#[test]
fn what_an_earlier_call_marked_is_not_sent_by_the_next() {
    let source = "import anthropic\nclient = anthropic.Anthropic()\n\n\
                  def ask(rows):\n    messages = convert(rows)\n    messages[-1]['cache_control'] = {'type': 'ephemeral'}\n    \
                  return client.messages.create(model='claude-sonnet-5', max_tokens=9, messages=messages, system='Be brief and kind.')\n\n\
                  def both(first, second):\n    ask(first.rows)\n    return ask(second.rows)\n";
    for prompt in run(&[("app.py", source)]).prompts {
        assert_eq!(markers(&prompt).len(), 1, "{prompt:?}");
    }
}

#[test]
fn what_only_callers_out_of_sight_send_is_marked_all_the_same() {
    let source = "import anthropic\nclient = anthropic.Anthropic()\nC = {'type': 'ephemeral'}\n\n\
                  def ask(messages, tools=None):\n    params = {'messages': messages, 'system': 'Be brief and kind.'}\n    \
                  if tools:\n        tools[-1]['cache_control'] = C\n        params['tools'] = tools\n    \
                  return client.messages.create(model='claude-sonnet-5', max_tokens=9, **params)\n\n\
                  def title(text):\n    return ask([{'role': 'user', 'content': text}])\n";
    let prompts = run(&[("app.py", source)]).prompts;
    let counts: Vec<usize> = prompts.iter().map(|p| markers(p).len()).collect();
    assert!(counts.contains(&0) && counts.contains(&1), "{counts:?}");
}
