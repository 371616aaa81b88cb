//! Conversations as text: transcripts that the model goes on with, and what an agent notes down.

use super::*;

#[test]
fn a_transcript_to_continue_is_split_into_its_messages() {
    let prompt =
        jinja("You help. It is {{ now() }}.\n{{ chat_history }}\nUser: {{ question }}\nBot:");
    assert_eq!(
        show_prompt(&prompt),
        [
            "system: You help. It is <now():unique>.",
            "history: <<chat_history>>",
            "user: <question:request>"
        ]
    );
    assert_eq!(prompt.conversation, Conversation::InRequest);
}

#[test]
fn a_transcript_that_is_judged_is_one_text() {
    for end in ["Bot: {{ answer }}\nRate the answer.", "Score:"] {
        let prompt = jinja(&format!(
            "You rate. {{{{ chat_history }}}}\nUser: {{{{ question }}}}\n{end}"
        ));
        assert_eq!(prompt.messages.len(), 1, "{end}");
    }
}

#[test]
fn a_question_lives_as_long_as_the_scratchpad_of_its_agent() {
    let prompt = jinja("Question: {{ input }} at {{ now() }}\n{{ agent_scratchpad }}");
    assert_eq!(
        show_prompt(&prompt),
        ["user: Question: <input:session> at <now():unique>\n<<agent_scratchpad>>"]
    );
}

#[test]
fn beside_a_conversation_a_scratchpad_is_of_its_call() {
    let prompt = jinja("{{ chat_history }}\nQuestion: {{ input }}\n{{ agent_scratchpad }}");
    assert_eq!(
        show_prompt(&prompt),
        ["user: <<chat_history>>\nQuestion: <input:request>\n<agent_scratchpad:request>"]
    );
}
